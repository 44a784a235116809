#include <fmt/format.h>

#include "compiler/lint/hits.h"
#include "compiler/lint/rules.h"
#include "compiler/lint/wide.h"

namespace macc::lint::rules {

void system_wide_write(Context& context) {
  const ir::VerbSet verbs = writing_verbs() | ir::VerbSet{ir::Verb::delete_};
  for (const Subject& subject : context.subjects()) {
    for (const Grant& grant : subject.reach->grants()) {
      if (grant.rule == nullptr || grant.exec) continue;
      for (const ir::Verb verb : (grant.verbs & verbs).list()) {
        const Use use{&grant, verb, false};
        const auto hit = widest_tree(context, *subject.reach, use, "wide_write");
        if (!hit) continue;
        context
            .report(Code::L0201, subject.id, grant.where(),
                    fmt::format("`{}` may {} anything in `{}`{}", subject.domain->name, word_of(use),
                                folder_of(*hit->pattern), context.when(hit->values)))
            .note(fmt::format("for example `{}`; {}", hit->example, hit->list->harm))
            .note("give the program folders of its own, and name them")
            .about(fmt::format("{} {}", word_of(use), hit->pattern->pattern.text()));
        break;
      }
    }
  }
}

}  // namespace macc::lint::rules
