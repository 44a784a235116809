#include <fmt/format.h>

#include "compiler/lint/hits.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

/// `owner` before the semicolon: a rule on files takes it at its end.
std::vector<Edit> owner_edit(const Context& context, const Grant& grant) {
  const auto statement = context.statement(grant.where());
  if (!statement || !grant.rule->where.includes.empty()) return {};
  const std::string_view text = context.sources().text(*statement);
  if (!text.ends_with(';') || text.find(" except") != std::string_view::npos) return {};
  return {{{statement->file, statement->end - 1, statement->end - 1}, " owner"}};
}

}  // namespace

void shared_without_owner(Context& context) {
  const ir::VerbSet verbs = writing_verbs() | ir::VerbSet{ir::Verb::read, ir::Verb::delete_, ir::Verb::setattr};
  for (const Subject& subject : context.subjects()) {
    each_hit(context, subject, {.lists = "shared_", .verbs = verbs, .wide_only = true},
             [&](const Use& use, const Hit& hit) {
               if (use.grant->owner) return;
               context
                   .report(Code::L0206, subject.id, use.grant->where(),
                           may_text(context, subject, use, hit) + ", whoever it belongs to")
                   .note(fmt::format("{}: {}", hit.list->title, hit.list->harm))
                   .note("add `owner`, or name a folder that only this program uses")
                   .about(fmt::format("{} {}", word_of(use), hit.list->name))
                   .fix("only files of the process's own user", owner_edit(context, *use.grant));
             });
  }
}

}  // namespace macc::lint::rules
