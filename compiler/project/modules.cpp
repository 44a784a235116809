#include "compiler/project/modules.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "stdlib/stdlib.h"

namespace macc::project {

namespace fs = std::filesystem;

namespace {

/// Words and signs of the head of a file; comments and white space are left out.
class Head {
 public:
  explicit Head(std::string_view text) : rest_(text) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  }

  /// The next word or single sign; "" at the end.
  std::string_view next() {
    skip();
    const std::size_t n = std::find_if_not(rest_.begin(), rest_.end(), in_word) - rest_.begin();
    const std::string_view token = rest_.substr(0, std::max<std::size_t>(n, 1));
    rest_.remove_prefix(token.size());
    return token;
  }

 private:
  static bool in_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }

  void skip() {
    while (!rest_.empty()) {
      if (rest_.starts_with("//")) {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      } else if (rest_.starts_with("/*")) {
        const std::size_t end = rest_.find("*/", 2);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 2);
      } else if (std::string_view(" \t\r\n").find(rest_.front()) != std::string_view::npos) {
        rest_.remove_prefix(1);
      } else {
        return;
      }
    }
  }

  std::string_view rest_;
};

/// The start of a file, in which the module statement is looked for; empty when it cannot be read.
class FileHead {
 public:
  std::string_view read(const fs::path& path) {
    // Not every file is one of ours: a pipe must not hold us up.
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return {};
    struct stat status {};
    const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
    const ssize_t size = regular ? ::read(descriptor, block_.data(), block_.size()) : 0;
    ::close(descriptor);
    return {block_.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }

 private:
  std::vector<char> block_ = std::vector<char>(1U << 16U);
};

}  // namespace

std::optional<std::string> declared_module(std::string_view text) {
  Head head(text);
  std::string_view token = head.next();
  if (token == "macc") {
    head.next();  // the version
    if (head.next() != ";") return std::nullopt;
    token = head.next();
  }
  if (token != "module") return std::nullopt;
  std::string name;
  for (token = head.next(); !token.empty() && token != ";"; token = head.next()) name += token;
  if (token.empty() || name.empty()) return std::nullopt;
  return name;
}

void Modules::scan() const {
  if (scanned_) return;
  scanned_ = true;
  FileHead head;
  for (const fs::path& file : files_) {
    const fs::path full = file.is_absolute() ? file : loader_.current() / file;
    const std::string* held = loader_.held(full);
    if (const auto name = declared_module(held != nullptr ? *held : head.read(full))) by_name_[*name].push_back(file);
  }
}

std::optional<sema::Found> Modules::find(const std::string& module) {
  scan();
  if (const auto it = by_name_.find(module); it != by_name_.end()) {
    const std::vector<fs::path>& files = it->second;
    if (files.size() > 1) {
      loader_.diagnostics()
          .report(Code::E0613, {}, fmt::format("two files declare the module `{}`", printable(module)))
          .note(fmt::format("`{}` and `{}`", printable(loader_.shown(files[0])), printable(loader_.shown(files[1]))));
    }
    const auto id = loader_.load(files.front());
    if (!id) return std::nullopt;
    return sema::Found{*id};
  }
  const auto text = stdlib::find(module);
  if (!text) return std::nullopt;
  const auto [known, fresh] = library_.try_emplace(module, FileId::none);
  if (fresh) {
    std::string shown = module;
    std::replace(shown.begin(), shown.end(), '.', '/');
    known->second = loader_.add(fmt::format("{}{}{}", kBundled, shown, ".macc"), std::string(*text));
  }
  return sema::Found{known->second, stdlib::tree(module, known->second)};
}

std::vector<std::string> Modules::known() const {
  scan();
  std::vector<std::string> names = stdlib::names();
  for (const auto& [name, files] : by_name_) names.push_back(name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace macc::project
