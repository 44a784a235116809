// What a linked policy gives to the domains of a build beyond what the build's own modules say: through attributes of
// the system's policy, and through raw text.
#pragma once

#include "backends/backend.h"
#include "backends/selinux/link/access.h"
#include "backends/selinux/planned.h"

namespace macc::backends::selinux {

/// `without_raw` is the same policy linked without the raw texts; null when there are none.
[[nodiscard]] FidelityReport find_more(const Input& input, const Planned& plan, const CompiledPolicy& policy,
                                       const CompiledPolicy* without_raw);

}  // namespace macc::backends::selinux
