// The whole lowering of one build.
#pragma once

#include "backends/backend.h"

namespace macc::backends::selinux {

[[nodiscard]] Lowered lower_policy(const Input& input, Diagnostics& diagnostics);

}  // namespace macc::backends::selinux
