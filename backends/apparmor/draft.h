// Collects the rules of one profile in any order and puts them together: equal rules become one, permissions on one
// path become one rule, conditions become nested `if`s, and the order is stable.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "backends/apparmor/guard.h"
#include "backends/apparmor/profile.h"

namespace macc::backends::apparmor {

/// The variable of a boolean, and the value that it stands for where it is defined.
struct Switch {
  std::string variable;
  bool when_defined = true;
};

class Draft {
 public:
  void add(const Guard& guard, const RuleBody& body, const Origin& origin);

  /// The rules, sorted.
  [[nodiscard]] std::vector<Rule> assemble(const std::function<Switch(ir::BooleanId)>& switch_of) const;

 private:
  struct Collected {
    RuleBody body;
    std::vector<Origin> origins;
  };
  void merge(const Switches& when, const RuleBody& body, const Origin& origin);
  /// By condition, then class of rule and text without permissions.
  std::map<Switches, std::map<std::pair<std::size_t, std::string>, Collected>> rules_;
};

}  // namespace macc::backends::apparmor
