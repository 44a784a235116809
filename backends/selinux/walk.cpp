#include "backends/selinux/walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "backends/selinux/planned_rules.h"

namespace macc::backends::selinux {
namespace {

using Conditions = std::vector<const Switches*>;

/// "file { read write }".
template <typename Permissions>
std::string braces(std::string_view class_name, const Permissions& permissions) {
  std::string text = fmt::format("{} {{", class_name);
  for (const auto& permission : permissions) text += fmt::format(" {}", permission);
  return text + " }";
}

std::string suffix(const Switches& condition) {
  return condition.is_always() ? std::string() : " if " + condition.text();
}

/// Which permissions of a rule raw text brings, by the rule's words and condition.
class RawRules {
 public:
  RawRules(const WalkInput& input, const std::set<std::string>& types,
           const std::set<std::pair<std::string, std::string>>& pairs) {
    if (input.with_raw == nullptr || input.without_raw == nullptr) return;
    for (const PolicyRule& rule : input.with_raw->rules_about(types, pairs)) take(rule, true);
    for (const PolicyRule& rule : input.without_raw->rules_about(types, pairs)) take(rule, false);
  }
  [[nodiscard]] bool brings(const PolicyRule& rule, std::string_view permission) const {
    return rules_.contains(line(rule, permission));
  }
  [[nodiscard]] bool brings(const PolicyRule& rule) const { return rules_.contains(line(rule, rule.result)); }

 private:
  static std::string line(const PolicyRule& rule, std::string_view what) {
    return fmt::format("{} {} {} {} {} {} {}", static_cast<int>(rule.kind), rule.source, rule.target, rule.class_name,
                       rule.name, what, rule.condition.text());
  }
  void take(const PolicyRule& rule, bool there) {
    const auto note = [&](std::string_view what) {
      if (there)
        rules_.insert(line(rule, what));
      else
        rules_.erase(line(rule, what));
    };
    if (rule.kind != PolicyRule::Kind::allow) return note(rule.result);
    for (const std::string_view permission : rule.permissions) note(permission);
  }

  std::set<std::string> rules_;
};

class Walk {
 public:
  Walk(const WalkInput& input, Diagnostics& diagnostics)
      : in_(input),
        policy_(input.policy),
        diagnostics_(diagnostics),
        planned_(input.plan, input.base),
        own_(own_types(input.plan)),
        pairs_(pairs_between_others()),
        raw_(input, own_, pairs_) {}

  std::vector<WalkedRule> run() {
    std::vector<PolicyRule> rules = policy_.rules_about(own_, pairs_);
    std::sort(rules.begin(), rules.end(), [](const PolicyRule& a, const PolicyRule& b) {
      return std::tie(a.source, a.target, a.class_name, a.kind, a.name, a.result) <
             std::tie(b.source, b.target, b.class_name, b.kind, b.name, b.result);
    });
    std::vector<WalkedRule> walked;
    for (PolicyRule& rule : rules) {
      if (rule.kind == PolicyRule::Kind::allow)
        walked.push_back(explain(std::move(rule)));
      else
        check_other(rule);
    }
    for (const WalkedRule& entry : walked)
      there_[words_of(entry.rule.source, entry.rule.target, entry.rule.class_name)].push_back(&entry.rule);
    check_planned();
    check_transitions(rules);
    check_roles();
    check_types();
    return walked;
  }

 private:
  std::set<std::pair<std::string, std::string>> pairs_between_others() const {
    std::set<std::pair<std::string, std::string>> pairs;
    for (const PlannedAllow& allow : planned_.all())
      if (!own_.contains(allow.source) && !own_.contains(allow.target)) pairs.emplace(allow.source, allow.target);
    return pairs;
  }

  // ---- allow rules: each one explained

