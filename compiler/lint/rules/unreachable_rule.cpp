#include <fmt/format.h>

#include "compiler/lint/rules.h"
#include "compiler/lint/same.h"

namespace macc::lint::rules {

void unreachable_rule(Context& context) {
  for (const Subject& subject : context.subjects()) {
    for (const ir::Rule& rule : subject.domain->rules) {
      if (rule.condition.is_always() || !context.is_written_here(rule.where)) continue;
      if (values_for(context.policy(), {&rule.condition}, {})) continue;
      context.report(Code::L0105, subject.id, rule.where, "this rule is never in effect")
          .note(fmt::format("`{}` holds for no values of the booleans",
                            printable(ir::describe(context.policy(), rule.condition))))
          .note("look at the `if`s around it: one of them rules the other out")
          .about(key_of(rule.access) + key_of(rule.condition));
    }
  }
}

}  // namespace macc::lint::rules
