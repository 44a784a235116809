// From sets back to patterns. For path_set.cpp only, which checks that what comes back means the same.
#pragma once

#include <optional>
#include <vector>

#include "compiler/paths/automaton.h"
#include "compiler/paths/path_pattern.h"

namespace macc::paths {

/// Union of `include` less union of `exclude`.
struct PatternTerm {
  std::vector<PathPattern> include;
  std::vector<PathPattern> exclude;
};

/// Patterns whose union is the language of the automaton, of at most `limit` alternatives in all; nullopt when the way
/// of rewriting does not lead there. Throws TooComplex.
[[nodiscard]] std::optional<std::vector<PathPattern>> rewrite_automaton(const Dfa& dfa, std::size_t limit);

/// The same for a union of terms: patterns that no exclude touches stay as they are.
[[nodiscard]] std::optional<std::vector<PathPattern>> rewrite_terms(const std::vector<PatternTerm>& terms,
                                                                    std::size_t limit);

}  // namespace macc::paths
