// One finding for each matter.
#pragma once

#include <set>
#include <vector>

#include "compiler/lint/lint.h"

namespace macc::lint {

/// Puts findings together that one change of the policy ends: those of one lint about one rule become one, and what
/// another lint says more gravely becomes a note there, as folds.def has it. For who reads them: baselines, annotations
/// and fixes are about single findings, so that none is lost when a graver one is excused or its lint is off. `locked`
/// lints are folded into locked ones only.
[[nodiscard]] std::vector<Finding> fold(std::vector<Finding> findings, const std::set<Code>& locked);

}  // namespace macc::lint
