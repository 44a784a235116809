// Has apparmor_parser compile what was emitted.
#pragma once

#include "backends/apparmor/features.h"
#include "backends/backend.h"

namespace macc::backends::apparmor {

/// Writes the artifacts into a private temporary folder and compiles each profile for the features; nothing is loaded.
/// Warnings that a rule would not be enforced count as refusals.
[[nodiscard]] Verification verify_with_parser(const Input& input, const Features& features, const Lowered& lowered,
                                              Diagnostics& diagnostics);

}  // namespace macc::backends::apparmor
