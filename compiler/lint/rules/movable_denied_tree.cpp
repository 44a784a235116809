#include <fmt/format.h>

#include "compiler/lint/moves.h"
#include "compiler/lint/rules.h"
#include "compiler/lint/same.h"

namespace macc::lint::rules {

namespace {

/// Where files lie says which rules are about them: what may not be read or changed there may be elsewhere.
void look(Context& context, const Subject& subject, const ir::Access& access, const ir::Provenance& where) {
  const auto* guarded = std::get_if<ir::FileAccess>(&access);
  if (guarded == nullptr || !context.is_written_here(where)) return;
  if (!guarded->verbs.meets(writing_verbs() | ir::VerbSet{ir::Verb::read})) return;
  const auto move = movable_folder(*subject.reach, guarded->paths);
  if (!move) return;
  const std::string folder = printable(move->folder);
  context
      .report(Code::L0109, subject.id, where,
              fmt::format("`{}` may rename `{}` and so move what is guarded here out of the way{}",
                          subject.domain->name, folder, context.when(move->values)))
      .with(move->grant->where(), "this allows to rename the folder")
      .note("what was in it is then under another name, and another folder can be put in its place")
      .note(fmt::format("deny that as well: `deny change \"{}\";`", folder))
      .about(key_of(access));
}

}  // namespace

void movable_denied_tree(Context& context) {
  for (const Subject& subject : context.subjects()) {
    for (const ir::Rule& rule : subject.domain->rules) {
      if (rule.effect == ir::Effect::deny) look(context, subject, rule.access, rule.where);
    }
    for (const ir::Obligation& never : subject.domain->never) look(context, subject, never.access, never.where);
  }
}

}  // namespace macc::lint::rules
