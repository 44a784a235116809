// The whole lowering of one build.
#pragma once

#include <memory>

#include "backends/backend.h"
#include "backends/selinux/link/link.h"

namespace macc::backends::selinux {

/// For the base that the target names.
[[nodiscard]] Lowered lower_policy(const Input& input, Diagnostics& diagnostics);
/// For a base that was opened before.
[[nodiscard]] Lowered lower_policy(const Input& input, const std::shared_ptr<const Base>& base,
                                   Diagnostics& diagnostics);

}  // namespace macc::backends::selinux
