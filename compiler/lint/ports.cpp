#include "compiler/lint/ports.h"

#include <algorithm>

namespace macc::lint {

namespace {

std::vector<ir::PortRange> without(const std::vector<ir::PortRange>& ports, const ir::PortRange& taken) {
  std::vector<ir::PortRange> out;
  for (const ir::PortRange& range : ports) {
    if (taken.last < range.first || range.last < taken.first) {
      out.push_back(range);
      continue;
    }
    if (range.first < taken.first) out.push_back({range.first, static_cast<std::uint16_t>(taken.first - 1)});
    if (taken.last < range.last) out.push_back({static_cast<std::uint16_t>(taken.last + 1), range.last});
  }
  return out;
}

}  // namespace

unsigned OpenPorts::count() const {
  unsigned all = 0;
  for (const ir::PortRange& range : ports) all += static_cast<unsigned>(range.last - range.first) + 1;
  return all;
}

bool OpenPorts::has(std::uint16_t port) const {
  return std::any_of(ports.begin(), ports.end(),
                     [&](const ir::PortRange& range) { return range.first <= port && port <= range.last; });
}

namespace {

/// Values of the booleans under which a rule is in effect; if there are any, those under which no conditional deny is.
std::optional<ir::Assignment> widest_values(const Context& context, const ir::Domain& domain, const ir::Rule& rule,
                                            const ir::NetworkAccess& access) {
  const auto values = context.in_effect(domain, rule, [&](const ir::Rule& deny) {
    const auto* denied = std::get_if<ir::NetworkAccess>(&deny.access);
    return denied != nullptr && denied->listen == access.listen && denied->protocol == access.protocol &&
           !deny.condition.is_always();
  });
  return values ? values : context.in_effect(domain, rule);
}

}  // namespace

std::vector<OpenPorts> open_ports(const Context& context, const ir::Domain& domain, bool listen) {
  std::vector<OpenPorts> out;
  for (const ir::Rule& rule : domain.rules) {
    const auto* access = std::get_if<ir::NetworkAccess>(&rule.access);
    if (access == nullptr || rule.effect != ir::Effect::allow || access->listen != listen) continue;
    const auto values = widest_values(context, domain, rule, *access);
    if (!values) continue;
    OpenPorts open{&rule, access, access->ports, *values};
    for (const ir::Rule& deny : domain.rules) {
      const auto* denied = std::get_if<ir::NetworkAccess>(&deny.access);
      if (denied == nullptr || deny.effect != ir::Effect::deny || denied->listen != listen) continue;
      if (denied->protocol != access->protocol || !ir::holds(deny.condition, *values)) continue;
      for (const ir::PortRange& range : denied->ports) open.ports = without(open.ports, range);
    }
    if (!open.ports.empty()) out.push_back(std::move(open));
  }
  return out;
}

}  // namespace macc::lint
