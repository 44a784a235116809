// Whether the labels that were planned are those that the system would give, by libselinux's own lookup.
#pragma once

#include "backends/backend.h"
#include "backends/selinux/labels.h"
#include "backends/selinux/link/link.h"

namespace macc::backends::selinux {

/// Reports own paths that would get another label, and system paths whose declared type is not
/// theirs.
void check_labels(const Input& input, const Labels& labels, const Base& base, const LinkResult& linked,
                  Diagnostics& diagnostics);

}  // namespace macc::backends::selinux
