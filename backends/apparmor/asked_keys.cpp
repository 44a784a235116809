#include "backends/apparmor/asked_keys.h"

#include <algorithm>
#include <map>

#include "backends/apparmor/key_words.h"
#include "backends/apparmor/network_numbers.h"

namespace macc::backends::apparmor {

namespace {

KeyField class_field(char policy_class) { return bytes(std::string(1, policy_class)); }

KeyField text_or_any(const std::string& text) { return text.empty() ? any_text() : bytes(text); }

/// Type 0 to 255 in two bytes, each that has a number.
void append_every_type(KeyPattern& out) {
  out.push_back(bytes(std::string(1, '\0')));
  out.push_back(one_of(type_numbers()));
}

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

constexpr unsigned kExists = 35, kFirstRealTime = 128, kLastRealTime = 192;
constexpr unsigned kFirstFlag = 1, kLastFlag = 32;

}  // namespace

KeyField label_field(const std::string& label) { return label.empty() ? any_text(false) : bytes(label); }

// ---- sockets ----

KeyPattern network_key(const SocketKind& kind) {
  KeyPattern out = {class_field(kNetworkClass), number16(family_number(kind.family))};
  if (kind.type.empty()) {
    append_every_type(out);
  } else {
    out.push_back(number16(type_number(kind.type)));
  }
  return out;
}

KeyPattern unix_key(std::optional<unsigned> type) {
  KeyPattern out = {class_field(kNetworkClass), number16(kUnixFamily)};
  if (type) {
    out.push_back(number16(*type));
  } else {
    append_every_type(out);
  }
  out.push_back(number16(0));
  return out;
}

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

// ---- processes ----

unsigned signal_number(ir::Signal signal) { return signal == 0 ? kExists : signal; }

std::vector<unsigned> every_signal() {
  std::vector<unsigned> out;
  for (unsigned n = 1; n <= kExists; ++n) out.push_back(n);
  for (unsigned n = kFirstRealTime; n <= kLastRealTime; ++n) out.push_back(n);
  return out;
}

std::vector<unsigned> signal_numbers(const ir::SignalAccess& access) {
  if (access.any) return every_signal();
  std::vector<unsigned> out;
  for (const ir::Signal s : access.signals) out.push_back(signal_number(s));
  return out;
}

KeyPattern signal_key(const std::vector<unsigned>& numbers, const std::string& label) {
  return {class_field(kSignalClass), one_of(numbers), label_field(label)};
}

KeyPattern trace_key(const std::string& label) { return {class_field(kTraceClass), label_field(label)}; }

// ---- mounts ----

std::string mount_flags(const std::vector<std::string>& options) {
  static const std::map<std::string_view, std::string_view> table = {
#define MACC_MOUNT_FLAG(word, flags) {word, flags},
#include "backends/apparmor/mount_flags.def"
#undef MACC_MOUNT_FLAG
  };
  std::string out;
  for (const std::string& option : options) out += table.at(option);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

KeyField any_mount_flags() {
  KeyText out;
  for (unsigned flag = kFirstFlag; flag <= kLastFlag; ++flag) out.set.set(flag);
  return out;
}

KeyField any_mount_source() {
  KeyText out;
  out.set.set().reset(0).reset('\n');
  return out;
}

KeyPattern mount_key(const KeyField& on, const KeyField& from, const KeyField& type, const KeyField& flags) {
  return {class_field(kMountClass), on, nul(), from, nul(), type, nul(), flags};
}

KeyPattern unmount_key(const KeyField& on) { return {class_field(kMountClass), on}; }

KeyPattern pivot_key(const KeyField& on) { return {class_field(kMountClass), on, nul(), any_text()}; }

// ---- the bus ----

KeyPattern bus_name_key(const std::string& bus, const std::string& name) {
  return {class_field(kBusClass), text_or_any(bus), nul(), name.empty() ? any_text(false) : bytes(name)};
}

KeyPattern message_key(const std::string& bus, const std::string& peer, const std::string& interface,
                       const std::string& member) {
  KeyPattern out = {class_field(kBusClass), text_or_any(bus), nul()};
  for (const KeyField& field : {text_or_any(peer), any_text(), any_text(), text_or_any(interface)}) {
    out.push_back(field);
    out.push_back(nul());
  }
  out.push_back(text_or_any(member));
  return out;
}

}  // namespace macc::backends::apparmor
