// What an operation of a case asks of a policy, in the words of the language (tests/kernel/operations.def).
#pragma once

#include <string>
#include <vector>

#include "tests/kernel/planner/case.h"

namespace macc::kernel {

struct Phrase {
  std::string text;  ///< `append "/x"`
  std::string tag;   ///< the word in brackets, ""
};
/// Sets of phrases of which one must be allowed as a whole.
using Alternatives = std::vector<std::vector<Phrase>>;

/// Throws BadCase for an unknown operation or arguments that it does not take.
[[nodiscard]] Alternatives phrases_of(const Case& in, const Operation& operation);

/// The letters of operations.def.
[[nodiscard]] std::string parameters_of(const Case& in, const Operation& operation);

/// The domain of a process of the case's world.
[[nodiscard]] std::string domain_of_process(const Case& in, const Operation& operation, const std::string& process);

/// A path as a pattern of the language that matches it alone, with its quotes.
[[nodiscard]] std::string path_literal(const std::string& path);

}  // namespace macc::kernel
