// Which differences between meaning and target a project tolerates.
#pragma once

#include <map>
#include <string>

#include "backends/backend.h"
#include "compiler/project/project.h"

namespace macc::driver {

struct FidelityCounts {
  std::size_t exact = 0, wider = 0, drifts = 0, not_enforced = 0, narrower = 0;
  std::map<std::string, std::size_t> by_topic;

  [[nodiscard]] std::size_t all() const { return exact + wider + drifts + not_enforced + narrower; }
};
[[nodiscard]] FidelityCounts count(const backends::FidelityReport& report);

/// Reports what `fail-on` of the target rules out, and topics in `fail-on` or `accept` that do not occur.
void check_limits(const project::Target& target, const backends::FidelityReport& report,
                  const backends::Verification& verification, Diagnostics& diagnostics);

}  // namespace macc::driver
