// Syntax trees as bytes: what was parsed when macc was built need not be parsed again by every run.
//
// The bytes are compact and of no use outside the build that wrote them: they hold no version, and a change of the
// tree's structs changes them. They do not depend on the machine. What is written and in which order is fields.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compiler/syntax/ast.h"

namespace macc::syntax {

/// A tree as parse() gives it: every span is in the tree's own file, or invalid.
[[nodiscard]] std::string write_archive(const ast::File& tree);

/// The same tree, for a file of `text_size` bytes which now is `file`. Nothing when the bytes are no such archive:
/// they end too early, go on behind the end, nest too deep, or point outside the text.
[[nodiscard]] std::optional<ast::File> read_archive(std::string_view bytes, FileId file, std::size_t text_size);

}  // namespace macc::syntax