  WalkedRule explain(PolicyRule rule) {
    WalkedRule walked;
    walked.rule = std::move(rule);
    const PolicyRule& r = walked.rule;
    std::uint32_t left =
        r.permissions.size() >= 32 ? ~std::uint32_t{0} : (std::uint32_t{1} << r.permissions.size()) - 1;
    explain_by(walked, r.source, r.target, left);
    if (r.source == r.target) explain_by(walked, r.source, "self", left);
    if (left != 0) explain_by_attributes(walked, left);
    if (left != 0) explain_by_raw(walked, left);
    if (left != 0) report(r, left);
    return walked;
  }

  /// Takes what the rules of these words explain out of `left`.
  void explain_by(WalkedRule& walked, std::string_view source, std::string_view target, std::uint32_t& left) {
    const auto& planned = planned_.allows(source, target, walked.rule.class_name);
    const auto& base = in_.rules.allows(source, target, walked.rule.class_name);
    if (planned.empty() && base.empty()) return;
    for (std::size_t i = 0; i < walked.rule.permissions.size(); ++i) {
      const std::uint32_t bit = std::uint32_t{1} << i;
      const std::string permission(walked.rule.permissions[i]);
      Conditions by_plan, by_base;
      for (const PlannedAllow* allow : planned)
        if (allow->value->permissions.contains(permission)) by_plan.push_back(allow->condition);
      for (const BaseRules::Access& access : base)
        if (std::find(access.permissions.begin(), access.permissions.end(), permission) != access.permissions.end())
          by_base.push_back(access.condition);
      take(walked, bit, by_plan, by_base, left);
      if ((walked.base & bit) != 0 && walked.base_source.empty()) {
        walked.base_source = source == walked.rule.source ? walked.rule.source : kept(source);
        walked.base_target = target == "self"               ? "self"
                             : target == walked.rule.target ? walked.rule.target
                                                            : kept(target);
      }
    }
  }

  static void take(WalkedRule& walked, std::uint32_t bit, const Conditions& by_plan, const Conditions& by_base,
                   std::uint32_t& left) {
    const Switches& condition = walked.rule.condition;
    bool done = false;
    if (condition.implies(by_plan)) {
      walked.planned |= bit;
      done = true;
    }
    if (condition.implies(by_base)) {
      walked.base |= bit;
      done = true;
    }
    if (!done && !by_plan.empty() && !by_base.empty()) {
      Conditions both = by_plan;
      both.insert(both.end(), by_base.begin(), by_base.end());
      if (condition.implies(both)) {
        walked.planned |= bit;
        walked.base |= bit;
        done = true;
      }
    }
    if (done) left &= ~bit;
  }

  /// Attributes that libsepol wrote out, and those with "self".
  void explain_by_attributes(WalkedRule& walked, std::uint32_t& left) {
    const PolicyRule& rule = walked.rule;
    const auto& sources = names_of(rule.source);
    const auto& targets = names_of(rule.target);
    for (const auto& source : sources) {
      if (rule.source == rule.target) explain_by(walked, source, "self", left);
      for (const auto& target : targets) {
        if (left == 0) return;
        explain_by(walked, source, target, left);
      }
    }
  }

  void explain_by_raw(WalkedRule& walked, std::uint32_t& left) const {
    for (std::size_t i = 0; i < walked.rule.permissions.size(); ++i) {
      const std::uint32_t bit = std::uint32_t{1} << i;
      if ((left & bit) == 0 || !(in_.raw_is_needed || raw_.brings(walked.rule, walked.rule.permissions[i]))) continue;
      walked.raw |= bit;
      left &= ~bit;
    }
  }

