// Levels with one sensitivity, as in a policy with categories: may a process reach files?
#pragma once

#include <string>

namespace macc::kernel {

/// Whether the upper end of a range ("s0-s0:c0.c9") has all categories of a level ("s0:c1,c4"). "" is a level without.
[[nodiscard]] bool covers_level(const std::string& range, const std::string& level);

}  // namespace macc::kernel
