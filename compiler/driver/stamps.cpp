#include "compiler/driver/stamps.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxFiles = 100'000;

/// What a change of a file changes: its content goes with the size and the times, its place with device and inode.
/// The time of the last change of the inode cannot be set back by a program, that of the content can.
void add_state(const struct stat& status, Stamps& stamps) {
  fmt::format_to(std::back_inserter(stamps.text), " {}:{} {:o} {}:{} {} {}.{} {}.{}", status.st_dev, status.st_ino,
                 status.st_mode, status.st_uid, status.st_gid, status.st_size, status.st_mtim.tv_sec,
                 status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
  stamps.newest = std::max(stamps.newest, static_cast<std::int64_t>(status.st_ctim.tv_sec));
}

/// The file itself and, where it is a symbolic link, what that leads to.
void add_file(const std::string& path, Stamps& stamps) {
  stamps.text += fmt::format("{} {}", path.size(), path);
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) add_state(status, stamps);
  if (S_ISLNK(status.st_mode) && ::stat(path.c_str(), &status) == 0) add_state(status, stamps);
  stamps.text += '\n';
}

/// False when not all of it can be seen.
bool add_folder(const std::string& path, std::set<std::string>& files) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return true;
  fs::recursive_directory_iterator it(path, fs::directory_options::skip_permission_denied, error), end;
  for (; !error && it != end; it.increment(error)) {
    files.insert(it->path().native());
    if (files.size() > kMaxFiles) return false;
  }
  return !error;
}

}  // namespace

std::optional<Stamps> stamps_of(const std::vector<std::string>& paths) {
  std::set<std::string> files(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    if (!add_folder(path, files)) return std::nullopt;
  }
  Stamps stamps;
  for (const std::string& file : files) add_file(file, stamps);
  return stamps;
}

std::optional<std::vector<std::string>> running_files() {
  std::ifstream maps("/proc/self/maps");
  std::set<std::string> files;
  // "7f00-7f10 r-xp 00000000 08:01 1234    /usr/lib/libfmt.so.9"
  for (std::string line; std::getline(maps, line);) {
    const std::size_t at = line.find('/');
    if (at == std::string::npos) continue;
    if (line.ends_with(" (deleted)")) return std::nullopt;
    files.insert(line.substr(at));
  }
  if (files.empty()) return std::nullopt;
  return std::vector<std::string>(files.begin(), files.end());
}

}  // namespace macc::driver
