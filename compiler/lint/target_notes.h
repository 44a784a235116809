// How the project's targets stand to its rules.
#pragma once

#include <string_view>

#include "compiler/lint/context.h"

namespace macc::lint {

/// Findings about one kind of difference: one for each statement, target and topic.
void look_for_notes(Context& context, Code lint, TargetNote::Kind kind, std::string_view what);

}  // namespace macc::lint
