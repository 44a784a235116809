#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/rules.h"
#include "compiler/lint/same.h"

namespace macc::lint::rules {

namespace {

bool is_filled(const Context& context, const Subject& subject, const Grant& grant) {
  const paths::PathSet made = context.meaning().set(*grant.paths);
  const auto& rules = subject.domain->rules;
  return std::any_of(rules.begin(), rules.end(), [&](const ir::Rule& rule) {
    if (rule.effect != ir::Effect::allow) return false;
    const auto* file = std::get_if<ir::FileAccess>(&rule.access);
    const auto* socket = std::get_if<ir::UnixAccess>(&rule.access);
    const bool fills = file != nullptr && (file->verbs.has(ir::Verb::write) || file->verbs.has(ir::Verb::append));
    const bool serves = socket != nullptr && socket->listen && socket->abstract_name.empty();
    if (!fills && !serves) return false;
    return context.meaning().set(fills ? file->paths : socket->paths).meets(made);
  });
}

bool only_directories(const ir::PathExpr& paths) {
  return std::all_of(paths.include.begin(), paths.include.end(),
                     [](const auto& pattern) { return pattern.tail() == paths::Tail::directory; });
}

}  // namespace

void create_without_write(Context& context) {
  for (const Subject& subject : context.subjects()) {
    for (const Grant& grant : subject.reach->grants()) {
      if (grant.rule == nullptr || !grant.verbs.has(ir::Verb::create) || !context.is_written_here(grant.where()))
        continue;
      if (only_directories(*grant.paths) || is_filled(context, subject, grant)) continue;
      const auto reached = subject.reach->reached({&grant, ir::Verb::create, false});
      if (!reached) continue;
      context
          .report(Code::L0110, subject.id, grant.where(),
                  fmt::format("`{}` may make `{}` and then not write to it", subject.domain->name,
                              printable(reached->example)))
          .note("add `write` or `append`; where only folders are made, name them with a `/` at the end")
          .about(key_of(grant.rule->access));
    }
  }
}

}  // namespace macc::lint::rules
