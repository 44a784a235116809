// Unix sockets where the target mediates them by address and peer. What was asked before stays asked.
#include "backends/apparmor/asked_keys.h"
#include "backends/apparmor/compare_keys.h"

namespace macc::backends::apparmor {

namespace {

constexpr unsigned kStream = 1, kDgram = 2;

class UnixSockets {
 public:
  explicit UnixSockets(const Comparing& c) : c_(c), keys_(c) {}

  void run() {
    if (!c_.build.features.mediates(Class::unix_sockets)) return;
    ask();
    own_sockets();
    for (const ir::Rule& rule : c_.domain().rules) {
      if (const auto* a = std::get_if<ir::UnixAccess>(&rule.access)) unix_rule(rule, *a);
      if (const auto* u = std::get_if<ir::UseAccess>(&rule.access)) handed_over(rule, *u);
    }
    keys_.run(c_.profile.classes ? &*c_.profile.classes : nullptr);
  }

 private:
  void ask() {
    const KeyPattern socket = unix_key(std::nullopt);
    keys_.ask(socket, kCreateSocket);
    const auto own = with_own(socket, "");
    for (const KeyPattern& key : own) {
      keys_.ask(key, kOwnSocket | kBind | kAccept);
      keys_.ask(with_operation(key, kListenFollows), kListen);
      keys_.ask(with_operation(key, kOptionFollows), kOptions);
    }
    for (const KeyPattern& key : with_peer(own, "", "")) keys_.ask(key, kConnect | kTransfer);
  }

  /// Every domain makes sockets and talks to itself.
  void own_sockets() {
    const KeyPattern socket = unix_key(std::nullopt);
    keys_.add(always_there(c_, socket, kCreateSocket));
    const auto own = with_own(socket, "");
    for (const KeyPattern& key : own) {
      keys_.add(always_there(c_, key, kOwnSocket));
      add_own(key, kAccept, kListening);
      keys_.add(always_there(c_, with_operation(key, kOptionFollows), kOptions));
    }
    for (const KeyPattern& key : with_peer(own, "", label_of(c_.build.policy, c_.id))) own_peer(key);
  }

  void own_peer(const KeyPattern& key) {
    add_own(key, kConnect, kConnecting);
    keys_.add(always_there(c_, key, kTransfer));
  }

  /// Every domain has it, but for names that are denied.
  void add_own(const KeyPattern& key, std::uint32_t bits, int operation) {
    KeyRule rule = always_there(c_, key, bits);
    rule.operation = operation;
    keys_.add(std::move(rule));
  }

  void add(const ir::Rule& rule, const std::vector<KeyPattern>& keys, std::uint32_t bits, int operation) {
    for (const KeyPattern& key : keys) keys_.add(key_rule(c_, rule, key, bits, operation));
  }

  void unix_rule(const ir::Rule& rule, const ir::UnixAccess& access) {
    if (access.abstract_name.empty()) return;  // a path is among the files
    const bool deny = rule.effect == ir::Effect::deny;
    for (const unsigned type : {kStream, kDgram}) {
      const KeyPattern socket = unix_key(deny ? std::nullopt : std::optional(type));
      access.listen ? listen(rule, access, socket) : connect(rule, access, socket, deny);
    }
  }

  void listen(const ir::Rule& rule, const ir::UnixAccess& access, const KeyPattern& socket) {
    const auto own = with_own(socket, access.abstract_name);
    add(rule, own, kBind | kAccept, kListening);
    std::vector<KeyPattern> listening;
    for (const KeyPattern& key : own) listening.push_back(with_operation(key, kListenFollows));
    add(rule, listening, kListen, kListening);
    add(rule, with_peer(own, "", ""), kTransfer, kListening + 1);
  }

  void connect(const ir::Rule& rule, const ir::UnixAccess& access, const KeyPattern& socket, bool deny) {
    const auto own = with_own(socket, "");
    std::vector<std::string> labels;
    for (const ir::DomainId server : access.servers) {
      for (const std::string& label : labels_of(c_.build.policy, server)) labels.push_back(label);
    }
    if (labels.empty() || deny) labels = {""};
    for (const std::string& label : labels) {
      const auto keys = with_peer(own, access.abstract_name, label);
      add(rule, keys, kConnect, kConnecting);
      add(rule, keys, kTransfer, kConnecting + 1);
    }
  }

  void handed_over(const ir::Rule& rule, const ir::UseAccess& use) {
    if (!use.unix || rule.effect == ir::Effect::deny) return;
    for (const std::string& label : labels_of(c_.build.policy, use.from))
      add(rule, with_peer(with_own(unix_key(std::nullopt), ""), "", label), kTransfer, kHandedOver);
  }

  enum Operation : std::uint8_t { kListening = 0, kConnecting = 2, kHandedOver = 4 };  // and one more for each transfer

  const Comparing& c_;
  KeyComparison keys_;
};

}  // namespace

void compare_unix_sockets(const Comparing& comparing) { UnixSockets(comparing).run(); }

}  // namespace macc::backends::apparmor
