// From the parse tree to the syntax tree. Private to compiler/syntax.
#pragma once

#include "compiler/syntax/antlr.h"
#include "compiler/syntax/ast.h"
#include "compiler/syntax/source_text.h"

namespace macc::syntax {

/// Builds what is whole and reports what the grammar lets pass but the language does not.
/// `tokens` are all tokens of the file by index, hidden ones too.
[[nodiscard]] ast::File build(Grammar::FileContext& tree, const Tokens& tokens, const SourceText& source, FileId id,
                              Reports& reports, std::size_t max_depth);

}  // namespace macc::syntax
