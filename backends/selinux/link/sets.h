// Attributes: sets of types or roles that are defined by lists and expressions of names and of each other.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backends/selinux/link/cil_reader.h"

namespace macc::backends::selinux {

/// Evaluates sets over the members that are declared; every other name is no member of anything. Names and expressions
/// are views: the text that they come from has to outlive the table.
class SetTable {
 public:
  void declare_member(std::string_view name);
  void declare_alias(std::string_view alias, std::string_view name) { aliases_.emplace(alias, name); }
  void declare_set(std::string_view name) { definitions_.try_emplace(name); }
  /// A set is all that its definitions hold together.
  void define(std::string_view name, CilExpression expression) { definitions_[name].push_back(std::move(expression)); }

  using Definitions = std::unordered_map<std::string_view, std::vector<CilExpression>>;
  [[nodiscard]] const Definitions& definitions() const { return definitions_; }
  [[nodiscard]] bool is_set(std::string_view name) const { return definitions_.contains(name); }

  /// Sorted. Only to be asked when everything is declared and defined.
  [[nodiscard]] std::vector<std::string> names_in(std::string_view set);
  /// Whether a name is a member, or a set that holds one.
  [[nodiscard]] bool holds_any(std::string_view name);

 private:
  using Members = std::vector<bool>;
  [[nodiscard]] Members value(std::string_view name);
  [[nodiscard]] Members evaluate(const CilExpression& expression);
  void add_all(const CilExpression& list, std::size_t begin, Members& members);

  std::vector<std::string_view> names_;
  std::unordered_map<std::string_view, std::size_t> numbers_;
  std::unordered_map<std::string_view, std::string_view> aliases_;
  Definitions definitions_;
  std::unordered_map<std::string_view, Members> values_;
  std::size_t depth_ = 0;  ///< of sets within sets that are being evaluated
};

}  // namespace macc::backends::selinux
