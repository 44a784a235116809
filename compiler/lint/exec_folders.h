// Exec rules that name no program.
#pragma once

#include "compiler/lint/context.h"

namespace macc::lint {

/// Whether all programs of a folder of the system, or of a whole tree, could be meant: the rule reaches a program with
/// a name that nobody would list. Returns what it reaches.
[[nodiscard]] std::optional<Reached> any_program(const Context& context, const Subject& subject, const Grant& grant);

}  // namespace macc::lint
