// Diagnostics and findings of lints as an editor shows them, and what mends them.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "compiler/lsp/snapshot.h"

namespace macc::lsp {

/// The `diagnostics` of `textDocument/publishDiagnostics` by URI. What has no place stands at the start of
/// Snapshot::home().
[[nodiscard]] std::map<std::string, Json> published(const Snapshot& snapshot);

/// `textDocument/codeAction` for a range: the fixes of what is reported there, and one for all safe fixes of the file.
/// `only` holds the kinds that were asked for; empty for all. `all_safe` gives safe_edits().
[[nodiscard]] Json code_actions(const Snapshot& snapshot, const Documents& documents, FileId file, std::uint32_t begin,
                                std::uint32_t end, const std::vector<std::string>& only,
                                const std::function<std::vector<Edit>()>& all_safe);

/// All safe fixes of a file, as edits of its text: rounds of those that go together, each looked at before the next, as
/// `macc lint --fix` makes them.
[[nodiscard]] std::vector<Edit> safe_edits(const Snapshot& snapshot, const Documents& documents,
                                           const Document& document);

inline constexpr const char* kQuickFix = "quickfix";
inline constexpr const char* kFixAll = "source.fixAll.macc";

}  // namespace macc::lsp
