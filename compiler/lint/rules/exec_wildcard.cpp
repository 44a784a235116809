#include <fmt/format.h>

#include "compiler/lint/exec_folders.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void exec_wildcard(Context& context) {
  for (const Subject& subject : context.subjects()) {
    for (const Grant& grant : subject.reach->grants()) {
      if (!grant.exec || std::get<ir::ExecAccess>(grant.rule->access).mode != ir::ExecAccess::Mode::inside) continue;
      const auto reached = any_program(context, subject, grant);
      if (!reached) continue;
      context
          .report(Code::L0303, subject.id, grant.where(),
                  fmt::format("`{}` may execute any program in the folder of `{}`{}", subject.domain->name,
                              printable(reached->example), context.when(reached->values)))
          .note("among them are shells, downloaders and programs that change privileges")
          .note("name the programs: `exec \"/usr/bin/gzip\", \"/usr/bin/tar\";`")
          .about("any program near " + reached->example);
    }
  }
}

}  // namespace macc::lint::rules
