// From text to syntax tree. The only door to the generated parser: nothing outside compiler/syntax knows it.
#pragma once

#include "compiler/base/diagnostic.h"
#include "compiler/syntax/ast.h"

namespace macc::syntax {

/// Limits against hostile input. Reaching one is a diagnostic.
struct Limits {
  std::size_t max_bytes = 8U << 20U;   ///< of one file
  std::size_t max_depth = 256;         ///< of nested constructs
  std::size_t max_syntax_errors = 12;  ///< reported for one file
};

/// Parses one file of `sources`. Always returns what could be understood: after errors (reported to `diagnostics`)
/// the tree holds the statements that were whole, and only those (a missing semicolon or closing brace does not make
/// one broken). After a thousand errors, or past a limit, it is empty. Diagnostics come in the order of their places.
/// Never throws for any bytes.
[[nodiscard]] ast::File parse(const SourceManager& sources, FileId file, Diagnostics& diagnostics,
                              const Limits& limits = {});

}  // namespace macc::syntax
