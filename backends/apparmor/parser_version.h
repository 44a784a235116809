// Versions of apparmor_parser, and which one a rule needs.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backends/apparmor/profile.h"

namespace macc::backends::apparmor {

struct Version {
  std::uint32_t major = 0, minor = 0, patch = 0;

  /// "3.0.8", "4.0"; nullopt for anything else, numbers above 9999 included.
  [[nodiscard]] static std::optional<Version> of(std::string_view text);
  /// Of what a parser says of itself: letters may follow, as in "4.1.0~beta5".
  [[nodiscard]] static std::optional<Version> at_start_of(std::string_view text);
  friend auto operator<=>(const Version&, const Version&) = default;
};

/// The first version that can read the rule. Not of raw text, which is taken for old, nor of what is in a conditional.
[[nodiscard]] Version needs_parser(const RuleBody& body);
/// What stands first in the rule and says which kind it is: "mqueue".
[[nodiscard]] std::string_view keyword(const RuleBody& body);

}  // namespace macc::backends::apparmor
