#include "compiler/ir/conditions.h"

#include "compiler/ir/meaning.h"

namespace macc::ir {

void add_booleans(const Condition& condition, std::set<BooleanId>& out) {
  if (condition.kind == Condition::Kind::boolean) out.insert(condition.boolean);
  for (const Condition& operand : condition.operands) add_booleans(operand, out);
}

bool can_hold(const Condition& condition, std::size_t boolean_count) {
  constexpr std::size_t kMaxBooleans = 12;
  std::set<BooleanId> named;
  add_booleans(condition, named);
  if (named.size() > kMaxBooleans) return true;
  Assignment values(boolean_count, false);
  for (std::size_t bits = 0; bits < (std::size_t{1} << named.size()); ++bits) {
    std::size_t i = 0;
    for (const BooleanId boolean : named) values[static_cast<std::size_t>(boolean)] = ((bits >> i++) & 1U) != 0;
    if (holds(condition, values)) return true;
  }
  return false;
}

}  // namespace macc::ir
