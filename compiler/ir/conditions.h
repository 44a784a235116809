// What a condition depends on.
#pragma once

#include <set>

#include "compiler/ir/policy.h"

namespace macc::ir {

/// Adds the booleans that a condition names.
void add_booleans(const Condition& condition, std::set<BooleanId>& out);

}  // namespace macc::ir
