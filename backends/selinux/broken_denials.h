// Denies that the rest of a build does not leave standing: SELinux has one permission for several accesses, and what
// one rule takes, another may deny. Each of them is said.
#pragma once

#include "backends/selinux/lowering.h"

namespace macc::backends::selinux {

/// Asks the planned rules of all domains what the probe would ask the linked policy, so that no verb needs to know of
/// the others. Needs everything that is granted.
void say_broken_denials(Context& context);

}  // namespace macc::backends::selinux
