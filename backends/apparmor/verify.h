// Has apparmor_parser compile what was emitted, and compares what it made of it with the meaning.
#pragma once

#include "backends/apparmor/features.h"
#include "backends/apparmor/lower.h"
#include "backends/backend.h"

namespace macc::backends::apparmor {

/// What lowering leaves behind for the verification.
struct LoweringPlan final : Plan {
  Features features;  ///< of the target
  LoweredPolicy policy;
};

/// `lowered` has a LoweringPlan. Writes the artifacts into a private temporary folder and compiles each profile for the
/// features; nothing is loaded. Warnings that a rule would not be enforced count as refusals. What was compiled is
/// compared with the meaning, for every path and name and for settings of the booleans that the profile names.
[[nodiscard]] Verification verify_with_parser(const Input& input, const Lowered& lowered, Diagnostics& diagnostics);

}  // namespace macc::backends::apparmor
