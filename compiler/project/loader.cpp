#include "compiler/project/loader.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <system_error>
#include <vector>

namespace macc::project {

namespace fs = std::filesystem;

namespace {

/// The name of a file beside a missing one that may have been meant.
std::string neighbour(const fs::path& missing) {
  constexpr std::size_t kMaxNames = 1000;
  std::vector<std::string> names;
  std::error_code error;
  const fs::path folder = missing.has_parent_path() ? missing.parent_path() : fs::path(".");
  for (fs::directory_iterator it(folder, error), end; !error && it != end && names.size() < kMaxNames;
       it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  const std::string guess = did_you_mean(missing.filename().string(), names);
  return guess.empty() ? "" : (missing.parent_path() / guess).string();
}

/// Also the folder itself.
bool is_below(const fs::path& path, const fs::path& folder) {
  const fs::path relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

}  // namespace

std::string Loader::shown(const fs::path& path) const {
  fs::path normal = path.lexically_normal();
  if (normal.is_relative()) return normal.string();
  if (!copy_.empty() && is_below(normal, copy_))
    normal = (original_ / normal.lexically_relative(copy_)).lexically_normal();
  return is_below(normal, current_) ? normal.lexically_relative(current_).string() : normal.string();
}

std::string Loader::stable(const fs::path& path) const {
  if (path.string().starts_with('<')) return path.string();
  const fs::path full = (path.is_absolute() ? path : current_ / path).lexically_normal();
  // Outside the project only the name itself says nothing about the machine.
  return is_below(full, root_) ? full.lexically_relative(root_).string() : full.filename().string();
}

std::optional<FileId> Loader::refuse(const fs::path& path, Span asked, const std::string& why,
                                     const std::string& instead) {
  Diagnostic& d =
      diagnostics_.report(Code::E0002, asked, fmt::format("`{}` cannot be read: {}", printable(shown(path)), why));
  if (!instead.empty()) d.note(fmt::format("there is `{}`", printable(shown(instead))));
  return std::nullopt;
}

std::optional<FileId> Loader::load(const fs::path& path, Span asked) {
  if (path == "-") {
    if (!standard_input_) standard_input_ = read(input_, "<stdin>", asked);
    return standard_input_;
  }
  const fs::path file = full(path);
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    const int error = errno;
    const auto fresh = held_fresh_.find(file.lexically_normal().native());
    if (fresh != held_fresh_.end()) return load_held(fresh->second, path, asked);
    return refuse(path, asked, std::generic_category().message(error), error == ENOENT ? neighbour(file) : "");
  }
  if (S_ISDIR(status.st_mode)) return refuse(path, asked, "it is a folder");
  // A pipe is what a shell's <(command) gives; a device could go on for ever.
  if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)) return refuse(path, asked, "it is not a regular file");
  const Inode inode{status.st_dev, status.st_ino};
  if (const auto held = held_.find(inode); held != held_.end()) return load_held(held->second, path, asked);
  if (const auto known = by_inode_.find(inode); known != by_inode_.end()) return known->second;
  std::ifstream in(file, std::ios::binary);
  if (!in) return refuse(path, asked, std::generic_category().message(errno));
  const auto id = read(in, path, asked);
  if (id && S_ISREG(status.st_mode)) by_inode_.emplace(inode, *id);
  return id;
}

std::optional<FileId> Loader::read(std::istream& in, const fs::path& path, Span asked) {
  std::string text;
  std::vector<char> block(1U << 16U);
  while (in && text.size() <= kMaxFileBytes) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return refuse(path, asked, "reading failed");
  if (text.size() > kMaxFileBytes) return too_large(path, asked);
  return sources_.add(shown(path), std::move(text), stable(path));
}

fs::path Loader::full(const fs::path& path) const { return path.is_absolute() ? path : current_ / path; }

void Loader::hold(const fs::path& path, std::string text) {
  const fs::path file = full(path);
  struct stat status {};
  Held& held = ::stat(file.c_str(), &status) == 0 ? held_[{status.st_dev, status.st_ino}]
                                                  : held_fresh_[file.lexically_normal().native()];
  held.text = std::move(text);
}

const std::string* Loader::held(const fs::path& path) const {
  if (held_.empty() && held_fresh_.empty()) return nullptr;
  const fs::path file = full(path);
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0) {
    const auto known = held_.find({status.st_dev, status.st_ino});
    return known == held_.end() ? nullptr : &known->second.text;
  }
  const auto fresh = held_fresh_.find(file.lexically_normal().native());
  return fresh == held_fresh_.end() ? nullptr : &fresh->second.text;
}

std::optional<FileId> Loader::load_held(Held& held, const fs::path& path, Span asked) {
  if (held.id != FileId::none) return held.id;
  if (held.text.size() > kMaxFileBytes) return too_large(path, asked);
  held.id = sources_.add(shown(path), held.text, stable(path));
  return held.id;
}

std::nullopt_t Loader::too_large(const fs::path& path, Span asked) {
  diagnostics_.report(Code::E0003, asked,
                      fmt::format("`{}` is larger than {} MiB, the limit of a source file", printable(shown(path)),
                                  kMaxFileBytes >> 20U));
  return std::nullopt;
}

FileId Loader::replace(FileId file, std::string text) {
  const SourceFile& old = sources_.file(file);
  const FileId fresh = sources_.add(old.path(), std::move(text), old.stable_path());
  for (auto& [inode, id] : by_inode_) {
    if (id == file) id = fresh;
  }
  if (standard_input_ == file) standard_input_ = fresh;
  return fresh;
}

FileId Loader::add(const std::string& shown, std::string text) { return sources_.add(shown, std::move(text)); }

}  // namespace macc::project
