#include "backends/selinux/link/switches.h"

#include <fmt/format.h>

#include <algorithm>

#include "backends/selinux/link/cil_reader.h"

namespace macc::backends::selinux {
namespace {

using Operation = Switches::Operation;

constexpr std::size_t kMaxNames = 16;

std::optional<Operation> operation_of(std::string_view word) {
  if (word == "not") return Operation::negation;
  if (word == "or") return Operation::disjunction;
  if (word == "and") return Operation::conjunction;
  if (word == "xor") return Operation::exclusive;
  if (word == "eq") return Operation::equal;
  if (word == "neq") return Operation::differs;
  return std::nullopt;
}

std::string_view word(Operation operation) {
  switch (operation) {
    case Operation::disjunction:
      return "or";
    case Operation::conjunction:
      return "and";
    case Operation::exclusive:
      return "xor";
    case Operation::equal:
      return "is";
    default:
      return "is not";
  }
}

bool read(const CilExpression& expression, Switches& out) {
  if (!expression.is_list()) {
    out.add({Operation::boolean, std::string(expression.atom)});
    return true;
  }
  // A list of one boolean is that boolean.
  if (expression.items.size() == 1) return read(expression.items[0], out);
  const auto operation = operation_of(expression.head());
  const std::size_t wanted = operation == Operation::negation ? 2 : 3;
  if (!operation || expression.items.size() != wanted) return false;
  for (std::size_t i = 1; i < expression.items.size(); ++i)
    if (!read(expression.items[i], out)) return false;
  out.add({*operation, {}});
  return true;
}

bool apply(Operation operation, bool left, bool right) {
  switch (operation) {
    case Operation::disjunction:
      return left || right;
    case Operation::conjunction:
      return left && right;
    case Operation::equal:
      return left == right;
    default:
      return left != right;
  }
}

struct Shown {
  std::string text;
  bool closed = false;
  [[nodiscard]] std::string inside() const { return closed ? text : fmt::format("({})", text); }
};

}  // namespace

std::optional<Switches> Switches::parse(std::string_view cil) {
  Switches result;
  if (cil.empty()) return result;
  bool good = false;
  const std::string listed = fmt::format("({})", cil);
  for_each_statement(listed,
                     [&](CilExpression& list) { good = list.items.size() == 1 && read(list.items[0], result); });
  if (!good) return std::nullopt;
  return result;
}

void Switches::add(Term term) {
  if (term.operation == Operation::boolean) {
    ++operands_;
  } else {
    const std::uint32_t taken = term.operation == Operation::negation ? 1 : 2;
    if (operands_ < taken) return;
    operands_ -= taken - 1;
  }
  terms_.push_back(std::move(term));
}

Switches Switches::negated() const {
  Switches result = *this;
  result.add({Operation::negation, {}});
  return result;
}

std::string Switches::text() const {
  std::vector<Shown> stack;
  for (const Term& term : terms_) {
    if (term.operation == Operation::boolean) {
      stack.push_back({term.name, true});
    } else if (term.operation == Operation::negation) {
      stack.back() = {"not " + stack.back().inside(), false};
    } else {
      const Shown right = std::move(stack.back());
      stack.pop_back();
      stack.back() = {fmt::format("({} {} {})", stack.back().text, word(term.operation), right.text), true};
    }
  }
  return stack.empty() ? std::string() : stack.back().text;
}

void Switches::collect(std::vector<std::string_view>& names) const {
  for (const Term& term : terms_)
    if (term.operation == Operation::boolean && std::find(names.begin(), names.end(), term.name) == names.end())
      names.push_back(term.name);
}

bool Switches::holds(const std::function<bool(std::string_view)>& value_of) const {
  std::vector<bool> stack;
  for (const Term& term : terms_) {
    if (term.operation == Operation::boolean) {
      stack.push_back(value_of(term.name));
    } else if (term.operation == Operation::negation) {
      stack.back() = !stack.back();
    } else {
      const bool right = stack.back();
      stack.pop_back();
      stack.back() = apply(term.operation, stack.back(), right);
    }
  }
  return stack.empty() || stack.back();
}

bool Switches::holds(const std::vector<std::string_view>& names, std::uint32_t values) const {
  return holds([&](std::string_view name) {
    const auto at = std::find(names.begin(), names.end(), name);
    return (values >> (at - names.begin()) & 1) != 0;
  });
}

bool Switches::implies(const std::vector<const Switches*>& others) const {
  const std::string own = text();
  for (const Switches* other : others)
    if (other->is_always() || other->text() == own) return true;
  if (others.empty()) return false;
  std::vector<std::string_view> names;
  collect(names);
  for (const Switches* other : others) other->collect(names);
  if (names.size() > kMaxNames) return false;
  for (std::uint32_t values = 0; values < std::uint32_t{1} << names.size(); ++values) {
    if (!holds(names, values)) continue;
    if (std::none_of(others.begin(), others.end(), [&](const Switches* other) { return other->holds(names, values); }))
      return false;
  }
  return true;
}

}  // namespace macc::backends::selinux
