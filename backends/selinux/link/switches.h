// Conditions over the booleans of a policy, compared by what they mean.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace macc::backends::selinux {

/// A boolean expression, in postfix. Default: always true.
class Switches {
 public:
  enum class Operation : std::uint8_t { boolean, negation, disjunction, conjunction, exclusive, equal, differs };
  struct Term {
    Operation operation = Operation::boolean;
    std::string name;  ///< of a boolean
  };

  Switches() = default;
  /// From CIL text: "a", "(and a (not b))". nullopt when it is no such expression; "" is always.
  [[nodiscard]] static std::optional<Switches> parse(std::string_view cil);

  /// Adds a term; an operation takes the one or two expressions before it. What has too few of them is dropped.
  void add(Term term);
  [[nodiscard]] Switches negated() const;

  [[nodiscard]] bool is_always() const { return terms_.empty(); }
  /// "" for always; else "a", "not a", "(a and b)", "(a is not b)".
  [[nodiscard]] std::string text() const;

  /// Whether it holds when the booleans have these values.
  [[nodiscard]] bool holds(const std::function<bool(std::string_view)>& value_of) const;
  /// Whether one of `others` holds whenever this does. Exact for up to 16 booleans on both sides together; with more,
  /// only an equal text or one that is always true counts, so that the answer is never a wrong yes.
  [[nodiscard]] bool implies(const std::vector<const Switches*>& others) const;

 private:
  void collect(std::vector<std::string_view>& names) const;
  [[nodiscard]] bool holds(const std::vector<std::string_view>& names, std::uint32_t values) const;

  std::vector<Term> terms_;
  std::uint32_t operands_ = 0;  // expressions on the stack after the last term
};

}  // namespace macc::backends::selinux
