// From macc's words to AppArmor's: permissions of file verbs, signals, socket families.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/apparmor/fidelity.h"
#include "backends/apparmor/glob.h"
#include "compiler/ir/policy.h"

namespace macc::backends::apparmor {

/// A set of the permissions of a file rule.
struct FilePermissions {
  bool read = false, write = false, lock = false, map = false;

  [[nodiscard]] bool any() const { return read || write || lock || map; }
  FilePermissions& operator|=(const FilePermissions& o);
  [[nodiscard]] FilePermissions operator&(const FilePermissions& o) const;
  friend bool operator==(const FilePermissions&, const FilePermissions&) = default;
};

[[nodiscard]] FilePermissions permissions_for(ir::Verb verb);
/// The one of them that is taken away to deny the verb: `r` stays where only a rename is denied.
[[nodiscard]] FilePermissions decisive_permission(ir::Verb verb);
[[nodiscard]] Topic topic_for(ir::Verb verb);
/// Whether the verb is about files, directories or both.
[[nodiscard]] Shape shape_for(ir::Verb verb);

/// AppArmor's word ("stp" for tstp).
[[nodiscard]] std::string_view signal_name(ir::Signal signal);

/// `network FAMILY TYPE,`; "" as type is every type.
struct SocketKind {
  std::string_view family, type;
  friend auto operator<=>(const SocketKind&, const SocketKind&) = default;
};
[[nodiscard]] std::vector<SocketKind> sockets_for(ir::Protocol protocol);
/// For `socket FAMILY [TYPE]`. The views point into the access or into constants.
[[nodiscard]] std::vector<SocketKind> sockets_for(const ir::SocketAccess& access);
[[nodiscard]] bool overlap(const SocketKind& a, const SocketKind& b);

}  // namespace macc::backends::apparmor
