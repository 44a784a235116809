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
    if (!coverage.is_covered(*rule, by)) return nullptr;
  }
  return by;
}

bool says_the_same(const ir::Rule& a, const ir::Rule& b) {
  return key_of(a.access) == key_of(b.access) && key_of(a.condition) == key_of(b.condition);
}

/// Whether it repeats the whole statement of a rule.
bool repeats(const StatementRules& statement, const ir::Rule& other, const std::vector<StatementRules>& all) {
  const auto first = std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.span == other.where.span; });
  return first != all.end() &&
         std::equal(statement.rules.begin(), statement.rules.end(), first->rules.begin(), first->rules.end(),
                    [](const auto* a, const auto* b) { return says_the_same(*a, *b); });
}

}  // namespace

void redundant_rule(Context& context) {
  for (const Subject& subject : context.subjects()) {
    Coverage allowed(context, subject, ir::Effect::allow), denied(context, subject, ir::Effect::deny);
    std::vector<StatementRules> statements = own_statements(context, *subject.domain);
    // From the last one on: of two that say the same, the first is kept.
    std::reverse(statements.begin(), statements.end());
    for (const StatementRules& statement : statements) {
      const bool denies = statement.rules.front()->effect == ir::Effect::deny;
      Coverage& coverage = denies ? denied : allowed;
      const ir::Rule* by = covering(coverage, statement);
      if (by == nullptr) continue;
      for (const ir::Rule* rule : statement.rules) coverage.leave_out(*rule);
      if (repeats(statement, *by, statements)) continue;  // duplicate-rule
      context
          .report(Code::L0102, subject.id, statement.rules.front()->where,
                  denies ? fmt::format("this is denied to `{}` by other rules already", subject.domain->name)
                         : fmt::format("`{}` may do this by other rules already", subject.domain->name))
          .with(by->where, denies ? "this denies it" : "this allows it")
          .note(denies ? "a deny without effect looks as if it kept something out: remove it"
                       : "a rule without effect hides where a right comes from: remove it")
          .about(key_of(statement.rules.front()->access))
          .fix("remove it", without_statement(context, statement.span), true);
    }
  }
}

}  // namespace macc::lint::rules
