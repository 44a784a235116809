// Reading and replacing files.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace macc::backends::selinux {

/// A regular file's bytes; nullopt, with errno set, when it cannot be read.
[[nodiscard]] std::optional<std::string> read_whole_file(const std::string& path);

/// Under another name first: a reader sees the old file, the new one or none. Makes the folder. False when it does not
/// work, and then nothing is left behind.
bool replace_file(const std::string& path, std::string_view bytes);

}  // namespace macc::backends::selinux
