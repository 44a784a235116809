// Questions about everything that has no path.
#include "backends/selinux/probe_questions.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "backends/selinux/lowering.h"
#include "backends/selinux/names.h"
#include "backends/selinux/vocabulary.h"

namespace macc::backends::selinux {
namespace {

std::vector<std::string> of(std::string_view text) {
  std::vector<std::string> list;
  for (const std::string_view word : words(text)) list.emplace_back(word);
  return list;
}

// ---- ports

struct PortSpan {
  unsigned first = 0, last = 0;
  std::string type;
};

/// Ports that the kernel gives away itself, as its settings are when nobody changes them: binding to them is not asked.
constexpr unsigned kLocalFirst = 32768, kLocalLast = 60999;
constexpr unsigned kLastPort = 65535;

/// The labels of a protocol's ports: of the artifacts, of the base, and what declarations say of a system that is not
/// there. Among ranges that hold a port, the narrowest counts.
class PortLabels {
 public:
  PortLabels(const Surroundings& here, ir::Protocol protocol) {
    for (const auto& [name, module] : here.modules)
      for (const PortLabel& port : module.ports)
        if (port.protocol == protocol) spans_.push_back({port.range.first, port.range.last, port.type});
    if (here.base.is_skeleton()) declared(here, protocol);
    for (const PortContext& port : here.base.ports())
      if (port.protocol == ir::word(protocol)) spans_.push_back({port.low, port.high, port.type});
    std::stable_sort(spans_.begin(), spans_.end(),
                     [](const PortSpan& a, const PortSpan& b) { return a.last - a.first < b.last - b.first; });
  }

  /// Pieces of a range that have one label each, and are all given away by the kernel or none of them. A port without a
  /// label has the type "".
  [[nodiscard]] std::vector<PortSpan> divide(ir::PortRange range) const {
    const unsigned first = std::max<unsigned>(range.first, 1);
    std::set<unsigned> borders = {kLocalFirst, kLocalLast + 1};
    for (const PortSpan& span : spans_) borders.insert({span.first, span.last + 1});
    std::vector<PortSpan> pieces;
    for (unsigned at = first; at <= range.last;) {
      const auto next = borders.upper_bound(at);
      const unsigned last = std::min<unsigned>(range.last, next == borders.end() ? kLastPort : *next - 1);
      pieces.push_back({at, last, type_of(at)});
      at = last + 1;
    }
    return pieces;
  }

 private:
  void declared(const Surroundings& here, ir::Protocol protocol) {
    for (const ir::Ports& ports : here.input.policy.ports) {
      const auto types = here.platform.bound(ports.bindings, "type");
      if (types.empty()) continue;
      for (const ir::Ports::Item& item : ports.items)
        for (const ir::PortRange& range : item.ranges)
          if (item.protocol == protocol) spans_.push_back({range.first, range.last, types[0]});
    }
  }

  [[nodiscard]] std::string type_of(unsigned port) const {
    for (const PortSpan& span : spans_)
      if (span.first <= port && port <= span.last) return span.type;
    return {};
  }

  std::vector<PortSpan> spans_;
};

/// Builds the pieces of one access.
class Others {
 public:
  Others(const Surroundings& here, ir::DomainId domain, const ir::Access& asked)
      : here_(here), asked_(asked), policy_(here.input.policy), source_(types_of_domain(here, domain).at(0)) {}

  Pieces take() { return std::move(pieces_); }

  void operator()(const ir::NetworkAccess& access) {
    const PortLabels labels(here_, access.protocol);
    std::set<std::pair<std::string, bool>> seen;
    for (const ir::PortRange& range : access.ports)
      for (const PortSpan& span : labels.divide(range)) {
        const bool local = span.first >= kLocalFirst && span.last <= kLocalLast;
        if (seen.emplace(span.type, local).second) port(access, span, local);
      }
  }

  void operator()(const ir::SocketAccess& access) {
    const std::string_view name = socket_class(access.family, access.type);
    if (name.empty()) {
      pieces_.problem = fmt::format("SELinux has no class for sockets of `{}`", printable(access.family));
      return;
    }
    std::vector<Need> all = {on_self(name, "create")};
    const std::vector<std::vector<Need>> ways = {all};
    all.push_back(on_self(name, socket_permissions(name)));
    pieces_.list.push_back({example(), ways, all, "", ""});
  }

  void operator()(const ir::SignalAccess& access) {
    std::vector<ir::Signal> signals = access.signals;
    if (access.any)
      for (const std::string& word : ir::signal_words()) signals.push_back(*ir::signal_of(word));
    for (const ir::Peer& peer : peers(access.peer))
      for (const ir::Signal signal : signals)
        for (const std::string& type : types_of(peer, access.peer.kind == ir::Peer::Kind::any))
          add(ir::SignalAccess{false, {signal}, peer}, {on(type, "process", signal_permission(signal))});
  }

