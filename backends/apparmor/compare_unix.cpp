// Unix sockets where the target mediates them by address and peer. The kernel's keys: family, type, protocol; the
// socket's own address and label; then the peer's, or the number of an operation. What was asked before stays asked.
#include <algorithm>

#include "backends/apparmor/compare_keys.h"
#include "backends/apparmor/network_numbers.h"

namespace macc::backends::apparmor {

namespace {

constexpr unsigned kFamily = 1, kStream = 1, kDgram = 2;
// Operations (seen in what 3.0.8 compiles).
constexpr std::uint32_t kCreate = 0x10, kOwn = 0xc020, kBind = 0x20000, kAccept = 0x10000, kListen = 0x40000,
                        kOptions = 0x180000, kConnect = 0x40, kTransfer = 0x6;
constexpr char kPeerFollows = 1, kListenFollows = 2, kOptionFollows = 4;

/// Addresses as the kernel writes them: none, an abstract name, a path.
enum class Address : std::uint8_t { none, abstract, path };
constexpr Address kAddresses[] = {Address::none, Address::abstract, Address::path};

void append_address(KeyPattern& out, Address address) {
  if (address == Address::none) out.push_back(bytes("\001"));
  if (address == Address::abstract) {
    out.push_back(nul());
    out.push_back(any_text(false));
  }
  if (address == Address::path) {
    out.push_back(bytes("/"));
    out.push_back(any_text());
  }
  out.push_back(nul());
}

void append_name(KeyPattern& out, const std::string& abstract_name) {
  out.push_back(nul());
  out.push_back(bytes(abstract_name));
  out.push_back(nul());
}

KeyPattern socket_key(std::optional<unsigned> type) {
  KeyPattern out = {bytes(std::string(1, kNetworkClass)), number16(kFamily)};
  if (type) {
    out.push_back(number16(*type));
  } else {
    out.push_back(bytes(std::string(1, '\0')));
    out.push_back(one_of(type_numbers()));
  }
  out.push_back(number16(0));
  return out;
}

/// Own addresses: one abstract name, or each kind.
std::vector<KeyPattern> with_own(const KeyPattern& socket, const std::string& abstract_name) {
  std::vector<KeyPattern> out;
  const auto finish = [&](KeyPattern key) {
    key.push_back(any_text());
    key.push_back(nul());
    out.push_back(std::move(key));
  };
  if (!abstract_name.empty()) {
    KeyPattern key = socket;
    append_name(key, abstract_name);
    finish(std::move(key));
    return out;
  }
  for (const Address address : kAddresses) {
    KeyPattern key = socket;
    append_address(key, address);
    finish(std::move(key));
  }
  return out;
}

std::vector<KeyPattern> with_peer(const std::vector<KeyPattern>& own, const std::string& abstract_name,
                                  const std::string& label) {
  std::vector<KeyPattern> out;
  for (const KeyPattern& start : own) {
    for (const Address address : kAddresses) {
      KeyPattern key = start;
      key.push_back(bytes(std::string(1, kPeerFollows)));
      if (abstract_name.empty()) {
        append_address(key, address);
      } else {
        append_name(key, abstract_name);
      }
      key.push_back(label_field(label));
      out.push_back(std::move(key));
      if (!abstract_name.empty()) break;
    }
  }
  return out;
}

KeyPattern with_operation(KeyPattern key, char operation) {
  key.push_back(bytes(std::string(1, operation)));
  key.push_back(any_byte());
  key.push_back(any_byte());
  return key;
}

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
    const KeyPattern socket = socket_key(std::nullopt);
    keys_.ask(socket, kCreate);
    const auto own = with_own(socket, "");
    for (const KeyPattern& key : own) {
      keys_.ask(key, kOwn | kBind | kAccept);
      keys_.ask(with_operation(key, kListenFollows), kListen);
      keys_.ask(with_operation(key, kOptionFollows), kOptions);
    }
    for (const KeyPattern& key : with_peer(own, "", "")) keys_.ask(key, kConnect | kTransfer);
  }

  /// Every domain makes sockets and talks to itself.
  void own_sockets() {
    const KeyPattern socket = socket_key(std::nullopt);
    keys_.add(always_there(c_, socket, kCreate));
    const auto own = with_own(socket, "");
    for (const KeyPattern& key : own) {
      keys_.add(always_there(c_, key, kOwn));
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
      const KeyPattern socket = socket_key(deny ? std::nullopt : std::optional(type));
      access.listen ? listen(rule, access, socket, deny) : connect(rule, access, socket, deny);
    }
  }

  void listen(const ir::Rule& rule, const ir::UnixAccess& access, const KeyPattern& socket, bool deny) {
    const auto own = with_own(socket, access.abstract_name);
    add(rule, own, kBind | kAccept, kListening);
    std::vector<KeyPattern> listening;
    for (const KeyPattern& key : own) listening.push_back(with_operation(key, kListenFollows));
    add(rule, listening, kListen, kListening);
    if (!deny) add(rule, with_peer(own, "", ""), kTransfer, kListening + 1);
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
      if (!deny) add(rule, keys, kTransfer, kConnecting + 1);
    }
  }

  void handed_over(const ir::Rule& rule, const ir::UseAccess& use) {
    if (!use.unix || rule.effect == ir::Effect::deny) return;
    for (const std::string& label : labels_of(c_.build.policy, use.from))
      add(rule, with_peer(with_own(socket_key(std::nullopt), ""), "", label), kTransfer, kHandedOver);
  }

  enum Operation : std::uint8_t { kListening = 0, kConnecting = 2, kHandedOver = 4 };  // and one more for each transfer

  const Comparing& c_;
  KeyComparison keys_;
};

}  // namespace

void compare_unix_sockets(const Comparing& comparing) { UnixSockets(comparing).run(); }

}  // namespace macc::backends::apparmor
