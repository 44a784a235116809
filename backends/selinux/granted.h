// Everything that the linked policy has about types of ours, rule by rule, each with its reasons.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "backends/selinux/reasons.h"
#include "backends/selinux/walk.h"

namespace macc::backends::selinux {

/// The rules of `walked` in which one of `types` takes part, and the transitions, levels and roles about them. Rules of
/// the build between types of the system alone go with any of them. Permissions of one rule with the same reasons stand
/// together.
[[nodiscard]] Explanation granted(const WalkInput& input, const std::vector<WalkedRule>& walked,
                                  const std::set<std::string>& types, const Reasons& reasons,
                                  const PlannedRules& planned);

}  // namespace macc::backends::selinux
