#include "compiler/ir/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "compiler/ir/wording.h"

namespace macc::ir {

std::string_view word(Protocol protocol) {
  switch (protocol) {
    case Protocol::tcp:
      return "tcp";
    case Protocol::udp:
      return "udp";
    case Protocol::sctp:
      return "sctp";
  }
  return "";
}

const Bindings::Values* Bindings::find(std::string_view backend, std::string_view key) const {
  const auto it = values.find({std::string(backend), std::string(key)});
  return it == values.end() ? nullptr : &it->second;
}

std::string Policy::qualified_name(DomainId id) const {
  const Domain& d = domain(id);
  return d.module.empty() ? d.name : d.module + "." + d.name;
}

std::string Policy::qualified_name(ResourceId id) const {
  const Resource& r = resource(id);
  if (r.owner != DomainId::none) return qualified_name(r.owner) + "." + r.name;
  return r.module.empty() ? r.name : r.module + "." + r.name;
}

namespace {

constexpr std::size_t kShownPatterns = 4;

std::string list_patterns(const std::vector<paths::PathPattern>& patterns) {
  std::string out;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    if (i == kShownPatterns) return out + fmt::format(", ... ({} in all)", patterns.size());
    out += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", patterns[i].text());
  }
  return out;
}

std::string list_ports(const std::vector<PortRange>& ports) {
  if (ports.size() == 1 && ports[0] == PortRange{0, 65535}) return "any";
  std::string out;
  for (const PortRange& r : ports) {
    if (!out.empty()) out += ", ";
    out += r.first == r.last ? fmt::format("{}", r.first) : fmt::format("{}-{}", r.first, r.last);
  }
  return out;
}

std::string words_of(VerbSet verbs) {
  std::string out;
  // The widest group that fits comes first, then what is left.
  for (const char* group : {"manage", "change"}) {
    const VerbSet members = *verbs_of(group);
    if ((verbs & members) == members) {
      out += (out.empty() ? "" : ", ") + std::string(group);
      verbs = verbs - members;
    }
  }
  for (Verb v : verbs.list()) out += (out.empty() ? "" : ", ") + std::string(word(v));
  return out;
}

/// "/etc/x/**" or the name of a resource, and what a rule leaves out of it.
std::string paths_text(const Policy& policy, const PathExpr& expr, const std::string& resource) {
  if (expr.resource == ResourceId::none) {
    const std::string out = list_patterns(expr.include);
    return expr.exclude.empty() ? out : out + " except " + list_patterns(expr.exclude);
  }
  // `exclude` starts with the resource's own; what follows was written in the rule.
  const std::size_t own = policy.resource(expr.resource).paths.exclude.size();
  if (expr.exclude.size() <= own) return resource;
  return resource + " except " +
         list_patterns({expr.exclude.begin() + static_cast<std::ptrdiff_t>(own), expr.exclude.end()});
}

/// Writes an access as source would say it.
struct Describer {
  const Policy& policy;
  DomainId reader = DomainId::none;  ///< from whose module names have to be found; none: the last word will do

  std::string name(DomainId id) const {
    const Domain& d = policy.domain(id);
    const bool near = reader == DomainId::none || policy.domain(reader).module == d.module;
    return near ? d.name : policy.qualified_name(id);
  }
  std::string name(ResourceId id) const {
    const Resource& r = policy.resource(id);
    if (reader == DomainId::none || r.owner == reader) return r.name;
    if (policy.domain(reader).module != r.module) return policy.qualified_name(id);
    return r.owner == DomainId::none ? r.name : policy.domain(r.owner).name + "." + r.name;
  }
  std::string peer(const Peer& p) const {
    switch (p.kind) {
      case Peer::Kind::self:
        return "self";
      case Peer::Kind::any:
        return "any";
      case Peer::Kind::domain:
        return name(p.domain);
    }
    return "";
  }
  std::string paths(const PathExpr& e) const {
    return paths_text(policy, e, e.resource == ResourceId::none ? "" : name(e.resource));
  }

