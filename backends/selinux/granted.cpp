#include "backends/selinux/granted.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace macc::backends::selinux {
namespace {

std::string_view word(PolicyRule::Kind kind) {
  switch (kind) {
    case PolicyRule::Kind::allow:
      return "allow";
    case PolicyRule::Kind::extended:
      return "extended";
    case PolicyRule::Kind::member:
      return "member";
    case PolicyRule::Kind::change:
      return "change";
    case PolicyRule::Kind::transition:
      break;
  }
  return "transition";
}

using Words = std::set<std::string, std::less<>>;

class Listing {
 public:
  Listing(const WalkInput& input, const std::set<std::string>& types, const Reasons& reasons,
          const PlannedRules& planned)
      : in_(input),
        policy_(input.policy),
        types_(types),
        own_(own_types(input.plan)),
        reasons_(reasons),
        planned_(planned) {
    for (const std::string& type : types) add_names(type, wanted_);
    for (const std::string& type : own_) add_names(type, ours_);
    for (const auto& [name, module] : in_.plan.modules)
      for (const auto& [guard, list] : module.transitions)
        for (const auto& [key, value] : list)
          transitions_[{planned_.canonical(key.source), planned_.canonical(key.target), key.class_name, key.name,
                        planned_.canonical(value.result)}]
              .push_back(value.span);
  }

  Explanation run(const std::vector<WalkedRule>& walked) {
    for (const WalkedRule& entry : walked)
      if (concerns(entry.rule)) add_allows(entry);
    for (const PolicyRule& rule : policy_.rules_about(types_, {}))
      if (rule.kind != PolicyRule::Kind::allow) add_other(rule);
    add_ranges();
    add_roles();
    std::stable_sort(answer_.grants.begin(), answer_.grants.end(), [](const Grant& a, const Grant& b) {
      return std::tie(a.kind, a.source, a.target, a.class_name, a.name, a.result, a.condition, a.permissions) <
             std::tie(b.kind, b.source, b.target, b.class_name, b.name, b.result, b.condition, b.permissions);
    });
    return std::move(answer_);
  }

 private:
  void add_names(const std::string& type, Words& names) const {
    names.insert(type);
    for (std::string& attribute : policy_.attributes_of(type)) names.insert(std::move(attribute));
  }

  bool concerns(const PolicyRule& rule) const {
    if (wanted_.contains(rule.source) || wanted_.contains(rule.target)) return true;
    return !ours_.contains(rule.source) && !ours_.contains(rule.target);
  }

  Grant grant_of(const PolicyRule& rule) {
    note_group(std::string(rule.source));
    note_group(std::string(rule.target));
    return {std::string(word(rule.kind)),
            std::string(rule.source),
            std::string(rule.target),
            std::string(rule.class_name),
            {},
            std::string(rule.name),
            std::string(rule.result),
            rule.condition.text()};
  }

  /// The linked policy may lack types that nothing of ours depends on; the system has them.
  void note_group(const std::string& name) {
    if (policy_.has_type(name) || answer_.groups.contains(name)) return;
    std::set<std::string> members;
    for (std::string& type : in_.base.types_in(name)) members.insert(std::move(type));
    for (std::string& type : policy_.types_in(name)) members.insert(std::move(type));
    answer_.groups.emplace(name, std::vector<std::string>(members.begin(), members.end()));
  }

  void add_allows(const WalkedRule& entry) {
    std::vector<Grant> grants;
    for (std::size_t i = 0; i < entry.rule.permissions.size(); ++i) {
      std::vector<Explained> reasons = reasons_.of(entry, i);
      for (Explained& reason : reasons)
        if (reason.kind == "system") reason.text = words_in_system(entry);  // the same for all permissions
      const auto same =
          std::find_if(grants.begin(), grants.end(), [&](const Grant& g) { return g.reasons == reasons; });
      Grant& grant = same == grants.end() ? grants.emplace_back(grant_of(entry.rule)) : *same;
      grant.permissions.emplace_back(entry.rule.permissions[i]);
      if (grant.reasons.empty()) grant.reasons = std::move(reasons);
    }
    for (Grant& grant : grants) answer_.grants.push_back(std::move(grant));
  }

