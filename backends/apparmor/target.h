// What a target's settings in macc.toml mean: which features, ABI and parser its profiles are written for.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "backends/apparmor/features.h"
#include "backends/backend.h"

namespace macc::backends::apparmor {

/// Where the running kernel describes itself.
inline constexpr std::string_view kRunningFeatures = "/sys/kernel/security/apparmor/features";

[[nodiscard]] const std::vector<Setting>& target_settings();

/// Where the features are read from; "" for those of a system that macc knows.
[[nodiscard]] std::string features_path(const Target& target);

/// nullopt after a diagnostic.
[[nodiscard]] std::optional<Features> choose_features(const Target& target, Diagnostics& diagnostics);

/// Of every class, in the order of classes.def, then open_classes.def.
[[nodiscard]] std::vector<Mediation> mediation_of(const Features& features);

}  // namespace macc::backends::apparmor
