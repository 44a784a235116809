#include "backends/selinux/found.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "backends/selinux/dangers.h"
#include "backends/selinux/lowering.h"

namespace macc::backends::selinux {
namespace {

/// One permission on a type.
struct Grant {
  std::string class_name, permission, target, condition;
  friend auto operator<=>(const Grant&, const Grant&) = default;
};
using Grants = std::set<Grant>;

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

/// What attributes bring, in lines with their rank.
using Lines = std::set<std::pair<int, std::string>>;

/// "{ write read } if a" of the permissions in a mask, the gravest first, with the rank of the gravest.
std::pair<std::string, int> granted_text(const PolicyRule& rule, std::uint32_t mask) {
  std::vector<std::pair<int, std::string_view>> list;
  for (std::size_t i = 0; i < rule.permissions.size(); ++i)
    if ((mask >> i & 1) != 0) list.emplace_back(danger(rule.class_name, rule.permissions[i]), rule.permissions[i]);
  std::sort(list.begin(), list.end());
  std::string text = "{";
  for (const auto& [rank, permission] : list) text += fmt::format(" {}", permission);
  text += rule.condition.is_always() ? " }" : " } if " + rule.condition.text();
  return {std::move(text), list.empty() ? 0 : list.front().first};
}

/// The rules of the base about our types, by the attribute (or the type of ours) on one side. Texts are made once for
/// each name, since most types of a build are in the same attributes.
class AttributeRules {
 public:
  enum class Side : std::uint8_t { source, target };

  AttributeRules(const std::vector<WalkedRule>& walked, const CompiledPolicy& policy, Side side)
      : policy_(policy), side_(side) {
    for (const WalkedRule& entry : walked)
      if (entry.base != 0) by_name_[side == Side::source ? entry.rule.source : entry.rule.target].push_back(&entry);
  }

  [[nodiscard]] const std::vector<const WalkedRule*>& of(std::string_view name) const {
    static const std::vector<const WalkedRule*> none;
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? none : found->second;
  }

  /// What an attribute brings to its members, or opens of them.
  const Lines& lines(const std::string& name) {
    const auto [at, fresh] = lines_.try_emplace(name);
    if (fresh) at->second = compute(name);
    return at->second;
  }

 private:
  [[nodiscard]] Lines compute(const std::string& name) const {
    return side_ == Side::source ? brought(name) : opened(name);
  }

  /// What is granted, of which classes, on whom. Classes and names that share the rest share a line.
  [[nodiscard]] Lines brought(const std::string& name) const {
    using Brought = std::tuple<std::string, std::string, std::string, int>;  // attribute, class, permissions, rank
    std::map<Brought, std::set<std::string>> targets;
    for (const WalkedRule* entry : of(name)) {
      const PolicyRule& rule = entry->rule;
      const std::string via(entry->base_source.empty() ? std::string_view(name) : entry->base_source);
      auto [permissions, rank] = granted_text(rule, entry->base);
      targets[{via, std::string(rule.class_name), std::move(permissions), rank}].insert(
          is_about_itself(rule) ? "itself" : counted(rule.target));
    }
    std::map<std::tuple<int, std::string, std::string, std::set<std::string>>, std::string> classes;
    for (const auto& [grant, names] : targets) {
      const auto& [via, class_name, permissions, rank] = grant;
      classes[{rank, via, permissions, names}] += class_name + " ";
    }
    Lines result;
    for (const auto& [what, class_names] : classes) {
      const auto& [rank, via, permissions, names] = what;
      result.emplace(rank, fmt::format("{}: {}{} on {}", via, class_names, permissions, fmt::join(names, " ")));
    }
    return result;
  }

