// What the paths of an expression begin with, for paths::PrefixIndex.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/policy.h"

namespace macc::query {

/// Each path begins with one of these, which are read off the patterns: "/etc/x/" for "/etc/x/**".
[[nodiscard]] std::vector<std::string> beginnings(const ir::PathExpr& paths);

}  // namespace macc::query
