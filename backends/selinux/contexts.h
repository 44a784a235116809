// From cells to file contexts, in the order in which the platform matches them.
#pragma once

#include <string_view>
#include <vector>

#include "backends/selinux/cells.h"

namespace macc::backends::selinux {

/// Whether two literal heads can lead to one path.
[[nodiscard]] bool compatible(std::string_view a, std::string_view b);

/// File contexts that give each path its cell. `regions` are all regions, own first; what an `except` leaves out gets
/// the label of the system region there. Reports what cannot be written.
[[nodiscard]] std::map<std::string, std::vector<FileContext>> plan_contexts(const std::vector<Element>& elements,
                                                                            const std::vector<Region>& regions,
                                                                            Diagnostics& diagnostics);

}  // namespace macc::backends::selinux
