// Capabilities that a domain has.
#pragma once

#include <string_view>
#include <vector>

#include "compiler/lint/context.h"

namespace macc::lint {

/// A capability that a rule allows and no deny takes away. Those in user namespaces of the domain's own do not count.
struct HeldCapability {
  ir::Capability capability{};
  const ir::Rule* rule = nullptr;
  ir::Assignment values;
};
/// In the order of the rules; one that several rules allow comes once.
[[nodiscard]] std::vector<HeldCapability> held_capabilities(const Context& context, const ir::Domain& domain);

/// The edit that takes one name out of `capability a, b;`; empty where the statement is not written in the domain.
[[nodiscard]] std::vector<Edit> without_capability(const Context& context, const HeldCapability& held);

/// Findings about the capabilities of one lint in capabilities.def.
void look_for_capabilities(Context& context, Code lint, std::string_view advice);

}  // namespace macc::lint
