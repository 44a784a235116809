// What an access of the language asks of a compiled policy: which permissions, of which types, decide it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "backends/selinux/compiled_labels.h"
#include "backends/selinux/link/access.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/planned.h"
#include "backends/selinux/platform.h"
#include "backends/selinux/vocabulary.h"

namespace macc::backends::selinux {

/// All of these permissions.
struct Need {
  std::string source, target;  ///< types
  std::string class_name;
  std::vector<std::string> permissions;
  bool made = false;  ///< the target is an object that the source makes: it has the source's user and level
};

/// A part of an access that the policy decides as one.
struct Piece {
  std::string example;  ///< in the words of the language
  /// It can be done where all that one of these asks for is given; the permissions without which it cannot be done.
  std::vector<std::vector<Need>> ways;
  /// It can be done as it is meant where all of this is given.
  std::vector<Need> wanted;
  std::string missing;  ///< why it can never be done as it is meant; "" when `wanted` decides
  std::string open;     ///< why everybody may do it: "not mediated"; else ""
};

struct Pieces {
  std::vector<Piece> list;
  std::string problem;  ///< why some of it cannot be asked, one sentence; ""
};

/// What is known before anything is linked.
struct Surroundings {
  const Input& input;
  const std::map<std::string, Module>& modules;  ///< of the plan
  const Base& base;
  const Platform& platform;
};

/// What questions are asked of.
struct Probed : Surroundings {
  const Planned& plan;
  const CompiledPolicy& policy;
  const CompiledLabels& labels;
};

/// Throws paths::TooComplex.
[[nodiscard]] Pieces pieces_of(const Probed& probed, const Probe& probe);
/// Of an access without paths; none of one with them.
[[nodiscard]] Pieces plain_pieces(const Surroundings& here, ir::DomainId domain, const ir::Access& access);
/// The permissions on an object, which may be a device, without which nothing of a verb can be done.
[[nodiscard]] std::vector<ClassPermissions> decisive_permissions(ir::Verb verb, ObjectScope scope);

// ---- for the parts of pieces_of() ----

/// One need that is both the way to do it and all that is wanted.
[[nodiscard]] Piece simple_piece(std::string example, std::vector<Need> needs);
/// Why nothing can be asked about a domain of the system that has no type there.
[[nodiscard]] std::string without_type(const std::string& domain);
/// The types of a domain of the project or the system.
[[nodiscard]] std::vector<std::string> types_of_domain(const Surroundings& here, ir::DomainId id);
/// Who listens there: domains that may, and who the declarations of the system's sockets name.
[[nodiscard]] std::set<ir::DomainId> listeners(const Surroundings& here, const ir::UnixAccess& access);

[[nodiscard]] Pieces file_pieces(const Probed& probed, const Probe& probe, const ir::FileAccess& access);
[[nodiscard]] Pieces exec_pieces(const Probed& probed, const Probe& probe, const ir::ExecAccess& access);
[[nodiscard]] Pieces unix_pieces(const Probed& probed, const Probe& probe, const ir::UnixAccess& access);
[[nodiscard]] Pieces use_pieces(const Probed& probed, const Probe& probe, const ir::UseAccess& access);
[[nodiscard]] Pieces mount_pieces(const Probed& probed, const Probe& probe, const ir::MountAccess& access);
[[nodiscard]] Pieces paths_pieces(const Probed& probed, const Probe& probe, const ir::PathsAccess& access);

}  // namespace macc::backends::selinux
