// From cells to file contexts, in the order in which the platform matches them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backends/selinux/cells.h"

namespace macc::backends::selinux {

/// File contexts that give each path its cell. What an `except` leaves out gets the label
/// of the system region there. Reports what cannot be written.
[[nodiscard]] std::map<std::string, std::vector<FileContext>> plan_contexts(const std::vector<Element>& elements,
                                                                            const Labels& labels,
                                                                            Diagnostics& diagnostics);

}  // namespace macc::backends::selinux
