// Which ports a domain may use.
#pragma once

#include <vector>

#include "compiler/lint/context.h"

namespace macc::lint {

/// From so many ports on a rule means all of them: what is taken out of `any` leaves enough.
inline constexpr unsigned kNearlyAllPorts = 60'000;
/// From so many on it is a wide range.
inline constexpr unsigned kManyPorts = 1'000;

/// The ports of an access that no deny of the domain takes away under the same values of the booleans.
struct OpenPorts {
  const ir::Rule* rule = nullptr;
  const ir::NetworkAccess* access = nullptr;
  std::vector<ir::PortRange> ports;
  ir::Assignment values;

  [[nodiscard]] unsigned count() const;
  [[nodiscard]] bool has(std::uint16_t port) const;
};

/// The network rules of a domain in one direction, without those of which nothing is left.
[[nodiscard]] std::vector<OpenPorts> open_ports(const Context& context, const ir::Domain& domain, bool listen);

/// Rules that open nearly all ports of a protocol, alone or together.
struct AllPorts {
  std::vector<const ir::Rule*> rules;  ///< the one with the most ports first
  ir::Protocol protocol{};
  ir::Assignment values;
};
/// What a domain has of that in one direction: each rule that does it alone, and for other protocols those that do it
/// together.
[[nodiscard]] std::vector<AllPorts> all_ports(const Context& context, const ir::Domain& domain, bool listen);

/// Findings about them. `deed`: "listen on"; what follows is `harm`.
void look_for_all_ports(Context& context, Code lint, bool listen, std::string_view deed, std::string_view harm,
                        std::string_view advice);

}  // namespace macc::lint
