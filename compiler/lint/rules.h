// One function a lint, each in rules/<function>.cpp.
#pragma once

#include "compiler/lint/context.h"

namespace macc::lint::rules {

#define MACC_LINT(code, function, name, severity, state, scope, title) void function(Context& context);
#include "compiler/base/lints.def"
#undef MACC_LINT

}  // namespace macc::lint::rules
