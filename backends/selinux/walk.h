// The walk over a linked policy: every rule in which a type of ours takes part, explained by what the build planned, by
// the base through an attribute, or by raw text. What nothing explains, and what was planned and is not there, is an
// error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backends/backend.h"
#include "backends/selinux/link/access.h"
#include "backends/selinux/link/base_rules.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/planned.h"

namespace macc::backends::selinux {

/// An allow rule of the linked policy. Bit i of a mask is the rule's i-th permission; one permission may have several
/// explanations.
struct WalkedRule {
  PolicyRule rule;
  std::uint32_t planned = 0;  ///< asked for by the build's modules
  std::uint32_t base = 0;     ///< by the base, through an attribute that one of our types is in
  std::uint32_t raw = 0;      ///< by raw text alone
  /// Whose rule of the base it is: the words there, which differ from the rule's for "self".
  std::string_view base_source, base_target;
};

/// What a walk compares: the policy that was linked from the artifacts, and what explains it.
struct WalkInput {
  const Input& input;
  const Planned& plan;
  const Base& base;
  const BaseRules& rules;
  const CompiledPolicy& policy;
  /// What raw text adds is what the first has and the second has not; both null when there is none, or when it cannot
  /// be told apart, since nothing links without it. Both are linked from the plan, not from the artifacts.
  const CompiledPolicy* with_raw = nullptr;
  const CompiledPolicy* without_raw = nullptr;
  bool raw_is_needed = false;  ///< nothing links without the raw text: what nothing else explains counts as raw
};

/// All allow rules about our types, in a fixed order. Views point into the policy and the base's rules.
[[nodiscard]] std::vector<WalkedRule> walk(const WalkInput& input, Diagnostics& diagnostics);

/// Types that the build's modules declare.
[[nodiscard]] std::set<std::string> own_types(const Planned& plan);

/// Allow rules of source that the lowering left out whole, without a word about them.
void check_effects(const Input& input, const Lowered& lowered, const Planned& plan, Diagnostics& diagnostics);

}  // namespace macc::backends::selinux
