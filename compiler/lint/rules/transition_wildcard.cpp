#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

/// Whether the last component says nothing about which program is meant.
bool is_open(const paths::PathPattern& pattern) {
  if (pattern.tail() == paths::Tail::tree) return true;
  if (pattern.components().empty()) return false;
  const paths::Component& last = pattern.components().back();
  return last.any_depth || std::all_of(last.atoms.begin(), last.atoms.end(), [](const paths::Atom& atom) {
           return std::holds_alternative<paths::AnyChars>(atom.value);
         });
}

}  // namespace

namespace {

void look_at_entries(Context& context, const Subject& subject) {
  for (const ir::Entry& entry : subject.domain->entries) {
    if (entry.from == ir::Entry::From::project ||
        std::none_of(entry.paths.include.begin(), entry.paths.include.end(), is_open))
      continue;
    const auto example = context.meaning().objects(ir::Verb::load, entry.paths).example();
    if (!example) continue;
    context
        .report(Code::L0304, subject.id, entry.where,
                fmt::format("any program such as `{}` starts in `{}`", printable(*example), subject.domain->name))
        .note("the domain was written for one program; another one uses its rights in its own way")
        .note("name the programs that the domain is for")
        .about("any program");
  }
}

}  // namespace

void transition_wildcard(Context& context) {
  for (const Subject& subject : context.subjects()) {
    look_at_entries(context, subject);
    for (const Grant& grant : subject.reach->grants()) {
      const auto* exec = grant.exec ? std::get_if<ir::ExecAccess>(&grant.rule->access) : nullptr;
      if (exec == nullptr || exec->mode != ir::ExecAccess::Mode::transition) continue;
      if (std::none_of(exec->paths.include.begin(), exec->paths.include.end(), is_open)) continue;
      const auto reached = subject.reach->reached({&grant, ir::Verb::load, true});
      if (!reached) continue;
      const std::string& target = context.policy().domain(exec->target).name;
      context
          .report(Code::L0304, subject.id, grant.where(),
                  fmt::format("any program such as `{}` enters `{}` from `{}`{}", printable(reached->example), target,
                              subject.domain->name, context.when(reached->values)))
          .note(fmt::format("`{}` was written for one program; another one uses its rights in its own way", target))
          .note("name the programs that the domain is for")
          .about(fmt::format("any program to {}", context.policy().qualified_name(exec->target)));
    }
  }
}

}  // namespace macc::lint::rules
