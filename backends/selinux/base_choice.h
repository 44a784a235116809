// Which system's policy a target is about.
#pragma once

#include <set>
#include <string>

#include "backends/backend.h"
#include "backends/selinux/link/link.h"

namespace macc::backends::selinux {

/// The base that the target's settings name, without the modules that domains of the build replace. The same build asks
/// several times; the answer is kept.
[[nodiscard]] BaseOrReason chosen_base(const Input& input);

/// Types that the system has, but not without the modules that the build replaces. Empty without a system's policy.
[[nodiscard]] std::set<std::string> replaced_types(const Input& input);

}  // namespace macc::backends::selinux
