// Reading and replacing files of macc's own, and where it keeps what it could make again.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace macc {

/// A regular file's bytes; nullopt, with errno set, when it cannot be read.
[[nodiscard]] std::optional<std::string> read_whole_file(const std::string& path);

/// The same of a file that only this user can have written: it is the user's, no link, and nobody else may write to it.
[[nodiscard]] std::optional<std::string> read_own_file(const std::string& path);

/// Under another name first: a reader sees the old file, the new one or none. Makes the folder. False when it does not
/// work, and then nothing is left behind.
bool put_file(const std::string& path, std::string_view bytes);

/// $XDG_CACHE_HOME/macc, or ~/.cache/macc; "" when neither is known. What is in it may be deleted at any time.
[[nodiscard]] std::string user_cache_folder();

/// Whether files can be put into a folder, which is made where it is missing.
[[nodiscard]] bool takes_files(const std::string& folder);

}  // namespace macc
