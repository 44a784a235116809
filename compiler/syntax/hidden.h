// Characters that would make a policy read differently from what it means. Private to compiler/syntax.
#pragma once

#include "compiler/syntax/antlr.h"
#include "compiler/syntax/source_text.h"

namespace macc::syntax {

/// Reports each run of hidden characters, wherever it stands: in a comment it hides code as well as in a text.
void check_hidden(const SourceText& source, const Tokens& tokens, Reports& reports);

}  // namespace macc::syntax
