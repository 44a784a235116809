// Which ports an allow leaves under which conditions, after the denies of the same kind.
#pragma once

#include <utility>
#include <vector>

#include "backends/apparmor/guard.h"
#include "compiler/ir/policy.h"

namespace macc::backends::apparmor {

struct GuardedPorts {
  Guard guard = Guard::always();
  std::vector<ir::PortRange> ranges;
};

/// Ranges that do not overlap, each with the condition under which it is left; those that are never left are not there.
[[nodiscard]] std::vector<std::pair<Guard, ir::PortRange>> remaining_ports(const GuardedPorts& allow,
                                                                           const std::vector<GuardedPorts>& denies);

}  // namespace macc::backends::apparmor
