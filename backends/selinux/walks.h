// Questions about a set of paths and the directories above its members, answered by walking automata together.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "compiler/paths/path_set.h"

namespace macc::backends::selinux {

using Automaton = paths::PathSet::Automaton;

/// How members of a set hang in directories.
struct Children {
  bool any = false;
  std::string directory;        ///< an example of the directory
  bool wildcard = false;        ///< some names are not literal
  std::set<std::string> names;  ///< the literal ones, at most 16; more count as wildcard
  bool files = false;           ///< members that are no directories
  bool directories = false;
};
/// The members of `members` that lie directly in a directory of `directories`.
[[nodiscard]] Children children_in(const Automaton& members, const Automaton& directories);

}  // namespace macc::backends::selinux
