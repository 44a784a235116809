#include "backends/selinux/found.h"

#include <algorithm>
#include <set>

#include "backends/selinux/lowering.h"

namespace macc::backends::selinux {
namespace {

/// One permission on a type.
struct Grant {
  std::string class_name, permission, target, condition;
  friend auto operator<=>(const Grant&, const Grant&) = default;
};
using Grants = std::set<Grant>;

Grants grants_of(const CompiledPolicy& policy, const std::string& type) {
  Grants grants;
  for (const Access& access : policy.access_of(type))
    for (const auto& permission : access.permissions)
      grants.insert({access.class_name, permission, access.target, access.condition});
  return grants;
}

/// The allows of the build's own modules, by subject.
class OwnAllows {
 public:
  explicit OwnAllows(const std::map<std::string, Module>& modules) {
    for (const auto& [name, module] : modules) {
      auto kind = module.vectors.find(RuleKind::allow);
      if (kind == module.vectors.end()) continue;
      for (const auto& [guard, vectors] : kind->second)
        for (const auto& [key, value] : vectors) {
          auto& [always, sometimes] = by_source_[key.source][{key.target, key.class_name}];
          (guard.is_always() ? always : sometimes).insert(value.permissions.begin(), value.permissions.end());
        }
    }
  }

  /// Whether a rule says this of one of the subject's names and one of the target's. A rule under a condition explains
  /// what is granted under one.
  bool explain(const std::vector<std::string>& sources, const std::vector<std::string>& targets,
               const Grant& grant) const {
    for (const auto& source : sources) {
      auto known = by_source_.find(source);
      if (known == by_source_.end()) continue;
      for (const auto& target : targets) {
        auto found = known->second.find({target, grant.class_name});
        if (found == known->second.end()) continue;
        const auto& [always, sometimes] = found->second;
        if (always.count(grant.permission) != 0) return true;
        if (!grant.condition.empty() && sometimes.count(grant.permission) != 0) return true;
      }
    }
    return false;
  }

 private:
  using Permissions = std::set<std::string>;
  std::map<std::string, std::map<std::pair<std::string, std::string>, std::pair<Permissions, Permissions>>> by_source_;
};

/// "file { getattr read }: etc_t usr_t", what is granted under a condition with it.
std::vector<std::string> in_words(const Grants& grants) {
  std::map<std::tuple<std::string, std::string, std::string>, std::set<std::string>> by_object;
  for (const Grant& grant : grants)
    by_object[{grant.class_name, grant.target, grant.condition}].insert(grant.permission);
  std::map<std::string, std::set<std::string>> by_permissions;
  for (const auto& [object, permissions] : by_object) {
    const auto& [class_name, target, condition] = object;
    std::string text = class_name + " {";
    for (const auto& permission : permissions) text += " " + permission;
    text += condition.empty() ? " }" : " } if " + condition;
    by_permissions[text].insert(target);
  }
  std::vector<std::string> lines;
  for (const auto& [permissions, targets] : by_permissions) {
    std::string line = permissions + ":";
    for (const auto& target : targets) line += " " + target;
    lines.push_back(std::move(line));
  }
  return lines;
}

class Finder {
 public:
  Finder(const Input& input, const Planned& plan, const CompiledPolicy& policy, const CompiledPolicy* without_raw)
      : input_(input), plan_(plan), policy_(policy), without_raw_(without_raw), own_(plan.modules) {}

  FidelityReport run() {
    for (std::size_t i = 0; i < input_.policy.domains.size(); ++i)
      if (!input_.policy.domains[i].external) look_at(static_cast<ir::DomainId>(i));
    return log_.report();
  }

 private:
  void look_at(ir::DomainId id) {
    const ir::Domain& domain = input_.policy.domain(id);
    const std::string type = domain_type(domain);
    const Grants all = grants_of(policy_, type);
    Grants raw, attributes;
    const Grants before = without_raw_ == nullptr ? all : grants_of(*without_raw_, type);
    for (const Grant& grant : all) {
      if (before.count(grant) == 0)
        raw.insert(grant);
      else if (!own_.explain(names_of(type), targets_of(type, grant.target), grant))
        attributes.insert(grant);
    }
    if (!attributes.empty())
      log_.add(id, "attribute domain", domain.where.span, Topic::attributes, in_words(attributes));
    for (const auto& text : domain.raw)
      if (text.backend == "selinux") say_raw(id, text, raw, type);
    for (const auto& rule : domain.rules)
      if (rule.effect == ir::Effect::deny) check_denial(id, rule, attributes);
  }

