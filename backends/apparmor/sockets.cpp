// Networks, unix sockets, other socket families, and sockets that were handed over.
#include <algorithm>

#include "backends/apparmor/build.h"
#include "backends/apparmor/ports.h"

namespace macc::backends::apparmor {

namespace {

using ir::Effect;

/// What a rule needs of the network class, for allow and for deny.
struct Demand {
  const ir::Rule* rule = nullptr;
  Guard guard = Guard::always();
  std::vector<SocketKind> kinds;
};

bool covers(const std::vector<ir::PortRange>& wide, const std::vector<ir::PortRange>& narrow) {
  return std::all_of(narrow.begin(), narrow.end(), [&](const ir::PortRange& n) {
    return std::any_of(wide.begin(), wide.end(),
                       [&](const ir::PortRange& w) { return w.first <= n.first && n.last <= w.last; });
  });
}

/// Whether the deny takes away all that the allow gives.
bool takes_all(const ir::Access& deny, const ir::Access& allow) {
  if (deny.index() != allow.index()) return false;
  if (const auto* d = std::get_if<ir::NetworkAccess>(&deny)) {
    const auto& a = std::get<ir::NetworkAccess>(allow);
    return d->listen == a.listen && d->protocol == a.protocol && covers(d->ports, a.ports);
  }
  if (const auto* d = std::get_if<ir::SocketAccess>(&deny)) {
    const auto& a = std::get<ir::SocketAccess>(allow);
    return d->family == a.family && (d->type.empty() || d->type == a.type);
  }
  if (const auto* d = std::get_if<ir::UnixAccess>(&deny)) {
    const auto& a = std::get<ir::UnixAccess>(allow);
    return d->listen == a.listen && !d->abstract_name.empty() && d->abstract_name == a.abstract_name;
  }
  return false;
}

/// apparmor_parser 4 makes a rule of every port; a longer range is written without ports.
constexpr int kMostPorts = 1024;

bool is_any(const ir::PortRange& range) { return range.first == 0 && range.last == 65535; }

class Sockets {
 public:
  Sockets(Build& build, ir::DomainId id) : build_(build), id_(id), domain_(build.policy.domain(id)) {}

  void run() {
    for (const ir::Rule& rule : domain_.rules) collect(rule);
    for (const Demand& d : allows_) lower_allow(d);
    for (const Demand& d : denies_) lower_deny(d);
    own_sockets();
  }

 private:
  void collect(const ir::Rule& rule) {
    Demand demand{&rule, Guard::of(rule.condition), kinds_of(rule.access)};
    const bool ours = std::holds_alternative<ir::NetworkAccess>(rule.access) ||
                      std::holds_alternative<ir::SocketAccess>(rule.access) ||
                      std::holds_alternative<ir::UnixAccess>(rule.access) ||
                      std::holds_alternative<ir::UseAccess>(rule.access);
    if (ours) (rule.effect == Effect::allow ? allows_ : denies_).push_back(std::move(demand));
  }

  std::vector<SocketKind> kinds_of(const ir::Access& access) const {
    if (const auto* a = std::get_if<ir::NetworkAccess>(&access)) return sockets_for(a->protocol);
    if (const auto* a = std::get_if<ir::SocketAccess>(&access)) return sockets_for(*a);
    const bool family = !build_.features.mediates(Class::unix_sockets);
    if (std::holds_alternative<ir::UnixAccess>(access) && family) return {{"unix", "stream"}, {"unix", "dgram"}};
    if (const auto* a = std::get_if<ir::UseAccess>(&access)) return kinds_of(*a);
    return {};
  }

  /// What an unconfined domain opened and hands over is not checked at all.
  std::vector<SocketKind> kinds_of(const ir::UseAccess& a) const {
    std::vector<SocketKind> out;
    if (labels_of(build_.policy, a.from) == std::vector<std::string>{"unconfined"}) return out;
    const auto append = [&](std::vector<SocketKind> more) { out.insert(out.end(), more.begin(), more.end()); };
    if (a.tcp) append(sockets_for(ir::Protocol::tcp));
    if (a.udp) append(sockets_for(ir::Protocol::udp));
    if (a.unix && !build_.features.mediates(Class::unix_sockets)) append({{"unix", "stream"}, {"unix", "dgram"}});
    return out;
  }

  /// When the allow still gives something, after the denies that take all of it.
  Guard remaining(const Demand& allow) const {
    Guard out = allow.guard;
    for (const Demand& d : denies_) {
      if (takes_all(d.rule->access, allow.rule->access)) out = out & !d.guard;
    }
    return out;
  }

  void lower_allow(const Demand& demand) {
    const Guard guard = remaining(demand);
    if (!guard.possible()) {
      build_.fidelity.add(id_, *demand.rule, Topic::none);
      return;
    }
    if (by_ports(demand)) {
      add_ports(demand);
    } else {
      for (const SocketKind& kind : demand.kinds) add(guard, demand, kind);
    }
    if (build_.features.mediates(Class::unix_sockets)) unix_rules(guard, *demand.rule);
    log_allow(demand);
  }