  void operator()(const ir::ProcessAccess& access) {
    for (const ir::Peer& peer : peers(access.peer))
      for (const std::string& type : types_of(peer, access.peer.kind == ir::Peer::Kind::any))
        process({access.kind, peer}, type);
  }

  void operator()(const ir::CapabilityAccess& access) {
    for (const ir::Capability capability : access.capabilities)
      add(ir::CapabilityAccess{{capability}, access.in_userns},
          {on_self(capability_class(capability, access.in_userns), ir::word(capability))});
  }

  void operator()(const ir::PlainAccess& access) {
    using Kind = ir::PlainAccess::Kind;
    switch (access.kind) {
      case Kind::memory_execute:
        return add(access, {on_self("process", "execmem")});
      case Kind::userns_create:
        if (here_.platform.has_permission("user_namespace", "create"))
          return add(access, {on_self("user_namespace", "create")});
        pieces_.list.push_back({example(), {}, {}, "", "not mediated"});
        return;
      case Kind::bpf:
        return with_more(on_self("bpf", "map_create"),
                         on_self("bpf", "map_create map_read map_write prog_load prog_run"));
      case Kind::perf:
        return with_more(on_self("perf_event", "open"), on_self("perf_event", "open cpu kernel tracepoint read write"));
      case Kind::io_uring:
        return with_more(on_self("anon_inode", "create"), on_self("anon_inode", "create read write map"));
      case Kind::keyring:
        return with_more(on_self("key", "create"), on_self("key", "create view read write search link setattr"));
    }
  }

  void operator()(const ir::DbusAccess& access) {
    const std::string& name = here_.platform[access.session_bus ? Name::session_bus : Name::system_bus];
    const std::vector<std::string> buses = access.session_bus ? session_buses(name) : std::vector{name};
    std::vector<std::string> peers;
    if (!access.own)
      for (const ir::DomainId owner : owners_of(policy_, access.name))
        for (std::string& type : types_of_domain(here_, owner)) peers.push_back(std::move(type));
    if (!access.own && peers.empty()) {
      pieces_.problem = fmt::format("nothing says which domain owns `{}` on the bus", printable(access.name));
      return;
    }
    for (const std::string& bus : buses) {
      if (access.own) {
        add(access, {on(bus, "dbus", "acquire_svc")});
        continue;
      }
      for (const std::string& peer : peers) add(access, {on(bus, "dbus", "send_msg"), on(peer, "dbus", "send_msg")});
    }
  }

  /// Accesses on paths are asked elsewhere.
  void operator()(const ir::FileAccess&) {}
  void operator()(const ir::ExecAccess&) {}
  void operator()(const ir::UnixAccess&) {}
  void operator()(const ir::UseAccess&) {}
  void operator()(const ir::MountAccess&) {}
  void operator()(const ir::PathsAccess&) {}

 private:
  [[nodiscard]] std::string example() const { return ir::describe(policy_, asked_); }
  [[nodiscard]] Need on(const std::string& type, std::string_view class_name, std::string_view permissions) const {
    return {source_, type, std::string(class_name), of(permissions)};
  }
  [[nodiscard]] Need on_self(std::string_view class_name, std::string_view permissions) const {
    return on(source_, class_name, permissions);
  }
  void add(const ir::Access& access, std::vector<Need> needs) {
    pieces_.list.push_back(simple_piece(ir::describe(policy_, access), std::move(needs)));
  }
  void with_more(Need decisive, Need wanted) {
    pieces_.list.push_back({example(), {{std::move(decisive)}}, {std::move(wanted)}, "", ""});
  }

  /// Those that a user of the system can have: the policy has types for roles that nobody logs in with.
  [[nodiscard]] std::vector<std::string> session_buses(const std::string& attribute) const {
    std::vector<std::string> types = here_.base.types_in(attribute);
    std::erase_if(types, [&](const std::string& type) {
      const std::vector<std::string> roles = here_.base.roles_of(type);
      return std::none_of(here_.base.users().begin(), here_.base.users().end(), [&](const PolicyUser& user) {
        return std::any_of(user.roles.begin(), user.roles.end(), [&](const std::string& role) {
          return role != here_.platform[Name::object_role] &&
                 std::find(roles.begin(), roles.end(), role) != roles.end();
        });
      });
    });
    return types;
  }

