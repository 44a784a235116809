#include "compiler/lint/target_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace macc::lint {

namespace {

/// What a target gives to every domain is noted at the domain. No rule is wider for it, and no other rule would end it.
bool is_about_domain(const Context& context, Span place) {
  const auto& subjects = context.subjects();
  return std::any_of(subjects.begin(), subjects.end(),
                     [&](const Subject& subject) { return subject.domain->where.span == place; });
}

}  // namespace

void look_for_notes(Context& context, Code lint, TargetNote::Kind kind, std::string_view what) {
  std::set<std::tuple<Span, std::string, std::string>> told;
  for (const TargetNote& note : context.input().target_notes) {
    if (note.kind != kind || !context.is_ours(note.rule)) continue;
    if (kind == TargetNote::Kind::wider && is_about_domain(context, note.rule)) continue;
    if (!told.insert({note.rule, note.target, note.topic}).second) continue;
    context.report(lint, ir::DomainId::none, note.rule, fmt::format("{} `{}`", what, note.target))
        .note(fmt::format("{}: {}", note.topic, note.text))
        .note("`fail-on` and `accept` in macc.toml say which of these fail the build")
        .about(fmt::format("{} {} {}", note.target, note.topic, context.sources().text(note.rule)));
  }
}

}  // namespace macc::lint
