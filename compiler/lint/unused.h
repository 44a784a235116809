// Names that nothing refers to.
#pragma once

#include <string_view>

#include "compiler/lint/context.h"

namespace macc::lint {

/// Findings about the unused names of a kind. `message` holds one `{}` for the name.
void look_for_unused(Context& context, Code lint, ir::UnusedName::Kind kind, std::string_view message,
                     std::string_view harm);

}  // namespace macc::lint
