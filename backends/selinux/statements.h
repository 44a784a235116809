// Whether the CIL of a build says what was planned, statement by statement.
#pragma once

#include <string>
#include <vector>

#include "backends/backend.h"
#include "backends/selinux/planned.h"

namespace macc::backends::selinux {

/// Reads the modules among the artifacts and reports each statement that the plan has not, and each of the plan that
/// is missing. Comments, white space and the order do not count. True when nothing was found.
[[nodiscard]] bool check_statements(const std::vector<Artifact>& artifacts, const Planned& plan,
                                    Diagnostics& diagnostics);

}  // namespace macc::backends::selinux
