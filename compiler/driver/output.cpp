#include "compiler/driver/output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <system_error>

#include "compiler/driver/sha256.h"
#include "compiler/report/cells.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

constexpr int kManifestVersion = 1;
constexpr std::string_view kTemporarySuffix = ".macc-tmp";

/// A descriptor that is closed, and a lock on it with it.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return value_; }
  /// 0, or the errno of closing: some file systems tell only then that the disk is full.
  int reset() {
    const int value = std::exchange(value_, -1);
    return value < 0 || ::close(value) == 0 ? 0 : errno;
  }

 private:
  int value_;
};

bool is_inside(const std::string& path) {
  const fs::path p(path);
  return !path.empty() && path.find('\0') == std::string::npos && p.is_relative() &&
         std::none_of(p.begin(), p.end(),
                      [](const fs::path& part) { return part == ".." || part == "." || part.empty(); });
}

std::string manifest_text(const Written& written) {
  Json files = Json::array();
  for (const auto& [path, sums] : written) {
    for (const std::string& sum : sums) files.push_back({{"path", report::valid_utf8(path)}, {"sha256", sum}});
  }
  const Json all = {{"version", kManifestVersion},
                    {"about", "files that macc wrote here; a later build removes those that it no longer makes"},
                    {"files", std::move(files)}};
  return all.dump(2) + "\n";
}

