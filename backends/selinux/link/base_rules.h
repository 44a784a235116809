// The rules of a base that reach types which it does not know: those that attributes carry.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "backends/selinux/link/access.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/link/switches.h"

namespace macc::backends::selinux {

struct CilExpression;

/// Rules as the base has them, by their own words. Only those with an attribute on a side: a rule between plain types
/// cannot reach a type of ours.
class BaseRules {
 public:
  /// `base` has to outlive this.
  explicit BaseRules(const Base& base);
  BaseRules(const BaseRules&) = delete;
  BaseRules& operator=(const BaseRules&) = delete;
  ~BaseRules();

  struct Access {
    std::vector<std::string_view> permissions;
    const Switches* condition = nullptr;  ///< never null
  };
  /// The allow rules of just these words; `target` may be "self".
  [[nodiscard]] const std::vector<Access>& allows(std::string_view source, std::string_view target,
                                                  std::string_view class_name) const;
  /// The permissions that rules of these sources give, under any condition, by target and class in the rules' own
  /// words.
  [[nodiscard]] std::map<std::pair<std::string_view, std::string_view>, std::set<std::string_view>> given_to(
      const std::set<std::string>& sources) const;
  /// Whether the base has the transition, member or change rule of just these words.
  [[nodiscard]] bool has(const PolicyRule& rule) const;
  [[nodiscard]] bool has_range(std::string_view source, std::string_view target, std::string_view class_name) const;
  /// The types and attributes that the base gives to a role.
  [[nodiscard]] const std::set<std::string_view>& types_of_role(std::string_view role) const;
  /// The attributes of the base that a type is in when it joins `joined`, these among them.
  [[nodiscard]] std::set<std::string> closure(const std::set<std::string>& joined) const;

 private:
  struct Definition;
  class Closure;

  void add(const CilExpression& statement, const Switches* condition);
  void add_conditional(const CilExpression& statement);
  void add_allow(const CilExpression& statement, const Switches* condition);
  void define(const CilExpression& statement);
  [[nodiscard]] std::string_view canonical(std::string_view name) const;

  std::unordered_map<std::string, std::vector<Access>> allows_;
  std::set<std::string> others_;  // transitions and their like, in one line
  std::map<std::string_view, std::set<std::string_view>, std::less<>> roles_;
  std::map<std::string, std::vector<Definition>, std::less<>> definitions_;
  std::map<std::string, std::string, std::less<>> aliases_;
  std::deque<Switches> conditions_;
  Switches always_;
};

}  // namespace macc::backends::selinux
