#include <fmt/format.h>

#include "compiler/lint/rules.h"
#include "compiler/lint/same.h"

namespace macc::lint::rules {

namespace {

/// A file whose contents may not be written can still be replaced, when it may be removed or moved.
struct Bypass {
  const Grant* grant = nullptr;
  ir::Verb verb = ir::Verb::rename;
  std::string example;
};

std::optional<Bypass> bypass(const Context& context, const Subject& subject, const ir::FileAccess& guarded) {
  const bool writing = guarded.verbs.has(ir::Verb::write) || guarded.verbs.has(ir::Verb::append);
  if (!writing) return std::nullopt;
  for (const ir::Verb verb : {ir::Verb::rename, ir::Verb::delete_}) {
    if (guarded.verbs.has(verb)) continue;
    const paths::PathSet files = context.meaning().objects(verb, guarded.paths);
    for (const Grant& grant : subject.reach->grants()) {
      if (grant.rule == nullptr || !grant.verbs.has(verb)) continue;
      const auto reached = subject.reach->reached({{&grant, verb, false}}, files);
      if (reached) return Bypass{&grant, verb, reached->example};
    }
  }
  return std::nullopt;
}

void look(Context& context, const Subject& subject, const ir::Access& access, const ir::Provenance& where,
          std::string_view word) {
  const auto* guarded = std::get_if<ir::FileAccess>(&access);
  if (guarded == nullptr || !context.is_written_here(where)) return;
  const auto found = bypass(context, subject, *guarded);
  if (!found) return;
  context
      .report(Code::L0108, subject.id, where,
              fmt::format("`{}` may still {} `{}` and put another file in its place", subject.domain->name,
                          ir::word(found->verb), printable(found->example)))
      .with(found->grant->where(), fmt::format("this allows to {}", ir::word(found->verb)))
      .note(fmt::format("write `{} change`: it means all ways to change a file", word))
      .about(key_of(access));
}

}  // namespace

void incomplete_deny(Context& context) {
  for (const Subject& subject : context.subjects()) {
    for (const ir::Rule& rule : subject.domain->rules) {
      if (rule.effect == ir::Effect::deny) look(context, subject, rule.access, rule.where, "deny");
    }
    for (const ir::Obligation& never : subject.domain->never) look(context, subject, never.access, never.where, "never");
  }
}

}  // namespace macc::lint::rules
