// How files of the machine are, without reading them: for telling whether one has changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace macc::driver {

struct Stamps {
  std::string text;         ///< a line for each file: what a change of it would change
  std::int64_t newest = 0;  ///< when one of them changed last, in seconds since 1970
};

/// Of files and of folders with all in them that this user may see; what is not there has a line too. nullopt for
/// folders that cannot be looked through, or with more than 100,000 files.
[[nodiscard]] std::optional<Stamps> stamps_of(const std::vector<std::string>& paths);

/// This program and the libraries that it runs with; nullopt when one of them was replaced since it started.
[[nodiscard]] std::optional<std::vector<std::string>> running_files();

}  // namespace macc::driver
