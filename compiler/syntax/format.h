// The form in which sources of macc are written. The rules are in docs/format.md.
#pragma once

#include <optional>
#include <string>

#include "compiler/base/diagnostic.h"
#include "compiler/syntax/parse.h"

namespace macc::syntax {

/// The text of one file of `sources` in macc's form. The same words in the same order, the same comments: only white
/// space differs, and none in texts. What is given is parsed once more and compared with the file; a difference is a
/// mistake of macc and reported as such (E9019). nullopt, with the reason reported, for a file with errors (their
/// diagnostics are those of parse()) and where the result would be larger than a source may be.
/// The result is its own form, and takes time in proportion to the size. Never throws for any bytes.
[[nodiscard]] std::optional<std::string> format(const SourceManager& sources, FileId file, Diagnostics& diagnostics,
                                                const Limits& limits = {});

}  // namespace macc::syntax
