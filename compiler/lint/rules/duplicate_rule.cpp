#include <fmt/format.h>

#include <map>

#include "compiler/lint/rules.h"
#include "compiler/lint/same.h"

namespace macc::lint::rules {

namespace {

/// What a whole statement says.
std::string key_of_statement(const StatementRules& statement) {
  std::string key;
  for (const ir::Rule* rule : statement.rules) {
    key += fmt::format("{}{}|", rule->effect == ir::Effect::deny ? 'd' : 'a', rule->audit ? 'l' : '-');
    key += key_of(rule->access) + "|" + key_of(rule->condition) + "\n";
  }
  return key;
}

}  // namespace

void duplicate_rule(Context& context) {
  for (const Subject& subject : context.subjects()) {
    std::map<std::string, const ir::Rule*> seen;
    for (const StatementRules& statement : own_statements(context, *subject.domain)) {
      const ir::Rule* rule = statement.rules.front();
      const auto [first, fresh] = seen.emplace(key_of_statement(statement), rule);
      if (fresh) continue;
      context.report(Code::L0101, subject.id, rule->where, fmt::format("`{}` says this twice", subject.domain->name))
          .with(first->second->where, "said first here")
          .note("one of them will be forgotten when the other is changed: keep one")
          .about(key_of_statement(statement))
          .fix("remove the second one", without_statement(context, statement.span), true);
    }
  }
}

}  // namespace macc::lint::rules
