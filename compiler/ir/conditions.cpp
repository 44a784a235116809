#include "compiler/ir/conditions.h"

namespace macc::ir {

void add_booleans(const Condition& condition, std::set<BooleanId>& out) {
  if (condition.kind == Condition::Kind::boolean) out.insert(condition.boolean);
  for (const Condition& operand : condition.operands) add_booleans(operand, out);
}

}  // namespace macc::ir
