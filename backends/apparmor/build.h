// The state of one lowering, shared by the files that each lower one kind of access.
#pragma once

#include <string>
#include <vector>

#include "backends/apparmor/draft.h"
#include "backends/apparmor/features.h"
#include "backends/apparmor/fidelity.h"
#include "backends/backend.h"

namespace macc::backends::apparmor {

/// An allow of some domain that is about another one: it starts that in the other's profile, or reaches its processes.
struct Aimed {
  ir::DomainId from = ir::DomainId::none;
  const ir::Rule* rule = nullptr;
};

struct Build {
  Build(const Input& in, const Features& target_features, Diagnostics& sink);

  const Input& input;
  const ir::Policy& policy;
  const ir::Meaning& meaning;
  const Features& features;
  Diagnostics& diagnostics;
  FidelityLog fidelity;
  std::vector<Draft> drafts;  ///< by DomainId; those of external domains stay empty

  [[nodiscard]] Draft& draft(ir::DomainId id) { return drafts.at(static_cast<std::size_t>(id)); }
  [[nodiscard]] Origin origin(const ir::Rule& rule) const;
  /// Those about this domain, those that are about any domain, and its own about itself; by domain, as written.
  [[nodiscard]] std::vector<Aimed> aimed_at(ir::DomainId id) const;
  /// Adds to the profile of `where` a rule of a class that the parser drops, without a word, from every `if` (seen with
  /// 3.0.8: signal, ptrace, unix, mount, dbus). An allow is given always; a deny that is not always meant is left out.
  /// `id` is the domain that the policy's rule stands in.
  void add_unconditional(ir::DomainId id, ir::DomainId where, const Guard& guard, RuleBody body, const ir::Rule& rule);

 private:
  void index(ir::DomainId from, const ir::Rule& rule);

  std::vector<std::vector<Aimed>> aimed_;  ///< by the domain that they name
  std::vector<Aimed> aimed_at_any_;
};

/// Name of the domain's profile: its own, or that of the profile which it replaces.
[[nodiscard]] std::string profile_name(const ir::Domain& domain);
/// Name of the file below apparmor.d that holds a profile: "/usr/sbin/chronyd" is kept in usr.sbin.chronyd, as
/// distributions do.
[[nodiscard]] std::string file_name(const std::string& profile);
/// What the kernel calls a domain of the build: its profile, "PARENT//CHILD" for one that is private to another.
[[nodiscard]] std::string label_of(const ir::Policy& policy, ir::DomainId id);
/// Names under which AppArmor knows a domain: of an external one its binding, else "unconfined".
[[nodiscard]] std::vector<std::string> labels_of(const ir::Policy& policy, ir::DomainId id);
/// The variable of a boolean, which is defined where its switch is turned from the declared value; unique in the build.
[[nodiscard]] Switch switch_of(const ir::Policy& policy, ir::BooleanId id);

[[nodiscard]] inline Qualifiers qualifiers(const ir::Rule& rule) {
  return {rule.audit, rule.effect == ir::Effect::deny, false};
}

/// What of a mount rule the system call names: bind, move, remount and changes of propagation go without a file system,
/// remount and propagation without a source; the kernel asks about nothing else then, and the parser refuses rules that
/// do. Bind, move and propagation have no further options (seen: the parser takes those for a rule of its own).
struct MountForm {
  bool names_type = true, names_source = true;
  bool on_files = false;             ///< of what may be bound; else directories alone
  bool remounts = false;             ///< the parser makes the flag optional (seen with 3.0.8)
  std::vector<std::string> options;  ///< those that are asked about
  bool leaves_out_options = false;   ///< there are others
  [[nodiscard]] bool leaves_out(const ir::MountAccess& access) const {
    return (!names_type && !access.fstypes.empty()) || (!names_source && !access.from.include.empty()) ||
           leaves_out_options;
  }
};
[[nodiscard]] MountForm mount_form(const ir::MountAccess& access);

/// What a domain may do to a peer, written on both sides. `label` is the peer's name, "" any.
struct PeerSide {
  ir::DomainId domain = ir::DomainId::none;  ///< none where the other side is not of this build
  std::string label;
};
/// Whether some rule, an allow or a deny, is about changing to another profile: the parser then adds to the profile.
[[nodiscard]] bool may_change_profile(const ir::Domain& domain);
[[nodiscard]] std::vector<PeerSide> peers_of(const ir::Policy& policy, ir::DomainId self, const ir::Peer& peer);

/// Whether the domain keeps some tracing of a peer that a deny of inspecting is about. Tracing needs to read as well,
/// so the deny is left out then.
[[nodiscard]] bool keeps_tracing(const ir::Domain& domain, const ir::Rule& deny);
/// Whether the domain mounts anything but what it mounts again: a deny of remounting is left out then, since the
/// parser's would take from that, too.
[[nodiscard]] bool mounts_anew(const ir::Domain& domain);

/// What becomes of POSIX message queues that a domain opens by name.
enum class Queues : std::uint8_t {
  by_name,   ///< rules name them
  open,      ///< the kernel has rules on them, but the profile's ABI does not: nothing is asked
  refused,   ///< the kernel knows files alone, and a queue has no path
  as_files,  ///< the same, in a profile that takes what has no path for a file at the root
};
[[nodiscard]] Queues queues_for(const Build& build, ir::DomainId id);
/// The files at the root that queues are taken for; nullopt where patterns cannot say it.
[[nodiscard]] std::optional<std::vector<paths::PathPattern>> queue_files(const Build& build,
                                                                         const ir::PathsAccess& access);

// Each of these adds to the drafts and the fidelity log what the domain's rules of its kind come to.
void lower_files(Build& build, ir::DomainId id);      ///< files, programs, socket files, entries
void lower_sockets(Build& build, ir::DomainId id);    ///< network, unix, other families, handed over
void lower_processes(Build& build, ir::DomainId id);  ///< signals, inspection, tracing, change of domain
void lower_kernel(Build& build, ir::DomainId id);     ///< capabilities, mounts, and what is not mediated
void lower_bus(Build& build, ir::DomainId id);        ///< D-Bus
void lower_raw(Build& build, ir::DomainId id);        ///< raw apparmor texts
/// Whether a raw text includes files of the distribution or uses its variables.
[[nodiscard]] bool uses_distribution_files(const ir::Domain& domain);

}  // namespace macc::backends::apparmor
