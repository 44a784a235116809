#include "backends/apparmor/features_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <system_error>
#include <vector>

namespace macc::backends::apparmor {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostDepth = 8, kLongestWord = 64;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_word(char c) { return c > ' ' && c < 0x7f && c != '{' && c != '}' && c != '/'; }

/// Reads `name {...}` with a stack of the names that are open.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  FeaturesOrError read() {
    if (text_.size() > kMostFeaturesText)
      return {std::nullopt, fmt::format("it is longer than {} bytes", kMostFeaturesText)};
    while (error_.empty() && at_ < text_.size()) step();
    if (error_.empty() && !open_.empty()) error_ = fmt::format("`{}` is not closed", open_.back());
    if (error_.empty() && tree_.paths.empty()) error_ = "it is empty";
    if (!error_.empty()) return {std::nullopt, error_};
    tree_.text = text_;
    return {std::move(tree_), ""};
  }

 private:
  void step() {
    const char c = text_[at_];
    if (is_space(c)) {
      ++at_;
    } else if (c == '}') {
      if (open_.empty()) return fail("a `}` has no `{` before it");
      open_.pop_back();
      ++at_;
    } else if (is_word(c)) {
      word();
    } else {
      fail(c == '{' ? "a `{` has no name before it" : "a character is none of a features file");
    }
  }

  void word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    const std::string name(text_.substr(begin, at_ - begin));
    if (name.size() > kLongestWord) return fail("a word is too long");
    std::size_t next = at_;
    while (next < text_.size() && is_space(text_[next])) ++next;
    const bool node = next < text_.size() && text_[next] == '{';
    if (!node && open_.empty()) return fail(fmt::format("`{}` stands in no feature", name));
    if (!tree_.paths.insert(path_of(name)).second) return fail(fmt::format("`{}` is there twice", path_of(name)));
    if (!node) return;
    if (open_.size() == kMostDepth) return fail("features are nested too deep");
    open_.push_back(name);
    at_ = next + 1;
  }

  [[nodiscard]] std::string path_of(const std::string& name) const {
    std::string out;
    for (const std::string& above : open_) out += above + '/';
    return out + name;
  }

  void fail(const std::string& why) {
    const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
    error_ = fmt::format("line {}: {}", line, why);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::string> open_;
  FeatureTree tree_;
  std::string error_;
};

/// At most one byte more than may be there; nullopt when it cannot be read.
std::optional<std::string> content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string out(kMostFeaturesText + 1, '\0');
  if (!in.good()) return std::nullopt;
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  if (in.bad()) return std::nullopt;
  out.resize(static_cast<std::size_t>(in.gcount()));
  return out;
}

/// The folder's files as text, in order of name; "" after an error.
std::string text_of(const fs::path& folder, std::size_t depth, std::error_code& error) {
  std::vector<fs::path> entries;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    entries.push_back(at->path());
  if (depth > kMostDepth) error = std::make_error_code(std::errc::filename_too_long);
  std::sort(entries.begin(), entries.end());
  std::string out;
  for (const fs::path& entry : entries) {
    if (error || out.size() > kMostFeaturesText) return out;
    const fs::file_status status = fs::symlink_status(entry, error);
    if (entry.filename().string().starts_with('.')) continue;
    std::optional<std::string> inside;
    if (fs::is_directory(status)) inside = text_of(entry, depth + 1, error);
    if (fs::is_regular_file(status)) inside = content_of(entry);
    if (!inside && fs::is_regular_file(status)) error = std::make_error_code(std::errc::permission_denied);
    if (inside) out += fmt::format("{} {{{}}}\n", entry.filename().string(), *inside);
  }
  return out;
}

}  // namespace

bool FeatureTree::has(std::string_view path) const {
  const std::string wanted(path);
  return paths.contains(wanted) && !paths.contains(wanted + "/no");
}

Classes FeatureTree::classes() const {
  Classes out;
  for (const ClassInfo& info : all_classes()) {
    if (has(info.feature)) out.add(info.id);
  }
  return out;
}

FeaturesOrError read_features(std::string_view text) { return Reader(text).read(); }

FeaturesOrError read_features_at(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return {std::nullopt, "there is no such file"};
  if (fs::is_directory(status)) {
    const std::string text = text_of(path, 1, error);
    return error ? FeaturesOrError{std::nullopt, "it cannot be read: " + error.message()} : read_features(text);
  }
  // A pipe would wait for somebody to write.
  if (!fs::is_regular_file(status)) return {std::nullopt, "it is neither a file nor a folder"};
  const auto text = content_of(path);
  return text ? read_features(*text) : FeaturesOrError{std::nullopt, "it cannot be read"};
}

}  // namespace macc::backends::apparmor
