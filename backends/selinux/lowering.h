// What the parts of the lowering share: the policy, the labels, the CIL modules that grow, and what is said about
// fidelity. Each lower_*.cpp lowers one family of accesses for one domain.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "backends/backend.h"
#include "backends/selinux/labels.h"
#include "backends/selinux/names.h"
#include "backends/selinux/platform.h"
#include "backends/selinux/ports.h"
#include "backends/selinux/rules.h"
#include "backends/selinux/starters.h"
#include "backends/selinux/vocabulary.h"

namespace macc::backends::selinux {

class BaseRules;

enum class Topic : std::uint8_t {
#define MACC_TOPIC(name, key, fidelity, text) name,
#include "backends/selinux/fidelity.def"
#undef MACC_TOPIC
};

/// Collects what is said about rules; a rule about which nothing is said is exact.
class FidelityLog {
 public:
  void add(ir::DomainId domain, const std::string& rule, Span span, Topic topic, const std::vector<std::string>& what);
  /// With a rank for each text: lower ones come first, those of one rank by name.
  void add_ranked(ir::DomainId domain, const std::string& rule, Span span, Topic topic,
                  const std::set<std::pair<int, std::string>>& what);
  void exact(ir::DomainId domain, const std::string& rule, Span span);
  /// About every rule that stands at a place.
  void add_at(Span span, Topic topic, const std::set<std::string>& what);
  /// Whether something is said about a rule that names this type, alone or with what of it, or that names nothing.
  [[nodiscard]] bool names(ir::DomainId domain, const std::string& rule, Span span, const std::string& type) const;
  [[nodiscard]] FidelityReport report() const;

 private:
  using Key = std::tuple<ir::DomainId, Span, std::string>;  // domain, place, rule
  std::map<Key, std::map<Topic, std::set<std::pair<int, std::string>>>> entries_;
};

/// Wishes about the label of what a domain creates in directories of one type.
struct Creation {
  std::string result;
  bool wildcard = false;
  std::set<std::string> names;
  std::string directory;  ///< example
  bool own = false;       ///< the label is that of an own cell, so it has to hold
  std::string what;
  Span span;
};

struct Context {
  Context(const Input& input_, Platform platform_, Diagnostics& diagnostics_);

  const Input& input;
  const ir::Policy& policy;
  Diagnostics& diagnostics;
  const Platform platform;
  NameTable names;
  Labels labels;
  PortPlan ports;
  const std::vector<Starters> starters;   ///< by domain
  std::map<std::string, Module> modules;  ///< by macc module
  FidelityLog fidelity;
  std::vector<Artifact> extra;  ///< drop-ins
  /// What rules of the standard library name and the system's policy does not have, by their places.
  std::map<Span, std::set<std::string>> absent;

  [[nodiscard]] Module& module(const std::string& name);
  /// What the system's policy calls this; "" and, once, a report at `span` when it has no name for it.
  [[nodiscard]] const std::string& name(Name name, Span span);
  /// The SELinux types of a domain; for an external one without a binding an error at `span`, once.
  [[nodiscard]] std::vector<std::string> types_of(ir::DomainId id, Span span);
  /// The rules of the system's policy that attributes carry; read when they are first asked for.
  [[nodiscard]] const BaseRules& system_rules();

 private:
  std::shared_ptr<const BaseRules> system_rules_;
  std::set<ir::DomainId> unbound_;
  std::set<Name> missing_;
};

/// Reports at `span`, where the external declaration is used, the types that it names and the system's policy does not
/// have. The standard library speaks of many programs, of which a system has some: there it is only noted.
void report_unbound(Context& context, const ir::Bindings& bindings, const std::string& what, Span declared, Span span);
/// Whether report_unbound() has only noted it.
[[nodiscard]] bool is_noted(const Context& context, Span span);

/// One own domain while it is lowered.
class Subject {
 public:
  Subject(Context& context, ir::DomainId id);

  Context& context;
  const ir::DomainId id;
  const ir::Domain& domain;
  const std::string type;
  Module& module;