/// Writes a file that must not exist, with the mode and the owner of `like` if there is one. 0 or an errno.
int write_new(const fs::path& path, std::string_view text, const struct stat* like = nullptr) {
  const mode_t mode = like == nullptr ? 0666 : 0600;
  Descriptor out(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (out.get() < 0) return errno;
  // Changing the owner drops bits of the mode. Only root can give files away: to all others it is theirs already.
  if (like != nullptr && ::fchown(out.get(), like->st_uid, like->st_gid) != 0 && ::geteuid() == 0) return errno;
  if (like != nullptr && ::fchmod(out.get(), like->st_mode & 07777U) != 0) return errno;
  while (!text.empty()) {
    const ssize_t n = ::write(out.get(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return out.reset();
}

/// The same in place of what a run that was killed left.
int write_temporary(const fs::path& path, std::string_view text) {
  (void)::unlink(path.c_str());
  return write_new(path, text);
}

/// Reports, and gives false.
bool cannot_write(const fs::path& path, int error, const Shown& shown, Diagnostics& diagnostics) {
  diagnostics.report(
      Code::E9011, {},
      fmt::format("`{}` cannot be written: {}", printable(shown(path), 400), std::generic_category().message(error)));
  return false;
}

bool make_folder(const fs::path& path, const Shown& shown, Diagnostics& diagnostics) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return cannot_write(path, error.value(), shown, diagnostics);
  if (!fs::is_directory(path, error)) return cannot_write(path, ENOTDIR, shown, diagnostics);
  return true;
}

/// One run of write_files, in steps that each end with everything as before when they fail.
class Transaction {
 public:
  Transaction(const fs::path& folder, const std::vector<OutputFile>& files, const Shown& shown,
              Diagnostics& diagnostics)
      : folder_(folder), files_(files), shown_(shown), diagnostics_(diagnostics) {
    for (const OutputFile& file : files_) {
      if (!is_inside(file.path)) throw std::logic_error("an artifact lies outside its folder: " + file.path);
    }
  }

  bool run() {
    if (!make_folder(folder_)) return false;
    const Descriptor lock(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (lock.get() >= 0) (void)::flock(lock.get(), LOCK_EX);
    before_ = read_manifest(folder_);
    drop_leftovers();
    if (!nothing_in_the_way() || !write_temporaries()) {
      drop_temporaries();
      return false;
    }
    return commit();
  }

 private:
  [[nodiscard]] fs::path final_path(const OutputFile& file) const { return folder_ / file.path; }
  [[nodiscard]] fs::path temporary(const OutputFile& file) const {
    return folder_ / (file.path + std::string(kTemporarySuffix));
  }
  [[nodiscard]] std::string name(const fs::path& path) const { return printable(shown_(path), 400); }

  bool cannot_write(const fs::path& path, int error) { return driver::cannot_write(path, error, shown_, diagnostics_); }
  bool make_folder(const fs::path& path) { return driver::make_folder(path, shown_, diagnostics_); }

  bool nothing_in_the_way() {
    bool free = true;
    for (const OutputFile& file : files_) {
      struct stat status {};
      const fs::path path = final_path(file);
      if (::lstat(path.c_str(), &status) != 0) continue;
      if (S_ISREG(status.st_mode) && before_.contains(file.path)) continue;
      if (const auto text = content_of(path); text && *text == file.content) continue;
      diagnostics_.report(Code::E9012, {}, fmt::format("`{}` is there already, and macc did not write it", name(path)))
          .note("remove it, or choose another folder with `--out`");
      free = false;
    }
    return free;
  }

  bool write_temporaries() {
    for (const OutputFile& file : files_) {
      const fs::path path = temporary(file);
      if (!make_folder(path.parent_path())) return false;
      if (const int error = write_temporary(path, file.content); error != 0) {
        return cannot_write(final_path(file), error);
      }
    }
    return true;
  }

  void drop_temporaries() {
    for (const OutputFile& file : files_) (void)::unlink(temporary(file).c_str());
    remove_empty_folders();
  }

  /// Temporary files of a run that was killed: nobody else is writing here now. Their folders go too, when empty.
  void drop_leftovers() const {
    std::vector<fs::path> left;
    std::error_code error;
    fs::recursive_directory_iterator it(folder_, fs::directory_options::skip_permission_denied, error), end;
    for (; !error && it != end; it.increment(error)) {
      std::error_code ignored;
      const bool regular = fs::is_regular_file(it->symlink_status(ignored));
      if (regular && it->path().native().ends_with(kTemporarySuffix)) left.push_back(it->path());
    }
    for (const fs::path& path : left) {
      (void)::unlink(path.c_str());
      for (fs::path p = path.parent_path(); p != folder_ && ::rmdir(p.c_str()) == 0;) p = p.parent_path();
    }
  }

  /// First a manifest of old and new files, so that a run that is killed leaves nothing unknown behind.
  bool commit() {
    Written now;
    for (const OutputFile& file : files_) now[file.path].insert(sha256(file.content));
    Written both = before_;
    for (const auto& [path, sums] : now) both[path].insert(sums.begin(), sums.end());
    if (!write_manifest(both) || !rename_all()) {
      drop_temporaries();
      return false;
    }
    for (const auto& [path, sums] : before_) {
      if (!now.contains(path)) remove_stale(path, sums);
    }
    remove_empty_folders();
    return write_manifest(now);
  }

  bool write_manifest(const Written& written) {
    const fs::path path = folder_ / kManifestName;
    const fs::path temporary_path = folder_ / (std::string(kManifestName) + std::string(kTemporarySuffix));
    if (const int error = write_temporary(temporary_path, manifest_text(written)); error != 0) {
      (void)::unlink(temporary_path.c_str());
      return cannot_write(path, error);
    }
    return ::rename(temporary_path.c_str(), path.c_str()) == 0 || cannot_write(path, errno);
  }

  bool rename_all() {
    for (auto it = files_.begin(); it != files_.end(); ++it) {
      if (place(*it)) continue;
      const int error = errno;
      while (it != files_.begin()) take_back(*--it);
      return cannot_write(final_path(*it), error);
    }
    for (const OutputFile& file : files_) (void)::unlink(temporary(file).c_str());
    return true;
  }

  /// Exchanges the new file with the old one, which can be put back until all are in place.
  [[nodiscard]] bool place(const OutputFile& file) const {
    const fs::path from = temporary(file);
    const fs::path to = final_path(file);
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) return true;
    return ::rename(from.c_str(), to.c_str()) == 0;
  }

  void take_back(const OutputFile& file) const {
    const fs::path old = temporary(file);
    struct stat status {};
    if (::lstat(old.c_str(), &status) == 0) {
      (void)::rename(old.c_str(), final_path(file).c_str());
    } else {
      (void)::unlink(final_path(file).c_str());
    }
  }

  void remove_stale(const std::string& path, const std::set<std::string>& sums) {
    const auto text = content_of(folder_ / path);
    if (!text) return;
    if (!sums.contains(sha256(*text))) {
      diagnostics_
          .report(Code::E9014, {},
                  fmt::format("`{}` is no longer made, but it was changed by hand", name(folder_ / path)))
          .note("it stays as it is; remove it when it is not needed");
      return;
    }
    (void)::unlink((folder_ / path).c_str());
  }

  /// Folders below ours that hold nothing any more. rmdir refuses all others.
  void remove_empty_folders() const {
    std::set<fs::path> folders;
    const auto add = [&](const std::string& path) {
      for (fs::path p = fs::path(path).parent_path(); !p.empty(); p = p.parent_path()) folders.insert(p);
    };
    for (const auto& [path, sums] : before_) add(path);
    for (const OutputFile& file : files_) add(file.path);
    for (auto it = folders.rbegin(); it != folders.rend(); ++it) (void)::rmdir((folder_ / *it).c_str());
  }

  const fs::path& folder_;
  const std::vector<OutputFile>& files_;
  const Shown& shown_;
  Diagnostics& diagnostics_;
  Written before_;
};

}  // namespace

std::optional<std::string> content_of(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(fs::symlink_status(path, error))) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Written read_manifest(const fs::path& folder) {
  const auto text = content_of(folder / kManifestName);
  const Json json = Json::parse(text.value_or(""), nullptr, false);
  Written written;
  if (!json.is_object() || json.value("version", Json()) != kManifestVersion || !json.contains("files")) return written;
  for (const Json& item : json["files"]) {
    if (!item.is_object() || !item.contains("path") || !item.contains("sha256")) continue;
    if (!item["path"].is_string() || !item["sha256"].is_string()) continue;
    const auto path = item["path"].get<std::string>();
    if (is_inside(path)) written[path].insert(item["sha256"].get<std::string>());
  }
  return written;
}

bool write_files(const fs::path& folder, const std::vector<OutputFile>& files, const Shown& shown,
                 Diagnostics& diagnostics) {
  return Transaction(folder, files, shown, diagnostics).run();
}

bool create_files(const fs::path& folder, const std::vector<OutputFile>& files, const Shown& shown,
                  Diagnostics& diagnostics) {
  for (auto it = files.begin(); it != files.end(); ++it) {
    const fs::path path = folder / it->path;
    const bool placed = make_folder(path.parent_path(), shown, diagnostics);
    const int error = placed ? write_new(path, it->content) : 0;
    if (placed && error == 0) continue;
    if (placed) (void)cannot_write(path, error, shown, diagnostics);
    if (placed && error != EEXIST) (void)::unlink(path.c_str());
    while (it != files.begin()) (void)::unlink((folder / (--it)->path).c_str());
    return false;
  }
  return true;
}

bool write_file(const fs::path& path, const std::string& content,
                const std::function<bool(const fs::path&)>& may_replace, const Shown& shown, Diagnostics& diagnostics) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0 && !(S_ISREG(status.st_mode) && may_replace(path))) {
    diagnostics
        .report(Code::E9012, {},
                fmt::format("`{}` is there already, and macc did not write it", printable(shown(path), 400)))
        .note("remove it, or choose another name with `--out`");
    return false;
  }
  if (!make_folder(path.parent_path(), shown, diagnostics)) return false;
  const fs::path temporary = path.string() + std::string(kTemporarySuffix);
  int error = write_temporary(temporary, content);
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return true;
  (void)::unlink(temporary.c_str());
  return cannot_write(path, error, shown, diagnostics);
}