  std::string operator()(const FileAccess& a) const {
    return fmt::format("{} {}{}", words_of(a.verbs), paths(a.paths), a.owner ? " owner" : "");
  }
  std::string operator()(const ExecAccess& a) const {
    std::string out = "exec " + paths(a.paths);
    if (a.mode == ExecAccess::Mode::transition) out += " to " + name(a.target);
    if (a.mode == ExecAccess::Mode::unconfined) out += " unconfined";
    return a.keep_environment ? out + " keep environment" : out;
  }
  std::string operator()(const NetworkAccess& a) const {
    return fmt::format("{} {} {}", a.listen ? "listen" : "connect", word(a.protocol), list_ports(a.ports));
  }
  std::string operator()(const UnixAccess& a) const {
    const std::string what = a.abstract_name.empty() ? paths(a.paths) : "\"@" + a.abstract_name + "\"";
    return fmt::format("{} unix {}", a.listen ? "listen" : "connect", what);
  }
  std::string operator()(const SocketAccess& a) const {
    return "socket " + a.family + (a.type.empty() ? "" : " " + a.type);
  }
  std::string operator()(const UseAccess& a) const {
    std::string what;
    const auto add = [&what](bool on, std::string_view text) {
      if (on) what += (what.empty() ? "" : ", ") + std::string(text);
    };
    add(a.tcp, "tcp");
    add(a.udp, "udp");
    add(a.unix, "unix");
    add(a.pipe, "pipe");
    add(a.terminal, "terminal");
    if (!a.paths.include.empty()) add(true, paths(a.paths));
    return fmt::format("use {} from {}", what, name(a.from));
  }
  std::string operator()(const SignalAccess& a) const {
    std::string names;
    for (Signal s : a.signals) names += (names.empty() ? "" : ", ") + std::string(signal_word(s));
    return fmt::format("signal {} to {}", a.any ? "any" : names, peer(a.peer));
  }
  std::string operator()(const ProcessAccess& a) const {
    static constexpr const char* kWords[] = {"inspect", "trace", "ipc", "become"};
    return fmt::format("{} {}", kWords[static_cast<int>(a.kind)], peer(a.peer));
  }
  std::string operator()(const CapabilityAccess& a) const {
    std::string names;
    for (Capability c : a.capabilities) names += (names.empty() ? "" : ", ") + std::string(word(c));
    return fmt::format("capability {}{}", names, a.in_userns ? " in userns" : "");
  }
  std::string operator()(const MountAccess& a) const {
    std::string out = "mount";
    if (!a.fstypes.empty()) out += fmt::format(" {}", fmt::join(a.fstypes, ", "));
    if (!a.options.empty()) out += fmt::format(" options {}", fmt::join(a.options, ", "));
    if (!a.from.include.empty()) out += " from " + paths(a.from);
    return out + " on " + paths(a.on);
  }
  std::string operator()(const PathsAccess& a) const {
    static constexpr const char* kWords[] = {"unmount", "pivot", "mqueue"};
    return fmt::format("{} {}", kWords[static_cast<int>(a.kind)], paths(a.paths));
  }
  std::string operator()(const PlainAccess& a) const {
    static constexpr const char* kWords[] = {"memory execute", "userns create", "bpf", "perf", "io_uring", "keyring"};
    return kWords[static_cast<int>(a.kind)];
  }
  std::string operator()(const DbusAccess& a) const {
    std::string out = fmt::format("dbus {} \"{}\"", a.own ? "own" : "talk", a.name);
    if (!a.interface.empty()) out += fmt::format(" interface \"{}\"", a.interface);
    if (!a.member.empty()) out += fmt::format(" member \"{}\"", a.member);
    return out + (a.session_bus ? " on session" : " on system");
  }
};

}  // namespace

std::string describe(const Policy& policy, const PathExpr& expr) { return Describer{policy}.paths(expr); }

std::string describe(const Policy& policy, const Access& access) { return std::visit(Describer{policy}, access); }

std::string describe_for(const Policy& policy, DomainId domain, const Access& access) {
  return std::visit(Describer{policy, domain}, access);
}

std::string describe(const Policy& policy, const Rule& rule) {
  return (rule.effect == Effect::deny ? "deny " : "allow ") + describe(policy, rule.access);
}

std::string describe(const Policy& policy, const Condition& c) {
  const auto joined = [&](const char* glue) {
    std::string out;
    for (const Condition& o : c.operands) {
      const bool wrap = o.kind == Condition::Kind::conjunction || o.kind == Condition::Kind::disjunction;
      out += (out.empty() ? "" : glue) + (wrap ? "(" + describe(policy, o) + ")" : describe(policy, o));
    }
    return out;
  };
  switch (c.kind) {
    case Condition::Kind::always:
      return "always";
    case Condition::Kind::boolean:
      return policy.boolean(c.boolean).name;
    case Condition::Kind::negation:
      return "not " + joined("");
    case Condition::Kind::conjunction:
      return joined(" and ");
    case Condition::Kind::disjunction:
      return joined(" or ");
  }
  return "";
}

}  // namespace macc::ir
