// The artifacts that apparmor_parser reads: profiles, what they include, and the values of their switches.
#pragma once

#include <string>
#include <string_view>

#include "backends/backend.h"

namespace macc::backends::apparmor {

inline constexpr std::string_view kProfiles = "apparmor.d/";

/// Whether the file is a profile's own, which the parser is given.
[[nodiscard]] bool is_profile(const Artifact& artifact);
/// The folder of the files of a profile's conditions, with a '/' behind it.
[[nodiscard]] std::string folder_of_conditions(const Artifact& profile);
/// A profile's text with those of its conditions, which it includes.
[[nodiscard]] std::string text_with_conditions(const Lowered& lowered, const Artifact& profile);

}  // namespace macc::backends::apparmor