bool replace_file(const fs::path& path, const std::string& before, const std::string& after, const Shown& shown,
                  Diagnostics& diagnostics) {
  std::error_code failed;
  const fs::path real = fs::canonical(path, failed);
  if (failed) return cannot_write(path, failed.value(), shown, diagnostics);
  struct stat status {};
  if (::stat(real.c_str(), &status) != 0) return cannot_write(path, errno, shown, diagnostics);
  if (!S_ISREG(status.st_mode)) return cannot_write(path, EINVAL, shown, diagnostics);
  // A file may be write-protected in a folder that is not.
  if (::access(real.c_str(), W_OK) != 0) return cannot_write(path, errno, shown, diagnostics);
  // The name is this run's own: another one may be at the same file.
  const fs::path temporary = fmt::format("{}.{}{}", real.string(), ::getpid(), kTemporarySuffix);
  (void)::unlink(temporary.c_str());
  int error = write_new(temporary, after, &status);
  if (error == 0 && content_of(real) != before) error = EBUSY;
  if (error == 0 && ::rename(temporary.c_str(), real.c_str()) != 0) error = errno;
  if (error == 0) return true;
  (void)::unlink(temporary.c_str());
  return cannot_write(path, error, shown, diagnostics);
}

}  // namespace macc::driver