  /// What raw text adds to the domain, and to others on it. Texts of one domain are not told apart.
  void say_raw(ir::DomainId id, const ir::RawText& text, const Grants& raw, const std::string& type) {
    if (without_raw_ == nullptr)
      return log_.add(id, "raw selinux", text.where.span, Topic::raw,
                      {"not told apart from the rest: the module does not link without it"});
    std::vector<std::string> what = in_words(raw);
    const auto before = without_raw_->access_to(type);
    const std::set<AccessTo> known(before.begin(), before.end());
    for (const AccessTo& access : policy_.access_to(type)) {
      if (access.source == type || known.count(access) != 0) continue;
      Grants reverse;
      for (const auto& permission : access.access.permissions)
        reverse.insert({access.access.class_name, permission, type, access.access.condition});
      for (const auto& words : in_words(reverse)) what.push_back(access.source + " may " + words);
    }
    if (what.empty()) what.emplace_back("no access of this domain");
    log_.add(id, "raw selinux", text.where.span, Topic::raw, what);
  }

  std::vector<std::string> names_of(const std::string& type) const {
    std::vector<std::string> names = policy_.attributes_of(type);
    names.push_back(type);
    return names;
  }

  const std::vector<std::string>& targets_of(const std::string& source, const std::string& target) {
    auto [it, fresh] = targets_.try_emplace(target);
    if (fresh) it->second = names_of(target);
    if (target != source) return it->second;
    self_ = it->second;
    self_.emplace_back("self");
    return self_;
  }

  // ---- denials that an attribute breaks

  void check_denial(ir::DomainId id, const ir::Rule& rule, const Grants& granted) {
    Grants broken;
    if (const auto* file = std::get_if<ir::FileAccess>(&rule.access)) {
      if (!file->owner) broken = denied_files(*file, granted);
    } else if (const auto* exec = std::get_if<ir::ExecAccess>(&rule.access)) {
      const auto files = input_.meaning.set(exec->paths) & paths::PathSet::non_directories();
      for (const Part& part : plan_.labels.divide(files)->parts)
        collect(granted, part.region->types, "file", {"execute_no_trans"}, broken);
    } else if (const auto* capabilities = std::get_if<ir::CapabilityAccess>(&rule.access)) {
      const std::vector<std::string> self(1, domain_type(input_.policy.domain(id)));
      for (ir::Capability capability : capabilities->capabilities)
        collect(granted, self, capability_class(capability, capabilities->in_userns), {ir::word(capability)}, broken);
    }
    if (broken.empty()) return;
    log_.add(id, ir::describe(input_.policy, rule), rule.where.span, Topic::attribute_over_deny, in_words(broken));
  }

  Grants denied_files(const ir::FileAccess& access, const Grants& granted) const {
    Grants broken;
    for (const auto& [region, part, which] : plan_.labels.divide(input_.meaning.set(access.paths))->parts) {
      if (region->origin == Region::Origin::process) continue;
      for (ir::Verb verb : access.verbs.list()) {
        const auto objects = input_.meaning.objects(verb, access.paths) & part;
        if (objects.empty()) continue;
        for (const auto& [class_name, permissions] : distinct_permissions(verb, scope_of(objects, *region, which)))
          collect(granted, region->types, class_name, permissions, broken);
      }
    }
    return broken;
  }

  /// The grants on one of the types that have one of the permissions.
  static void collect(const Grants& granted, const std::vector<std::string>& types, std::string_view class_name,
                      const std::vector<std::string_view>& permissions, Grants& out) {
    for (std::string_view permission : permissions)
      for (const auto& type : types) {
        auto it = granted.lower_bound({std::string(class_name), std::string(permission), type, ""});
        for (;
             it != granted.end() && it->class_name == class_name && it->permission == permission && it->target == type;
             ++it)
          out.insert(*it);
      }
  }

  const Input& input_;
  const Planned& plan_;
  const CompiledPolicy& policy_;
  const CompiledPolicy* without_raw_;
  const OwnAllows own_;
  FidelityLog log_;
  std::map<std::string, std::vector<std::string>> targets_;
  std::vector<std::string> self_;
};

}  // namespace

FidelityReport find_more(const Input& input, const Planned& plan, const CompiledPolicy& policy,
                         const CompiledPolicy* without_raw) {
  return Finder(input, plan, policy, without_raw).run();
}

}  // namespace macc::backends::selinux
