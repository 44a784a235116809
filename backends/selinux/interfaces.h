// What a module opens to others, as interfaces of the reference policy: what is `public` in the source, and no more.
#pragma once

#include <string>
#include <vector>

#include "backends/selinux/lowering.h"
#include "backends/selinux/module_language.h"

namespace macc::backends::selinux {

/// The interfaces of one module of the source, sorted by what they are about.
[[nodiscard]] std::vector<Interface> interfaces_of(Context& context, const std::string& module);

}  // namespace macc::backends::selinux
