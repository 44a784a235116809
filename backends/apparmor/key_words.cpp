#include "backends/apparmor/key_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "backends/apparmor/network_numbers.h"
#include "compiler/base/diagnostic.h"
#include "compiler/ir/vocabulary.h"

namespace macc::backends::apparmor {

namespace {

std::string shown(std::string_view text) { return "`" + printable(text, 200) + "`"; }

/// The texts of a key behind its first `from` bytes, cut at NUL bytes; at least `count`.
std::vector<std::string> fields(const std::string& key, std::size_t from, std::size_t count) {
  std::vector<std::string> out(1);
  for (std::size_t i = from; i < key.size(); ++i) {
    if (key[i] == '\0') {
      out.emplace_back();
    } else {
      out.back() += key[i];
    }
  }
  out.resize(std::max(out.size(), count));
  return out;
}

unsigned byte_at(const std::string& key, std::size_t at) {
  return at < key.size() ? static_cast<unsigned char>(key[at]) : 0;
}

// ---- processes ----

std::string signal(const std::string& key, std::uint32_t bits) {
  constexpr std::uint32_t kSend = 2;
  constexpr unsigned kExists = 35;
  const unsigned number = byte_at(key, 1);
  std::string word = number == kExists ? std::string(ir::signal_word(0)) : std::to_string(number);
  if (number >= 1 && number <= 31) word = ir::signal_word(static_cast<ir::Signal>(number));
  const bool send = (bits & kSend) != 0;
  return fmt::format("{} the signal {} {} {}", send ? "send" : "receive", word, send ? "to" : "from",
                     shown(key.substr(std::min<std::size_t>(key.size(), 2))));
}

std::string tracing(const std::string& key, std::uint32_t bits) {
  static constexpr std::pair<std::uint32_t, std::string_view> kHow[] = {
      {2, "trace"}, {4, "inspect"}, {8, "be traced by"}, {0x10, "be inspected by"}};
  for (const auto& [bit, how] : kHow) {
    if ((bits & bit) != 0) return fmt::format("{} {}", how, shown(key.substr(1)));
  }
  return "trace " + shown(key.substr(1));
}

// ---- sockets ----

/// Family, type and protocol are numbers of two bytes; addresses and labels of unix sockets follow.
std::string socket(const std::string& key, std::uint32_t bits) {
  constexpr unsigned kUnix = 1;
  constexpr std::size_t kNumbers = 7;
  const unsigned family = byte_at(key, 1) << 8 | byte_at(key, 2), type = byte_at(key, 3) << 8 | byte_at(key, 4);
  if (family != kUnix || key.size() <= kNumbers)
    return fmt::format("use sockets of the family {}, type {}", family_word(family), type_word(type));
  static constexpr std::pair<std::uint32_t, std::string_view> kHow[] = {
      {0x20000, "bind"}, {0x50000, "accept connections on"}, {0x40, "connect"}, {0x6, "exchange data through"}};
  std::string_view how = "configure";
  for (const auto& [bit, word] : kHow) {
    if ((bits & bit) != 0) {
      how = word;
      break;
    }
  }
  return fmt::format("{} a unix {} socket with the addresses and labels {}", how, type_word(type),
                     shown(key.substr(kNumbers)));
}

// ---- mounts and the bus ----

std::string mount(const std::string& key, std::uint32_t bits) {
  constexpr std::uint32_t kPivot = 1, kUnmount = 4;
  const auto parts = fields(key, 1, 3);
  if ((bits & kUnmount) != 0) return "unmount " + shown(parts[0]);
  if ((bits & kPivot) != 0) return "make " + shown(parts[0]) + " the root";
  std::string flags;
  if (parts.size() > 3) {
    for (const char flag : parts[3])
      flags += fmt::format(" {:#x}", 1ULL << ((static_cast<unsigned char>(flag) - 1U) % 64));
  }
  return fmt::format("mount {} of type {} on {} with the flags{}", shown(parts[1]), shown(parts[2]), shown(parts[0]),
                     flags.empty() ? " 0" : flags);
}

std::string bus(const std::string& key, std::uint32_t bits) {
  constexpr std::uint32_t kSend = 2, kBind = 0x40;
  const auto parts = fields(key, 1, 6);
  if ((bits & kBind) != 0) return fmt::format("own the name {} on the bus {}", shown(parts[1]), shown(parts[0]));
  const bool send = (bits & kSend) != 0;
  return fmt::format("{} {} (interface {}, member {}) on the bus {}",
                     send ? "send messages to" : "receive messages from", shown(parts[1]), shown(parts[4]),
                     shown(parts[5]), shown(parts[0]));
}

}  // namespace

std::string describe_key(const std::string& key, std::uint32_t bits) {
  switch (key.empty() ? 0 : key.front()) {
    case kMountClass:
      return mount(key, bits);
    case kTraceClass:
      return tracing(key, bits);
    case kSignalClass:
      return signal(key, bits);
    case kNetworkClass:
      return socket(key, bits);
    case kBusClass:
      return bus(key, bits);
    default:
      return "use what has the key " + shown(key);
  }
}

}  // namespace macc::backends::apparmor
