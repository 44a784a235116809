// Sockets by family and type.
#include <algorithm>
#include <bitset>

#include "backends/apparmor/asked_keys.h"
#include "backends/apparmor/compare_keys.h"

namespace macc::backends::apparmor {

namespace {

/// Ports of an allow that the denies which hold leave.
bool some_port_left(const Comparing& c, const ir::NetworkAccess& allow) {
  std::bitset<65536> left;
  const auto mark = [&](const ir::NetworkAccess& access, bool value) {
    for (const ir::PortRange& range : access.ports) {
      for (unsigned port = range.first; port <= range.last; ++port) left.set(port, value);
    }
  };
  mark(allow, true);
  for (const ir::Rule& rule : c.domain().rules) {
    const auto* deny = std::get_if<ir::NetworkAccess>(&rule.access);
    const bool takes = deny != nullptr && rule.effect == ir::Effect::deny && holds(c, rule);
    if (takes && deny->listen == allow.listen && deny->protocol == allow.protocol) mark(*deny, false);
  }
  return left.any();
}

bool is_socket_left(const Comparing& c, const ir::SocketAccess& allow) {
  const auto& rules = c.domain().rules;
  return std::none_of(rules.begin(), rules.end(), [&](const ir::Rule& rule) {
    const auto* deny = std::get_if<ir::SocketAccess>(&rule.access);
    if (deny == nullptr || rule.effect != ir::Effect::deny || !holds(c, rule)) return false;
    return deny->family == allow.family && (deny->type.empty() || deny->type == allow.type);
  });
}

/// Whether a deny that holds takes something of it: then the family may be given or not.
bool is_touched(const Comparing& c, const ir::UnixAccess& allow) {
  const auto& rules = c.domain().rules;
  return std::any_of(rules.begin(), rules.end(), [&](const ir::Rule& rule) {
    const auto* deny = std::get_if<ir::UnixAccess>(&rule.access);
    return deny != nullptr && rule.effect == ir::Effect::deny && holds(c, rule) && deny->listen == allow.listen &&
           deny->abstract_name == allow.abstract_name;
  });
}

class Networks {
 public:
  explicit Networks(const Comparing& c) : c_(c), keys_(c) {}

  void run() {
    keys_.compare_logs(KeyComparison::Logs::grants);  // denies are among the allows, as ports that are left
    ask();
    // What the writer puts beside conditions: nobody can make a socket of it.
    if (!c_.build.policy.booleans.empty()) add(SocketKind{"unspec", "stream"}, KeyRule{}, false);
    for (const ir::Rule& rule : c_.domain().rules) {
      if (rule.effect == ir::Effect::allow && holds(c_, rule)) allow(rule);
    }
    keys_.run(c_.profile.classes ? &*c_.profile.classes : nullptr);
  }

 private:
  /// Families of sixteen bits; unix sockets have longer keys where the target mediates them.
  void ask() {
    ByteSet low;
    low.set();
    if (c_.build.features.mediates(Class::unix_sockets)) low.reset(kUnixFamily);
    const KeyField type_class = bytes(std::string(1, kNetworkClass));
    keys_.ask({type_class, bytes(std::string(1, '\0')), KeyByte{low}, any_byte(), any_byte()}, kEverySocketOperation);
    ByteSet high;
    high.set().reset(0);
    keys_.ask({type_class, KeyByte{high}, any_byte(), any_byte(), any_byte()}, kEverySocketOperation);
  }

  void add(const SocketKind& kind, KeyRule rule, bool required) {
    rule.pattern = network_key(kind);
    rule.bits = kEverySocketOperation;
    rule.holds = required;
    rule.given_always = true;
    keys_.add(std::move(rule));
  }

  void allow(const ir::Rule& rule) {
    const auto add_all = [&](const std::vector<SocketKind>& kinds, bool required) {
      for (const SocketKind& kind : kinds) {
        KeyRule key;
        key.origin = c_.build.origin(rule);
        key.audit = rule.audit && !std::holds_alternative<ir::DbusAccess>(rule.access);
        add(kind, std::move(key), required);
      }
    };
    if (const auto* a = std::get_if<ir::NetworkAccess>(&rule.access)) {
      add_all(sockets_for(a->protocol), some_port_left(c_, *a));
    } else if (const auto* s = std::get_if<ir::SocketAccess>(&rule.access)) {
      if (is_socket_left(c_, *s)) add_all(sockets_for(*s), true);
    } else if (const auto* u = std::get_if<ir::UnixAccess>(&rule.access)) {
      if (!c_.build.features.mediates(Class::unix_sockets)) add_all(kFamily, !is_touched(c_, *u));
    } else if (const auto* use = std::get_if<ir::UseAccess>(&rule.access)) {
      handed_over(*use, add_all);
    } else if (std::holds_alternative<ir::DbusAccess>(rule.access)) {
      if (!c_.build.features.mediates(Class::unix_sockets)) add_all({{"unix", "stream"}}, true);
    }
  }

  /// What an unconfined domain hands over is not checked.
  template <class Add>
  void handed_over(const ir::UseAccess& use, const Add& add_all) const {
    if (labels_of(c_.build.policy, use.from) == std::vector<std::string>{"unconfined"}) return;
    const bool touched = denies_of_use();
    if (use.tcp) add_all(sockets_for(ir::Protocol::tcp), !touched);
    if (use.udp) add_all(sockets_for(ir::Protocol::udp), !touched);
    if (use.unix && !c_.build.features.mediates(Class::unix_sockets)) add_all(kFamily, !touched);
  }

  [[nodiscard]] bool denies_of_use() const {
    const auto& rules = c_.domain().rules;
    return std::any_of(rules.begin(), rules.end(), [&](const ir::Rule& rule) {
      return std::holds_alternative<ir::UseAccess>(rule.access) && rule.effect == ir::Effect::deny && holds(c_, rule);
    });
  }

  static inline const std::vector<SocketKind> kFamily = {{"unix", "stream"}, {"unix", "dgram"}};

  const Comparing& c_;
  KeyComparison keys_;
};

}  // namespace

void compare_networks(const Comparing& comparing) { Networks(comparing).run(); }

}  // namespace macc::backends::apparmor