  // ---- ports, where they are mediated ----

  std::vector<std::pair<Guard, ir::PortRange>> ports_of(const Demand& allow) const {
    const auto& access = std::get<ir::NetworkAccess>(allow.rule->access);
    std::vector<GuardedPorts> denies;
    for (const Demand& d : denies_) {
      const auto* denied = std::get_if<ir::NetworkAccess>(&d.rule->access);
      if (denied != nullptr && denied->listen == access.listen && denied->protocol == access.protocol)
        denies.push_back({d.guard, denied->ports});
    }
    return remaining_ports({allow.guard, access.ports}, denies);
  }

  /// Whether the rules for an allow name its ports.
  bool by_ports(const Demand& allow) const {
    const auto* access = std::get_if<ir::NetworkAccess>(&allow.rule->access);
    if (access == nullptr || access->protocol == ir::Protocol::sctp || !build_.features.mediates(Class::ports))
      return false;
    const auto ports = ports_of(allow);
    return std::all_of(ports.begin(), ports.end(),
                       [](const auto& p) { return is_any(p.second) || p.second.last - p.second.first < kMostPorts; });
  }

  /// A socket is made and its options are set before it has a port.
  void add_ports(const Demand& demand) {
    const bool listen = std::get<ir::NetworkAccess>(demand.rule->access).listen;
    const auto kind = listen ? NetworkPorts::Kind::listen : NetworkPorts::Kind::connect;
    for (const auto& [guard, range] : ports_of(demand)) {
      for (const SocketKind& socket : demand.kinds) {
        add(guard, demand, socket, NetworkPorts{});
        add(guard, demand, socket, NetworkPorts{kind, range});
      }
    }
  }

  /// Whether a deny holds since all that is allowed of the same sockets names its ports.
  bool held_by_ports(const Demand& deny) const {
    return std::holds_alternative<ir::NetworkAccess>(deny.rule->access) &&
           std::all_of(allows_.begin(), allows_.end(), [&](const Demand& allow) {
             const bool meets = std::any_of(allow.kinds.begin(), allow.kinds.end(), [&](const SocketKind& a) {
               return std::any_of(deny.kinds.begin(), deny.kinds.end(),
                                  [&](const SocketKind& d) { return overlap(a, d); });
             });
             return !meets || by_ports(allow);
           });
  }

  void add(const Guard& guard, const Demand& demand, const SocketKind& kind, std::optional<NetworkPorts> ports = {}) {
    NetworkRule rule{qualifiers(*demand.rule), std::string(kind.family), std::string(kind.type), ports};
    build_.draft(id_).add(guard, std::move(rule), build_.origin(*demand.rule));
  }

  void log_allow(const Demand& demand) {
    const ir::Rule& rule = *demand.rule;
    if (const auto* a = std::get_if<ir::NetworkAccess>(&rule.access)) {
      const bool sctp = a->protocol == ir::Protocol::sctp;
      const Topic ports = by_ports(demand) ? Topic::network_ports_announced : Topic::network_ports;
      build_.fidelity.add(id_, rule, sctp ? Topic::network_sctp : ports,
                          {a->listen ? "connect" : "listen", "every other port"});
    } else if (const auto* s = std::get_if<ir::SocketAccess>(&rule.access)) {
      const bool shared = s->family.starts_with("netlink.") || s->family == "icmp";
      build_.fidelity.add(id_, rule, shared ? Topic::socket_protocol : Topic::none);
    } else if (const auto* use = std::get_if<ir::UseAccess>(&rule.access)) {
      log_use(rule, *use);
    } else {
      log_unix(rule, std::get<ir::UnixAccess>(rule.access));
    }
  }

  void log_unix(const ir::Rule& rule, const ir::UnixAccess& access) {
    const bool family = !build_.features.mediates(Class::unix_sockets), path = access.abstract_name.empty();
    if (path) build_.fidelity.add(id_, rule, Topic::unix_path);
    if (path && !access.listen && family) build_.fidelity.add(id_, rule, Topic::unix_connect);
    build_.fidelity.add(id_, rule, family ? Topic::unix_family : Topic::none);
  }

  /// A socket that was handed over is let through by what lets one of its kind be made.
  void log_use(const ir::Rule& rule, const ir::UseAccess& use) {
    build_.fidelity.add(id_, rule, Topic::none);
    if (labels_of(build_.policy, use.from) == std::vector<std::string>{"unconfined"}) return;
    if (use.terminal || !use.paths.include.empty()) build_.fidelity.add(id_, rule, Topic::handed_over);
    if (use.tcp || use.udp) build_.fidelity.add(id_, rule, Topic::network_ports);
    if (use.unix && !build_.features.mediates(Class::unix_sockets)) build_.fidelity.add(id_, rule, Topic::unix_family);
  }

