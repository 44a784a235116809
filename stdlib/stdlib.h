// The standard library: the text of the modules `std.*`, as they were when macc was built.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace macc::stdlib {

/// The source text of module `module` ("std.system"); nothing if there is no such module. The text lives as long as
/// the program.
[[nodiscard]] std::optional<std::string_view> find(std::string_view module);

/// The names of all modules ("std.system"), sorted.
[[nodiscard]] std::vector<std::string> names();

}  // namespace macc::stdlib