  void report(const PolicyRule& rule, std::uint32_t left) {
    std::vector<std::string_view> permissions;
    for (std::size_t i = 0; i < rule.permissions.size(); ++i)
      if ((left >> i & 1) != 0) permissions.push_back(rule.permissions[i]);
    Diagnostic& diagnostic = diagnostics_.report(
        Code::E1050, {},
        fmt::format("the linked policy lets `{}` do `{}` on `{}`{}, and nothing in the source asks for it", rule.source,
                    braces(rule.class_name, permissions), rule.target, suffix(rule.condition)));
    for (const PlannedAllow* allow : planned_.allows(rule.source, rule.target, rule.class_name))
      if (allow->value->span.valid()) {
        diagnostic.also(allow->value->span,
                        fmt::format("this asks for `{}`{}", braces(rule.class_name, allow->value->permissions),
                                    suffix(*allow->condition)));
        break;
      }
  }

  const std::vector<std::string>& names_of(std::string_view name) {
    const auto [at, fresh] = names_.try_emplace(std::string(name));
    if (fresh) {
      at->second = policy_.attributes_of(name);
      at->second.emplace_back(name);
    }
    return at->second;
  }
  std::string_view kept(std::string_view name) const {
    // Names in names_ live as long as the walk only; the policy's own views outlive it.
    return policy_.name_of(name);
  }

  // ---- transitions and their like

  void check_other(const PolicyRule& rule) {
    if (rule.kind == PolicyRule::Kind::transition && planned_transition(rule)) return;
    if (explained_by_base(rule) || in_.raw_is_needed || raw_.brings(rule)) return;
    if (rule.kind == PolicyRule::Kind::extended) {
      diagnostics_.report(Code::E1050, {},
                          fmt::format("the linked policy has a rule about single ioctl commands of `{}` on `{}` ({}), "
                                      "and nothing in the source asks for it",
                                      rule.source, rule.target, rule.class_name));
      return;
    }
    const std::string name = rule.name.empty() ? std::string() : fmt::format(" by the name `{}`", printable(rule.name));
    diagnostics_.report(
        Code::E1050, {},
        fmt::format("in the linked policy a {} that `{}` makes or starts from `{}`{} becomes `{}`{}, "
                    "and nothing in the source asks for it",
                    rule.class_name, rule.source, rule.target, name, rule.result, suffix(rule.condition)));
  }

  bool explained_by_base(const PolicyRule& rule) {
    if (in_.rules.has(rule)) return true;
    PolicyRule other = rule;
    for (const auto& source : names_of(rule.source))
      for (const auto& target : names_of(rule.target)) {
        other.source = source;
        other.target = target;
        if (in_.rules.has(other)) return true;
        other.target = "self";
        if (rule.source == rule.target && in_.rules.has(other)) return true;
      }
    return false;
  }

  static std::string transition_words(std::string_view source, std::string_view target, std::string_view class_name,
                                      std::string_view name, std::string_view result) {
    return fmt::format("{} {} {} {} {}", source, target, class_name, result, name);
  }

  struct PlannedTransition {
    Conditions conditions;
    Span span;
  };

  const std::map<std::string, PlannedTransition>& planned_transitions() {
    if (!transitions_.empty()) return transitions_;
    for (const auto& [module_name, module] : in_.plan.modules)
      for (const auto& [guard, list] : module.transitions)
        for (const auto& [key, value] : list) {
          auto& [conditions, span] =
              transitions_[transition_words(planned_.canonical(key.source), planned_.canonical(key.target),
                                            key.class_name, key.name, planned_.canonical(value.result))];
          // A named one stands outside of conditions, and so does one that two conditions ask for.
          conditions.push_back(key.name.empty() && conditions.empty() ? &planned_.condition(guard) : &always_);
          span = value.span;
        }
    return transitions_;
  }

  /// Of these words, or of an attribute that libsepol wrote out.
  bool planned_transition(const PolicyRule& rule) {
    const auto& planned = planned_transitions();
    for (const auto& source : names_of(rule.source))
      for (const auto& target : names_of(rule.target)) {
        const auto found = planned.find(transition_words(source, target, rule.class_name, rule.name, rule.result));
        if (found != planned.end() && rule.condition.implies(found->second.conditions)) return true;
      }
    return false;
  }