  // ---- unix, where names and peers are mediated ----

  void unix_rules(const Guard& guard, const ir::Rule& rule) {
    if (const auto* use = std::get_if<ir::UseAccess>(&rule.access); use != nullptr && use->unix) {
      for (const std::string& label : labels_of(build_.policy, use->from)) {
        UnixRule unix_rule;
        unix_rule.qualifiers = qualifiers(rule);
        unix_rule.transfer = true;
        unix_rule.peer = label;
        build_.add_unconditional(id_, id_, guard, unix_rule, rule);
      }
    }
    const auto* a = std::get_if<ir::UnixAccess>(&rule.access);
    if (a == nullptr) return;
    for (const char* type : {"stream", "dgram"}) {
      if (a->abstract_name.empty()) {
        plain_socket(guard, rule, type);
      } else if (a->listen) {
        abstract_listen(guard, rule, *a, type);
      } else {
        abstract_connect(guard, rule, *a, type);
      }
    }
  }

  /// Socket files are mediated by their path; the socket itself has to be made.
  void plain_socket(const Guard& guard, const ir::Rule& rule, const char* type) {
    UnixRule out;
    out.qualifiers = qualifiers(rule);
    out.type = type;
    build_.add_unconditional(id_, id_, guard, out, rule);
  }

  void abstract_listen(const Guard& guard, const ir::Rule& rule, const ir::UnixAccess& a, const char* type) {
    UnixRule out;
    out.qualifiers = qualifiers(rule);
    out.type = type;
    out.listen = out.transfer = true;
    out.address = a.abstract_name;
    build_.add_unconditional(id_, id_, guard, out, rule);
  }

  void abstract_connect(const Guard& guard, const ir::Rule& rule, const ir::UnixAccess& a, const char* type) {
    plain_socket(guard, rule, type);
    UnixRule out;
    out.qualifiers = qualifiers(rule);
    out.type = type;
    out.connect = out.transfer = true;
    out.peer_address = a.abstract_name;
    for (ir::DomainId server : a.servers) {
      for (const std::string& label : labels_of(build_.policy, server)) {
        out.peer = label;
        build_.add_unconditional(id_, id_, guard, out, rule);
      }
    }
    if (a.servers.empty()) build_.add_unconditional(id_, id_, guard, out, rule);
  }

  void own_sockets() {
    if (!build_.features.mediates(Class::unix_sockets)) return;
    build_.draft(id_).add(Guard::always(), UnixRule{}, {domain_.where.span, "always there: sockets to itself"});
    UnixRule out;
    out.listen = out.connect = out.transfer = true;
    out.peer = label_of(build_.policy, id_);
    build_.draft(id_).add(Guard::always(), out, {domain_.where.span, "always there: sockets to itself"});
  }

  // ---- deny ----

  /// A deny rule holds for a whole family and type: only where nothing of it stays allowed.
  bool still_needed(const SocketKind& kind, const Guard& when) const {
    return std::any_of(allows_.begin(), allows_.end(), [&](const Demand& a) {
      const bool same =
          std::any_of(a.kinds.begin(), a.kinds.end(), [&](const SocketKind& k) { return overlap(k, kind); });
      return same && (remaining(a) & when).possible();
    });
  }

  void lower_deny(const Demand& demand) {
    if (build_.features.mediates(Class::unix_sockets)) unix_rules_denied(demand);
    bool whole = true;
    for (const SocketKind& kind : demand.kinds) {
      if (still_needed(kind, demand.guard)) {
        whole = false;
      } else if (kind.family != "unix") {
        add(demand.guard, demand, kind);
      }  // The parser turns no deny of unix sockets into one of the family (seen with 3.0.8); nothing allows it,
         // either.
    }
    const bool network = std::holds_alternative<ir::NetworkAccess>(demand.rule->access);
    const Topic in_part = held_by_ports(demand) ? Topic::network_ports_announced : Topic::network_deny;
    const Topic topic = network ? in_part : Topic::deny_shared_bit;
    build_.fidelity.add(id_, *demand.rule, whole ? Topic::none : topic);
  }

  void unix_rules_denied(const Demand& demand) {
    const auto* a = std::get_if<ir::UnixAccess>(&demand.rule->access);
    if (a == nullptr || a->abstract_name.empty()) return;
    UnixRule out;
    out.qualifiers = qualifiers(*demand.rule);
    (a->listen ? out.listen : out.connect) = true;
    (a->listen ? out.address : out.peer_address) = a->abstract_name;
    build_.add_unconditional(id_, id_, demand.guard, out, *demand.rule);
  }

  Build& build_;
  ir::DomainId id_;
  const ir::Domain& domain_;
  std::vector<Demand> allows_, denies_;
};

}  // namespace

void lower_sockets(Build& build, ir::DomainId id) { Sockets(build, id).run(); }

}  // namespace macc::backends::apparmor
