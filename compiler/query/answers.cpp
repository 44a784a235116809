#include "compiler/query/answers.h"

#include <fmt/format.h>

#include <algorithm>
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

std::vector<ir::BooleanId> switches_of(const ir::Domain& domain, const ir::Access& access, const ir::Condition& when) {
  std::set<ir::BooleanId> found;
  ir::add_booleans(when, found);
  for (const ir::Rule& rule : domain.rules) {
    if (rule.access.index() == access.index()) ir::add_booleans(rule.condition, found);
  }
  return {found.begin(), found.end()};
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
  std::vector<ir::BooleanId> switches = switches_of(policy.domain(domain), access, when);
  // Of too many, those that the condition names still have to be tried: it would be passed over.
  if (switches.size() > kMaxSwitches) switches = switches_of({}, access, when);
  const ir::Assignment declared = ir::declared_values(policy);
  std::optional<Verdict> first;
  for (std::size_t bits = 0; bits < (std::size_t{1} << switches.size()); ++bits) {
    // The declared values come first, so that they answer wherever the condition lets them.
    ir::Assignment values = declared;
    for (std::size_t i = 0; i < switches.size(); ++i) {
      const auto index = static_cast<std::size_t>(switches[i]);
      values[index] = values[index] != (((bits >> i) & 1U) != 0);
    }
    if (!ir::holds(when, values)) continue;
    Verdict one = under(meaning, domain, access, values);
    if (!first) {
      first = std::move(one);
    } else if (one.answer != first->answer && first->otherwise.empty()) {
      first->otherwise = fmt::format("{} when {}", word(one.answer), in_words(policy, switches, values));
    }
  }
  return first.value_or(Verdict());
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
