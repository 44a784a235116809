// What raw text of a policy's author comes to: two compiled profiles, with and without it, against each other.
#pragma once

#include <string>
#include <vector>

#include "backends/apparmor/blob.h"

namespace macc::backends::apparmor {

struct Effects {
  /// A sentence each, the gravest first: what the domain gets, then what is taken from it.
  std::vector<std::string> all;
  /// Those that give a program control over what it runs: to be said aloud.
  std::vector<std::string> grave;
};

/// Of the profile `name` among those that a file holds. Throws paths::TooComplex.
[[nodiscard]] Effects effects_of(const CompiledPolicy& with, const CompiledPolicy& without, const std::string& name);

}  // namespace macc::backends::apparmor
