// The findings of an earlier state of the project.
#pragma once

#include <optional>
#include <string>

#include "compiler/driver/inputs.h"
#include "compiler/project/baseline.h"

namespace macc::driver {

/// Lints the policies as they stood in a revision of the git repository around the project, under the settings of
/// today. nullopt, with the reason reported (E9015), when there is no repository, no such revision, or no git.
[[nodiscard]] std::optional<project::Baseline> findings_of(Session& session, const Inputs& inputs,
                                                           const lint::Settings& settings, const std::string& revision);

}  // namespace macc::driver