  static std::string words_in_system(const WalkedRule& entry) {
    const std::string_view source = entry.base_source.empty() ? entry.rule.source : entry.base_source;
    const std::string_view target = entry.base_target.empty() ? entry.rule.target : entry.base_target;
    return std::string(source) + " " + std::string(target);
  }

  std::vector<std::string> names_of(std::string_view type) const {
    std::vector<std::string> names = policy_.attributes_of(type);
    names.emplace_back(type);
    return names;
  }

  void add_other(const PolicyRule& rule) {
    Grant grant = grant_of(rule);
    PolicyRule other = rule;
    const auto sources = names_of(rule.source), targets = names_of(rule.target);
    for (const auto& source : sources)
      for (const auto& target : targets) {
        const auto asked = transitions_.find(
            {source, target, std::string(rule.class_name), std::string(rule.name), std::string(rule.result)});
        if (rule.kind == PolicyRule::Kind::transition && asked != transitions_.end())
          for (const Span span : asked->second) add_asked(grant, span);
        other.source = source;
        other.target = target;
        bool by_system = in_.rules.has(other);
        other.target = "self";
        by_system = by_system || (rule.source == rule.target && in_.rules.has(other));
        if (by_system) add_system(grant, source, target);
      }
    push(std::move(grant));
  }

  void add_ranges() {
    std::map<std::pair<std::string, std::string>, Span> asked;
    for (const auto& [name, module] : in_.plan.modules)
      for (const auto& [key, value] : module.range_transitions)
        asked.emplace(std::pair(planned_.canonical(key.first), planned_.canonical(key.second)), value.span);
    for (const RangeRule& rule : policy_.ranges_about(types_)) {
      Grant grant{"range", rule.source, rule.target, rule.class_name, {}, {}, {}, {}};
      for (const auto& source : names_of(rule.source))
        for (const auto& target : names_of(rule.target)) {
          if (const auto found = asked.find({source, target}); found != asked.end()) add_asked(grant, found->second);
          if (in_.rules.has_range(source, target, rule.class_name)) add_system(grant, source, target);
        }
      push(std::move(grant));
    }
  }

  void add_roles() {
    for (const auto& [role, type] : policy_.roles_of(types_)) {
      Grant grant{"role", role, type, {}, {}, {}, {}, {}};
      for (const auto& [name, module] : in_.plan.modules) {
        const auto declared = module.types.find(type);
        if (module.role_types.contains({role, type}))
          add_asked(grant, declared == module.types.end() ? Span{} : declared->second.span);
      }
      for (const auto& name : names_of(type))
        if (in_.rules.types_of_role(role).contains(name)) add_system(grant, role, name);
      push(std::move(grant));
    }
  }

  void add_asked(Grant& grant, Span span) const {
    Explained reason{reasons_.phrase_at(span), span, {}, "rule"};
    if (std::find(grant.reasons.begin(), grant.reasons.end(), reason) == grant.reasons.end())
      grant.reasons.push_back(std::move(reason));
  }
  static void add_system(Grant& grant, const std::string& source, const std::string& target) {
    grant.reasons.push_back({source + " " + target, {}, {}, "system"});
  }
  void push(Grant grant) {
    if (grant.reasons.empty()) grant.reasons.push_back(reasons_.of_the_rest());
    answer_.grants.push_back(std::move(grant));
  }

  const WalkInput& in_;
  const CompiledPolicy& policy_;
  const std::set<std::string>& types_;
  const std::set<std::string> own_;
  const Reasons& reasons_;
  const PlannedRules& planned_;
  Words wanted_, ours_;
  std::map<std::tuple<std::string, std::string, std::string, std::string, std::string>, std::vector<Span>> transitions_;
  Explanation answer_;
};

}  // namespace

Explanation granted(const WalkInput& input, const std::vector<WalkedRule>& walked, const std::set<std::string>& types,
                    const Reasons& reasons, const PlannedRules& planned) {
  return Listing(input, types, reasons, planned).run(walked);
}

}  // namespace macc::backends::selinux
