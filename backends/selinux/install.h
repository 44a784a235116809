// The way of a build into a system and out again, as commands for the administrator.
#pragma once

#include "backends/backend.h"
#include "backends/selinux/lowering.h"

namespace macc::backends::selinux {

/// Fills `lowered.install` and `lowered.remove` and adds INSTALL.txt, which holds them with the switches of the build.
void add_install_steps(const Context& context, Lowered& lowered);

}  // namespace macc::backends::selinux
