#include <fmt/format.h>

#include "compiler/lint/hits.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void exec_in_shared_tree(Context& context) {
  for (const Subject& subject : context.subjects()) {
    const auto found = [&](const Use& use, const Hit& hit) {
      if (!use.exec && use.grant->owner) return;  // libraries of the user's own
      Report report = context.report(Code::L0312, subject.id, use.grant->where(),
                                     fmt::format("`{}` may {} `{}`{}", subject.domain->name,
                                                 use.exec ? "execute" : "load", printable(hit.example),
                                                 context.when(hit.values)));
      report.note(fmt::format("{}: {}", hit.list->title, hit.list->harm));
      report.note("install what is executed where only the system's packages or an administrator write");
      report.about(fmt::format("{} {}", word_of(use), hit.list->name));
    };
    each_hit(context, subject, {.lists = "shared_", .verbs = {}, .exec = true, .wide_only = false}, found);
    each_hit(context, subject, {.lists = "shared_", .verbs = {ir::Verb::load}, .wide_only = false}, found);
  }
}

}  // namespace macc::lint::rules
