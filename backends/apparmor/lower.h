// The whole policy to profiles, and those to files.
#pragma once

#include <vector>

#include "backends/apparmor/features.h"
#include "backends/apparmor/writer.h"
#include "backends/backend.h"

namespace macc::backends::apparmor {

/// A profile's text and where its lines come from.
struct ProfileText {
  ir::DomainId domain = ir::DomainId::none;
  std::string name;  ///< of the profile
  std::string path;  ///< of the artifact
  Written written;
  ProfileFile file;  ///< what was written
};

/// Also what verification remembers of the lowering.
struct LoweredPolicy {
  std::vector<ProfileText> profiles;  ///< in the order of the domains
  std::vector<Artifact> others;       ///< tunables, drop-ins
  FidelityReport fidelity;
};

[[nodiscard]] LoweredPolicy lower_policy(const Input& input, const Features& features, Diagnostics& diagnostics);
/// The files of booleans, with other values than the declared ones.
[[nodiscard]] std::vector<Artifact> tunables_with(const ir::Policy& policy, const ir::Assignment& values);
/// The booleans whose variables a profile's text names.
[[nodiscard]] std::vector<ir::BooleanId> booleans_in(const ir::Policy& policy, std::string_view text);

}  // namespace macc::backends::apparmor
