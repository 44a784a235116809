#include <fmt/format.h>

#include "compiler/lint/pairs.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void own_program_writable(Context& context) {
  for (const Subject& subject : context.subjects()) {
    const Writers writers(*subject.reach);
    for (const Grant& entry : subject.reach->grants()) {
      if (entry.entry == nullptr) continue;
      const auto written =
          first_writer(*subject.reach, writers, entry.starts, context.meaning().objects(ir::Verb::load, *entry.paths));
      if (!written) continue;
      context
          .report(Code::L0311, subject.id, written->grant->where(),
                  fmt::format("`{}` may {} its own program `{}`{}", subject.domain->name, ir::word(written->verb),
                              printable(written->reached.example), context.when(written->reached.values)))
          .with(entry.where(), "the program of this domain")
          .note("an intruder stays: the next start runs what was left there")
          .note("let the package manager install programs, and keep this folder read-only")
          .about("own program");
    }
  }
}

}  // namespace macc::lint::rules
