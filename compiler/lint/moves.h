// Folders that a domain may rename: whatever lies beneath can be moved away, and another folder be put in its place.
#pragma once

#include <optional>
#include <string>

#include "compiler/lint/reach.h"

namespace macc::lint {

struct Move {
  const Grant* grant = nullptr;
  std::string folder;  ///< with its final slash
  ir::Assignment values;
};

/// The first folder on the way to what a pattern names (itself included when it is a tree) that a rule of the domain
/// may rename. Folders behind a wildcard are not looked at.
[[nodiscard]] std::optional<Move> movable_folder(const Reach& reach, const ir::PathExpr& paths);

}  // namespace macc::lint
