#include <fmt/format.h>

#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void raw_block(Context& context) {
  for (const Subject& subject : context.subjects()) {
    for (const ir::RawText& raw : subject.domain->raw) {
      context
          .report(Code::L0802, subject.id, raw.where,
                  fmt::format("`{}` passes text to {} as it is", subject.domain->name, raw.backend))
          .note("lints, promises and tests don't know what it grants; `macc build` lists its effect in report.json")
          .note("say it in macc where the language has words for it")
          .about("raw " + raw.backend + " " + raw.text);
    }
  }
}

}  // namespace macc::lint::rules
