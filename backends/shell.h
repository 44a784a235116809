// Words and commands of a POSIX shell, for the steps that an administrator runs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace macc::backends {

/// A text as one word of a shell command, in quotes where it needs them.
[[nodiscard]] std::string shell_word(std::string_view text);
/// `name` as it stands (it may hold options), then each word quoted.
[[nodiscard]] std::string shell_command(std::string_view name, const std::vector<std::string>& words);

}  // namespace macc::backends
