#include "backends/selinux/lower.h"

#include <fmt/format.h>

#include <algorithm>

#include "backends/selinux/base_choice.h"
#include "backends/selinux/broken_denials.h"
#include "backends/selinux/formats.h"
#include "backends/selinux/install.h"
#include "backends/selinux/link/grantees.h"
#include "backends/selinux/lower_levels.h"
#include "backends/selinux/lowering.h"
#include "backends/selinux/moves.h"
#include "backends/selinux/planned.h"

namespace macc::backends::selinux {
namespace {

void declare_labels(Context& context) {
  for (const Region& region : context.labels.regions()) {
    if (!region.is_own()) continue;
    Declaration& declaration = context.module(region.module).types[region.types[0]];
    declaration.span = region.span;
    declaration.what = region.what;
    declaration.cut = region.cut;
    const auto attributes = region.origin == Region::Origin::entry
                                ? context.platform.entry_attributes()
                                : context.platform.file_attributes(region.kind.value_or(ir::Kind::content));
    declaration.attributes.insert(attributes.begin(), attributes.end());
  }
  for (const auto& [module, contexts] : context.labels.contexts()) context.module(module).file_contexts = contexts;
}

/// Port types are shared by all modules of a build, so they stand in a file of their own, called after the build's
/// first module: another project's must not replace it.
std::string ports_module(const ir::Policy& policy) {
  std::string first;
  for (const auto& domain : policy.domains)
    if (!domain.external && (first.empty() || domain.module < first)) first = domain.module;
  return first + ".ports";
}

/// An adopted resource keeps a type of the system, and with it everybody that has access to it.
void say_adopted(Context& context, const Base& base) {
  for (std::size_t i = 0; i < context.policy.resources.size(); ++i) {
    const auto id = static_cast<ir::ResourceId>(i);
    const ir::Resource& resource = context.policy.resource(id);
    if (!resource.adopt) continue;
    std::vector<std::string> what;
    for (const std::string& type : context.labels.types_adopted_by(id))
      for (const Grantee& grantee : grantees_of(base, type))
        what.push_back(type + ": " + grantee.name + (grantee.changes ? " may change it" : " may look at it"));
    context.fidelity.add(resource.owner, "adopt " + context.policy.qualified_name(id), resource.where.span,
                         Topic::opened, what);
  }
}

/// Where a module of the source begins to be.
Span place_of(const ir::Policy& policy, const std::string& module) {
  for (const auto& domain : policy.domains)
    if (domain.module == module && !domain.external) return domain.where.span;
  for (const auto& resource : policy.resources)
    if (resource.module == module && !resource.external) return resource.where.span;
  for (const auto& boolean : policy.booleans)
    if (boolean.module == module) return boolean.span;
  return {};
}

void declare_ports(Context& context) {
  for (const PortSegment& segment : context.ports.segments()) {
    if (!segment.own) continue;
    Module& module = context.module(ports_module(context.policy));
    module.types[segment.type] = {segment.span,
                                  {context.name(Name::port_types, segment.span)},
                                  "port " + text_of(segment.protocol, segment.range)};
    module.ports.push_back({segment.protocol, segment.range, segment.type, segment.span, segment.origins});
  }
}

void declare_booleans(Context& context) {
  std::map<std::string, const ir::Boolean*> known;
  for (const auto& boolean : context.policy.booleans) {
    auto [it, fresh] = known.emplace(boolean.name, &boolean);
    if (!fresh) {
      context.diagnostics
          .report(Code::E1016, boolean.span, "two booleans of the build are called `" + boolean.name + "`")
          .also(it->second->span, "the other one; SELinux has one name space for all");
      continue;
    }
    context.module(boolean.module).booleans[boolean.name] = {boolean.value, boolean.doc, boolean.span};
  }
}

/// Names that authors bind are written as they stand, so they have to be names.
bool bindings_are_names(const ir::Bindings& bindings, Span span, Diagnostics& diagnostics) {
  bool good = true;
  for (const auto& [key, values] : bindings.values) {
    if (key.first != "selinux" || (key.second != "type" && key.second != "role")) continue;
    for (const auto& alternatives : values)
      for (const auto& value : alternatives) {
        if (cil::is_symbol(value)) continue;
        diagnostics
            .report(Code::E1025, span, "`" + printable(value) + "` cannot be the name of an SELinux " + key.second)
            .note("a name holds letters, digits, `_`, `.` and `-`");
        good = false;
      }
  }
  return good;
}

bool check_bindings(const ir::Policy& policy, Diagnostics& diagnostics) {
  bool good = true;
  for (const auto& resource : policy.resources)
    good &= bindings_are_names(resource.bindings, resource.where.span, diagnostics);
  for (const auto& domain : policy.domains) good &= bindings_are_names(domain.bindings, domain.where.span, diagnostics);
  for (const auto& ports : policy.ports) good &= bindings_are_names(ports.bindings, ports.span, diagnostics);
  return good;
}

/// Accesses of which a deny is not taken out of the allows: an allow of the same kind beside it would stay whole.
template <typename Access>
void refuse_deny_beside_allow(Subject& subject) {
  const auto allows = subject.rules<Access>(ir::Effect::allow);
  for (const auto& [rule, access] : subject.rules<Access>(ir::Effect::deny)) {
    if (allows.empty()) return;
    subject.context.diagnostics
        .report(Code::E1026, rule->where.span,
                "SELinux cannot take this out of what `" + subject.domain.name + "` may do")
        .also(allows.front().first->where.span, "this rule would stay whole")
        .note("narrow the `allow` so that it does not hold what is denied");
  }
}

void lower_domain(Context& context, ir::DomainId id) {
  Subject subject(context, id);
  lower_baseline(subject);
  for (const auto& rule : subject.domain.rules)
    context.fidelity.exact(id, ir::describe(context.policy, rule), rule.where.span);
  lower_entries(subject);
  lower_files(subject);
  lower_exec(subject);
  lower_network(subject);
  lower_unix(subject);
  lower_use(subject);
  lower_processes(subject);
  lower_kernel(subject);
  lower_mounts(subject);
  lower_dbus(subject);
  refuse_deny_beside_allow<ir::UseAccess>(subject);
  refuse_deny_beside_allow<ir::MountAccess>(subject);
  refuse_deny_beside_allow<ir::PathsAccess>(subject);
  lower_heads(subject);
  lower_creations(subject);
  lower_raw(subject);
  lower_denials(subject);
  lower_gates(subject);
  lower_promises(subject);
}

void finish(Module& module) {
  for (const auto& [type, declaration] : module.types) module.role_types[{module.object_role, type}];
}

/// Modules go into one store with those of the system, by name.
void check_module_names(Context& context) {
  const BaseOrReason base = chosen_base(context.input);
  std::map<std::string, std::string> known;
  for (const auto& [module, content] : context.modules) {
    const std::string name = module_file(module);
    const Span span = place_of(context.policy, module);
    if (auto [it, fresh] = known.emplace(name, module); !fresh)
      context.diagnostics
          .report(Code::E1044, span,
                  "the modules `" + it->second + "` and `" + module + "` would both be `" + name + "`")
          .also(place_of(context.policy, it->second), "the other one")
          .note("rename one of the two: in SELinux's store only letters, digits and `_` tell them apart");
    if (base.base && base.base->has_module(name))
      context.diagnostics
          .report(Code::E1044, span, "the system has a module `" + name + "`, which `" + module + "` would replace")
          .note("rename the module, or say `replaces selinux \"" + name + "\";` in its domain");
  }
}

std::vector<Artifact> artifacts(Context& context, Planned& plan) {
  std::vector<Artifact> list = std::move(context.extra);
  const WrittenIndex written(context.policy);
  for (auto& [name, module] : context.modules) {
    finish(module);
    const bool ports = name == ports_module(context.policy);
    const std::string what = ports ? "port types of the build" : "policy module of " + name;
    for (Artifact& artifact : module_files(context, module, module_file(name), what, plan, &written))
      list.push_back(std::move(artifact));
  }
  return list;
}

void sort_by_path(std::vector<Artifact>& list) {
  std::sort(list.begin(), list.end(), [](const Artifact& a, const Artifact& b) { return a.path < b.path; });
}

/// What a domain replaces has to go: another policy would answer for another system.
bool check_replaced(const Input& input, Diagnostics& diagnostics) {
  const std::string reason = why_not_replaced(input);
  if (reason.empty()) return true;
  for (const auto& domain : input.policy.domains)
    for (const auto& replacement : domain.replaces) {
      if (replacement.backend != "selinux") continue;
      diagnostics.report(Code::E1061, replacement.span, reason)
          .note(
              "a domain has to replace the modules that need this one, too: `replaces selinux \"A\", selinux \"B\";`");
      return false;
    }
  return true;
}

/// A base that the target names by its file has to be there: another one would answer for another system.
bool check_base(const Input& input, Diagnostics& diagnostics) {
  if (!names_base_file(input.target)) return true;
  const BaseOrReason base = chosen_base(input);
  if (base.base) return true;
  diagnostics.report(Code::E1060, {}, base.reason)
      .note(fmt::format("`base` of the target `{}` in macc.toml names it", printable(input.target.name)))
      .note("`macc base import --out FILE` makes one from a system's policy");
  return false;
}

Platform platform_of(const Input& input, const std::shared_ptr<const Base>& base, Diagnostics& diagnostics) {
  const auto setting = input.target.settings.find("names");
  if (setting == input.target.settings.end()) return Platform(base);
  std::vector<std::string> problems;
  const auto names = renamed(setting->second, *base, problems);
  for (const auto& problem : problems)
    diagnostics.report(Code::E1070, {}, problem).note("`names` stands in the target " + printable(input.target.name));
  return Platform(base, names);
}

/// Classes and permissions that the system's policy does not have: a kernel asks for them all the same, and then allows
/// or refuses them to every program alike.
void leave_out_unknown(Context& context, Module& module) {
  std::map<Span, std::set<std::string>> lost;
  for (auto& [kind, by_guard] : module.vectors)
    for (auto& [guard, vectors] : by_guard)
      for (auto& [key, value] : vectors)
        value.keep([&, &key = key, &value = value](const std::string& permission) {
          if (context.platform.has_permission(key.class_name, permission)) return true;
          lost[value.span].insert(key.class_name + " " + permission);
          return false;
        });
  for (auto& [kind, by_guard] : module.vectors)
    for (auto& [guard, vectors] : by_guard)
      std::erase_if(vectors, [](const auto& vector) { return vector.second.permissions.empty(); });
  for (const auto& [span, what] : lost) context.fidelity.add_at(span, Topic::unknown_class, what);
}

/// The rules of the standard library about what this system does not have.
void say_absent(Context& context) {
  for (const auto& [span, what] : context.absent) context.fidelity.add_at(span, Topic::absent, what);
}

std::vector<Mediation> mediation_of(const Platform& platform) {
  std::vector<Mediation> out;
  const auto add = [&](std::string word, std::string_view class_name, std::string_view permission, std::string text) {
    const bool mediated = !class_name.empty() && platform.has_permission(class_name, permission);
    out.push_back({std::move(word), mediated, mediated ? "it is asked for" : std::move(text), false});
  };
#define MACC_OPEN_CLASS(word, class_name, permission, text) add(word, class_name, permission, text);
#include "backends/selinux/open_classes.def"
#undef MACC_OPEN_CLASS
  return out;
}

}  // namespace

Lowered lower_policy(const Input& input, Diagnostics& diagnostics) {
  const BaseOrReason chosen = chosen_base(input);
  // Verification reports that there is none; the skeleton's names are the reference policy's.
  return lower_policy(input, chosen.base ? chosen.base : Base::skeleton(), diagnostics);
}

Lowered lower_policy(const Input& input, const std::shared_ptr<const Base>& base, Diagnostics& diagnostics) {
  if (!check_bindings(input.policy, diagnostics) || !check_base(input, diagnostics) ||
      !check_replaced(input, diagnostics))
    return {};
  try {
    Context context(input, platform_of(input, base, diagnostics), diagnostics);
    declare_labels(context);
    say_adopted(context, *base);
    declare_ports(context);
    declare_booleans(context);
    lower_levels(context);
    for (std::size_t i = 0; i < input.policy.domains.size(); ++i)
      if (!input.policy.domains[i].external) lower_domain(context, static_cast<ir::DomainId>(i));
    say_what_levels_take(context);
    check_module_names(context);
    if (!diagnostics.has_errors()) check_moves(context);
    if (diagnostics.has_errors()) return {};
    for (auto& [name, module] : context.modules) leave_out_unknown(context, module);
    say_broken_denials(context);
    say_absent(context);
    auto plan = std::make_shared<Planned>();
    Lowered lowered{.artifacts = artifacts(context, *plan), .fidelity = context.fidelity.report(), .plan = plan};
    lowered.fidelity.mediation = mediation_of(context.platform);
    add_install_steps(context, lowered);
    sort_by_path(lowered.artifacts);
    plan->labels = std::move(context.labels);
    plan->modules = std::move(context.modules);
    return lowered;
  } catch (const paths::TooComplex&) {
    diagnostics.report(Code::E1008, {}, "the patterns of this build are too complex for the label planner")
        .note("use fewer wildcards before the last component");
    return {};
  }
}

}  // namespace macc::backends::selinux
