// What a condition depends on, and whether it can hold at all.
#pragma once

#include <cstddef>
#include <set>

#include "compiler/ir/policy.h"

namespace macc::ir {

/// Adds the booleans that a condition names.
void add_booleans(const Condition& condition, std::set<BooleanId>& out);

/// Whether some values of the policy's booleans, `boolean_count` of them, make the condition true. One that names more
/// than 12 booleans is not looked through: as if they could.
[[nodiscard]] bool can_hold(const Condition& condition, std::size_t boolean_count);

}  // namespace macc::ir
