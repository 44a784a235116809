// Source texts and places in them. Everything that points into a policy does it with a Span of bytes.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace macc {

/// Index of a file in a SourceManager. 0 is no file.
enum class FileId : std::uint32_t { none = 0 };

/// Half-open range of byte offsets in one file.
struct Span {
  FileId file = FileId::none;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  [[nodiscard]] bool valid() const { return file != FileId::none; }
  friend bool operator==(const Span&, const Span&) = default;
  friend auto operator<=>(const Span&, const Span&) = default;
};

/// A smallest span that covers both; `a` alone when they lie in different files.
[[nodiscard]] Span cover(Span a, Span b);

/// 1-based line and column. Columns count Unicode code points, as editors do.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// What paths of the standard library's files start with.
inline constexpr std::string_view kBundled = "<stdlib>/";

/// One text with its line table. Lines end with '\n'; a '\r' before it is not part of the line.
class SourceFile {
 public:
  SourceFile(std::string path, std::string text, std::string stable_path);

  /// The name that is shown to the user, as given or relative to the current folder.
  [[nodiscard]] const std::string& path() const { return path_; }
  /// The name that goes into what is written: it does not depend on where macc was started, so that the same policy
  /// gives the same bytes, and it names no folder above the project.
  [[nodiscard]] const std::string& stable_path() const { return stable_path_; }
  /// Whether it is part of the standard library.
  [[nodiscard]] bool is_bundled() const { return stable_path_.starts_with(kBundled); }
  [[nodiscard]] const std::string& text() const { return text_; }
  /// An offset past the end gives the position behind the last byte.
  [[nodiscard]] Position position(std::uint32_t offset) const;
  /// The text of a 1-based line without its end; empty when there is no such line.
  [[nodiscard]] std::string_view line(std::uint32_t number) const;
  [[nodiscard]] std::uint32_t line_begin(std::uint32_t number) const;
  [[nodiscard]] std::uint32_t line_count() const;

 private:
  std::string path_;
  std::string stable_path_;
  std::string text_;
  std::vector<std::uint32_t> line_starts_;
};

/// Owns all texts of a run. References stay valid while it lives.
class SourceManager {
 public:
  /// `stable_path` is `path` when it is empty.
  FileId add(std::string path, std::string text, std::string stable_path = {});
  /// Their ids are 1 to this number, in the order in which they came.
  [[nodiscard]] std::size_t count() const { return files_.size(); }
  /// Throws std::out_of_range for FileId::none or an unknown id (a broken invariant).
  [[nodiscard]] const SourceFile& file(FileId id) const;
  [[nodiscard]] Position position(Span span) const;
  /// The bytes of the span.
  [[nodiscard]] std::string_view text(Span span) const;
  /// "path:line:column", or "" for an invalid span.
  [[nodiscard]] std::string describe(Span span) const;
  /// The same by SourceFile::stable_path(), for what is written.
  [[nodiscard]] std::string describe_stable(Span span) const;

 private:
  std::deque<SourceFile> files_;
};

/// Offset of the first byte that is not valid UTF-8 (RFC 3629), or npos.
[[nodiscard]] std::size_t find_invalid_utf8(std::string_view text);

}  // namespace macc