  void allow(const Guard& guard, const std::string& target, std::string_view class_name,
             const std::vector<std::string_view>& permissions, const Origin& origin);
  void allow(const Guard& guard, const std::string& target, std::string_view class_name, std::string_view permissions,
             const Origin& origin) {
    allow(guard, target, class_name, words(permissions), origin);
  }
  /// As Context::name().
  [[nodiscard]] const std::string& name(Name wanted, Span span) { return context.name(wanted, span); }
  void allow_self(const Guard& guard, std::string_view class_name, std::string_view permissions, const Origin& origin) {
    allow(guard, "self", class_name, permissions, origin);
  }
  /// A rule with another subject ("init_t may enter me").
  void allow_other(const Guard& guard, const std::string& source, const std::string& target,
                   std::string_view class_name, std::string_view permissions, const Origin& origin);
  void audit(const Guard& guard, const std::string& target, std::string_view class_name,
             const std::vector<std::string_view>& permissions, const Origin& origin);

  void say(const ir::Rule& rule, Topic topic, const std::vector<std::string>& what = {});
  /// Says which paths outside the set have the region's label, too, so that the rule grants the same on them.
  void say_shared(const ir::Rule& rule, const paths::PathSet& set, const Region& region);
  [[nodiscard]] Guard guard(const ir::Rule& rule) const { return Guard::of(context.policy, rule.condition); }
  /// Rules with this effect whose access is a T.
  template <typename T>
  [[nodiscard]] std::vector<std::pair<const ir::Rule*, const T*>> rules(ir::Effect effect) const {
    std::vector<std::pair<const ir::Rule*, const T*>> list;
    for (const auto& rule : domain.rules)
      if (const T* access = std::get_if<T>(&rule.access); access != nullptr && rule.effect == effect)
        list.push_back({&rule, access});
    return list;
  }

  /// Search permission on every directory above the set, and the way through symlinks that the system has there; what
  /// has no known type is reported at `span`.
  void search_above(const Guard& guard, const paths::PathSet& set, Span span);
  /// The set divided by label. Paths without a known type are reported, and then there are no parts.
  [[nodiscard]] std::vector<Part> parts_of(const paths::PathSet& set, Span span);
  /// The types of a region; reported when an external one names none.
  [[nodiscard]] const std::vector<std::string>& types(const Region& region, Span span);

  /// The name of an own attribute with this expression: "DOMAIN_SUFFIX", with a number where it is not the first.
  [[nodiscard]] std::string attribute_for(cil::Node expression, std::string_view suffix, Span span);

  /// (directory type, class) -> wishes.
  std::map<std::pair<std::string, std::string>, std::vector<Creation>> creations;

 private:
  std::set<ir::ResourceId> unbound_;
  std::set<std::string> unlabelled_;
};

[[nodiscard]] ObjectScope scope_of(const paths::PathSet& set, const Region& region, Kinds kinds = kinds::all);

void lower_baseline(Subject& subject);
void lower_entries(Subject& subject);
void lower_files(Subject& subject);
/// Needs what the other rules grant: directories that head trees, which share their type.
void lower_heads(Subject& subject);
void lower_exec(Subject& subject);
void lower_network(Subject& subject);
void lower_unix(Subject& subject);
void lower_use(Subject& subject);
void lower_processes(Subject& subject);
void lower_kernel(Subject& subject);
void lower_mounts(Subject& subject);
void lower_dbus(Subject& subject);
void lower_creations(Subject& subject);
void lower_raw(Subject& subject);
/// Needs all that is granted: denied verbs as dontaudit and neverallow, gate attributes.
void lower_denials(Subject& subject);
void lower_gates(Subject& subject);
/// Promises as neverallow. Needs the attributes, too, for what the system's policy gives to them.
void lower_promises(Subject& subject);

/// Whether init starts the domain itself.
[[nodiscard]] bool started_by_init(const ir::Domain& domain);

/// A socket unit opens the socket as init, with init's label or with that of the domain, and hands it over. `use` is
/// for the domain, `open` for init. Only where init starts the domain.
void from_socket_unit(Subject& subject, const Guard& guard, const std::string& socket_class, std::string_view use,
                      std::string_view open, Span span);

/// Who owns a name on the bus: domains of the project that may, and externals that say so.
[[nodiscard]] std::vector<ir::DomainId> owners_of(const ir::Policy& policy, const std::string& bus_name);

/// Joins a domain's own type to one of the system's attributes; `origins` of the rules that need it.
void join(Subject& subject, const std::string& attribute, const Origins& origins = {});

}  // namespace macc::backends::selinux
