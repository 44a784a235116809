// One program, one way to execute it. A path that is written out takes the program out of the patterns of other rules;
// where two rules still disagree, no platform could tell which one counts.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/ir/conditions.h"
#include "compiler/paths/path_index.h"
#include "compiler/sema/analysis.h"

namespace macc::sema {

namespace {

using paths::PathSet;
using Mode = ir::ExecAccess::Mode;

/// More booleans in one question are left to the backends, which decide it on the conditions themselves.
constexpr std::size_t kMaxSwitches = 10;

bool same_way(const ir::ExecAccess& a, const ir::ExecAccess& b) {
  if (a.mode != b.mode || a.target != b.target) return false;
  // The environment is cleaned on the way into something else only.
  return a.mode == Mode::inside || a.keep_environment == b.keep_environment;
}

std::string way(const ir::Policy& policy, const ir::ExecAccess& a) {
  std::string out = "inside this domain";
  if (a.mode == Mode::unconfined) out = "unconfined";
  if (a.mode == Mode::transition) out = fmt::format("in `{}`", policy.domain(a.target).name);
  return out + (a.keep_environment && a.mode != Mode::inside ? " with its environment" : "");
}

/// The rules of one domain about execution.
class ExecModes {
 public:
  ExecModes(const ir::Meaning& meaning, const ir::Domain& domain) : meaning_(meaning) {
    for (const ir::Rule& rule : domain.rules) {
      if (!std::holds_alternative<ir::ExecAccess>(rule.access)) continue;
      (rule.effect == ir::Effect::allow ? allows_ : denies_).push_back(&rule);
    }
  }

  /// Calls `found(earlier, later, example)` for each later rule that disagrees with one before it, once.
  template <typename Found>
  void each_conflict(Found found) const {
    paths::PrefixIndex index;
    for (std::size_t i = 0; i < allows_.size(); ++i) {
      std::set<std::size_t> near;
      for (const auto& pattern : access(i).paths.include) {
        for (const std::size_t other : index.candidates(pattern.literal_prefix())) near.insert(other);
      }
      for (const std::size_t other : near) {
        const auto example = conflict(*allows_[other], *allows_[i]);
        if (!example) continue;
        found(*allows_[other], *allows_[i], *example);
        break;
      }
      for (const auto& pattern : access(i).paths.include) index.add(pattern.literal_prefix(), i);
    }
  }

 private:
  [[nodiscard]] const ir::ExecAccess& access(std::size_t i) const {
    return std::get<ir::ExecAccess>(allows_[i]->access);
  }

  [[nodiscard]] PathSet programs(const ir::Rule& rule) const {
    return meaning_.objects(ir::Verb::load, std::get<ir::ExecAccess>(rule.access).paths);
  }

  /// A program that both execute, each in its own way, while some setting of the booleans lets both apply.
  [[nodiscard]] std::optional<std::string> conflict(const ir::Rule& a, const ir::Rule& b) const {
    if (same_way(std::get<ir::ExecAccess>(a.access), std::get<ir::ExecAccess>(b.access))) return std::nullopt;
    const PathSet common = programs(a) & programs(b);
    if (common.empty()) return std::nullopt;
    std::set<ir::BooleanId> switches;
    ir::add_booleans(a.condition, switches);
    ir::add_booleans(b.condition, switches);
    std::vector<const ir::Rule*> denies;
    for (const ir::Rule* deny : denies_) {
      if (!programs(*deny).meets(common)) continue;
      ir::add_booleans(deny->condition, switches);
      denies.push_back(deny);
    }
    if (switches.size() > kMaxSwitches) return std::nullopt;
    ir::Assignment values(meaning_.policy().booleans.size(), false);
    for (std::size_t bits = 0; bits < (std::size_t{1} << switches.size()); ++bits) {
      std::size_t i = 0;
      for (const ir::BooleanId s : switches) values[static_cast<std::size_t>(s)] = ((bits >> i++) & 1U) != 0;
      if (!ir::holds(a.condition, values) || !ir::holds(b.condition, values)) continue;
      if (auto example = left_over(common, a, b, denies, values).example()) return example;
    }
    return std::nullopt;
  }

