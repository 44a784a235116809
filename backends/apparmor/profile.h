// A profile as a typed tree. Only RawRule and the words of closed vocabularies are text that is written as it stands;
// whatever a policy names is a Glob or is quoted by the writer.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "backends/apparmor/glob.h"
#include "backends/apparmor/vocabulary.h"

namespace macc::backends::apparmor {

/// Where a rule comes from: for comments, and to find the source line of what the parser refuses.
struct Origin {
  Span span;
  std::string phrase;
  friend bool operator==(const Origin&, const Origin&) = default;
};

struct Qualifiers {
  bool audit = false, deny = false, owner = false;
  friend auto operator<=>(const Qualifiers&, const Qualifiers&) = default;
};

struct ExecMode {
  enum class Kind : std::uint8_t { inherit, profile, child, unconfined } kind = Kind::inherit;
  std::string target;  ///< label: for Kind::profile, and for Kind::child ("PARENT//CHILD")
  bool keep_environment = false;
  friend auto operator<=>(const ExecMode&, const ExecMode&) = default;
};

/// `"/path" rwkm,` and, with an exec mode, `rix` and its like. A deny's exec mode says nothing but `x`.
struct FileRule {
  Qualifiers qualifiers;
  Glob path;
  FilePermissions permissions;
  std::optional<ExecMode> exec;
};

struct LinkRule {
  Qualifiers qualifiers;
  Glob name, target;
};

struct CapabilityRule {
  Qualifiers qualifiers;
  ir::Capability capability{};
};

/// Which part of a socket's life a network rule is about, where ports are mediated.
struct NetworkPorts {
  enum class Kind : std::uint8_t {
    setup,    ///< making it and its options: before it has a port
    listen,   ///< under a port of its own
    connect,  ///< to a port of the peer
  } kind = Kind::setup;
  ir::PortRange range{0, 65535};  ///< all of them: the rule names none
  friend bool operator==(const NetworkPorts&, const NetworkPorts&) = default;
};

struct NetworkRule {
  Qualifiers qualifiers;
  std::string family, type;
  std::optional<NetworkPorts> ports = {};  ///< none: every permission on every port
};

/// `unix (...) type=T addr=A peer=(addr=B label=L),`; only where the features have unix sockets.
struct UnixRule {
  Qualifiers qualifiers;
  bool listen = false;                               ///< bind, listen and accept
  bool connect = false;                              ///< connect
  bool transfer = false;                             ///< send and receive
  std::string type;                                  ///< "stream", "dgram"
  std::optional<std::string> address, peer_address;  ///< abstract names without '@'
  std::optional<std::string> peer;                   ///< profile name
};

struct SignalRule {
  Qualifiers qualifiers;
  bool receive = false;             ///< else send
  std::vector<ir::Signal> signals;  ///< empty: every signal
  std::optional<std::string> peer;
};

struct PtraceRule {
  Qualifiers qualifiers;
  bool trace = false;     ///< trace as well as read
  bool read = true;       ///< off only in a deny of tracing alone
  bool receiver = false;  ///< the rights of the other side: readby, tracedby
  std::optional<std::string> peer;
};

struct ChangeProfileRule {
  Qualifiers qualifiers;
  std::string target;
};

struct MountRule {
  Qualifiers qualifiers;
  enum class Kind : std::uint8_t { mount, unmount, pivot } kind = Kind::mount;
  std::vector<std::string> fstypes, options;
  std::optional<Glob> source;
  Glob target;
};

struct DbusRule {
  Qualifiers qualifiers;
  enum class Kind : std::uint8_t { bind, send, receive } kind = Kind::bind;
  bool session = false;
  std::optional<std::string> name;  ///< own name of a bind, else the peer's
  std::string interface, member;    ///< "": any
};

/// `userns create,`; this and the next two only where the features have them. Documented, not run.
struct UsernsRule {
  Qualifiers qualifiers;
};

/// All permissions on POSIX message queues.
struct MqueueRule {
  Qualifiers qualifiers;
  Glob name;  ///< as mq_open takes it: "/jobs"
};

/// Polling threads and foreign credentials of io_uring.
struct IoUringRule {
  Qualifiers qualifiers;
};

/// Text of the policy's author, with its resources already put in.
struct RawRule {
  std::string text;
};

struct Rule;

/// `if defined @{variable} { ... }` or `if not defined @{variable} { ... }`, in a file of its own that the profile
/// includes: the Python tools of AppArmor cannot read a profile with such a block in it.
struct Conditional {
  std::string variable;
  bool defined = true;
  std::vector<Rule> rules;
};

using RuleBody =
    std::variant<FileRule, LinkRule, CapabilityRule, NetworkRule, UnixRule, SignalRule, PtraceRule, ChangeProfileRule,
                 MountRule, DbusRule, UsernsRule, MqueueRule, IoUringRule, RawRule, Conditional>;

struct Rule {
  RuleBody body;
  std::vector<Origin> origins;  ///< in source order; empty for a conditional
};

struct Profile {
  std::string name;
  std::optional<Glob> attachment;
  std::vector<std::string> flags;  ///< words of AppArmor
  std::vector<Rule> rules;
  /// File below apparmor.d/local whose rules the site adds; "" for none.
  std::string local;
  std::vector<Profile> children;
  Origin origin;
};

/// One file below apparmor.d.
struct ProfileFile {
  std::string abi;
  std::vector<std::string> header;    ///< comment lines
  std::vector<std::string> tunables;  ///< files below apparmor.d that it includes
  std::string conditions;             ///< folder below apparmor.d for the files of conditions
  Profile profile;
};

}  // namespace macc::backends::apparmor