  // ---- what was planned has to be there

  void check_planned() {
    for (const PlannedAllow& allow : planned_.all()) {
      std::vector<std::string> missing;
      for (const auto& permission : allow.value->permissions)
        if (!is_there(allow, permission)) missing.push_back(permission);
      if (missing.empty()) continue;
      diagnostics_.report(
          Code::E1051, place_of(*allow.value, missing.front()),
          fmt::format("the linked policy does not let `{}` do `{}` on `{}`{}, which this asks for", allow.source,
                      braces(allow.key->class_name, missing), allow.target, suffix(*allow.condition)));
    }
  }

  static Span place_of(const VectorValue& value, const std::string& permission) {
    const auto origins = value.origins_of(permission);
    return origins.empty() ? value.span : origins.front().span;
  }

  bool is_there(const PlannedAllow& allow, const std::string& permission) {
    Conditions conditions;
    collect(allow.source, allow.target, allow.key->class_name, permission, conditions);
    if (allow.condition->implies(conditions)) return true;
    // An attribute that libsepol wrote out, or a rule of the base that covers this one.
    for (const auto& source : members_or_name(allow.source))
      for (const auto& target : members_or_name(allow.target)) {
        conditions.clear();
        for (const auto& s : names_of(source))
          for (const auto& t : names_of(target)) collect(s, t, allow.key->class_name, permission, conditions);
        if (!allow.condition->implies(conditions)) return false;
      }
    return true;
  }

  std::vector<std::string> members_or_name(const std::string& name) const {
    if (policy_.has_type(name)) return {name};
    std::vector<std::string> members = policy_.types_in(name);
    // An empty attribute grants nothing to nobody, which is what was planned.
    return members;
  }

  void collect(std::string_view source, std::string_view target, std::string_view class_name,
               const std::string& permission, Conditions& conditions) const {
    const auto found = there_.find(words_of(source, target, class_name));
    if (found == there_.end()) return;
    for (const PolicyRule* rule : found->second)
      if (std::find(rule->permissions.begin(), rule->permissions.end(), permission) != rule->permissions.end())
        conditions.push_back(&rule->condition);
  }

  void check_transitions(const std::vector<PolicyRule>& rules) {
    std::map<std::string, Conditions> there;
    for (const PolicyRule& rule : rules)
      if (rule.kind == PolicyRule::Kind::transition)
        there[transition_words(rule.source, rule.target, rule.class_name, rule.name, rule.result)].push_back(
            &rule.condition);
    for (const auto& [words, planned] : planned_transitions()) {
      const auto found = there.find(words);
      const bool good = found != there.end() &&
                        std::all_of(planned.conditions.begin(), planned.conditions.end(),
                                    [&](const Switches* condition) { return condition->implies(found->second); });
      if (!good && !written_out(words, there))
        diagnostics_.report(Code::E1051, planned.span,
                            fmt::format("the linked policy lacks the transition `{}`, which this asks for", words));
    }
  }

  /// Whether an attribute as source stands there as its types: named transitions have no attributes.
  bool written_out(const std::string& words, const std::map<std::string, Conditions>& there) const {
    const std::size_t space = words.find(' ');
    const std::string source = words.substr(0, space);
    const std::vector<std::string> members =
        policy_.has_type(source) ? std::vector<std::string>() : policy_.types_in(source);
    return !members.empty() && std::all_of(members.begin(), members.end(), [&](const std::string& member) {
      return there.contains(member + words.substr(space));
    });
  }

  // ---- roles, levels, attributes

  void unexplained(std::string text) {
    if (!in_.raw_is_needed)
      diagnostics_.report(Code::E1050, {}, std::move(text) + ", and nothing in the source asks for it");
  }

  template <typename Take>
  auto raw_additions(Take take) const {
    decltype(take(policy_)) result;
    if (in_.with_raw == nullptr || in_.without_raw == nullptr) return result;
    result = take(*in_.with_raw);
    for (const auto& entry : take(*in_.without_raw)) result.erase(entry);
    return result;
  }

