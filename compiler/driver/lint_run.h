// From the command line to findings: what `macc lint` and `macc score` have in common.
#pragma once

#include <optional>

#include "compiler/driver/inputs.h"
#include "compiler/lint/lint.h"

namespace macc::driver {

/// The settings of the project with what the command line says. nullopt, with the reason reported, when that is wrong.
[[nodiscard]] std::optional<lint::Settings> lint_settings(Session& session, const project::Project& project);

/// Runs the lints over the inputs. nullopt when the policy has errors, which are reported.
[[nodiscard]] std::optional<lint::Result> run_lints(Session& session, const Inputs& inputs,
                                                    const lint::Settings& settings);

}  // namespace macc::driver
