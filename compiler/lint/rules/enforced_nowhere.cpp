#include <fmt/format.h>

#include <map>
#include <set>

#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

/// Rules on files are mediated everywhere but for a part (`setattr` of times, say): that limits nothing to nobody.
bool only_allows_files(const Context& context, Span statement) {
  bool all = true;
  for (const Subject& subject : context.subjects()) {
    for (const ir::Rule& rule : subject.domain->rules) {
      if (rule.where.span != statement) continue;
      all = all && rule.effect == ir::Effect::allow && std::holds_alternative<ir::FileAccess>(rule.access);
    }
  }
  return all;
}

}  // namespace

void enforced_nowhere(Context& context) {
  if (!context.input().all_targets) return;       // another one may enforce it
  std::map<Span, std::set<std::string>> without;  // statement -> targets that don't enforce it
  std::map<Span, const TargetNote*> first;
  for (const TargetNote& note : context.input().target_notes) {
    if (note.kind != TargetNote::Kind::not_enforced || !context.is_ours(note.rule)) continue;
    without[note.rule].insert(note.target);
    first.emplace(note.rule, &note);
  }
  for (const auto& [statement, targets] : without) {
    if (targets.size() != context.input().targets.size() || only_allows_files(context, statement)) continue;
    const TargetNote& note = *first.at(statement);
    context.report(Code::L0901, ir::DomainId::none, statement, "no target of this project enforces this")
        .note(fmt::format("{}: {}", note.topic, note.text))
        .note("nothing stands in the way of what this rule seems to limit; guard it by other means")
        .about(fmt::format("{} {}", note.topic, context.sources().text(statement)));
  }
}

}  // namespace macc::lint::rules
