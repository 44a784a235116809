#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/rules.h"
#include "compiler/lint/same.h"

namespace macc::lint::rules {

namespace {

bool meets_a_grant(const Context& context, const Subject& subject, const ir::Rule& deny) {
  const auto* file = std::get_if<ir::FileAccess>(&deny.access);
  const auto* exec = std::get_if<ir::ExecAccess>(&deny.access);
  const ir::PathExpr& paths = file != nullptr ? file->paths : exec->paths;
  return std::any_of(subject.reach->grants().begin(), subject.reach->grants().end(), [&](const Grant& grant) {
    const bool same = file != nullptr ? grant.verbs.meets(file->verbs) : grant.exec;
    return same && context.meaning().set(*grant.paths).meets(context.meaning().set(paths));
  });
}

bool has_kind(const ir::Domain& domain, std::size_t kind) {
  return std::any_of(domain.rules.begin(), domain.rules.end(), [&](const ir::Rule& rule) {
    return rule.effect == ir::Effect::allow && rule.access.index() == kind;
  });
}

}  // namespace

void deny_without_effect(Context& context) {
  for (const Subject& subject : context.subjects()) {
    for (const ir::Rule& deny : subject.domain->rules) {
      if (deny.effect != ir::Effect::deny || !context.is_written_here(deny.where)) continue;
      const bool on_paths =
          std::holds_alternative<ir::FileAccess>(deny.access) || std::holds_alternative<ir::ExecAccess>(deny.access);
      if (on_paths ? meets_a_grant(context, subject, deny) : has_kind(*subject.domain, deny.access.index())) continue;
      context
          .report(Code::L0106, subject.id, deny.where,
                  fmt::format("nothing allows `{}` what this denies", subject.domain->name))
          .note("all that is not allowed is denied; a promise for later is a `never`")
          .about(key_of(deny.access));
    }
  }
}

}  // namespace macc::lint::rules
