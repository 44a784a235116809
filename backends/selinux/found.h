// What a linked policy gives to the domains of a build beyond what the build's own modules say: through attributes of
// the system's policy, and through raw text.
#pragma once

#include "backends/backend.h"
#include "backends/selinux/link/access.h"
#include "backends/selinux/planned.h"
#include "backends/selinux/walk.h"

namespace macc::backends::selinux {

/// From the walk over the linked policy.
[[nodiscard]] FidelityReport find_more(const Input& input, const Planned& plan, const CompiledPolicy& policy,
                                       const std::vector<WalkedRule>& walked, bool raw_is_needed);

}  // namespace macc::backends::selinux
