// How far a module of ours reaches into the base.
#pragma once

#include <vector>

#include "backends/selinux/link/inventory.h"
#include "backends/selinux/link/link.h"

namespace macc::backends::selinux {

/// Whether rules among plain types of the base can matter to what the linker says about our modules: because a
/// neverallow of ours speaks of types of the base alone, because a type of the base gets a new attribute or bounds, or
/// because there is a statement whose effect is not known here.
[[nodiscard]] bool needs_whole_base(const std::vector<CilModule>& modules, const Inventory& base);

}  // namespace macc::backends::selinux
