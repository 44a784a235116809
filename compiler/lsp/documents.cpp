#include "compiler/lsp/documents.h"

#include <charconv>
#include <stdexcept>
#include <system_error>

namespace macc::lsp {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFile = "file://";

/// Percent signs resolved; nullopt for a broken one.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
    if (error != std::errc() || end != text.data() + i + 3) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

/// Below what is no folder no file can be.
fs::path name_of_unsaved(const std::string& uri) {
  std::string name;
  for (const char c : uri) name += c == '/' ? '_' : c;
  return fs::path("/dev/null") / name;
}

}  // namespace

std::optional<fs::path> path_of_uri(std::string_view uri) {
  if (!uri.starts_with(kFile)) return std::nullopt;
  uri.remove_prefix(kFile.size());
  const std::size_t slash = uri.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view host = uri.substr(0, slash);
  if (!host.empty() && host != "localhost") return std::nullopt;
  auto path = decoded(uri.substr(slash));
  if (!path || path->find('\0') != std::string::npos) return std::nullopt;
  return fs::path(std::move(*path)).lexically_normal();
}

void Links::add(fs::path real, fs::path shown) {
  any_ = any_ || real != shown;
  folders_.emplace_back(std::move(real), std::move(shown));
}

fs::path Links::shown(const fs::path& path) const {
  if (!any_) return path;
  std::error_code error;
  const fs::path real = fs::weakly_canonical(path, error);
  if (error) return path;
  for (const auto& [folder, shown] : folders_) {
    const fs::path inner = real.lexically_relative(folder);
    if (inner.empty() || *inner.begin() == "..") continue;
    if (folder == shown) return path;
    const fs::path named = (shown / inner).lexically_normal();
    if (fs::weakly_canonical(named, error) == real && !error) return named;
  }
  return path;
}

Links Documents::links() const {
  Links out;
  std::error_code error;
  for (const fs::path& folder : folders_) {
    fs::path real = fs::weakly_canonical(folder, error);
    if (!error) out.add(std::move(real), folder);
  }
  for (const auto& [uri, document] : by_uri_) {
    fs::path real = document.path.parent_path(), shown = document.folder;
    // The link may be further up.
    while (shown.has_relative_path() && real.has_relative_path() && shown.filename() == real.filename()) {
      real = real.parent_path();
      shown = shown.parent_path();
    }
    if (!document.folder.empty() && real != shown) out.add(std::move(real), std::move(shown));
  }
  return out;
}

void Documents::open(const std::string& uri, std::int64_t version, std::string text) {
  const auto path = path_of_uri(uri);
  Document document{uri, path.value_or(name_of_unsaved(uri)), path.has_value(), version, std::move(text)};
  std::error_code error;
  if (path) {
    const fs::path real = fs::weakly_canonical(*path, error);
    if (!error) document.path = real;
    // A file that is a link itself says nothing of the folder it leads to.
    const fs::path folder = fs::weakly_canonical(path->parent_path(), error);
    if (!error && folder == document.path.parent_path()) document.folder = path->parent_path();
  }
  by_uri_[uri] = std::move(document);
}

void Documents::change(const std::string& uri, std::int64_t version, const Json& changes) {
  const auto known = by_uri_.find(uri);
  if (known == by_uri_.end()) throw std::out_of_range("a document was changed that is not open");
  std::string text = known->second.text;
  for (const Json& change : changes) {
    const std::string& fresh = change.at("text").get_ref<const std::string&>();
    if (!change.contains("range")) {
      text = fresh;
      continue;
    }
    const Lines lines(text, encoding_);
    const std::uint32_t begin = lines.offset(point_of(change.at("range").at("start")));
    const std::uint32_t end = lines.offset(point_of(change.at("range").at("end")));
    if (end < begin) throw std::out_of_range("a change ends before it begins");
    text.replace(begin, end - begin, fresh);
  }
  known->second.text = std::move(text);
  known->second.version = version;
}

bool Documents::close(const std::string& uri) { return by_uri_.erase(uri) != 0; }

const Document* Documents::find(const std::string& uri) const {
  const auto known = by_uri_.find(uri);
  return known == by_uri_.end() ? nullptr : &known->second;
}

const Document* Documents::find(const fs::path& path) const {
  for (const auto& [uri, document] : by_uri_) {
    if (document.path == path) return &document;
  }
  return nullptr;
}

}  // namespace macc::lsp
