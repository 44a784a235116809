// Whether two syntax trees say the same.
#pragma once

#include "compiler/syntax/ast.h"

namespace macc::syntax {

enum class Places : bool { ignored, compared };

/// Compares all fields of all parts, with or without where they stand (spans, and which file it is). Names and texts
/// count as they are written, and so do comments that document something.
[[nodiscard]] bool same(const ast::File& a, const ast::File& b, Places places);

}  // namespace macc::syntax
