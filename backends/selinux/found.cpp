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
  Lines compute(const std::string& name) const {
    std::map<std::pair<std::string, int>, std::set<std::string>> others;  // permissions and rank -> other side
    std::string_view via = name;
    for (const WalkedRule* entry : of(name)) {
      const PolicyRule& rule = entry->rule;
      std::string text = fmt::format("{} {{", rule.class_name);
      int rank = 3;
      for (std::size_t i = 0; i < rule.permissions.size(); ++i) {
        if ((entry->base >> i & 1) == 0) continue;
        text += fmt::format(" {}", rule.permissions[i]);
        rank = std::min(rank, danger(rule.class_name, rule.permissions[i]));
      }
      text += rule.condition.is_always() ? " }" : " } if " + rule.condition.text();
      const std::string_view other = side_ == Side::source ? rule.target : rule.source;
      if (!entry->base_source.empty()) via = side_ == Side::source ? entry->base_source : entry->base_target;
      others[{std::move(text), rank}].insert(other == name && policy_.has_type(name) ? "itself" : counted(other));
    }
    Lines result;
    for (const auto& [what, names] : others) {
      std::string list;
      for (const auto& other : names) list += " " + other;
      result.emplace(what.second, side_ == Side::source ? fmt::format("{}: {} on{}", via, what.first, list)
                                                        : fmt::format("{}: {} by{}", via, what.first, list));
    }
    return result;
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
    Lines brought, opened;
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
      int rank = 3;
      const std::string permissions = raw_permissions(entry, rank);
      if (is_source)
        what.emplace(rank, fmt::format("{}: {}", permissions, entry.rule.target));
      else
        what.emplace(rank, fmt::format("{} may {}: {}", entry.rule.source, permissions, entry.rule.target));
    }
    if (what.empty()) what.emplace(0, "no access of this domain");
    log_.add_ranked(id, "raw selinux", text.where.span, Topic::raw, what);
  }

  static std::string raw_permissions(const WalkedRule& entry, int& rank) {
    std::string text = fmt::format("{} {{", entry.rule.class_name);
    for (std::size_t i = 0; i < entry.rule.permissions.size(); ++i) {
      if ((entry.raw >> i & 1) == 0) continue;
      text += fmt::format(" {}", entry.rule.permissions[i]);
      rank = std::min(rank, danger(entry.rule.class_name, entry.rule.permissions[i]));
    }
    return text + (entry.rule.condition.is_always() ? " }" : " } if " + entry.rule.condition.text());
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
    for (const auto& [region, part] : plan_.labels.divide(input_.meaning.set(access.paths))->parts) {
      if (region->origin == Region::Origin::process) continue;
      for (ir::Verb verb : access.verbs.list()) {
        const auto objects = input_.meaning.objects(verb, access.paths) & part;
        if (objects.empty()) continue;
        for (const auto& [class_name, permissions] : distinct_permissions(verb, scope_of(objects, *region)))
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
