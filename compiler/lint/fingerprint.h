// Names findings by their meaning, for baselines and for services that follow findings over time.
#pragma once

#include <string>

#include "compiler/lint/lint.h"

namespace macc::lint {

/// 16 hexadecimal digits from the lint, the domain, the subjects and the condition: not from lines, names of files or
/// wording.
[[nodiscard]] std::string fingerprint(const Finding& finding);
/// The same for one of its subjects, as if that stood alone; `always` as if it held under no condition.
[[nodiscard]] std::string fingerprint(const Finding& finding, const std::string& subject, bool always);

/// A short text that is the same for equal sets of paths, however they were written.
[[nodiscard]] std::string name_of(const paths::PathSet& set);

}  // namespace macc::lint
