// A folder for the files that a program of the platform reads or writes.
#pragma once

#include <filesystem>
#include <string>

namespace macc {

/// A folder of our own below the system's folder for temporary files, removed with everything in it.
class TemporaryFolder {
 public:
  /// `name` begins the folder's name. When none can be made, path() is empty.
  explicit TemporaryFolder(const std::string& name);
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Writes a file and the folders above it; false when that fails.
[[nodiscard]] bool write_file(const std::filesystem::path& path, const std::string& content);

}  // namespace macc
