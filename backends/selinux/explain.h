// From a rule of the source to the statements that it became, and from an access in the linked policy back to its
// reasons.
#pragma once

#include "backends/backend.h"

namespace macc::backends::selinux {

[[nodiscard]] Explanation explain(const Input& input, const Lowered& lowered, const Question& question);

}  // namespace macc::backends::selinux
