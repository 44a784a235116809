// Settings that lie where the system keeps them, and that no resource declares.
#pragma once

#include <string>

#include "compiler/lint/context.h"

namespace macc::lint {

/// Whether a rule reads settings that it names: files beneath a tree of settings, not the whole tree.
[[nodiscard]] bool reads_settings(const Context& context, const Subject& subject, const Grant& grant);

/// Whether a path lies in a tree of settings, in no resource that says what it is, and is none of the files that
/// control the system.
[[nodiscard]] bool is_undeclared_setting(const Context& context, const std::string& path);

}  // namespace macc::lint
