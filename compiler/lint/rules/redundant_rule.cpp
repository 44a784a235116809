#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/rules.h"
#include "compiler/lint/same.h"

namespace macc::lint::rules {

namespace {

/// The rule that covers a whole statement, if all of it is covered.
const ir::Rule* covering(const Coverage& coverage, const StatementRules& statement) {
  const ir::Rule* by = nullptr;
  for (const ir::Rule* rule : statement.rules) {
    if (rule->effect != ir::Effect::allow || !coverage.is_covered(*rule, by)) return nullptr;
  }
  return by;
}

bool says_the_same(const StatementRules& statement, const ir::Rule& other) {
  return statement.rules.size() == 1 && key_of(statement.rules.front()->access) == key_of(other.access) &&
         key_of(statement.rules.front()->condition) == key_of(other.condition);
}

}  // namespace

void redundant_rule(Context& context) {
  for (const Subject& subject : context.subjects()) {
    Coverage coverage(context, subject);
    std::vector<StatementRules> statements = own_statements(context, *subject.domain);
    // From the last one on: of two that say the same, the first is kept.
    std::reverse(statements.begin(), statements.end());
    for (const StatementRules& statement : statements) {
      const ir::Rule* by = covering(coverage, statement);
      if (by == nullptr) continue;
      for (const ir::Rule* rule : statement.rules) coverage.leave_out(*rule);
      if (by->where.includes.empty() && says_the_same(statement, *by)) continue;  // duplicate-rule
      context
          .report(Code::L0102, subject.id, statement.rules.front()->where,
                  fmt::format("`{}` may do this by other rules already", subject.domain->name))
          .with(by->where, "this allows it")
          .note("a rule without effect hides where a right comes from: remove it")
          .about(key_of(statement.rules.front()->access))
          .fix("remove it", {without_statement(context.sources(), statement.span)}, true);
    }
  }
}

}  // namespace macc::lint::rules
