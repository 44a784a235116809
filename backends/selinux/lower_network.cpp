// Network rules: ports by type, sockets by class.
#include <algorithm>

#include "backends/selinux/lowering.h"

namespace macc::backends::selinux {
namespace {

/// `ioctl` asks for the addresses of interfaces; changing them takes a capability.
constexpr std::string_view kSocket = "create read write getattr getopt setopt shutdown ioctl";

std::string socket_of(ir::Protocol protocol) { return std::string(ir::word(protocol)) + "_socket"; }

class NetworkLowering {
 public:
  explicit NetworkLowering(Subject& subject) : subject_(subject) {}

  void run() {
    for (const auto& [rule, access] : subject_.rules<ir::NetworkAccess>(ir::Effect::allow)) {
      rule_ = rule;
      guard_ = subject_.guard(*rule);
      const auto ports = subtract(*access);
      if (ports.empty()) continue;
      own_socket(*access);
      if (access->listen)
        listen(*access, ports);
      else
        connect(*access, ports);
    }
    for (const auto& [rule, access] : subject_.rules<ir::SocketAccess>(ir::Effect::allow)) other_socket(*rule, *access);
  }

 private:
  std::vector<ir::PortRange> subtract(const ir::NetworkAccess& access) {
    std::vector<ir::PortRange> ports = access.ports;
    for (const auto& [rule, denial] : subject_.rules<ir::NetworkAccess>(ir::Effect::deny)) {
      if (denial->listen != access.listen || denial->protocol != access.protocol) continue;
      const Guard other = subject_.guard(*rule);
      if (other.is_always() || other == guard_)
        ports = without(ports, denial->ports);
      else if (without(ports, denial->ports).empty())
        guard_ = guard_.but_not(other);
      else if (without(ports, denial->ports) != ports)
        subject_.say(*rule, Topic::port_type);
    }
    return ports;
  }

  void own_socket(const ir::NetworkAccess& access) {
    const std::string socket = socket_of(access.protocol);
    const Span span = rule_->where.span;
    subject_.allow_self(guard_, socket, kSocket, span);
    // Asked only where packets carry labels or are marked.
    subject_.allow(guard_, subject_.name(Name::netif, span), "netif", "ingress egress", {span, Baseline::packets});
    subject_.allow(guard_, subject_.name(Name::node, span), "node", "recvfrom sendto", {span, Baseline::packets});
    if (access.protocol == ir::Protocol::sctp)
      subject_.allow(guard_, subject_.name(Name::labelled_peer, span), socket, "association", span);
  }

  void listen(const ir::NetworkAccess& access, const std::vector<ir::PortRange>& ports) {
    const std::string socket = socket_of(access.protocol);
    const Span span = rule_->where.span;
    subject_.allow_self(guard_, socket, access.protocol == ir::Protocol::udp ? "bind" : "bind listen accept", span);
    subject_.allow(guard_, subject_.name(Name::node, span), socket, "node_bind", span);
    on_ports(access, ports, "name_bind");
    subject_.say(*rule_, Topic::ephemeral_ports);
    if (access.protocol == ir::Protocol::udp && !may_send_anywhere()) subject_.say(*rule_, Topic::udp_send);
    if (access.protocol == ir::Protocol::udp)
      from_socket_unit(subject_, guard_, socket, "read write getattr getopt setopt",
                       "create bind getattr getopt setopt ioctl", span);
    else
      from_socket_unit(subject_, guard_, socket, "accept listen read write getattr getopt setopt shutdown",
                       "create bind listen getattr getopt setopt ioctl", span);
  }

  /// Whether another rule allows it whenever this one holds, as far as that is plain to see.
  [[nodiscard]] bool may_send_anywhere() const {
    const auto allows = subject_.rules<ir::NetworkAccess>(ir::Effect::allow);
    const auto denials = subject_.rules<ir::NetworkAccess>(ir::Effect::deny);
    const auto sends = [](const ir::NetworkAccess& access) {
      return !access.listen && access.protocol == ir::Protocol::udp;
    };
    return std::none_of(denials.begin(), denials.end(), [&](const auto& entry) { return sends(*entry.second); }) &&
           std::any_of(allows.begin(), allows.end(), [&](const auto& entry) {
             const Guard guard = subject_.guard(*entry.first);
             return sends(*entry.second) && is_any(entry.second->ports) && (guard.is_always() || guard == guard_);
           });
  }

  void connect(const ir::NetworkAccess& access, const std::vector<ir::PortRange>& ports) {
    subject_.allow_self(guard_, socket_of(access.protocol), "connect", rule_->where.span);
    if (access.protocol != ir::Protocol::udp) return on_ports(access, ports, "name_connect");
    if (!is_any(ports)) subject_.say(*rule_, Topic::udp_send);
  }

  void on_ports(const ir::NetworkAccess& access, const std::vector<ir::PortRange>& ports, std::string_view permission) {
    const std::string socket = socket_of(access.protocol);
    if (is_any(ports)) return on_port_type(subject_.name(Name::port_types, rule_->where.span), socket, permission);
    if (is_any(access.ports)) return on_rest_of_any(access, ports, permission);
    if (access.named != ir::PortsId::none && named(access, ports, permission)) return;
    for (const PortSegment* segment : subject_.context.ports.touching(access.protocol, ports)) {
      on_port_type(segment->type, socket, permission);
      say_denied(access, segment->type);
      if (!segment->own) say_others(segment->type, ports, access.protocol);
    }
  }

