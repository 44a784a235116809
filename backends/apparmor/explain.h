// Which lines of the profiles came from a rule.
#pragma once

#include "backends/backend.h"

namespace macc::backends::apparmor {

/// By the comments in the profiles, which name each rule's places. Accesses are not explained.
[[nodiscard]] Explanation explain(const Input& input, const Lowered& lowered, const Question& question);

}  // namespace macc::backends::apparmor
