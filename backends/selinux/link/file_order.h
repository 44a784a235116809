// The order of file contexts: the last line that matches a path counts, and the platform's linker sorts the lines so
// that this is the most particular one.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

namespace macc::backends::selinux {

/// What makes a file context a pattern.
inline constexpr std::string_view kContextMeta = ".^$?*+|[({";

/// Where the platform sorts an expression.
struct ContextOrder {
  bool exact = false;  ///< without meta characters: after all others
  std::size_t stem = 0;
  std::size_t length = 0;
  friend auto operator<=>(const ContextOrder&, const ContextOrder&) = default;
};
[[nodiscard]] ContextOrder context_order(std::string_view regex);

[[nodiscard]] bool in_linker_order(std::string_view file_contexts);

/// Two files of contexts, each in the linker's order, as the one that it would have made of both. A line that is in
/// both stands there once.
[[nodiscard]] std::string merge_file_contexts(std::string_view a, std::string_view b);

}  // namespace macc::backends::selinux
