// Capabilities, phrases without an object, mounts, the message bus.
#include <algorithm>
#include <map>
#include <set>

#include "backends/selinux/lowering.h"
#include "compiler/ir/mount_options.h"

namespace macc::backends::selinux {
namespace {

// ---- capabilities

std::vector<ir::Capability> left_of(Subject& subject, const ir::CapabilityAccess& access, const Guard& guard) {
  std::vector<ir::Capability> left = access.capabilities;
  for (const auto& [rule, denial] : subject.rules<ir::CapabilityAccess>(ir::Effect::deny)) {
    const Guard other = subject.guard(*rule);
    if (denial->in_userns != access.in_userns || (!other.is_always() && other != guard)) continue;
    const auto& denied = denial->capabilities;
    std::erase_if(left, [&](ir::Capability c) { return std::find(denied.begin(), denied.end(), c) != denied.end(); });
  }
  return left;
}

/// Denials under another condition than the rule's, for one capability.
Guard but_not_denied(Subject& subject, const ir::CapabilityAccess& access, ir::Capability capability, Guard guard) {
  const Guard own = guard;
  for (const auto& [rule, denial] : subject.rules<ir::CapabilityAccess>(ir::Effect::deny)) {
    const Guard other = subject.guard(*rule);
    const auto& denied = denial->capabilities;
    if (denial->in_userns == access.in_userns && !other.is_always() && other != own &&
        std::find(denied.begin(), denied.end(), capability) != denied.end())
      guard = guard.but_not(other);
  }
  return guard;
}

void lower_capabilities(Subject& subject) {
  for (const auto& [rule, access] : subject.rules<ir::CapabilityAccess>(ir::Effect::allow)) {
    const Guard guard = subject.guard(*rule);
    for (ir::Capability capability : left_of(subject, *access, guard)) {
      if (capability == ir::Capability::mac_override && !access->in_userns) {
        subject.context.diagnostics.report(Code::E1017, rule->where.span,
                                           "the reference policy grants `mac_override` to no domain");
        continue;
      }
      const std::string_view class_name = capability_class(capability, access->in_userns);
      const Guard rest = but_not_denied(subject, *access, capability, guard);
      subject.allow_self(rest, class_name, ir::word(capability), rule->where.span);
      // The log is the kernel's: SELinux asks for it beside the capability (seen).
      if (capability == ir::Capability::syslog && !access->in_userns)
        subject.allow(rest, subject.name(Name::kernel, rule->where.span), "system",
                      "syslog_read syslog_mod syslog_console", rule->where.span);
      if (rule->audit) subject.audit(guard, "self", class_name, {ir::word(capability)}, rule->where.span);
    }
  }
}

// ---- phrases without an object

bool plain_denied(Subject& subject, ir::PlainAccess::Kind kind, Guard& guard) {
  for (const auto& [rule, denial] : subject.rules<ir::PlainAccess>(ir::Effect::deny)) {
    if (denial->kind != kind) continue;
    const Guard other = subject.guard(*rule);
    if (other.is_always() || other == guard) return true;
    guard = guard.but_not(other);
  }
  return false;
}

/// The capability that a call takes, unless the author denies it.
void allow_with_capability(Subject& subject, const ir::Rule& rule, Guard guard, ir::Capability capability) {
  const auto about = [&](const ir::CapabilityAccess& access) {
    return !access.in_userns &&
           std::find(access.capabilities.begin(), access.capabilities.end(), capability) != access.capabilities.end();
  };
  for (const auto& [denial, access] : subject.rules<ir::CapabilityAccess>(ir::Effect::deny)) {
    if (!about(*access)) continue;
    const Guard other = subject.guard(*denial);
    if (other.is_always() || other == guard) return;
    guard = guard.but_not(other);
  }
  subject.allow_self(guard, capability_class(capability, false), ir::word(capability), rule.where.span);
  const auto allows = subject.rules<ir::CapabilityAccess>(ir::Effect::allow);
  const bool is_allowed = std::any_of(allows.begin(), allows.end(), [&](const auto& entry) {
    const Guard other = subject.guard(*entry.first);
    return about(*entry.second) && (other.is_always() || other == guard);
  });
  if (!is_allowed) subject.say(rule, Topic::with_capability, {std::string(ir::word(capability))});
}

void lower_plain(Subject& subject) {
  using Kind = ir::PlainAccess::Kind;
  for (const auto& [rule, access] : subject.rules<ir::PlainAccess>(ir::Effect::allow)) {
    Guard guard = subject.guard(*rule);
    const Span span = rule->where.span;
    if (plain_denied(subject, access->kind, guard)) continue;
    switch (access->kind) {
      case Kind::memory_execute:
        subject.allow_self(guard, "process", "execmem", span);
        subject.allow(guard, subject.name(Name::memory_files, span), "file",
                      "create read write open map execute getattr", span);  // memfd
        subject.say(*rule, Topic::shared_type,
                    {subject.name(Name::memory_files, span) + ": files in memory that have no type of their own"});
        break;
      case Kind::userns_create:
        // Kernels that ask refuse or allow it to all where the policy does not know the class.
        if (subject.context.platform.has_permission("user_namespace", "create"))
          subject.allow_self(guard, "user_namespace", "create", span);
        else
          subject.say(*rule, Topic::not_mediated);
        break;
      case Kind::bpf:
        subject.allow_self(guard, "bpf", "map_create map_read map_write prog_load prog_run", span);
        allow_with_capability(subject, *rule, guard, ir::Capability::bpf);
        break;
      case Kind::perf:
        subject.allow_self(guard, "perf_event", "open cpu kernel tracepoint read write", span);
        allow_with_capability(subject, *rule, guard, ir::Capability::perfmon);
        break;
      case Kind::io_uring:
        subject.allow_self(guard, "anon_inode", "create read write map", span);
        break;
      case Kind::keyring:
        subject.allow_self(guard, "key", "create view read write search link setattr", span);
        break;
    }
  }
}

// ---- mounts

/// The types of the named file systems; those without one of their own stand for all, which is said.
std::set<std::string> filesystem_types(Subject& subject, const ir::Rule& rule, const std::vector<std::string>& names) {
  std::set<std::string> types;
  std::vector<std::string> unknown;
  for (const auto& name : names) {
    std::string known = subject.context.platform.filesystem_type(name);
    if (known.empty())
      unknown.push_back("every file system, since " + name + " has no type of its own");
    else
      types.insert(std::move(known));
  }
  if (names.empty() || !unknown.empty()) types = {subject.name(Name::filesystems, rule.where.span)};
  if (!unknown.empty()) subject.say(rule, Topic::mount, unknown);
  return types;
}

void mount_on(Subject& subject, const ir::Rule& rule, const ir::PathExpr& paths) {
  const Guard guard = subject.guard(rule);
  const Span span = rule.where.span;
  const paths::PathSet set = subject.context.input.meaning.set(paths);
  const std::vector<Part> parts = subject.parts_of(set, span);
  if (!parts.empty()) subject.search_above(guard, set, span);
  for (const auto& [region, part, which] : parts) {
    const ObjectScope scope = scope_of(part, *region, which);
    for (const auto& type : subject.types(*region, span)) {
      if (scope.directories) subject.allow(guard, type, "dir", "mounton search getattr", span);
      if (scope.others) subject.allow(guard, type, "file", "mounton getattr", span);
    }
    subject.say_shared(rule, set, *region);
  }
}

/// The capability that the kernel asks for besides is the author's to give, as on AppArmor: it opens far more than
/// mounts.
void lower_mount(Subject& subject, const ir::Rule& rule, const ir::MountAccess& access) {
  const Guard guard = subject.guard(rule);
  const Span span = rule.where.span;
  mount_on(subject, rule, access.on);
  if (!access.from.include.empty()) subject.search_above(guard, subject.context.input.meaning.set(access.from), span);
  subject.say(rule, Topic::mount);
  const ir::MountKind kind = ir::mount_kind(access.options);
  const bool any = access.options.empty() && ir::is_left_open(access, {"remount"});
  const bool remounts = kind == ir::MountKind::remount || any;
  if (!remounts && kind != ir::MountKind::file_system) return;  // only the place is asked
  for (const auto& type : filesystem_types(subject, rule, access.fstypes))
    subject.allow(guard, type, "filesystem", remounts ? "mount remount" : "mount", span);
}

/// A queue is a file in a file system of its own; mq_unlink() takes its name away.
void lower_queues(Subject& subject, const ir::Rule& rule, const paths::PathSet& set) {
  const Guard guard = subject.guard(rule);
  const Span span = rule.where.span;
  const std::vector<Part> parts = subject.parts_of(set, span);
  if (!parts.empty()) subject.search_above(guard, set, span);
  for (const Part& part : parts) {
    for (const auto& type : subject.types(*part.region, span)) {
      subject.allow(guard, type, "dir", "search write add_name remove_name", span);
      subject.allow(guard, type, "file", "create open read write getattr unlink", span);
    }
    subject.say_shared(rule, set, *part.region);
  }
  if (!parts.empty()) subject.say(rule, Topic::queues_of_others);
}

void lower_paths(Subject& subject, const ir::Rule& rule, const ir::PathsAccess& access) {
  const Guard guard = subject.guard(rule);
  const Span span = rule.where.span;
  const paths::PathSet set = subject.context.input.meaning.set(access.paths);
  switch (access.kind) {
    case ir::PathsAccess::Kind::unmount:
      subject.search_above(guard, set, span);
      subject.allow(guard, subject.name(Name::filesystems, span), "filesystem", "unmount", span);
      subject.say(rule, Topic::unmount, {"every file system, wherever it is mounted"});
      break;
    case ir::PathsAccess::Kind::pivot:
      subject.search_above(guard, set, span);
      subject.say(rule, Topic::not_mediated);
      break;
    case ir::PathsAccess::Kind::mqueue:
      lower_queues(subject, rule, set);
      break;
  }
}

// ---- the message bus

/// A session's bus is a daemon of the user's; one attribute holds them all.
void reach_session_bus(Subject& subject, const Guard& guard, Span span) {
  const Origin origin{span, Baseline::bus};
  const std::string& bus = subject.name(Name::session_bus, span);
  subject.allow(guard, bus, "unix_stream_socket", "connectto", origin);
  subject.allow(guard, bus, "dbus", "send_msg", origin);
  subject.allow_other(guard, bus, subject.type, "dbus", "send_msg", origin);
}

void reach_bus(Subject& subject, const Guard& guard, Span span) {
  const Origin origin{span, Baseline::bus};
  const std::string &bus = subject.name(Name::system_bus, span),
                    &runtime = subject.name(Name::system_bus_runtime, span);
  subject.allow(guard, runtime, "dir", "search", origin);
  subject.allow(guard, runtime, "sock_file", "write", origin);
  subject.allow(guard, bus, "unix_stream_socket", "connectto", origin);
  subject.allow(guard, bus, "dbus", "send_msg", origin);
  subject.allow_other(guard, bus, subject.type, "dbus", "send_msg", origin);
}

bool dbus_denied(Subject& subject, const ir::DbusAccess& access, Guard& guard) {
  for (const auto& [rule, denial] : subject.rules<ir::DbusAccess>(ir::Effect::deny)) {
    if (denial->own != access.own || denial->session_bus != access.session_bus || denial->name != access.name) continue;
    if (!denial->interface.empty() || !denial->member.empty()) continue;
    const Guard other = subject.guard(*rule);
    if (other.is_always() || other == guard) return true;
    guard = guard.but_not(other);
  }
  return false;
}

void talk(Subject& subject, const ir::Rule& rule, const ir::DbusAccess& access, const Guard& guard) {
  const Span span = rule.where.span;
  std::vector<std::string> peers;
  for (ir::DomainId owner : owners_of(subject.context.policy, access.name))
    for (auto& type : subject.context.types_of(owner, span)) peers.push_back(std::move(type));
  subject.say(rule, Topic::dbus, peers.empty() ? std::vector<std::string>{"every domain on the bus"} : peers);
  if (peers.empty()) peers.push_back(subject.name(Name::domain, span));
  for (const auto& peer : peers) {
    subject.allow(guard, peer, "dbus", "send_msg", span);
    subject.allow_other(guard, peer, subject.type, "dbus", "send_msg", span);
  }
}

/// The bus asks whether a domain may own names, and not which.
void own_names(Subject& subject, const ir::Rule& rule, const std::string& bus, const Guard& guard) {
  subject.allow(guard, bus, "dbus", "acquire_svc", rule.where.span);
  subject.say(rule, Topic::dbus, {"every name on the bus"});
}

}  // namespace

std::vector<ir::DomainId> owners_of(const ir::Policy& policy, const std::string& name) {
  std::vector<ir::DomainId> list;
  for (std::size_t i = 0; i < policy.domains.size(); ++i) {
    const ir::Domain& domain = policy.domains[i];
    const auto* names = domain.bindings.find("selinux", "dbus");
    bool owns = names != nullptr && std::any_of(names->begin(), names->end(), [&](const auto& alternatives) {
                  return std::find(alternatives.begin(), alternatives.end(), name) != alternatives.end();
                });
    for (const auto& rule : domain.rules)
      if (const auto* bus = std::get_if<ir::DbusAccess>(&rule.access);
          bus != nullptr && rule.effect == ir::Effect::allow)
        owns |= bus->own && bus->name == name;
    if (owns) list.push_back(static_cast<ir::DomainId>(i));
  }
  return list;
}

void lower_kernel(Subject& subject) {
  lower_capabilities(subject);
  lower_plain(subject);
}

void lower_mounts(Subject& subject) {
  for (const auto& [rule, access] : subject.rules<ir::MountAccess>(ir::Effect::allow))
    lower_mount(subject, *rule, *access);
  for (const auto& [rule, access] : subject.rules<ir::PathsAccess>(ir::Effect::allow))
    lower_paths(subject, *rule, *access);
}

void lower_dbus(Subject& subject) {
  for (const auto& [rule, access] : subject.rules<ir::DbusAccess>(ir::Effect::allow)) {
    Guard guard = subject.guard(*rule);
    if (dbus_denied(subject, *access, guard)) continue;
    const std::string& bus = subject.name(access->session_bus ? Name::session_bus : Name::system_bus, rule->where.span);
    if (access->session_bus)
      reach_session_bus(subject, guard, rule->where.span);
    else
      reach_bus(subject, guard, rule->where.span);
    if (access->own)
      own_names(subject, *rule, bus, guard);
    else
      talk(subject, *rule, *access, guard);
  }
}

}  // namespace macc::backends::selinux
