// The standard library: the modules `std.*`, as they were when macc was built.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/syntax/ast.h"

namespace macc::stdlib {

/// The source text of module `module` ("std.system"); nothing if there is no such module. The text lives as long as
/// the program.
[[nodiscard]] std::optional<std::string_view> find(std::string_view module);

/// The syntax tree of a module of `names()`, whose text is `file`: what parsing it gives, without parsing. Throws
/// std::logic_error when macc was built wrongly.
[[nodiscard]] ast::File tree(std::string_view module, FileId file);

/// The names of all modules ("std.system"), sorted.
[[nodiscard]] std::vector<std::string> names();

}  // namespace macc::stdlib
