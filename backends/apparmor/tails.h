// How globs end: the same place as files, as directories or as both gives globs that differ in their ends alone. Rules
// whose globs share what stands before are put together where they grant the same.
#pragma once

#include <optional>
#include <vector>

#include "backends/apparmor/profile.h"

namespace macc::backends::apparmor {

/// Rules that together grant what the given ones do, fewer where that is possible. All have the same qualifiers.
[[nodiscard]] std::vector<Rule> minimised(const std::vector<Rule>& file_rules);

}  // namespace macc::backends::apparmor
