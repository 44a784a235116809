#include "compiler/query/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <set>

#include "compiler/ir/conditions.h"

namespace macc::query {

using ir::Effect;
using ir::Verb;

std::string_view word(Answer answer) {
  switch (answer) {
    case Answer::yes:
      return "yes";
    case Answer::partly:
      return "partly";
    case Answer::no:
      return "no";
  }
  return "";
}

// ---- may

namespace {

Verdict under(const ir::Meaning& meaning, ir::DomainId domain, const ir::Access& access, const ir::Assignment& values) {
  const auto* file = std::get_if<ir::FileAccess>(&access);
  const bool owned = file != nullptr && file->owner;
  const auto yes = meaning.some_allowed(domain, access, owned, values);
  const auto no = meaning.some_denied(domain, access, owned, values);
  Verdict out;
  out.answer = !yes ? Answer::no : no ? Answer::partly : Answer::yes;
  if (yes) {
    out.allowed = yes->example;
    out.by = yes->rule;
  }
  if (no) {
    out.denied = no->example;
    out.against = no->rule;
  }
  return out;
}

/// The conditions of the rules that have something to do with what is asked, each once.
std::vector<const ir::Condition*> conditions_on(const ir::Meaning& meaning, ir::DomainId domain,
                                                const ir::Access& access) {
  const auto matters = [&](const ir::Rule& rule) {
    if (rule.condition.is_always() || area_of(rule.access) != area_of(access)) return false;
    try {
      return nearness(meaning, domain, rule.access, access) == Nearness::same_object;
    } catch (const paths::TooComplex&) {
      return true;
    }
  };
  std::set<std::string> known;
  std::vector<const ir::Condition*> out;
  for (const ir::Rule& rule : meaning.policy().domain(domain).rules) {
    if (matters(rule) && known.insert(qualified(meaning.policy(), rule.condition)).second)
      out.push_back(&rule.condition);
  }
  return out;
}

std::vector<ir::BooleanId> booleans_of(const std::vector<const ir::Condition*>& conditions) {
  std::set<ir::BooleanId> found;
  for (const ir::Condition* condition : conditions) ir::add_booleans(*condition, found);
  return {found.begin(), found.end()};
}

/// The values that differ from others in the booleans whose bits are set.
ir::Assignment turned(ir::Assignment values, const std::vector<ir::BooleanId>& booleans, std::size_t bits) {
  for (std::size_t i = 0; i < booleans.size(); ++i) {
    const auto index = static_cast<std::size_t>(booleans[i]);
    values[index] = values[index] != (((bits >> i) & 1U) != 0);
  }
  return values;
}

/// All values of these booleans; the declared ones come first, so that they answer wherever the condition lets them.
std::vector<ir::Assignment> all_values(const ir::Policy& policy, const std::vector<ir::BooleanId>& booleans) {
  std::vector<ir::Assignment> out;
  for (std::size_t bits = 0; bits < (std::size_t{1} << booleans.size()); ++bits)
    out.push_back(turned(ir::declared_values(policy), booleans, bits));
  return out;
}

/// The values nearest to these that make the condition hold where it does not, or the reverse.
std::optional<ir::Assignment> turned_over(const ir::Assignment& values, const ir::Condition& condition) {
  const std::vector<ir::BooleanId> booleans = booleans_of({&condition});
  std::optional<std::size_t> best;
  if (booleans.size() > kMaxSwitches) return std::nullopt;
  for (std::size_t bits = 1; bits < (std::size_t{1} << booleans.size()); ++bits) {
    const bool nearer = !best || std::popcount(bits) < std::popcount(*best);
    if (nearer && ir::holds(condition, turned(values, booleans, bits)) != ir::holds(condition, values)) best = bits;
  }
  if (!best) return std::nullopt;
  return turned(values, booleans, *best);
}

/// Values that turn one of the conditions over, then those that turn two, as many as are tried of few booleans.
std::vector<ir::Assignment> some_values(const ir::Assignment& from,
                                        const std::vector<const ir::Condition*>& conditions) {
  constexpr std::size_t kMost = std::size_t{1} << kMaxSwitches;
  std::vector<ir::Assignment> out;
  const auto add_turned = [&](const ir::Assignment& values, std::size_t begin) {
    for (std::size_t i = begin; i < conditions.size() && out.size() < kMost; ++i)
      if (auto other = turned_over(values, *conditions[i])) out.push_back(std::move(*other));
  };
  add_turned(from, 0);
  for (std::size_t i = 0; i < conditions.size(); ++i)
    if (const auto other = turned_over(from, *conditions[i])) add_turned(*other, i + 1);
  return out;
}

std::string in_words(const ir::Policy& policy, const std::vector<ir::BooleanId>& switches,
                     const ir::Assignment& values) {
  std::string out;
  for (const ir::BooleanId b : switches) {
    const auto index = static_cast<std::size_t>(b);
    if (values[index] == policy.booleans[index].value) continue;
    out += (out.empty() ? "" : " and ") + std::string(values[index] ? "" : "not ") + policy.booleans[index].name;
  }
  return out;
}

}  // namespace

Verdict decide(const ir::Meaning& meaning, ir::DomainId domain, const ir::Access& access, const ir::Condition& when) {
  const ir::Policy& policy = meaning.policy();
  std::vector<const ir::Condition*> conditions = conditions_on(meaning, domain, access);
  conditions.push_back(&when);
  const std::vector<ir::BooleanId> booleans = booleans_of(conditions);
  const bool all = booleans.size() <= kMaxSwitches;
  std::vector<ir::Assignment> values = all_values(policy, all ? booleans : booleans_of({&when}));
  std::erase_if(values, [&](const ir::Assignment& one) { return !ir::holds(when, one); });
  if (values.empty()) return {};
  if (!all) {
    std::vector<ir::Assignment> more = some_values(values.front(), conditions);
    std::erase_if(more, [&](const ir::Assignment& one) { return !ir::holds(when, one); });
    values.insert(values.end(), more.begin(), more.end());
  }
  Verdict out = under(meaning, domain, access, values.front());
  const auto other = std::find_if(values.begin() + 1, values.end(), [&](const ir::Assignment& one) {
    return under(meaning, domain, access, one).answer != out.answer;
  });
  if (other != values.end()) {
    out.otherwise = fmt::format("{} when {}", word(under(meaning, domain, access, *other).answer),
                                in_words(policy, booleans, *other));
  } else if (!all) {
    out.untried = booleans.size();
  }
  return out;
}

// ---- all

namespace {

/// What denies take out of rules that are one line, in words.
std::string taken_out(const ir::Meaning& meaning, ir::DomainId id, const Denials& denials, const ir::Rule& group) {
  const std::vector<ir::Rule> rules = {group};
  std::set<const ir::Rule*> denies;
  for (const auto& [operation, terms] : permissions_of(meaning.policy(), id, rules)) {
    for (const Term& term : terms) {
      for (const ir::Rule* deny : denials.against(operation, term)) denies.insert(deny);
    }
  }
  std::string out;
  for (const ir::Rule& rule : meaning.policy().domain(id).rules) {
    if (denies.contains(&rule)) out += (out.empty() ? "but not " : ", ") + ir::describe(meaning.policy(), rule.access);
  }
  return out;
}

/// Rules on the same paths under the same condition are one line.
bool joins(ir::Access& into, const ir::Access& more, const ir::Policy& policy) {
  auto* file = std::get_if<ir::FileAccess>(&into);
  const auto* other = std::get_if<ir::FileAccess>(&more);
  if (file == nullptr || other == nullptr || file->owner != other->owner) return false;
  if (ir::describe(policy, file->paths) != ir::describe(policy, other->paths)) return false;
  file->verbs |= other->verbs;
  return true;
}

}  // namespace

std::vector<Line> all_of(const ir::Meaning& meaning, ir::DomainId id) {
  const ir::Policy& policy = meaning.policy();
  const ir::Domain& domain = policy.domain(id);
  std::vector<ir::Rule> groups;
  for (const ir::Rule& rule : domain.rules) {
    if (rule.effect != Effect::allow) continue;
    const std::string condition = qualified(policy, rule.condition);
    const auto same = std::find_if(groups.begin(), groups.end(), [&](ir::Rule& group) {
      if (qualified(policy, group.condition) != condition) return false;
      return ir::describe(policy, group.access) == ir::describe(policy, rule.access) ||
             joins(group.access, rule.access, policy);
    });
    if (same == groups.end()) groups.push_back(rule);
  }
  const Denials denials(meaning, id);
  std::vector<Line> out;
  for (const ir::Entry& entry : domain.entries) {
    out.push_back({Area::entry, "entry " + ir::describe(policy, entry.paths), "", "", entry.where});
  }
  for (const ir::Rule& rule : groups) {
    Line line{area_of(rule.access), ir::describe(policy, rule.access), "", taken_out(meaning, id, denials, rule),
              rule.where};
    if (!rule.condition.is_always()) line.when = "if " + ir::describe(policy, rule.condition);
    out.push_back(std::move(line));
  }
  std::stable_sort(out.begin(), out.end(), [](const Line& a, const Line& b) { return a.area < b.area; });
  return out;
}

// ---- modify and run

namespace {

/// What a rule allows on paths.
struct OnPaths {
  const ir::Rule* rule = nullptr;
  paths::PathSet set;
};

/// The rules that allow a verb (nullopt: executing, in whatever domain), less what denies take away.
std::vector<OnPaths> allowing(const std::vector<Statement>& statements, const Denials& denials,
                              std::optional<Verb> verb) {
  const Area area = verb ? Area::files : Area::programs;
  std::vector<OnPaths> out;
  for (const auto& [operation, term] : statements) {
    if (term.effect != Effect::allow || operation.area != area || (verb && term.as != *verb)) continue;
    // Executing with the environment kept is executing as well.
    if (!out.empty() && out.back().rule == term.rule) continue;
    out.push_back({term.rule, *denials.left_of(operation, term).paths()});
  }
  return out;
}

}  // namespace

std::vector<ModifyAndRun> modify_and_run(const ir::Meaning& meaning, ir::DomainId id) {
  const auto statements = statements_of(meaning.policy(), id);
  const Denials denials(meaning, id);
  std::vector<ModifyAndRun> out;
  const auto runs = allowing(statements, denials, std::nullopt);
  const auto loads = allowing(statements, denials, Verb::load);
  std::set<std::pair<const ir::Rule*, const ir::Rule*>> said;
  for (const Verb verb : kChanging) {
    for (const OnPaths& change : allowing(statements, denials, verb)) {
      for (const auto* list : {&runs, &loads}) {
        for (const OnPaths& run : *list) {
          if (said.contains({change.rule, run.rule}) || !change.set.meets(run.set)) continue;
          const auto example = (change.set & run.set & paths::PathSet::non_directories()).example();
          if (!example) continue;
          said.insert({change.rule, run.rule});
          out.push_back({id, verb, list == &loads, *example, change.rule, run.rule});
        }
      }
    }
  }
  return out;
}

}  // namespace macc::query
