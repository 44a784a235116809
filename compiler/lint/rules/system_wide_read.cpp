#include <fmt/format.h>

#include "compiler/lint/hits.h"
#include "compiler/lint/rules.h"
#include "compiler/lint/wide.h"

namespace macc::lint::rules {

void system_wide_read(Context& context) {
  const ir::VerbSet verbs = ir::VerbSet{ir::Verb::read};
  for (const Subject& subject : context.subjects()) {
    for (const Grant& grant : subject.reach->grants()) {
      if (grant.rule == nullptr || grant.exec) continue;
      for (const ir::Verb verb : (grant.verbs & verbs).list()) {
        const Use use{&grant, verb, false};
        const auto hit = widest_tree(context, *subject.reach, use, "wide_read");
        if (!hit) continue;
        context
            .report(Code::L0202, subject.id, grant.where(),
                    fmt::format("`{}` may {} anything in `{}`{}", subject.domain->name, word_of(use),
                                folder_of(*hit->pattern), context.when(hit->values)))
            .note(fmt::format("for example `{}`; {}", hit->example, hit->list->harm))
            .note("name the files and folders that the program reads")
            .about(fmt::format("{} {}", word_of(use), hit->pattern->pattern.text()));
        break;
      }
    }
  }
}

}  // namespace macc::lint::rules
