#include "compiler/query/reach.h"

#include <algorithm>

#include "compiler/query/beginnings.h"

namespace macc::query {

using ir::Verb;

Reaches::Reaches(const ir::Meaning& meaning)
    : meaning_(meaning), domains_(domains_by_name(meaning.policy())), denies_(domains_.size()) {
  const ir::Assignment declared = ir::declared_values(meaning.policy());
  for (std::size_t rank = 0; rank < domains_.size(); ++rank) {
    const ir::Domain& domain = meaning.policy().domain(domains_[rank]);
    ir::VerbSet own;
    for (const Verb verb : {Verb::read, Verb::load}) own.add(verb);
    for (const ir::Entry& entry : domain.entries) add({rank, &entry.paths, own});
    for (const ir::Rule& rule : domain.rules) {
      const auto* file = std::get_if<ir::FileAccess>(&rule.access);
      if (file == nullptr || !ir::holds(rule.condition, declared)) continue;
      if (rule.effect == ir::Effect::deny) {
        denies_[rank].push_back(file);
      } else {
        add({rank, &file->paths, file->verbs});
      }
    }
  }
}

void Reaches::add(Grant grant) {
  for (const std::string& text : beginnings(*grant.paths)) index_.add(text, grants_.size());
  grants_.push_back(grant);
}

std::vector<Reach> Reaches::of(ir::ResourceId resource) const {
  std::vector<std::size_t> near;
  for (const std::string& text : beginnings(meaning_.policy().resource(resource).paths)) {
    const std::vector<std::size_t> found = index_.candidates(text);
    near.insert(near.end(), found.begin(), found.end());
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  const paths::PathSet region = meaning_.region(resource);
  std::vector<Reach> out;
  for (const std::size_t i : near) {
    const Grant& grant = grants_[i];
    const ir::DomainId domain = domains_[grant.rank];
    const bool known = !out.empty() && out.back().domain == domain;
    ir::VerbSet verbs = known ? out.back().verbs : ir::VerbSet();
    for (const Verb verb : grant.verbs.list()) {
      if (!verbs.has(verb) && leaves(grant, verb, region)) verbs.add(verb);
    }
    if (known) {
      out.back().verbs = verbs;
    } else if (verbs.any()) {
      out.push_back({domain, verbs});
    }
  }
  return out;
}

/// Whether denies leave some of it in the region.
bool Reaches::leaves(const Grant& grant, Verb verb, const paths::PathSet& region) const {
  const paths::PathSet given = meaning_.objects(verb, *grant.paths, region);
  if (!given.meets(region)) return false;
  paths::PathSet left = given;
  for (const ir::FileAccess* deny : denies_[grant.rank]) {
    if (!deny->verbs.has(verb)) continue;
    const paths::PathSet taken = meaning_.objects(verb, deny->paths, region);
    if (left.meets(taken)) left = left - taken;
  }
  return left.meets(region);
}

}  // namespace macc::query
