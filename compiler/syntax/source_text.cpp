#include "compiler/syntax/source_text.h"

#include <fmt/format.h>

#include <utility>

namespace macc::syntax {

namespace {
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
// More are never shown; a file that is no policy at all must not fill the memory with its errors.
constexpr std::size_t kept_reports = 1000;

bool starts_code_point(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }
bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}
}  // namespace

SourceText::SourceText(FileId file, const std::string& text) : file_(file), text_(text) {
  if (text_.starts_with(byte_order_mark)) skipped_ = static_cast<std::uint32_t>(byte_order_mark.size());
  if (is_ascii(parsed())) return;
  for (std::uint32_t i = skipped_; i < text_.size(); ++i) {
    if (starts_code_point(text_[i])) offsets_.push_back(i);
  }
  offsets_.push_back(static_cast<std::uint32_t>(text_.size()));
}

Span SourceText::span(std::size_t begin, std::size_t end) const {
  const auto byte = [this](std::size_t point) {
    if (!offsets_.empty()) return offsets_[std::min(point, offsets_.size() - 1)];
    return static_cast<std::uint32_t>(std::min<std::size_t>(skipped_ + point, text_.size()));
  };
  return {file_, byte(begin), byte(std::max(begin, end))};
}

bool SourceText::line_break(std::uint32_t from, std::uint32_t to) const {
  return from < to && text_.substr(from, to - from).find('\n') != std::string_view::npos;
}

std::uint32_t SourceText::line_begin(std::uint32_t offset) const {
  if (offset == 0) return 0;
  const std::size_t end = text_.rfind('\n', offset - 1);
  return end == std::string_view::npos ? 0 : static_cast<std::uint32_t>(end + 1);
}

std::uint32_t SourceText::indent(std::uint32_t offset) const {
  const std::uint32_t begin = line_begin(offset);
  const std::size_t word = text_.find_first_not_of(" \t", begin);
  return static_cast<std::uint32_t>(std::min(word, text_.size())) - begin;
}

bool SourceText::first_in_line(std::uint32_t offset) const { return line_begin(offset) + indent(offset) == offset; }

Diagnostic& Reports::understood(Code code, Span span, std::string message) {
  ++count_;
  Diagnostic next(code, span, std::move(message));
  if (list_.size() < kept_reports) return list_.emplace_back(std::move(next));
  return surplus_ = std::move(next);
}

Diagnostic& Reports::broken(Code code, Span span, std::string message) {
  damage_.push_back(span.begin);
  return understood(code, span, std::move(message));
}

bool Reports::damaged(std::uint32_t begin, std::uint32_t end) const {
  const auto first = std::lower_bound(damage_.begin(), damage_.end(), begin);
  return first != damage_.end() && *first <= end;
}

bool Reports::full() const { return count_ >= kept_reports; }

void Reports::deliver(Diagnostics& diagnostics, std::size_t limit) {
  std::stable_sort(list_.begin(), list_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return a.primary.span.begin < b.primary.span.begin;
  });
  const std::size_t shown = std::min(limit, list_.size());
  for (std::size_t i = 0; i < shown; ++i) diagnostics.add(std::move(list_[i]));
  if (count_ <= shown) return;
  const Span place = shown < list_.size() ? list_[shown].primary.span : Span{};
  diagnostics.report(Code::E0103, place,
                     full() ? "this file has too many syntax errors to go on"
                            : fmt::format("{} more syntax errors in this file are not shown", count_ - shown));
}

}  // namespace macc::syntax
