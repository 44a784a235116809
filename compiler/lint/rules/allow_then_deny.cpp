#include <fmt/format.h>

#include "compiler/lint/hits.h"
#include "compiler/lint/rules.h"
#include "compiler/lint/wide.h"

namespace macc::lint::rules {

namespace {

/// A deny of the same verb inside the tree.
const ir::Rule* deny_inside(const Context& context, const Subject& subject, const Use& use) {
  for (const ir::Rule& deny : subject.domain->rules) {
    const auto* file = std::get_if<ir::FileAccess>(&deny.access);
    if (file == nullptr || deny.effect != ir::Effect::deny || !file->verbs.has(use.verb)) continue;
    const paths::PathSet denied = context.meaning().objects(use.verb, file->paths);
    if (denied.meets(context.meaning().objects(use.verb, *use.grant->paths))) return &deny;
  }
  return nullptr;
}

}  // namespace

void allow_then_deny(Context& context) {
  for (const Subject& subject : context.subjects()) {
    for (const Grant& grant : subject.reach->grants()) {
      if (grant.rule == nullptr || grant.exec || !grant.rule->where.includes.empty()) continue;
      for (const ir::Verb verb : grant.verbs.list()) {
        const Use use{&grant, verb, false};
        const auto tree = widest_tree(context, *subject.reach, use, "wide_write");
        const ir::Rule* deny = tree ? deny_inside(context, subject, use) : nullptr;
        if (deny == nullptr) continue;
        context
            .report(Code::L0104, subject.id, grant.where(),
                    fmt::format("`{}` may {} all of `{}` but for what is denied", subject.domain->name, word_of(use),
                                folder_of(*tree->pattern)))
            .with(deny->where, "one of the parts that are taken out")
            .note("what nobody thought of, and what comes later, stays allowed")
            .note("name what is needed instead of what is not")
            .about(fmt::format("{} {}", word_of(use), tree->pattern->pattern.text()));
        break;
      }
    }
  }
}

}  // namespace macc::lint::rules
