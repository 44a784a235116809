#include <fmt/format.h>

#include "compiler/lint/hits.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

/// A program of the domain itself that any user may put there.
void look_at_entries(Context& context, const Subject& subject) {
  for (const Grant& grant : subject.reach->grants()) {
    if (grant.entry == nullptr || grant.entry->from == ir::Entry::From::project) continue;
    for (const SensitiveList* list : context.sensitive().with_prefix("shared_")) {
      const auto hit = Sensitive::hit(*subject.reach, {&grant, ir::Verb::load, false}, *list);
      if (!hit) continue;
      context
          .report(Code::L0312, subject.id, grant.where(),
                  fmt::format("`{}` is entered by `{}`, which other users may put there", subject.domain->name,
                              printable(hit->example)))
          .note(fmt::format("{}: {}", list->title, list->harm))
          .note("install programs where only the system's packages or an administrator write")
          .about("entry " + list->name);
    }
  }
}

}  // namespace

void exec_in_shared_tree(Context& context) {
  for (const Subject& subject : context.subjects()) {
    const auto found = [&](const Use& use, const Hit& hit) {
      if (!use.exec && use.grant->owner) return;  // libraries of the user's own
      Report report =
          context.report(Code::L0312, subject.id, use.grant->where(),
                         fmt::format("`{}` may {} `{}`{}", subject.domain->name, use.exec ? "execute" : "load",
                                     printable(hit.example), context.when(hit.values)));
      report.note(fmt::format("{}: {}", hit.list->title, hit.list->harm));
      report.note("install what is executed where only the system's packages or an administrator write");
      report.about(fmt::format("{} {}", word_of(use), hit.list->name));
    };
    look_at_entries(context, subject);
    each_hit(context, subject, {.lists = "shared_", .verbs = {}, .exec = true, .wide_only = false}, found);
    each_hit(context, subject, {.lists = "shared_", .verbs = {ir::Verb::load}, .wide_only = false}, found);
  }
}

}  // namespace macc::lint::rules
