#include <fmt/format.h>

#include "compiler/lint/rules.h"
#include "compiler/lint/statements.h"

namespace macc::lint::rules {

void complain_mode(Context& context) {
  for (const Subject& subject : context.subjects()) {
    if (!subject.domain->complain) continue;
    const Span mode = mode_statement(context, subject);
    context.report(Code::L0801, subject.id, mode, fmt::format("`{}` is in complain mode", subject.domain->name))
        .note("every rule is only written to the log: the program may do anything")
        .note("enforce it, and keep the mode for a build of your own")
        .about("complain mode")
        .fix("enforce the policy",
             mode == subject.domain->where.span ? std::vector<Edit>{} : std::vector<Edit>{{mode, "mode enforce;"}});
  }
}

}  // namespace macc::lint::rules
