// What every domain may do without a rule, and no deny takes away.
#pragma once

#include "compiler/ir/policy.h"

namespace macc::ir {

/// Whether an access is such a thing for this domain: its own signals, /proc and IPC, and its keyrings.
[[nodiscard]] bool is_always_there(const Access& access, DomainId self);

}  // namespace macc::ir
