#include "backends/apparmor/ports.h"

#include <algorithm>
#include <cstdint>
#include <set>

namespace macc::backends::apparmor {

namespace {

bool covers(const GuardedPorts& deny, std::uint16_t port) {
  return std::any_of(deny.ranges.begin(), deny.ranges.end(),
                     [&](const ir::PortRange& r) { return r.first <= port && port <= r.last; });
}

/// Where ranges begin that are inside or outside of every deny as a whole; 65536 is behind the last port.
std::set<std::uint32_t> beginnings(const ir::PortRange& range, const std::vector<GuardedPorts>& denies) {
  std::set<std::uint32_t> out = {range.first};
  for (const GuardedPorts& deny : denies) {
    for (const ir::PortRange& r : deny.ranges) {
      for (const std::uint32_t at : {std::uint32_t{r.first}, std::uint32_t{r.last} + 1}) {
        if (range.first < at && at <= range.last) out.insert(at);
      }
    }
  }
  return out;
}

}  // namespace

std::vector<std::pair<Guard, ir::PortRange>> remaining_ports(const GuardedPorts& allow,
                                                             const std::vector<GuardedPorts>& denies) {
  std::vector<std::pair<Guard, ir::PortRange>> out;
  for (const ir::PortRange& range : allow.ranges) {
    const auto begins = beginnings(range, denies);
    for (auto it = begins.begin(); it != begins.end(); ++it) {
      const std::uint32_t last = std::next(it) == begins.end() ? range.last : *std::next(it) - 1;
      const ir::PortRange piece{static_cast<std::uint16_t>(*it), static_cast<std::uint16_t>(last)};
      Guard guard = allow.guard;
      for (const GuardedPorts& deny : denies) {
        if (covers(deny, piece.first)) guard = guard & !deny.guard;
      }
      if (guard.possible()) out.emplace_back(guard, piece);
    }
  }
  return out;
}

}  // namespace macc::backends::apparmor