  /// What the denials leave of `common` to both rules.
  [[nodiscard]] PathSet left_over(PathSet common, const ir::Rule& a, const ir::Rule& b,
                                  const std::vector<const ir::Rule*>& denies, const ir::Assignment& values) const {
    for (const ir::Rule* deny : denies) {
      if (ir::holds(deny->condition, values) && (takes(*deny, a) || takes(*deny, b))) common = common - programs(*deny);
    }
    return common;
  }

  /// As in Meaning: `deny exec` without a target forbids every way of executing.
  static bool takes(const ir::Rule& deny, const ir::Rule& allow) {
    const auto& d = std::get<ir::ExecAccess>(deny.access);
    const auto& a = std::get<ir::ExecAccess>(allow.access);
    return d.mode == Mode::inside || (d.mode == a.mode && (d.mode != Mode::transition || d.target == a.target));
  }

  const ir::Meaning& meaning_;
  std::vector<const ir::Rule*> allows_, denies_;
};

/// Takes each program that one rule names in full out of the patterns of those rules that would execute it otherwise.
/// A rule under a condition takes nothing out: the patterns would lack the program while it does not hold.
class NamedPrograms {
 public:
  explicit NamedPrograms(ir::Domain& domain) {
    for (ir::Rule& rule : domain.rules) {
      const auto* exec = std::get_if<ir::ExecAccess>(&rule.access);
      if (exec != nullptr && rule.effect == ir::Effect::allow) rules_.push_back(&rule);
    }
  }

  void part() {
    paths::PrefixIndex patterns;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      for (const auto& p : exec(i).paths.include) {
        if (!p.is_literal()) patterns.add(p.literal_prefix(), i);
      }
    }
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (!rules_[i]->condition.is_always()) continue;
      for (const auto& p : exec(i).paths.include) {
        if (!p.is_literal()) continue;
        std::vector<std::size_t> near;
        patterns.append_starts(p.literal_prefix(), near);
        for (const std::size_t other : std::set<std::size_t>(near.begin(), near.end()))
          take_out(p, exec(i), exec(other));
      }
    }
  }

 private:
  [[nodiscard]] ir::ExecAccess& exec(std::size_t i) const { return std::get<ir::ExecAccess>(rules_[i]->access); }

  static void take_out(const paths::PathPattern& program, const ir::ExecAccess& from, ir::ExecAccess& other) {
    if (same_way(from, other)) return;
    const auto& named = other.paths.include;
    if (std::find(named.begin(), named.end(), program) != named.end()) return;  // a conflict, reported later
    const PathSet one = PathSet::of(program);
    if (PathSet::of(named, other.paths.exclude).meets(one)) other.paths.exclude.push_back(program);
  }

  std::vector<ir::Rule*> rules_;
};

}  // namespace

void Analysis::part_exec_modes() {
  for (ir::Domain& domain : policy_.domains) {
    try {
      NamedPrograms(domain).part();
    } catch (const paths::TooComplex&) {
      report(Code::E0406, domain.where.span,
             fmt::format("the programs that `{}` executes are too complex to compare", domain.name));
    }
  }
}

void Analysis::check_exec_modes() {
  const ir::Meaning meaning(policy_);
  const auto found = [&](const ir::Rule& first, const ir::Rule& second, const std::string& example) {
    const auto words = [&](const ir::Rule& rule) { return way(policy_, std::get<ir::ExecAccess>(rule.access)); };
    Diagnostic& d =
        report(Code::E0323, second.where.span,
               fmt::format("`{}` would run in two ways: {} and {}", printable(example), words(first), words(second)));
    d.label(words(second)).also(first.where.span, words(first));
    for (const ir::Rule* rule : {&first, &second}) {
      for (auto it = rule->where.includes.rbegin(); it != rule->where.includes.rend(); ++it) {
        d.note(fmt::format("through `include {}`", it->abstraction), it->at);
      }
    }
    d.note("name the program in full in one rule, outside of `if`, or leave it out of one with `except`");
  };
  for (const ir::Domain& domain : policy_.domains) {
    try {
      ExecModes(meaning, domain).each_conflict(found);
    } catch (const paths::TooComplex&) {
      report(Code::E0406, domain.where.span,
             fmt::format("the programs that `{}` executes are too complex to compare", domain.name));
    }
  }
}

}  // namespace macc::sema
