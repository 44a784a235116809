// Parsing, for those who need more than the syntax tree. Private to compiler/syntax.
#pragma once

#include <functional>

#include "compiler/syntax/antlr.h"
#include "compiler/syntax/parse.h"
#include "compiler/syntax/source_text.h"

namespace macc::syntax {

/// What is done with a file without errors while its parse tree is there. Tokens are all of the file by index, comments
/// in hidden channels among them.
using WithTree = std::function<void(Grammar::FileContext& tree, const Tokens& tokens, const SourceText& source)>;

/// As parse(); `use` is called once, or not at all when there are errors.
[[nodiscard]] ast::File read(const SourceManager& sources, FileId file, Diagnostics& diagnostics, const Limits& limits,
                             const WithTree& use);

}  // namespace macc::syntax
