// The words of the language in the words of SELinux: which permissions of which classes a verb needs. Facts about
// kernel 6.1 and the reference policy as Debian 12 has them (2.20221101): each was seen in that kernel or read from
// that linked policy.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backends/selinux/kinds.h"
#include "compiler/ir/policy.h"
#include "compiler/ir/vocabulary.h"

namespace macc::backends::selinux {

/// Permissions of one class.
struct ClassPermissions {
  std::string_view class_name;
  std::vector<std::string_view> permissions;
};

/// The words of a text, by spaces. The views point into `text`.
[[nodiscard]] std::vector<std::string_view> words(std::string_view text);

/// Which objects a set of paths holds.
struct ObjectScope {
  bool directories = false;
  bool others = false;       ///< files, symlinks, fifos, sockets
  bool devices = false;      ///< device nodes too
  Kinds kinds = kinds::all;  ///< and only objects of these kinds
};

/// What a file verb needs on its objects.
[[nodiscard]] std::vector<ClassPermissions> object_permissions(ir::Verb verb, ObjectScope scope);
/// What it needs on the directory that the object is in; empty for verbs that do not change a directory.
[[nodiscard]] std::vector<std::string_view> parent_permissions(ir::Verb verb);
/// The permission that only this verb asks for ("read" of read); what a promise forbids.
[[nodiscard]] std::vector<ClassPermissions> distinct_permissions(ir::Verb verb, ObjectScope scope);

/// "capability" or "capability2", with "cap_userns" or "cap2_userns" for a user namespace.
[[nodiscard]] std::string_view capability_class(ir::Capability capability, bool in_userns);

/// "sigkill", "sigstop", "sigchld", "signull" or "signal".
[[nodiscard]] std::string_view signal_permission(ir::Signal signal);
inline constexpr std::string_view kSignalPermissions = "signal sigkill sigstop sigchld signull";

/// Class of a socket family and type ("netlink.route" -> "netlink_route_socket"); "" for an unknown family.
[[nodiscard]] std::string_view socket_class(std::string_view family, std::string_view type);

/// All that a program does with sockets of a class of its own: listening too where the family may have connections,
/// mapping where buffers are shared with the kernel.
[[nodiscard]] std::string_view socket_permissions(std::string_view socket_class);
/// Classes of sockets over IP beside those of TCP, UDP and SCTP.
[[nodiscard]] bool binds_to_addresses(std::string_view socket_class);

/// Permissions that a domain has on itself without being asked: class and permissions.
[[nodiscard]] const std::vector<ClassPermissions>& always_there();

}  // namespace macc::backends::selinux
