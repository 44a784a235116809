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
  return last.any_depth ||
         std::all_of(last.atoms.begin(), last.atoms.end(),
                     [](const paths::Atom& atom) { return std::holds_alternative<paths::AnyChars>(atom.value); });
}

}  // namespace

void transition_wildcard(Context& context) {
  for (const Subject& subject : context.subjects()) {
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
