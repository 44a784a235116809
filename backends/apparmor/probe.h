// Accesses looked up in what apparmor_parser makes of the artifacts: the automata that the kernel would be asked.
#pragma once

#include <vector>

#include "backends/backend.h"

namespace macc::backends::apparmor {

/// `lowered` has a LoweringPlan. What the target does not mediate is allowed. Signals and tracing are allowed where the
/// profiles of both sides say so; a profile that is not of this build is taken to say so. The modes of profiles do not
/// count: in complain mode, what is denied is done and logged.
[[nodiscard]] std::vector<ProbeAnswer> probe(const Input& input, const Lowered& lowered,
                                             const std::vector<Probe>& probes);

}  // namespace macc::backends::apparmor