  void check_roles() {
    std::set<std::pair<std::string, std::string>> planned;
    std::set<std::string> of_objects;  // their types need no statement in the image
    for (const auto& [name, module] : in_.plan.modules) {
      for (const auto& [pair, origins] : module.role_types) planned.insert(pair);
      of_objects.insert(module.object_role);
    }
    const auto there = policy_.roles_of(own_);
    const auto raw = raw_additions([&](const CompiledPolicy& policy) { return policy.roles_of(own_); });
    for (const auto& pair : there) {
      if (planned.contains(pair) || raw.contains(pair) || role_of_base(pair.first, pair.second)) continue;
      unexplained(fmt::format("in the linked policy the role `{}` may run `{}`", pair.first, pair.second));
    }
    for (const auto& [role, type] : planned)
      if (own_.contains(type) && !of_objects.contains(role) && !there.contains({role, type}))
        diagnostics_.report(Code::E1051, span_of(type),
                            fmt::format("in the linked policy the role `{}` may not run `{}`", role, type));
  }

  bool role_of_base(const std::string& role, const std::string& type) {
    const auto& types = in_.rules.types_of_role(role);
    const auto& names = names_of(type);
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return types.contains(name); });
  }

  void check_types() {
    const auto permissive = policy_.permissive_types();
    const auto raw_permissive = raw_additions([](const CompiledPolicy& policy) {
      const auto list = policy.permissive_types();
      return std::set<std::string>(list.begin(), list.end());
    });
    std::set<std::string> planned_permissive;
    for (const auto& [name, module] : in_.plan.modules)
      for (const auto& [type, span] : module.permissive) {
        planned_permissive.insert(type);
        if (!std::binary_search(permissive.begin(), permissive.end(), type))
          diagnostics_.report(Code::E1051, span, fmt::format("in the linked policy `{}` is not permissive", type));
      }
    for (const auto& type : permissive)
      if (!planned_permissive.contains(type) && !raw_permissive.contains(type) && own_.contains(type))
        unexplained(fmt::format("in the linked policy `{}` is permissive", type));
    check_memberships();
    check_ranges();
  }

  void check_memberships() {
    std::map<std::set<std::string>, std::set<std::string>> closures;
    for (const auto& [name, module] : in_.plan.modules)
      for (const auto& [type, declaration] : module.types) {
        auto [at, fresh] = closures.try_emplace(declaration.attributes);
        if (fresh) at->second = in_.rules.closure(declaration.attributes);
        check_memberships(type, at->second);
      }
  }

  void check_memberships(const std::string& type, const std::set<std::string>& explained) {
    const auto there = policy_.attributes_of(type);
    const auto raw = raw_additions([&](const CompiledPolicy& policy) {
      const auto list = policy.attributes_of(type);
      return std::set<std::string>(list.begin(), list.end());
    });
    for (const auto& attribute : there)
      if (!explained.contains(attribute) && !own_attribute(attribute) && !raw.contains(attribute))
        unexplained(fmt::format("in the linked policy `{}` is in the attribute `{}`", type, attribute));
    if (const std::string parent = policy_.parent_of(type); !parent.empty() && raw_parent(type) != parent)
      unexplained(fmt::format("in the linked policy `{}` is bounded by `{}`", type, parent));
  }

  std::string raw_parent(const std::string& type) const {
    return in_.with_raw == nullptr ? std::string() : in_.with_raw->parent_of(type);
  }

  bool own_attribute(const std::string& name) const {
    // Promises about many types share an attribute that only their neverallow names.
    if (name.starts_with("macc_never_")) return true;
    return std::any_of(in_.plan.modules.begin(), in_.plan.modules.end(),
                       [&](const auto& entry) { return entry.second.attribute_sets.contains(name); });
  }

