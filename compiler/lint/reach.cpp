#include "compiler/lint/reach.h"

#include <algorithm>

namespace macc::lint {

using ir::Verb;
using paths::PathSet;

ir::VerbSet writing_verbs() { return {Verb::write, Verb::append, Verb::create, Verb::rename, Verb::link}; }

namespace {

std::vector<std::string> starts_of(const ir::PathExpr& expr) {
  std::vector<std::string> out;
  for (const paths::PathPattern& pattern : expr.include) {
    for (std::string& start : lint::starts_of(pattern)) out.push_back(std::move(start));
  }
  return out;
}

/// Whether a deny speaks about a use. What it denies on files of one's own leaves those of others.
template <typename Deny>
bool applies(const Use& use, const Deny& deny) {
  if (deny.owner && !use.grant->owner) return false;
  return use.exec ? deny.exec : !deny.exec && deny.verbs.has(use.verb);
}

}  // namespace

std::vector<std::string> starts_of(const paths::PathPattern& pattern) {
  if (pattern.anchor() == paths::PathPattern::Anchor::home) return {"/home/", "/root/"};
  return {pattern.literal_prefix()};
}

bool near(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& one) {
    return std::any_of(b.begin(), b.end(), [&](const std::string& other) {
      return std::string_view(one).starts_with(other) || std::string_view(other).starts_with(one);
    });
  });
}

const ir::Condition& Grant::condition() const {
  static const ir::Condition always;
  return rule != nullptr ? rule->condition : always;
}

Reach::Reach(const ir::Meaning& meaning, ir::DomainId id) : meaning_(meaning) {
  const ir::Domain& domain = meaning.policy().domain(id);
  for (const ir::Rule& rule : domain.rules) {
    const auto* file = std::get_if<ir::FileAccess>(&rule.access);
    const auto* exec = std::get_if<ir::ExecAccess>(&rule.access);
    if (file == nullptr && exec == nullptr) continue;
    const ir::PathExpr& paths = file != nullptr ? file->paths : exec->paths;
    const ir::VerbSet verbs = file != nullptr ? file->verbs : ir::VerbSet();
    if (rule.effect == ir::Effect::deny) {
      // A deny of one way to execute leaves the others: the program still runs.
      if (exec != nullptr && exec->mode != ir::ExecAccess::Mode::inside) continue;
      denies_.push_back({&rule, &paths, verbs, exec != nullptr, file != nullptr && file->owner, starts_of(paths)});
    } else {
      grants_.push_back(
          {&rule, nullptr, &paths, verbs, exec != nullptr, file != nullptr && file->owner, starts_of(paths)});
    }
  }
  for (const ir::Entry& entry : domain.entries)
    grants_.push_back({nullptr, &entry, &entry.paths, {Verb::read, Verb::load}, false, false, starts_of(entry.paths)});
}

PathSet Reach::objects(const Use& use) const {
  return meaning_.objects(use.exec ? Verb::load : use.verb, *use.grant->paths);
}

std::vector<const Reach::Deny*> Reach::denies_of(const std::vector<Use>& uses) const {
  std::vector<const Deny*> out;
  for (const Deny& deny : denies_) {
    const bool concerns = std::any_of(uses.begin(), uses.end(), [&](const Use& use) {
      return applies(use, deny) && near(deny.starts, use.grant->starts);
    });
    if (concerns) out.push_back(&deny);
  }
  return out;
}

PathSet Reach::denied(const Deny& deny, const std::vector<Use>& uses) const {
  PathSet out;
  for (const Use& use : uses) {
    if (applies(use, deny)) out = out | meaning_.objects(use.exec ? Verb::load : use.verb, *deny.paths);
  }
  return out;
}

std::optional<Reached> Reach::reached(const std::vector<Use>& uses, const PathSet& within) const {
  PathSet left = within;
  for (const Use& use : uses) {
    const PathSet own = objects(use);
    if (!left.meets(own)) return std::nullopt;
    left = left & own;
  }
  std::vector<const Deny*> conditional;
  for (const Deny* deny : denies_of(uses)) {
    if (!deny->rule->condition.is_always()) {
      conditional.push_back(deny);
      continue;
    }
    const PathSet taken = denied(*deny, uses);
    if (left.meets(taken)) left = left - taken;
  }
  return under_conditions(uses, std::move(left), conditional);
}

std::optional<Reached> Reach::reached(const Use& use) const { return reached({use}, PathSet::all()); }

std::optional<Reached> Reach::under_conditions(const std::vector<Use>& uses, PathSet left,
                                               const std::vector<const Deny*>& conditional) const {
  std::vector<const ir::Condition*> must;
  for (const Use& use : uses) must.push_back(&use.grant->condition());
  std::vector<const ir::Condition*> must_not;
  std::vector<const Deny*> touching;
  for (const Deny* deny : conditional) {
    if (!left.meets(denied(*deny, uses))) continue;
    touching.push_back(deny);
    must_not.push_back(&deny->rule->condition);
  }
  // Without any of the denies all is left; where they can't all be off, what they take away has to go.
  auto values = values_for(meaning_.policy(), must, must_not);
  if (!values) {
    values = values_for(meaning_.policy(), must, {});
    if (!values) return std::nullopt;
    for (const Deny* deny : touching) {
      if (ir::holds(deny->rule->condition, *values)) left = left - denied(*deny, uses);
    }
  }
  auto example = left.example();
  if (!example) return std::nullopt;
  return Reached{std::move(left), std::move(*example), std::move(*values)};
}

std::optional<ir::Assignment> Reach::reaches(const Use& use, const std::string& path) const {
  const Verb verb = use.exec ? Verb::load : use.verb;
  if (!meaning_.covers(verb, *use.grant->paths, path)) return std::nullopt;
  std::vector<const ir::Condition*> must_not;
  for (const Deny& deny : denies_) {
    if (applies(use, deny) && meaning_.covers(verb, *deny.paths, path)) must_not.push_back(&deny.rule->condition);
  }
  return values_for(meaning_.policy(), {&use.grant->condition()}, must_not);
}

}  // namespace macc::lint
