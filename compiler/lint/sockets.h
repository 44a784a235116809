// Sockets of families that are worth a finding: families.def.
#pragma once

#include <string_view>

#include "compiler/lint/context.h"

namespace macc::lint {

/// Findings about the families of one lint.
void look_for_sockets(Context& context, Code lint, std::string_view advice);

}  // namespace macc::lint
