// From a name to what it stands for, and back.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "compiler/lsp/snapshot.h"

namespace macc::lsp {

/// What the name at a place stands for, in order; nothing where there is no name. The declaration's own name stands for
/// itself.
[[nodiscard]] std::vector<Span> declarations_at(const Snapshot& snapshot, FileId file, std::uint32_t offset);
/// The name itself at a place; invalid for none.
[[nodiscard]] Span name_at(const Snapshot& snapshot, FileId file, std::uint32_t offset);
/// Where a declaration is named, in files that an editor can open.
[[nodiscard]] std::vector<Span> uses_of(const Snapshot& snapshot, Span declaration);

/// `textDocument/definition`: a list of locations.
[[nodiscard]] Json definition(const Snapshot& snapshot, FileId file, std::uint32_t offset);
/// `textDocument/references`.
[[nodiscard]] Json references(const Snapshot& snapshot, FileId file, std::uint32_t offset, bool with_declaration);
/// `textDocument/documentHighlight`.
[[nodiscard]] Json highlights(const Snapshot& snapshot, FileId file, std::uint32_t offset);
/// `textDocument/documentSymbol` and `workspace/symbol`.
[[nodiscard]] Json document_symbols(const Snapshot& snapshot, FileId file);
[[nodiscard]] Json workspace_symbols(const Snapshot& snapshot, const std::string& query);

/// Why something cannot be done, in a sentence.
struct Refusal {
  std::string why;
};
/// `textDocument/prepareRename`: the range of the name.
[[nodiscard]] std::variant<Json, Refusal> prepare_rename(const Snapshot& snapshot, FileId file, std::uint32_t offset);
/// `textDocument/rename`: an edit of the workspace. What comes out is analysed before it is handed out: a name that
/// would mean something else, or that is taken, is refused. `snapshot` is of the whole unit.
[[nodiscard]] std::variant<Json, Refusal> rename(const Snapshot& snapshot, const Unit& unit, const Documents& documents,
                                                 FileId file, std::uint32_t offset, const std::string& name);

}  // namespace macc::lsp
