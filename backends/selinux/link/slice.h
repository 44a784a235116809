// The part of a base that modules of ours can meet.
#pragma once

#include <string>
#include <vector>

#include "backends/selinux/link/base_data.h"

namespace macc::backends::selinux {

/// From the core of a base (see condense.h): all declarations, constraints and neverallows, and those rules,
/// transitions, contexts and memberships that types of `modules` take part in, or that statements of theirs could
/// contradict. Linked with the modules it gives their types the same access, and the same complaints, as the whole base
/// does; but see needs_whole_base(). File contexts of the base are left out where ours have no line of the same text.
[[nodiscard]] std::string slice(const Base::Data& base, const std::vector<CilModule>& modules);

}  // namespace macc::backends::selinux
