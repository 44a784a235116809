// Looking accesses up in the artifacts: linked with the system's policy, they are asked as its kernel would ask.
#pragma once

#include <vector>

#include "backends/backend.h"

namespace macc::backends::selinux {

[[nodiscard]] std::vector<ProbeAnswer> probe_artifacts(const Input& input, const Lowered& lowered,
                                                       const std::vector<Probe>& probes);

}  // namespace macc::backends::selinux
