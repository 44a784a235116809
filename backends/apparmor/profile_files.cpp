#include "backends/apparmor/profile_files.h"

namespace macc::backends::apparmor {

bool is_profile(const Artifact& artifact) {
  return artifact.path.starts_with(kProfiles) && artifact.path.find('/', kProfiles.size()) == std::string::npos;
}

std::string folder_of_conditions(const Artifact& profile) {
  return std::string(kProfiles) + "macc.d/" + profile.path.substr(kProfiles.size()) + "/";
}

std::string text_with_conditions(const Lowered& lowered, const Artifact& profile) {
  const std::string conditions = folder_of_conditions(profile);
  std::string out = profile.content;
  for (const Artifact& other : lowered.artifacts) {
    if (other.path.starts_with(conditions)) out += other.content;
  }
  return out;
}

}  // namespace macc::backends::apparmor
