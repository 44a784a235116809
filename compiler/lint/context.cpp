#include "compiler/lint/context.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/syntax/parse.h"

namespace macc::lint {

namespace {

std::vector<Span> places_of(const ir::Provenance& where) {
  std::vector<Span> out{where.span};
  for (const ir::Provenance::Frame& frame : where.includes) out.push_back(frame.at);
  return out;
}

const ir::PathExpr* paths_of(const ir::Access& access) {
  if (const auto* file = std::get_if<ir::FileAccess>(&access)) return &file->paths;
  const auto* exec = std::get_if<ir::ExecAccess>(&access);
  return exec == nullptr ? nullptr : &exec->paths;
}

}  // namespace

Report& Report::with(const ir::Provenance& where, std::string text) {
  places_.push_back(places_of(where));
  const std::string condition = context_->condition_of(where);
  if (!condition.empty() && condition != finding_.condition)
    finding_.condition += (finding_.condition.empty() ? "" : " and ") + condition;
  const Span place = context_->anchor(where);
  Diagnostic& d = finding_.diagnostic;
  // Both rules may have come through one include; the rules themselves are then shown.
  d.also(place == d.primary.span && where.span != place ? where.span : place, std::move(text));
  return *this;
}

Report& Report::note(std::string text) {
  finding_.diagnostic.note(std::move(text));
  return *this;
}

Report& Report::fix(std::string description, std::vector<Edit> edits, bool safe) {
  if (!edits.empty()) finding_.diagnostic.suggest(std::move(description), std::move(edits), safe);
  return *this;
}

Report& Report::about(std::string subject) { return about(std::vector<std::string>{std::move(subject)}); }

Report& Report::about(std::vector<std::string> subjects) {
  std::sort(subjects.begin(), subjects.end());
  finding_.subjects = std::move(subjects);
  return *this;
}

Context::Context(const Input& input) : input_(input), sensitive_(input.meaning.policy(), input.settings) {
  for (std::size_t i = 0; i < policy().domains.size(); ++i) {
    const ir::Domain& domain = policy().domains[i];
    for (std::size_t rule = 0; rule < domain.rules.size(); ++rule) rules_[&domain.rules[rule].where] = {&domain, rule};
    if (domain.external) continue;
    const auto id = static_cast<ir::DomainId>(i);
    reaches_.push_back(std::make_unique<Reach>(meaning(), id));
    all_.push_back({id, &domain, reaches_.back().get()});
    if (is_ours(domain.where.span) || is_extended_here(domain)) subjects_.push_back(all_.back());
  }
}

bool Context::is_ours(Span span) const { return span.valid() && input_.files.contains(span.file); }

bool Context::is_extended_here(const ir::Domain& domain) const {
  // At the top of a rule's includes stands where the project says it.
  const auto ours = [&](const auto& said) {
    const ir::Provenance& where = said.where;
    return is_ours(where.includes.empty() ? where.span : where.includes.front().at);
  };
  return std::any_of(domain.rules.begin(), domain.rules.end(), ours) ||
         std::any_of(domain.entries.begin(), domain.entries.end(), ours) ||
         std::any_of(domain.raw.begin(), domain.raw.end(), ours);
}

bool Context::concerns_ours(const Found& found) const {
  if (is_ours(found.finding.diagnostic.primary.span)) return true;
  return std::any_of(found.places.begin(), found.places.end(), [&](const std::vector<Span>& places) {
    return std::any_of(places.begin(), places.end(), [&](Span place) { return is_ours(place); });
  });
}

bool Context::is_written_here(const ir::Provenance& where) const {
  return !sources().file(where.span.file).is_bundled();
}

std::string Context::condition_of(const ir::Provenance& where) const {
  const auto place = rules_.find(&where);
  if (place == rules_.end()) return "";
  const ir::Condition& condition = place->second.domain->rules[place->second.rule].condition;
  return condition.is_always() ? "" : ir::describe(policy(), condition);
}

bool Context::names_several(const ir::Provenance& where) const {
  const auto place = rules_.find(&where);
  if (place == rules_.end() || !is_ours(where.span)) return false;
  // The rules of a statement stand together.
  const std::vector<ir::Rule>& rules = place->second.domain->rules;
  std::size_t first = place->second.rule;
  while (first > 0 && rules[first - 1].where.span == where.span) --first;
  std::set<std::string> patterns;
  for (std::size_t i = first; i < rules.size() && rules[i].where.span == where.span; ++i) {
    const ir::PathExpr* paths = paths_of(rules[i].access);
    if (paths == nullptr) continue;
    for (const paths::PathPattern& pattern : paths->include) patterns.insert(pattern.text());
  }
  return patterns.size() > 1;
}

Span Context::anchor(const ir::Provenance& where) const {
  if (is_ours(where.span)) return where.span;
  const auto frame =
      std::find_if(where.includes.rbegin(), where.includes.rend(), [&](const auto& f) { return is_ours(f.at); });
  return frame == where.includes.rend() ? where.span : frame->at;
}

Report Context::report(Code lint, ir::DomainId domain, Span place, std::string message) {
  Found& found = found_.emplace_back();
  found.finding.diagnostic = Diagnostic(lint, place, std::move(message));
  if (domain != ir::DomainId::none) found.finding.domain = policy().qualified_name(domain);
  found.places.push_back({place});
  Report out(found.finding, found.places);
  out.context_ = this;
  return out;
}

Report Context::report(Code lint, ir::DomainId domain, const ir::Provenance& where, std::string message) {
  const Span place = anchor(where);
  Report out = report(lint, domain, place, std::move(message));
  found_.back().places = {places_of(where)};
  found_.back().finding.condition = condition_of(where);
  found_.back().finding.one_of_several = names_several(where);
  Diagnostic& d = found_.back().finding.diagnostic;
  if (place != where.span) {
    d.label("brought in by this");
    d.also(where.span, "the rule");
  }
  for (auto frame = where.includes.rbegin(); frame != where.includes.rend(); ++frame) {
    if (frame->at != place && !sources().file(frame->at.file).is_bundled())
      d.note(fmt::format("through `include {}`", frame->abstraction), frame->at);
  }
  return out;
}

std::optional<ir::Assignment> Context::in_effect(const ir::Domain& domain, const ir::Rule& rule,
                                                 const std::function<bool(const ir::Rule&)>& taken_by) const {
  std::vector<const ir::Condition*> must_not;
  if (taken_by) {
    for (const ir::Rule& deny : domain.rules) {
      if (deny.effect == ir::Effect::deny && taken_by(deny)) must_not.push_back(&deny.condition);
    }
  }
  return values_for(policy(), {&rule.condition}, must_not);
}

std::optional<Span> Context::statement(const ir::Provenance& where) const {
  return is_ours(where.span) ? std::optional(where.span) : std::nullopt;
}

const ast::File& Context::tree(FileId file) const {
  const auto known = trees_.find(file);
  if (known != trees_.end()) return known->second;
  Diagnostics unheard;
  return trees_.emplace(file, syntax::parse(sources(), file, unheard)).first->second;
}

}  // namespace macc::lint
