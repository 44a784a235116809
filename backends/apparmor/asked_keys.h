// The keys under which the kernel asks a compiled profile about what is no file, and the bits of the answers: as
// apparmor_parser 3.0.8 writes them. Comparison and probes ask with the same keys.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backends/apparmor/keys.h"
#include "backends/apparmor/vocabulary.h"
#include "compiler/ir/policy.h"

namespace macc::backends::apparmor {

/// The label itself, or any where it is "".
[[nodiscard]] KeyField label_field(const std::string& label);

// ---- sockets by family and type ----

/// Create and every other operation of a socket, as the parser gives them together.
inline constexpr std::uint32_t kEverySocketOperation = 0x1fc076;
[[nodiscard]] KeyPattern network_key(const SocketKind& kind);

// ---- unix sockets, where names and peers are told apart: family, type, protocol; the socket's own address and label;
// then the peer's, or the number of an operation ----

inline constexpr unsigned kUnixFamily = 1;
inline constexpr std::uint32_t kCreateSocket = 0x10, kOwnSocket = 0xc020, kBind = 0x20000, kAccept = 0x10000,
                               kListen = 0x40000, kOptions = 0x180000, kConnect = 0x40, kTransfer = 0x6;
inline constexpr char kPeerFollows = 1, kListenFollows = 2, kOptionFollows = 4;
/// Of a type, or of every type.
[[nodiscard]] KeyPattern unix_key(std::optional<unsigned> type);
/// Own addresses: one abstract name, or each kind where it is "".
[[nodiscard]] std::vector<KeyPattern> with_own(const KeyPattern& socket, const std::string& abstract_name);
[[nodiscard]] std::vector<KeyPattern> with_peer(const std::vector<KeyPattern>& own, const std::string& abstract_name,
                                                const std::string& label);
[[nodiscard]] KeyPattern with_operation(KeyPattern key, char operation);

// ---- signals, tracing ----

inline constexpr std::uint32_t kSendSignal = 2, kReceiveSignal = 4;
inline constexpr std::uint32_t kTrace = 2, kReadOther = 4, kTracedBy = 8, kReadBy = 0x10;
/// Signals as AppArmor numbers them: those of the system, `exists` behind them, and those of real time.
[[nodiscard]] unsigned signal_number(ir::Signal signal);
[[nodiscard]] std::vector<unsigned> every_signal();
[[nodiscard]] std::vector<unsigned> signal_numbers(const ir::SignalAccess& access);
[[nodiscard]] KeyPattern signal_key(const std::vector<unsigned>& numbers, const std::string& label);
[[nodiscard]] KeyPattern trace_key(const std::string& label);

// ---- mounts ----

inline constexpr std::uint32_t kPivot = 1, kMount = 2, kUnmount = 4;
/// The flags of mount options as keys have them.
[[nodiscard]] std::string mount_flags(const std::vector<std::string>& options);
[[nodiscard]] KeyField any_mount_flags();
/// A source may be any text. Paths of the language hold no newline, and `*` of AppArmor does match one: such sources
/// are not asked about.
[[nodiscard]] KeyField any_mount_source();
[[nodiscard]] KeyPattern mount_key(const KeyField& on, const KeyField& from, const KeyField& type,
                                   const KeyField& flags);
[[nodiscard]] KeyPattern unmount_key(const KeyField& on);
[[nodiscard]] KeyPattern pivot_key(const KeyField& on);

// ---- the bus ----

inline constexpr std::uint32_t kSendMessage = 2, kReceiveMessage = 4, kEavesdrop = 0x20, kOwnName = 0x40;
/// "" stands for any, here and below.
[[nodiscard]] KeyPattern bus_name_key(const std::string& bus, const std::string& name);
/// The peer's name, its label, the object, the interface, the member.
[[nodiscard]] KeyPattern message_key(const std::string& bus, const std::string& peer, const std::string& interface,
                                     const std::string& member);

}  // namespace macc::backends::apparmor
