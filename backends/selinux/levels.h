// Levels of multi-level and multi-category policies: a sensitivity and a set of categories, and ranges of them.
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>

#include "backends/selinux/cil.h"

namespace macc::backends::selinux {

/// "s0", "s0:c1,c3.c5".
struct Level {
  static constexpr unsigned kCategories = 1024;  ///< c0 to c1023, as the reference policy has them
  unsigned sensitivity = 0;
  std::bitset<kCategories> categories;

  [[nodiscard]] bool dominates(const Level& other) const {
    return sensitivity >= other.sensitivity && (other.categories & ~categories).none();
  }
  [[nodiscard]] std::string text() const;
  [[nodiscard]] cil::Node node() const;

  friend bool operator==(const Level&, const Level&) = default;
};

/// "s0", "s0-s0:c0.c1023": what a process may reach up to, from where it stands. A single level is both.
struct Range {
  Level low, high;

  /// nullopt, with the reason in `problem`, for what is no range, and for one whose high level does not dominate the
  /// low one.
  [[nodiscard]] static std::optional<Range> parse(std::string_view text, std::string& problem);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] cil::Node node() const { return cil::form(low.node(), high.node()); }

  friend bool operator==(const Range&, const Range&) = default;
};

}  // namespace macc::backends::selinux