  /// Who has access to the members, each by the gravest that it may do: hundreds of types may look at each file.
  [[nodiscard]] Lines opened(const std::string& name) const {
    struct Source {
      int rank = 3;
      std::set<std::string> permissions;  // of that rank
    };
    std::map<std::pair<std::string, std::string>, Source> sources;  // attribute, who
    for (const WalkedRule* entry : of(name)) {
      const PolicyRule& rule = entry->rule;
      if (is_about_itself(rule)) continue;  // stands with what the attribute brings
      std::string who = counted(rule.source);
      if (!rule.condition.is_always()) who += fmt::format(" (if {})", rule.condition.text());
      const std::string via(entry->base_target.empty() ? std::string_view(name) : entry->base_target);
      Source& source = sources[{via, std::move(who)}];
      for (std::size_t i = 0; i < rule.permissions.size(); ++i) {
        if ((entry->base >> i & 1) == 0) continue;
        const int rank = danger(rule.class_name, rule.permissions[i]);
        if (rank < source.rank) source = {rank, {}};
        if (rank == source.rank) source.permissions.emplace(rule.permissions[i]);
      }
    }
    std::map<std::pair<int, std::string>, std::pair<std::set<std::string>, std::set<std::string>>> lines;
    for (auto& [key, source] : sources) {
      auto& [permissions, names] = lines[{source.rank, key.first}];
      permissions.merge(source.permissions);
      names.insert(key.second);
    }
    Lines result;
    for (const auto& [key, line] : lines)
      result.emplace(key.first, fmt::format("{}: some of {{ {} }} by {}: {}", key.second, fmt::join(line.first, " "),
                                            line.second.size(), fmt::join(line.second, ", ")));
    return result;
  }

  [[nodiscard]] bool is_about_itself(const PolicyRule& rule) const {
    return rule.source == rule.target && policy_.has_type(rule.source);
  }

  std::string counted(std::string_view name) const {
    if (policy_.has_type(name)) return std::string(name);
    const std::size_t count = policy_.types_in(name).size();
    return fmt::format("{} ({} {})", name, count, count == 1 ? "type" : "types");
  }

  const CompiledPolicy& policy_;
  const Side side_;
  std::map<std::string_view, std::vector<const WalkedRule*>> by_name_;
  std::map<std::string, Lines> lines_;
};

class Finder {
 public:
  Finder(const Input& input, const Planned& plan, const CompiledPolicy& policy, const std::vector<WalkedRule>& walked,
         bool raw_is_needed)
      : input_(input),
        plan_(plan),
        policy_(policy),
        walked_(walked),
        raw_is_needed_(raw_is_needed),
        brought_(walked, policy, AttributeRules::Side::source),
        opened_(walked, policy, AttributeRules::Side::target) {}

  FidelityReport run() {
    for (std::size_t i = 0; i < input_.policy.domains.size(); ++i)
      if (!input_.policy.domains[i].external) look_at(static_cast<ir::DomainId>(i));
    return log_.report();
  }

 private:
  void look_at(ir::DomainId id) {
    const ir::Domain& domain = input_.policy.domain(id);
    const std::string type = domain_type(domain);
    Lines brought = about_own(id, brought_), opened = about_own(id, opened_);
    for (const auto& name : names_of(type)) {
      brought.merge(Lines(brought_.lines(name)));
      opened.merge(Lines(opened_.lines(name)));
    }
    if (!brought.empty()) log_.add_ranked(id, "attribute domain", domain.where.span, Topic::attributes, brought);
    if (!opened.empty()) log_.add_ranked(id, "access of others", domain.where.span, Topic::opened, opened);
    for (const auto& text : domain.raw)
      if (text.backend == "selinux") say_raw(id, text);
    const bool denies = std::any_of(domain.rules.begin(), domain.rules.end(),
                                    [](const ir::Rule& rule) { return rule.effect == ir::Effect::deny; });
    if (!denies) return;
    const Grants attributes = through_attributes(type);
    for (const auto& rule : domain.rules)
      if (rule.effect == ir::Effect::deny) check_denial(id, rule, attributes);
  }

  /// What attributes bring to the types of the domain's own files and ports, or open of them, with how many types each
  /// is about.
  Lines about_own(ir::DomainId id, AttributeRules& rules) {
    std::set<std::string> files, ports;
    for (const Region& region : plan_.labels.regions()) {
      const bool own = region.origin == Region::Origin::entry ? region.domain == id : belongs_to(region, id);
      if (own) files.insert(region.types[0]);
    }
    for (const auto& [name, module] : plan_.modules)
      for (const auto& [type, declaration] : module.types)
        if (!module.ports.empty() && asks_at(id, declaration.span)) ports.insert(type);
    Lines lines = counted_lines(files, "file", rules);
    lines.merge(counted_lines(ports, "port", rules));
    return lines;
  }

