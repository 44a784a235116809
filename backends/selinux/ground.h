// Own resources and executables on paths that the system's policy already labels as something of its own.
#pragma once

#include "backends/selinux/labels.h"
#include "backends/selinux/link/link.h"

namespace macc::backends::selinux {

/// Reports each own region whose paths the system's file contexts name and label otherwise than the folders above,
/// unless the author said what becomes of that label: `adopt`, `relabel` or `replaces`. Says who has access to the
/// type, so that the choice is an informed one. Nothing without a policy that has file contexts.
void check_ground(const Input& input, const Labels& labels, const Base& base, Diagnostics& diagnostics);

}  // namespace macc::backends::selinux
