// The commands that bring a build into a system and out again.
#pragma once

#include "backends/apparmor/lower.h"

namespace macc::backends::apparmor {

/// Fills `install` and `remove`, and adds INSTALL.txt at the end of the artifacts, which are sorted and otherwise
/// complete.
void add_install_steps(const ir::Policy& policy, Lowered& lowered);

}  // namespace macc::backends::apparmor
