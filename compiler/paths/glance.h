// What a look at two patterns tells, without an automaton. Most pairs of patterns are told apart by it.
#pragma once

#include "compiler/paths/path_pattern.h"

namespace macc::paths {

/// True when no path is in both. False says nothing: only automata know.
[[nodiscard]] bool surely_apart(const PathPattern& a, const PathPattern& b);

/// True when all paths of `inner` are in `tree`, which has others besides. False says nothing.
[[nodiscard]] bool surely_beneath(const PathPattern& inner, const PathPattern& tree);

/// True when the automaton of the pattern has about as many states as the pattern has bytes, so that no question about
/// it is too complex. False says nothing.
[[nodiscard]] bool surely_small(const PathPattern& pattern);

}  // namespace macc::paths
