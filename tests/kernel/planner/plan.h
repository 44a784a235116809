// The whole plan of a run: artifacts for each target, operations, and what has to come of them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "tests/kernel/planner/case.h"

namespace macc::kernel {

struct Plan {
  std::map<std::string, std::vector<backends::Artifact>> artifacts;  ///< by target
  std::string json;                                                  ///< docs/kernel-tests.md says what is in it
};

/// Throws BadCase for what is wrong with the cases, also where a target refuses their policies.
[[nodiscard]] Plan plan_for(const std::filesystem::path& cases);

}  // namespace macc::kernel
