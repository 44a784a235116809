// Names findings by their meaning, for baselines and for services that follow findings over time.
#pragma once

#include <string>

#include "compiler/lint/lint.h"

namespace macc::lint {

/// 16 hexadecimal digits from the lint, the domain and the subject: not from lines, names of files or wording.
[[nodiscard]] std::string fingerprint(const Finding& finding);

/// A short text that is the same for equal sets of paths, however they were written.
[[nodiscard]] std::string name_of(const paths::PathSet& set);

}  // namespace macc::lint
