#include "compiler/query/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <map>
#include <set>

#include "compiler/ir/conditions.h"
#include "compiler/ir/wording.h"

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

/// How the programs run: inside the domain, and each other way in which some of them do.
std::vector<Verdict::Way> ways_of(const ir::Meaning& meaning, ir::DomainId domain, const ir::ExecAccess& access,
                                  const ir::Assignment& values) {
  const Permissions permissions = permissions_of(meaning.policy(), domain);
  std::vector<Verdict::Way> out;
  const auto add = [&](const Operation& operation) {
    const paths::PathSet asked = meaning.objects(Verb::load, access.paths);
    const Extent given = allowed(meaning, terms_for(permissions, operation), values);
    Verdict::Way way{operation.first.empty() ? "inside this domain" : operation.first, Answer::no};
    if (given.paths() != nullptr && given.paths()->meets(asked))
      way.answer = given.paths()->contains(asked) ? Answer::yes : Answer::partly;
    if (out.empty() || way.answer != Answer::no) out.push_back(std::move(way));
  };
  add({Area::programs, "exec", "", ""});
  for (const auto& [operation, terms] : permissions) {
    const bool is_way = operation.area == Area::programs && !operation.first.empty() && operation.first != kAny;
    if (is_way && operation.second.empty()) add(operation);
  }
  return out;
}

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

/// Looks for values under which a condition holds, or does not, part by part and with few changes of those that it
/// begins with. Gives up after some work.
class Setting {
 public:
  explicit Setting(const ir::Assignment& values) : values_(values), set_(values.size()) {}

  std::optional<ir::Assignment> find(const ir::Condition& condition, bool wanted) {
    if (!set(condition, wanted, [] { return true; })) return std::nullopt;
    return values_;
  }

 private:
  using Then = std::function<bool()>;
  static constexpr unsigned kMost = 2'000;

  /// Whether it can be set, and then all that is behind it.
  bool set(const ir::Condition& condition, bool wanted, const Then& then) {
    using Kind = ir::Condition::Kind;
    if (++steps_ > kMost) return false;
    switch (condition.kind) {
      case Kind::always:
        return wanted && then();
      case Kind::boolean:
        return set(static_cast<std::size_t>(condition.boolean), wanted, then);
      case Kind::negation:
        return set(condition.operands.front(), !wanted, then);
      case Kind::conjunction:
      case Kind::disjunction:
        break;
    }
    // One part of `or` makes it hold, and one of `and` keeps it from holding; else all of them have to be set.
    const bool one_does = (condition.kind == Kind::disjunction) == wanted;
    return one_does ? one(condition, wanted, then) : all(condition, 0, wanted, then);
  }

  bool set(std::size_t boolean, bool wanted, const Then& then) {
    if (set_[boolean]) return values_[boolean] == wanted && then();
    const bool before = values_[boolean];
    set_[boolean] = true;
    values_[boolean] = wanted;
    if (then()) return true;
    set_[boolean] = false;
    values_[boolean] = before;
    return false;
  }

  bool one(const ir::Condition& condition, bool wanted, const Then& then) {
    for (const bool as_it_is : {true, false}) {
      for (const ir::Condition& part : condition.operands)
        if ((ir::holds(part, values_) == wanted) == as_it_is && set(part, wanted, then)) return true;
    }
    return false;
  }

  bool all(const ir::Condition& condition, std::size_t from, bool wanted, const Then& then) {
    if (from == condition.operands.size()) return then();
    return set(condition.operands[from], wanted, [&] { return all(condition, from + 1, wanted, then); });
  }

  ir::Assignment values_;
  std::vector<bool> set_;
  unsigned steps_ = 0;
};

