#include "compiler/query/coverage.h"

#include <algorithm>
#include <map>
#include <set>

namespace macc::query {

namespace {

/// What the tests expect of one domain, read as if it were rules.
std::vector<ir::Rule> expected_of(const std::vector<const ir::Test*>& tests, ir::DomainId domain) {
  std::vector<ir::Rule> out;
  for (const ir::Test* test : tests) {
    for (const ir::TestExpectation& e : test->expectations) {
      if (e.domain != domain) continue;
      ir::Rule rule;
      rule.access = e.access;
      out.push_back(std::move(rule));
    }
  }
  return out;
}

class DomainCoverage {
 public:
  DomainCoverage(const ir::Meaning& meaning, const std::vector<const ir::Test*>& tests, ir::DomainId id)
      : meaning_(meaning),
        expected_(expected_of(tests, id)),
        rules_(permissions_of(meaning.policy(), id, meaning.policy().domain(id).rules)),
        tests_(permissions_of(meaning.policy(), id, expected_)) {}

  std::set<const ir::Rule*> touched() const {
    std::set<const ir::Rule*> out;
    for (const auto& [operation, terms] : rules_) {
      for (const Term& term : terms) {
        if (!out.contains(term.rule) && is_touched(operation, term)) out.insert(term.rule);
      }
    }
    return out;
  }

 private:
  bool is_touched(const Operation& operation, const Term& term) const {
    std::optional<Extent> extent;
    for (auto it = tests_.lower_bound({operation.area, operation.verb, "", ""});
         it != tests_.end() && it->first.area == operation.area && it->first.verb == operation.verb; ++it) {
      if (!overlap(operation, it->first)) continue;
      for (const Term& test : it->second) {
        if (!extent) extent = Extent::of(meaning_, term);
        if (!(*extent & Extent::of(meaning_, test)).empty()) return true;
      }
    }
    return false;
  }

  const ir::Meaning& meaning_;
  std::vector<ir::Rule> expected_;
  Permissions rules_, tests_;
};

}  // namespace

std::vector<Covered> coverage(const ir::Meaning& meaning, const std::vector<const ir::Test*>& tests) {
  const ir::Policy& policy = meaning.policy();
  // What is written once counts once, however many rules it stands for.
  std::map<std::pair<Span, ir::DomainId>, Covered> statements;
  for (std::size_t i = 0; i < policy.domains.size(); ++i) {
    const auto id = static_cast<ir::DomainId>(i);
    if (policy.domain(id).external || policy.domain(id).rules.empty()) continue;
    const std::set<const ir::Rule*> touched = DomainCoverage(meaning, tests, id).touched();
    for (const ir::Rule& rule : policy.domain(id).rules) {
      const bool included = !rule.where.includes.empty();
      const Span span = included ? rule.where.includes.front().at : rule.where.span;
      Covered& one = statements[{span, id}];
      one.span = span;
      one.domain = id;
      if (one.what.empty())
        one.what = included ? "include " + rule.where.includes.front().abstraction : ir::describe(policy, rule);
      one.touched = one.touched || touched.contains(&rule);
    }
  }
  std::vector<Covered> out;
  out.reserve(statements.size());
  for (auto& [key, one] : statements) out.push_back(std::move(one));
  return out;
}

}  // namespace macc::query
