// What holds without a rule: what every domain may do, and no deny takes away, and what becomes of the environment.
#pragma once

#include "compiler/ir/policy.h"

namespace macc::ir {

/// Whether an access is such a thing for this domain: its own signals, /proc and IPC, and its keyrings.
[[nodiscard]] bool is_always_there(const Access& access, DomainId self);

/// Whether a program that is executed like this has the environment as it was. One that runs inside the domain does,
/// since neither system cleans it where the domain stays the same.
[[nodiscard]] bool keeps_environment(const ExecAccess& access);

}  // namespace macc::ir
