#include <fmt/format.h>

#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void exec_unconfined(Context& context) {
  for (const Subject& subject : context.subjects()) {
    for (const Grant& grant : subject.reach->grants()) {
      if (!grant.exec || std::get<ir::ExecAccess>(grant.rule->access).mode != ir::ExecAccess::Mode::unconfined)
        continue;
      const auto reached = subject.reach->reached({&grant, ir::Verb::load, true});
      if (!reached) continue;
      context
          .report(Code::L0302, subject.id, grant.where(),
                  fmt::format("`{}` may start `{}` without confinement{}", subject.domain->name,
                              printable(reached->example), context.when(reached->values)))
          .note("whoever takes the domain over leaves it by this program")
          .note("give the program a domain: `exec PATH to DOMAIN;`")
          .about("unconfined " + ir::describe(context.policy(), *grant.paths));
    }
  }
}

}  // namespace macc::lint::rules
