#include "compiler/lint/expectations.h"

#include <fmt/format.h>

#include <algorithm>

namespace macc::lint {

namespace {

bool holds(Span outer, Span inner) {
  return outer.file == inner.file && outer.begin <= inner.begin && inner.end <= outer.end;
}

bool holds_any(Span outer, const std::vector<Span>& places) {
  return std::any_of(places.begin(), places.end(), [&](Span place) { return holds(outer, place); });
}

}  // namespace

Expectations::Expectations(const Input& input) : input_(input) {
  for (const ir::ExpectedLint& expected : input.meaning.policy().expected) {
    const LintInfo* lint = find_lint(std::string_view(expected.name));
    if (lint == nullptr) continue;
    items_.push_back({&expected, lint->code, input.sources.file(expected.span.file).is_bundled(), false});
  }
}

bool Expectations::speaks_for(const Item& item, const Context::Found& found) const {
  const auto covers = [&](const std::vector<Span>& places) { return holds_any(item.expected->over, places); };
  return item.bundled ? std::all_of(found.places.begin(), found.places.end(), covers)
                      : std::any_of(found.places.begin(), found.places.end(), covers);
}

bool Expectations::take(Context::Found& found) {
  bool taken = false;
  for (Item& item : items_) {
    if (item.lint != found.finding.diagnostic.code || !speaks_for(item, found)) continue;
    item.fulfilled = true;
    if (item.bundled || !input_.settings.locked.contains(item.lint)) {
      taken = true;
      continue;
    }
    found.finding.diagnostic.note("the project locks this lint: the annotation does not silence it",
                                  item.expected->span);
  }
  return taken;
}

bool Expectations::can_judge(const Item& item) const {
  if (item.bundled || item.fulfilled || !input_.files.contains(item.expected->over.file)) return false;
  const LintInfo* lint = find_lint(item.lint);
  if (lint->scope == LintScope::target && !input_.all_targets) return false;
  if (!input_.whole_project && lint->scope != LintScope::domain) return false;
  const std::string& file = input_.sources.file(item.expected->over.file).stable_path();
  if (!input_.settings.level(item.lint, file)) return false;
  // An abstraction that other files include can't be judged by this one.
  if (input_.whole_project) return true;
  const auto& domains = input_.meaning.policy().domains;
  return std::any_of(domains.begin(), domains.end(), [&](const ir::Domain& domain) {
    return std::any_of(domain.rules.begin(), domain.rules.end(), [&](const ir::Rule& rule) {
      return holds(item.expected->over, rule.where.span) ||
             std::any_of(rule.where.includes.begin(), rule.where.includes.end(),
                         [&](const auto& frame) { return holds(item.expected->over, frame.at); });
    });
  });
}

void Expectations::report_unfulfilled(Context& context, bool of_itself) const {
  for (const Item& item : items_) {
    if ((item.lint == Code::L0118) != of_itself || !can_judge(item)) continue;
    context
        .report(Code::L0118, ir::DomainId::none, item.expected->span,
                fmt::format("`{}` was expected here and not found", item.expected->name))
        .note("what it excused is gone: remove the annotation")
        .about(item.expected->name);
    context.found().back().places.push_back({item.expected->over});
  }
}

}  // namespace macc::lint
