// Constraints of the system's policy on users, roles and levels: whether they leave what the source asks for.
#pragma once

#include <string>

#include "backends/backend.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/planned.h"

namespace macc::backends::selinux {

/// Reports accesses of rules that a constraint refuses in every context that the domain and the object can have: the
/// policy has the rule, and it grants nothing. `image` is the linked policy.
void check_constraints(const Input& input, const Planned& plan, const Base& base, const std::string& image,
                       Diagnostics& diagnostics);

}  // namespace macc::backends::selinux
