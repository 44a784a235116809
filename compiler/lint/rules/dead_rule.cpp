#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/rules.h"
#include "compiler/lint/same.h"

namespace macc::lint::rules {

namespace {

/// The first deny that meets what a grant is about.
const ir::Rule* first_deny(const Context& context, const Subject& subject, const Grant& grant) {
  for (const ir::Rule& deny : subject.domain->rules) {
    if (deny.effect != ir::Effect::deny || deny.access.index() != grant.rule->access.index()) continue;
    const auto* file = std::get_if<ir::FileAccess>(&deny.access);
    const auto* exec = std::get_if<ir::ExecAccess>(&deny.access);
    if (file != nullptr && !file->verbs.meets(grant.verbs)) continue;
    const ir::PathExpr& paths = file != nullptr ? file->paths : exec->paths;
    if (context.meaning().set(paths).meets(context.meaning().set(*grant.paths))) return &deny;
  }
  return nullptr;
}

bool is_dead(const Subject& subject, const Grant& grant) {
  if (grant.exec) return !subject.reach->reached({&grant, ir::Verb::load, true});
  const auto verbs = grant.verbs.list();
  return std::none_of(verbs.begin(), verbs.end(), [&](ir::Verb verb) {
    return subject.reach->reached({&grant, verb, false}).has_value();
  });
}

/// The deny that takes an access without paths away: by its own words, or by more ports, capabilities or signals.
const ir::Rule* wider_deny(const Context& context, const Subject& subject, const ir::Rule& rule) {
  const std::string key = key_of(rule.access);
  const auto takes = [&](const ir::Rule& deny) {
    return key_of(deny.access) == key || is_narrower(context, rule.access, deny.access);
  };
  if (context.in_effect(*subject.domain, rule, takes)) return nullptr;
  const auto deny = std::find_if(subject.domain->rules.begin(), subject.domain->rules.end(),
                                 [&](const ir::Rule& r) { return r.effect == ir::Effect::deny && takes(r); });
  return deny == subject.domain->rules.end() ? nullptr : &*deny;
}

}  // namespace

void dead_rule(Context& context) {
  for (const Subject& subject : context.subjects()) {
    const auto report = [&](const ir::Rule& rule, const ir::Rule& deny) {
      context
          .report(Code::L0103, subject.id, rule.where,
                  fmt::format("nothing of `{}` is left to `{}`", printable(ir::describe(context.policy(), rule.access)),
                              subject.domain->name))
          .with(deny.where, "this deny takes it away")
          .note("a deny counts whatever the order of the statements is")
          .note("remove the rule, or let the deny leave out what is needed: `except`")
          .about(key_of(rule.access));
    };
    // What an abstraction brings may well be denied in the domain.
    const auto own = [&](const ir::Rule& rule) {
      return rule.effect == ir::Effect::allow && rule.where.includes.empty() &&
             context.in_effect(*subject.domain, rule);
    };
    for (const Grant& grant : subject.reach->grants()) {
      if (grant.rule == nullptr || !own(*grant.rule)) continue;
      const ir::Rule* deny = first_deny(context, subject, grant);
      if (deny != nullptr && is_dead(subject, grant)) report(*grant.rule, *deny);
    }
    for (const ir::Rule& rule : subject.domain->rules) {
      const bool on_paths =
          std::holds_alternative<ir::FileAccess>(rule.access) || std::holds_alternative<ir::ExecAccess>(rule.access);
      if (on_paths || !own(rule)) continue;
      if (const ir::Rule* deny = wider_deny(context, subject, rule)) report(rule, *deny);
    }
  }
}

}  // namespace macc::lint::rules