  Lines counted_lines(const std::set<std::string>& types, std::string_view what, AttributeRules& rules) {
    std::map<std::string, std::size_t> attributes;
    for (const auto& type : types)
      for (const auto& name : names_of(type)) ++attributes[name];
    Lines lines;
    for (const auto& [attribute, count] : attributes)
      for (const auto& [rank, text] : rules.lines(attribute))
        lines.emplace(rank, fmt::format("{} own {} {} in {}", count, what, count == 1 ? "type" : "types", text));
    return lines;
  }

  [[nodiscard]] bool asks_at(ir::DomainId id, Span span) const {
    const auto& rules = input_.policy.domain(id).rules;
    return std::any_of(rules.begin(), rules.end(), [&](const ir::Rule& rule) { return rule.where.span == span; });
  }

  /// Resources beside the domains of a module belong to all of them.
  [[nodiscard]] bool belongs_to(const Region& region, ir::DomainId id) const {
    if (region.origin != Region::Origin::own || region.resource == ir::ResourceId::none) return false;
    const ir::DomainId owner = input_.policy.resource(region.resource).owner;
    return owner == id || (owner == ir::DomainId::none && region.module == input_.policy.domain(id).module);
  }

  /// What the base's rules grant to a type, a type at a time.
  Grants through_attributes(const std::string& type) const {
    Grants grants;
    for (const auto& name : names_of(type))
      for (const WalkedRule* entry : brought_.of(name)) {
        const PolicyRule& rule = entry->rule;
        std::vector<std::string> targets = policy_.types_in(rule.target);
        if (policy_.has_type(rule.target)) targets.emplace_back(rule.target);
        for (std::size_t i = 0; i < rule.permissions.size(); ++i)
          if ((entry->base >> i & 1) != 0 && (entry->planned >> i & 1) == 0)
            for (const auto& target : targets)
              grants.insert(
                  {std::string(rule.class_name), std::string(rule.permissions[i]), target, rule.condition.text()});
      }
    return grants;
  }

  /// What raw text adds to the domain, and to others on it. Texts of one domain are not told apart.
  void say_raw(ir::DomainId id, const ir::RawText& text) {
    if (raw_is_needed_)
      return log_.add(id, "raw selinux", text.where.span, Topic::raw,
                      {"not told apart from the rest: the module does not link without it"});
    const std::string type = domain_type(input_.policy.domain(id));
    const std::vector<std::string> names = names_of(type);
    Lines what;
    for (const WalkedRule& entry : walked_) {
      if (entry.raw == 0) continue;
      const bool is_source = std::find(names.begin(), names.end(), entry.rule.source) != names.end();
      const bool is_target = std::find(names.begin(), names.end(), entry.rule.target) != names.end();
      if (!is_source && !is_target) continue;
      auto [granted, rank] = granted_text(entry.rule, entry.raw);
      const std::string permissions = std::string(entry.rule.class_name) + " " + granted;
      if (is_source)
        what.emplace(rank, fmt::format("{}: {}", permissions, entry.rule.target));
      else
        what.emplace(rank, fmt::format("{} may {}: {}", entry.rule.source, permissions, entry.rule.target));
    }
    if (what.empty()) what.emplace(0, "no access of this domain");
    log_.add_ranked(id, "raw selinux", text.where.span, Topic::raw, what);
  }

  std::vector<std::string> names_of(const std::string& type) const {
    std::vector<std::string> names = policy_.attributes_of(type);
    names.push_back(type);
    return names;
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
  const std::vector<WalkedRule>& walked_;
  const bool raw_is_needed_;
  AttributeRules brought_, opened_;
  FidelityLog log_;
};

}  // namespace

FidelityReport find_more(const Input& input, const Planned& plan, const CompiledPolicy& policy,
                         const std::vector<WalkedRule>& walked, bool raw_is_needed) {
  return Finder(input, plan, policy, walked, raw_is_needed).run();
}

}  // namespace macc::backends::selinux
