#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/rules.h"
#include "compiler/lint/same.h"

namespace macc::lint::rules {

namespace {

/// Whether something can be put where a file was removed: a new one, or another name of one that is there.
bool can_be_made(const Subject& subject, const paths::PathSet& files) {
  const auto& grants = subject.reach->grants();
  return std::any_of(grants.begin(), grants.end(), [&](const Grant& grant) {
    const auto made_by = [&](ir::Verb verb) {
      return grant.verbs.has(verb) && subject.reach->reached({{&grant, verb, false}}, files).has_value();
    };
    return grant.rule != nullptr && (made_by(ir::Verb::create) || made_by(ir::Verb::link));
  });
}

/// A file whose contents may not be written can still be replaced, when it may be moved, or removed and made again.
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
      if (reached && (verb == ir::Verb::rename || can_be_made(subject, reached->set)))
        return Bypass{&grant, verb, reached->example};
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
    for (const ir::Obligation& never : subject.domain->never)
      look(context, subject, never.access, never.where, "never");
  }
}

}  // namespace macc::lint::rules