  void port(const ir::NetworkAccess& access, const PortSpan& span, bool local) {
    const std::string socket = std::string(ir::word(access.protocol)) + "_socket";
    const bool udp = access.protocol == ir::Protocol::udp;
    ir::NetworkAccess one = access;
    one.ports = {{static_cast<std::uint16_t>(span.first), static_cast<std::uint16_t>(span.first)}};
    one.named = ir::PortsId::none;
    std::vector<Need> needs;
    if (access.listen) {
      if (!local) needs.push_back(on(span.type, socket, "name_bind"));
      needs.push_back(on(here_.platform[Name::node], socket, "node_bind"));
      needs.push_back(on_self(socket, udp ? "create bind" : "create bind listen accept"));
    } else {
      // Sending over UDP is not checked by port.
      if (!udp) needs.push_back(on(span.type, socket, "name_connect"));
      needs.push_back(on_self(socket, udp ? "create write" : "create connect"));
    }
    add(one, std::move(needs));
  }

  [[nodiscard]] std::vector<ir::Peer> peers(const ir::Peer& peer) const {
    if (peer.kind != ir::Peer::Kind::any) return {peer};
    std::vector<ir::Peer> list;
    for (std::size_t i = 0; i < policy_.domains.size(); ++i)
      list.push_back({ir::Peer::Kind::domain, static_cast<ir::DomainId>(i)});
    return list;
  }

  [[nodiscard]] std::vector<std::string> types_of(const ir::Peer& peer, bool one_of_any) {
    if (peer.kind == ir::Peer::Kind::self) return {source_};
    std::vector<std::string> types = types_of_domain(here_, peer.domain);
    if (types.empty() && !one_of_any) pieces_.problem = without_type(policy_.domain(peer.domain).name);
    return types;
  }

  void process(const ir::ProcessAccess& access, const std::string& type) {
    using Kind = ir::ProcessAccess::Kind;
    switch (access.kind) {
      case Kind::inspect:
        pieces_.list.push_back({ir::describe(policy_, access),
                                {{on(type, "file", "open read"), on(type, "dir", "search")}},
                                {on(type, "file", "open read getattr"), on(type, "dir", "open read getattr search"),
                                 on(type, "lnk_file", "read getattr"), on(type, "process", "getattr")},
                                "",
                                ""});
        return;
      case Kind::trace:
        return add(access, {on(type, "process", "ptrace")});
      case Kind::ipc:
        pieces_.list.push_back({ir::describe(policy_, access),
                                {{on(type, "shm", "associate read unix_read")},
                                 {on(type, "sem", "associate read unix_read")},
                                 {on(type, "msgq", "associate read unix_read")}},
                                {on(type, "shm", "associate getattr read write unix_read unix_write"),
                                 on(type, "sem", "associate getattr read write unix_read unix_write"),
                                 on(type, "msgq", "associate getattr read write unix_read unix_write enqueue")},
                                "",
                                ""});
        return;
      case Kind::become:
        return add(access, {on(type, "process", "dyntransition"), on_self("process", "setcurrent")});
    }
  }

  const Surroundings& here_;
  const ir::Access& asked_;
  const ir::Policy& policy_;
  std::string source_;
  Pieces pieces_;
};

}  // namespace

Piece simple_piece(std::string example, std::vector<Need> needs) {
  Piece piece;
  piece.example = std::move(example);
  piece.ways = {needs};
  piece.wanted = std::move(needs);
  return piece;
}

std::string without_type(const std::string& domain) {
  return fmt::format("`{}` has no type in the system's policy", domain);
}

std::vector<std::string> types_of_domain(const Surroundings& here, ir::DomainId id) {
  const ir::Domain& domain = here.input.policy.domain(id);
  if (!domain.external) return {domain_type(domain)};
  return here.platform.bound(domain.bindings, "type");
}

Pieces plain_pieces(const Surroundings& here, ir::DomainId domain, const ir::Access& access) {
  Others others(here, domain, access);
  std::visit(others, access);
  return others.take();
}

Pieces pieces_of(const Probed& probed, const Probe& probe) {
  const ir::Access& access = *probe.access;
  if (const auto* file = std::get_if<ir::FileAccess>(&access)) return file_pieces(probed, probe, *file);
  if (const auto* exec = std::get_if<ir::ExecAccess>(&access)) return exec_pieces(probed, probe, *exec);
  if (const auto* socket = std::get_if<ir::UnixAccess>(&access)) return unix_pieces(probed, probe, *socket);
  if (const auto* use = std::get_if<ir::UseAccess>(&access)) return use_pieces(probed, probe, *use);
  if (const auto* mount = std::get_if<ir::MountAccess>(&access)) return mount_pieces(probed, probe, *mount);
  if (const auto* paths = std::get_if<ir::PathsAccess>(&access)) return paths_pieces(probed, probe, *paths);
  return plain_pieces(probed, probe.domain, access);
}

}  // namespace macc::backends::selinux