/// The values nearest to these that make the condition hold where it does not, or the reverse; of many booleans, some
/// that do.
std::optional<ir::Assignment> turned_over(const ir::Assignment& values, const ir::Condition& condition) {
  const std::vector<ir::BooleanId> booleans = booleans_of({&condition});
  std::optional<std::size_t> best;
  if (booleans.size() > kMaxSwitches) return Setting(values).find(condition, !ir::holds(condition, values));
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

/// The answer for each value of the booleans that counts, as one.
Verdict under_all(const ir::Meaning& meaning, ir::DomainId domain, const ir::Access& access,
                  const ir::Condition& when) {
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
  const auto* exec = std::get_if<ir::ExecAccess>(&access);
  if (exec != nullptr && exec->mode == ir::ExecAccess::Mode::inside && !exec->keep_environment)
    out.ways = ways_of(meaning, domain, *exec, values.front());
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

}  // namespace

Verdict decide(const ir::Meaning& meaning, ir::DomainId domain, const ir::Access& access, const ir::Condition& when) {
  Verdict out = under_all(meaning, domain, access, when);
  const auto* file = std::get_if<ir::FileAccess>(&access);
  const auto& rules = meaning.policy().domain(domain).rules;
  const bool tells_owners_apart = std::any_of(rules.begin(), rules.end(), [](const ir::Rule& rule) {
    const auto* about = std::get_if<ir::FileAccess>(&rule.access);
    return about != nullptr && about->owner;
  });
  if (file == nullptr || file->owner || !tells_owners_apart) return out;
  ir::FileAccess own = *file;
  own.owner = true;
  const Verdict of_own = under_all(meaning, domain, own, when);
  out.untried = std::max(out.untried, of_own.untried);
  if (of_own.answer != out.answer) {
    out.owned = word(of_own.answer);
  } else if (of_own.otherwise != out.otherwise) {
    out.owned = of_own.otherwise;
  }
  return out;
}

// ---- all

namespace {

/// What denies leave of a rule.
struct Left {
  bool some = false;
  std::string less;  ///< what they take out of it, in words
};

Left left_of(const ir::Meaning& meaning, ir::DomainId id, const Denials& denials, const ir::Rule& rule) {
  const ir::Policy& policy = meaning.policy();
  const std::vector<ir::Rule> rules = {rule};
  Left out;
  std::map<const ir::Rule*, bool> denies;  // and whether they hold whenever the rule does
  for (const auto& [operation, terms] : permissions_of(policy, id, rules)) {
    for (const Term& term : terms) {
      out.some = out.some || denials.leave(operation, term);
      for (const Denials::Against& against : denials.against(operation, term)) denies[against.rule] = against.always;
    }
  }
  for (const ir::Rule& deny : policy.domain(id).rules) {
    const auto it = denies.find(&deny);
    if (it == denies.end()) continue;
    out.less += (out.less.empty() ? "but not " : ", nor ") + ir::describe_for(policy, id, deny.access);
    if (!it->second) out.less += " when " + ir::describe(policy, deny.condition);
  }
  return out;
}

/// What rules that are one line have in common: everything, but for the verbs on files.
std::string line_key(const ir::Policy& policy, ir::DomainId id, const ir::Rule& rule) {
  const std::vector<ir::Rule> rules = {rule};
  const bool files = std::holds_alternative<ir::FileAccess>(rule.access);
  std::string out;
  for (const auto& [operation, terms] : permissions_of(policy, id, rules)) {
    out += fmt::format("{}\n{}\n{}\n", files ? "files" : operation.verb, operation.first, operation.second) +
           fingerprint(policy, terms.front());
    if (files) break;
  }
  return out;
}

}  // namespace

std::vector<Line> all_of(const ir::Meaning& meaning, ir::DomainId id) {
  const ir::Policy& policy = meaning.policy();
  const ir::Domain& domain = policy.domain(id);
  std::vector<ir::Rule> groups;
  std::map<std::string, std::size_t> by_key;
  for (const ir::Rule& rule : domain.rules) {
    if (rule.effect != Effect::allow) continue;
    const auto [at, fresh] = by_key.try_emplace(line_key(policy, id, rule), groups.size());
    if (fresh) {
      groups.push_back(rule);
    } else if (auto* file = std::get_if<ir::FileAccess>(&groups[at->second].access)) {
      file->verbs |= std::get<ir::FileAccess>(rule.access).verbs;
    }
  }
  const Denials denials(meaning, id);
  std::vector<Line> out;
  for (const ir::Entry& entry : domain.entries) {
    out.push_back({Area::entry, "entry " + ir::describe(policy, entry.paths), "", "", entry.where});
  }
  for (const ir::Rule& rule : groups) {
    Left left = left_of(meaning, id, denials, rule);
    if (!left.some) continue;
    Line line{area_of(rule.access), ir::describe_for(policy, id, rule.access), "", std::move(left.less), rule.where};
    if (!rule.condition.is_always()) line.when = "if " + ir::describe(policy, rule.condition);
    out.push_back(std::move(line));
  }
  std::stable_sort(out.begin(), out.end(), [](const Line& a, const Line& b) { return a.area < b.area; });
  return out;
}

// ---- modify and run

namespace {

/// What a rule allows on paths, or an entry.
struct OnPaths {
  const ir::Rule* rule = nullptr;
  const ir::Entry* entry = nullptr;
  ModifyAndRun::Run how = ModifyAndRun::Run::exec;
  paths::PathSet set;
  std::optional<paths::PathSet> folders = std::nullopt;  ///< those that hold something of it, once they are asked for
};

/// The rules that allow a verb (nullopt: executing, in whatever domain), less what denies take away.
std::vector<OnPaths> allowing(const std::vector<Statement>& statements, const Denials& denials,
                              std::optional<Verb> verb) {
  const Area area = verb ? Area::files : Area::programs;
  const auto how = verb == Verb::load ? ModifyAndRun::Run::load : ModifyAndRun::Run::exec;
  std::vector<OnPaths> out;
  for (const auto& [operation, term] : statements) {
    if (term.effect != Effect::allow || operation.area != area || (verb && term.as != *verb)) continue;
    // Executing with the environment kept is executing as well.
    if (!out.empty() && out.back().rule == term.rule) continue;
    out.push_back({term.rule, nullptr, how, *denials.left_of(operation, term).paths()});
  }
  return out;
}

/// All that a domain runs, and what it is entered by, which no deny keeps from running.
std::vector<OnPaths> run_by(const ir::Meaning& meaning, const ir::Domain& domain,
                            const std::vector<Statement>& statements, const Denials& denials) {
  std::vector<OnPaths> out = allowing(statements, denials, std::nullopt);
  for (OnPaths& load : allowing(statements, denials, Verb::load)) out.push_back(std::move(load));
  for (const ir::Entry& entry : domain.entries)
    out.push_back({nullptr, &entry, ModifyAndRun::Run::entry, meaning.objects(Verb::load, entry.paths)});
  return out;
}

/// A file that is changed and run, or a directory of such files that can be moved away for another one.
std::optional<std::string> common(Verb verb, const OnPaths& change, OnPaths& run) {
  if (change.set.meets(run.set)) {
    if (auto file = (change.set & run.set & paths::PathSet::non_directories()).example()) return file;
  }
  if (verb != Verb::rename) return std::nullopt;
  const paths::PathSet moved = movable(change.set);
  if (moved.empty()) return std::nullopt;
  if (!run.folders) run.folders = run.set.directories_above();
  return (moved & *run.folders).example();
}

}  // namespace

std::string_view word(ModifyAndRun::Run run) {
  static constexpr const char* kWords[] = {"exec", "load", "entry"};
  return kWords[static_cast<int>(run)];
}

std::vector<ModifyAndRun> modify_and_run(const ir::Meaning& meaning, ir::DomainId id) {
  const auto statements = statements_of(meaning.policy(), id);
  const Denials denials(meaning, id);
  std::vector<ModifyAndRun> out;
  std::vector<OnPaths> runs = run_by(meaning, meaning.policy().domain(id), statements, denials);
  std::set<std::pair<const ir::Rule*, const OnPaths*>> said;
  for (const Verb verb : kChanging) {
    for (const OnPaths& change : allowing(statements, denials, verb)) {
      for (OnPaths& run : runs) {
        if (said.contains({change.rule, &run})) continue;
        auto example = common(verb, change, run);
        if (!example) continue;
        said.insert({change.rule, &run});
        out.push_back({id, verb, run.how, std::move(*example), change.rule, run.rule, run.entry});
      }
    }
  }
  return out;
}

}  // namespace macc::query