  void check_ranges() {
    const auto there = policy_.ranges_about(own_);
    const auto raw = raw_additions([&](const CompiledPolicy& policy) { return policy.ranges_about(own_); });
    std::set<RangeRule> planned;
    for (const auto& [name, module] : in_.plan.modules)
      for (const auto& [key, value] : module.range_transitions) {
        const std::string source = planned_.canonical(key.first), target = planned_.canonical(key.second);
        for (const auto& from : members_or_name(source))
          for (const auto& to : members_or_name(target)) planned.insert({from, to, "process"});
      }
    for (const RangeRule& rule : there) {
      if (planned.contains(rule) || raw.contains(rule) || range_of_base(rule)) continue;
      unexplained(fmt::format("in the linked policy a {} of `{}` from `{}` gets a level of its own", rule.class_name,
                              rule.source, rule.target));
    }
  }

  bool range_of_base(const RangeRule& rule) {
    for (const auto& source : names_of(rule.source))
      for (const auto& target : names_of(rule.target))
        if (in_.rules.has_range(source, target, rule.class_name)) return true;
    return false;
  }

  Span span_of(const std::string& type) const {
    for (const auto& [name, module] : in_.plan.modules)
      if (const auto found = module.types.find(type); found != module.types.end()) return found->second.span;
    return {};
  }

  const WalkInput& in_;
  const CompiledPolicy& policy_;
  Diagnostics& diagnostics_;
  PlannedRules planned_;
  const std::set<std::string> own_;
  const std::set<std::pair<std::string, std::string>> pairs_;
  const RawRules raw_;
  const Switches always_;
  std::map<std::string, std::vector<std::string>, std::less<>> names_;
  std::map<std::string, PlannedTransition> transitions_;
  std::unordered_map<std::string, std::vector<const PolicyRule*>> there_;
};

}  // namespace

std::set<std::string> own_types(const Planned& plan) {
  std::set<std::string> types;
  for (const auto& [name, module] : plan.modules)
    for (const auto& [type, declaration] : module.types) types.insert(type);
  return types;
}

std::vector<WalkedRule> walk(const WalkInput& input, Diagnostics& diagnostics) {
  return Walk(input, diagnostics).run();
}

namespace {

/// Whether the domain denies accesses of the rule's kind: then the author took the rule away.
bool may_be_denied(const ir::Domain& domain, const ir::Rule& rule) {
  return std::any_of(domain.rules.begin(), domain.rules.end(), [&](const ir::Rule& other) {
    return other.effect == ir::Effect::deny && other.access.index() == rule.access.index();
  });
}

std::set<Span> asking(const Planned& plan) {
  std::set<Span> spans;
  for (const auto& [name, module] : plan.modules) {
    const auto allows = module.vectors.find(RuleKind::allow);
    if (allows == module.vectors.end()) continue;
    for (const auto& [guard, vectors] : allows->second)
      for (const auto& [key, value] : vectors)
        for (const Ask& ask : value.asks) spans.insert(ask.origin.span);
  }
  return spans;
}

}  // namespace

void check_effects(const Input& input, const Lowered& lowered, const Planned& plan, Diagnostics& diagnostics) {
  std::set<Span> known = asking(plan);
  for (const FidelityEntry& entry : lowered.fidelity.entries)
    if (entry.fidelity != Fidelity::exact) known.insert(entry.span);
  std::set<Span> reported;
  for (const ir::Domain& domain : input.policy.domains) {
    if (domain.external) continue;
    for (const ir::Rule& rule : domain.rules) {
      if (rule.effect != ir::Effect::allow || known.contains(rule.where.span) || may_be_denied(domain, rule)) continue;
      if (!reported.insert(rule.where.span).second) continue;
      diagnostics.report(Code::E1052, rule.where.span,
                         "this rule of `" + domain.name + "` grants nothing in the compiled policy");
    }
  }
}

}  // namespace macc::backends::selinux
