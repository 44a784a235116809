// What can stand at a place. It looks at the words before it, so that the text need not parse.
#pragma once

#include "compiler/lsp/snapshot.h"

namespace macc::lsp {

/// `textDocument/completion`: a list of items.
[[nodiscard]] Json completion(const Snapshot& snapshot, FileId file, std::uint32_t offset);

}  // namespace macc::lsp
