// Links what was emitted with a system's policy and looks labels up as the system would.
#pragma once

#include "backends/backend.h"

namespace macc::backends::selinux {

[[nodiscard]] Verification verify_artifacts(const Input& input, const Lowered& lowered, Diagnostics& diagnostics);

}  // namespace macc::backends::selinux
