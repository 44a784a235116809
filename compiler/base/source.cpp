#include "compiler/base/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace macc {

Span cover(Span a, Span b) {
  if (!a.valid()) return b;
  if (!b.valid() || a.file != b.file) return a;
  return {a.file, std::min(a.begin, b.begin), std::max(a.end, b.end)};
}

SourceFile::SourceFile(std::string path, std::string text, std::string stable_path)
    : path_(std::move(path)),
      stable_path_(stable_path.empty() ? path_ : std::move(stable_path)),
      text_(std::move(text)) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(static_cast<std::uint32_t>(i + 1));
  }
}

std::uint32_t SourceFile::line_count() const { return static_cast<std::uint32_t>(line_starts_.size()); }

std::uint32_t SourceFile::line_begin(std::uint32_t number) const {
  if (number == 0 || number > line_count()) return static_cast<std::uint32_t>(text_.size());
  return line_starts_[number - 1];
}

std::string_view SourceFile::line(std::uint32_t number) const {
  if (number == 0 || number > line_count()) return {};
  const std::uint32_t begin = line_starts_[number - 1];
  std::size_t end = number < line_count() ? line_starts_[number] - 1 : text_.size();
  if (end > begin && text_[end - 1] == '\r') --end;
  return std::string_view(text_).substr(begin, end - begin);
}

namespace {
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }
}  // namespace

Position SourceFile::position(std::uint32_t offset) const {
  offset = std::min(offset, static_cast<std::uint32_t>(text_.size()));
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const auto line = static_cast<std::uint32_t>(next - line_starts_.begin());
  std::uint32_t column = 1;
  for (std::uint32_t i = line_starts_[line - 1]; i < offset; ++i) {
    if (!is_continuation(text_[i])) ++column;
  }
  return {line, column};
}

FileId SourceManager::add(std::string path, std::string text, std::string stable_path) {
  files_.emplace_back(std::move(path), std::move(text), std::move(stable_path));
  return static_cast<FileId>(files_.size());
}

const SourceFile& SourceManager::file(FileId id) const {
  if (id == FileId::none || static_cast<std::size_t>(id) > files_.size()) {
    throw std::out_of_range("no such source file");
  }
  return files_[static_cast<std::size_t>(id) - 1];
}

Position SourceManager::position(Span span) const { return file(span.file).position(span.begin); }

std::string_view SourceManager::text(Span span) const {
  const std::string& all = file(span.file).text();
  const std::size_t begin = std::min<std::size_t>(span.begin, all.size());
  const std::size_t end = std::clamp<std::size_t>(span.end, begin, all.size());
  return std::string_view(all).substr(begin, end - begin);
}

std::string SourceManager::describe(Span span) const {
  if (!span.valid()) return {};
  const Position p = position(span);
  return fmt::format("{}:{}:{}", file(span.file).path(), p.line, p.column);
}

std::string SourceManager::describe_stable(Span span) const {
  if (!span.valid()) return {};
  const Position p = position(span);
  return fmt::format("{}:{}:{}", file(span.file).stable_path(), p.line, p.column);
}

namespace {
/// Length of the UTF-8 sequence at `i`, or 0 when it is malformed, overlong, a surrogate or out of range.
std::size_t sequence_length(std::string_view s, std::size_t i) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(s[k]); };
  const unsigned char c = byte(i);
  if (c < 0x80) return 1;
  const std::size_t n = c >= 0xC2 && c <= 0xDF ? 2 : (c & 0xF0U) == 0xE0 ? 3 : c >= 0xF0 && c <= 0xF4 ? 4 : 0;
  if (n == 0 || i + n > s.size()) return 0;
  for (std::size_t k = 1; k < n; ++k) {
    if (!is_continuation(s[i + k])) return 0;
  }
  const unsigned char second = byte(i + 1);
  if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second > 0x9F)) return 0;
  if ((c == 0xF0 && second < 0x90) || (c == 0xF4 && second > 0x8F)) return 0;
  return n;
}
}  // namespace

std::size_t find_invalid_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t n = sequence_length(text, i);
    if (n == 0) return i;
    i += n;
  }
  return std::string_view::npos;
}

}  // namespace macc