  /// "any" less what is denied: through an attribute, so that types that come later are covered too.
  void on_rest_of_any(const ir::NetworkAccess& access, const std::vector<ir::PortRange>& ports,
                      std::string_view permission) {
    const PortPlan::Left left = subject_.context.ports.left_of_any(access.protocol, ports);
    const std::string& all = subject_.name(Name::port_types, rule_->where.span);
    std::string types = all;
    if (!left.gone.empty())
      types = subject_.attribute_for(cil::form("and", all, cil::form("not", cil::Node::symbols(left.gone))), "ports",
                                     rule_->where.span);
    on_port_type(types, socket_of(access.protocol), permission);
    if (left.partly.empty()) return;
    for (const auto& [rule, denial] : subject_.rules<ir::NetworkAccess>(ir::Effect::deny))
      if (denial->listen == access.listen && denial->protocol == access.protocol)
        subject_.say(*rule, Topic::port_type, {left.partly.begin(), left.partly.end()});
  }

  /// The rule named external ports: their types, whatever else the ports are in.
  bool named(const ir::NetworkAccess& access, const std::vector<ir::PortRange>& ports, std::string_view permission) {
    const ir::Ports& set = subject_.context.policy.port_set(access.named);
    if (set.bindings.find("selinux", "type") == nullptr) return false;
    report_unbound(subject_.context, set.bindings, set.name, set.span, rule_->where.span);
    for (const auto& type : subject_.context.platform.bound(set.bindings, "type")) {
      on_port_type(type, socket_of(access.protocol), permission);
      say_denied(access, type);
      say_others(type, ports, access.protocol);
    }
    return true;
  }

  void on_port_type(const std::string& type, const std::string& socket, std::string_view permission) {
    subject_.allow(guard_, type, socket, permission, rule_->where.span);
    if (rule_->audit) subject_.audit(guard_, type, socket, {permission}, rule_->where.span);
  }

  /// A denied port that shares its type with one that stays allowed is reached all the same.
  void say_denied(const ir::NetworkAccess& access, const std::string& type) {
    for (const auto& [rule, denial] : subject_.rules<ir::NetworkAccess>(ir::Effect::deny)) {
      if (denial->listen != access.listen || denial->protocol != access.protocol) continue;
      const Guard other = subject_.guard(*rule);
      if (!other.is_always() && other != guard_) continue;
      for (const PortSegment* segment : subject_.context.ports.touching(access.protocol, denial->ports))
        if (segment->type == type)
          subject_.say(*rule, Topic::port_type, {type + ": " + text_of(access.protocol, segment->range)});
    }
  }

  void say_others(const std::string& type, const std::vector<ir::PortRange>& ports, ir::Protocol protocol) {
    std::vector<std::string> others;
    for (const auto& segment : subject_.context.ports.segments())
      if (!segment.own && segment.type == type && segment.protocol == protocol)
        for (const auto& rest : without({segment.range}, ports))
          others.push_back(type + ": " + text_of(protocol, rest));
    if (!others.empty()) subject_.say(*rule_, Topic::port_type, others);
  }

  // ---- sockets of other families

  void other_socket(const ir::Rule& rule, const ir::SocketAccess& access) {
    const std::string_view socket = socket_class(access.family, access.type);
    if (socket.empty()) {
      subject_.context.diagnostics.report(Code::E1018, rule.where.span,
                                          "SELinux has no class for sockets of `" + printable(access.family) + "`");
      return;
    }
    const Guard own = subject_.guard(rule);
    Guard guard = own;
    for (const auto& [denial, denied] : subject_.rules<ir::SocketAccess>(ir::Effect::deny)) {
      if (denied->family != access.family || (!denied->type.empty() && denied->type != access.type)) continue;
      const Guard other = subject_.guard(*denial);
      if (other.is_always() || other == own) return;
      guard = guard.but_not(other);
    }
    subject_.allow_self(guard, socket, socket_permissions(socket), rule.where.span);
    // Binding over IP asks for the address, whatever the protocol.
    if (binds_to_addresses(socket))
      subject_.allow(guard, subject_.name(Name::node, rule.where.span), socket, "node_bind", rule.where.span);
    netlink_messages(access, socket, guard, rule.where.span);
    if (access.family.starts_with("netlink")) subject_.say(rule, Topic::netlink);
  }

  /// Classes whose messages are told apart into reads and writes; writing goes with the right to configure networks.
  void netlink_messages(const ir::SocketAccess& access, std::string_view socket, const Guard& guard, Span span) {
    static constexpr std::string_view kWithMessages[] = {"netlink_route_socket", "netlink_tcpdiag_socket",
                                                         "netlink_xfrm_socket", "netlink_audit_socket"};
    if (std::find(std::begin(kWithMessages), std::end(kWithMessages), socket) == std::end(kWithMessages)) return;
    subject_.allow_self(guard, socket, "nlmsg_read", span);
    for (const auto& [rule, capability] : subject_.rules<ir::CapabilityAccess>(ir::Effect::allow)) {
      const auto& list = capability->capabilities;
      const ir::Capability wanted =
          access.family == "netlink.audit" ? ir::Capability::audit_write : ir::Capability::net_admin;
      if (std::find(list.begin(), list.end(), wanted) == list.end()) continue;
      subject_.allow_self(guard.both(subject_.guard(*rule)), socket,
                          access.family == "netlink.audit" ? "nlmsg_relay nlmsg_write" : "nlmsg_write", span);
    }
  }

  Subject& subject_;
  const ir::Rule* rule_ = nullptr;
  Guard guard_;
};

}  // namespace

void lower_network(Subject& subject) { NetworkLowering(subject).run(); }

}  // namespace macc::backends::selinux
