// The IR as JSON, documented in docs/ir.md.
#pragma once

#include <string>

#include "compiler/ir/policy.h"

namespace macc::ir {

/// Version of the format; it changes when a reader of the old one would misread the new one.
inline constexpr int kJsonVersion = 1;

/// Pretty-printed, ending with a newline; the same policy gives the same bytes.
[[nodiscard]] std::string to_json(const Policy& policy, const SourceManager& sources);

}  // namespace macc::ir
