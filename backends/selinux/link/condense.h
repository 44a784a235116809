// A system's policy in a form that links fast, with the same meaning.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace macc::backends::selinux {

/// Two texts of CIL, a statement or a mark in each line. Statements of a module stand between marks with its name.
struct CondensedPolicy {
  /// Everything but the rules that `rest` holds.
  std::string core;
  /// Access rules whose source and target are plain types without bounds: a type that is declared later cannot take
  /// part in them.
  std::string rest;
};

/// From the resolved text of module packages: every statement once, optional blocks opened, rules of the same types and
/// class as one, requirements dropped. Expressions of attributes stay expressions. `shown` maps the names in the marks
/// of the text to those that the result is to have.
[[nodiscard]] CondensedPolicy condense(std::string_view resolved, const std::map<std::string, std::string>& shown = {});

}  // namespace macc::backends::selinux
