// Permissions of compiled profiles on files in AppArmor's own words, for messages.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backends/apparmor/profile.h"

namespace macc::backends::apparmor {

/// How a program is executed, as a profile says it: "ix", "Px -> name".
[[nodiscard]] std::string exec_words(const ExecMode& mode);
/// The same of one half of a compiled permission word with an exec; `targets` are those of the profile.
[[nodiscard]] std::string exec_words(std::uint32_t half, const std::vector<std::string>& targets);
/// All of a half: "rw", "mr ix"; "" for nothing.
[[nodiscard]] std::string permission_words(std::uint32_t half, const std::vector<std::string>& targets);

}  // namespace macc::backends::apparmor
