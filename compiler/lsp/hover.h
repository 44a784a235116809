// What an editor shows about the place under the pointer.
#pragma once

#include "compiler/lsp/snapshot.h"

namespace macc::lsp {

/// Whether hover() would lower the policy for its targets, which may take a minute for a large one.
[[nodiscard]] bool needs_targets(const Snapshot& snapshot, FileId file, std::uint32_t offset);

/// `textDocument/hover`: what a name stands for, what a word of the language means, what a statement grants, where its
/// paths lie, and what it becomes on each target, unless that takes long and is to be left out. null where there is
/// nothing to say.
[[nodiscard]] Json hover(const Snapshot& snapshot, FileId file, std::uint32_t offset, bool with_targets = true);

}  // namespace macc::lsp
