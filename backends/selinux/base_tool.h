// `macc base` for SELinux: answers about the policy of a system.
#pragma once

#include "backends/bases.h"

namespace macc::backends::selinux {

[[nodiscard]] const BaseTool& base_tool();

}  // namespace macc::backends::selinux
