// The whole policy to profiles, and those to files.
#pragma once

#include <vector>

#include "backends/apparmor/features.h"
#include "backends/apparmor/writer.h"
#include "backends/backend.h"

namespace macc::backends::apparmor {

struct Build;

/// A profile's text, with the profiles of its private domains in it, and where its lines come from.
struct ProfileText {
  ir::DomainId domain = ir::DomainId::none;
  std::string name;  ///< of the profile
  std::string path;  ///< of the artifact
  Written written;
  std::vector<WrittenPart> conditions;   ///< the files of its conditions; their paths are of artifacts, too
  std::vector<ir::DomainId> children{};  ///< private domains whose profiles are in it
  ProfileFile file{};                    ///< what was written
};

/// The target's setting: a list of domains whose profiles also mediate files of no mount namespace.
inline constexpr std::string_view kAttachDisconnected = "attach-disconnected";

/// Also what verification remembers of the lowering.
struct LoweredPolicy {
  std::vector<ProfileText> profiles;  ///< in the order of the domains
  std::vector<Artifact> others;       ///< tunables, drop-ins
  FidelityReport fidelity;
};

[[nodiscard]] LoweredPolicy lower_policy(const Input& input, const Features& features, Diagnostics& diagnostics);
/// Paths at which a program of nobody's profile enters by itself. Other domains of the build enter by name, a unit by
/// its drop-in.
[[nodiscard]] ir::PathExpr attached_paths(const ir::Domain& domain);
/// Whether the target's setting asks for it.
[[nodiscard]] bool is_attached_when_disconnected(const Build& build, ir::DomainId id);
/// The files of the switches, as a site has them that set its switches to these values.
[[nodiscard]] std::vector<Artifact> tunables_with(const ir::Policy& policy, const ir::Assignment& values);
/// The booleans whose variables a text names.
[[nodiscard]] std::vector<ir::BooleanId> booleans_in(const ir::Policy& policy, std::string_view text);

}  // namespace macc::backends::apparmor
