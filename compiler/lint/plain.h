// Rules without an object.
#pragma once

#include <string_view>

#include "compiler/lint/context.h"

namespace macc::lint {

/// Findings about `bpf`, `perf` and their like: what the domain may do ("use `bpf`"), what follows, what to do instead.
void look_for_plain(Context& context, Code lint, ir::PlainAccess::Kind kind, std::string_view deed,
                    std::string_view harm, std::string_view advice);

}  // namespace macc::lint
