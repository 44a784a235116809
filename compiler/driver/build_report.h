// What a build says about one target: report.json for programs, a few lines for people.
#pragma once

#include <string>

#include "backends/backend.h"
#include "compiler/project/project.h"

namespace macc::driver {

inline constexpr std::string_view kReportName = "report.json";

struct TargetResult {
  const project::Target& target;
  const backends::Lowered& lowered;
  const backends::Verification& verification;
  backends::FidelityReport fidelity = backends::merged(lowered.fidelity, verification.found);
};

/// What the platform's compiler said, and what it could not look at: lines of a target's summary.
[[nodiscard]] std::string checked_lines(const backends::Verification& verification);

/// The whole of report.json (docs/json.md).
[[nodiscard]] std::string report_json(const TargetResult& result, const ir::Policy& policy,
                                      const SourceManager& sources);

/// The summary for people; `folder` is where the artifacts are, as the user would write it.
[[nodiscard]] std::string report_text(const TargetResult& result, const std::string& folder);

}  // namespace macc::driver
