#include "compiler/lsp/lines.h"

#include <algorithm>

namespace macc::lsp {

namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Code units of the character that starts with `c`: those beyond the first 65536 take two of UTF-16.
std::uint32_t units(char c, Encoding encoding) {
  if (encoding == Encoding::utf8) return 1;
  if (continues(c)) return 0;
  return static_cast<unsigned char>(c) >= 0xF0 ? 2 : 1;
}

}  // namespace

std::string_view word(Encoding encoding) { return encoding == Encoding::utf8 ? "utf-8" : "utf-16"; }

Lines::Lines(std::string_view text, Encoding encoding) : text_(text), encoding_(encoding), starts_{0} {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool pair = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if ((text[i] == '\n' || text[i] == '\r') && !pair) starts_.push_back(static_cast<std::uint32_t>(i + 1));
  }
}

std::string_view Lines::line(std::uint32_t number) const {
  const std::uint32_t begin = starts_[number];
  const std::size_t end = number + 1 < starts_.size() ? starts_[number + 1] : text_.size();
  std::string_view out = text_.substr(begin, end - begin);
  while (out.ends_with('\n') || out.ends_with('\r')) out.remove_suffix(1);
  return out;
}

Point Lines::point(std::uint32_t offset) const {
  offset = std::min(offset, static_cast<std::uint32_t>(text_.size()));
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
  const auto number = static_cast<std::uint32_t>(next - starts_.begin() - 1);
  Point out{number, 0};
  for (std::uint32_t i = starts_[number]; i < offset; ++i) out.column += units(text_[i], encoding_);
  return out;
}

std::uint32_t Lines::offset(Point point) const {
  if (point.line >= starts_.size()) return static_cast<std::uint32_t>(text_.size());
  const std::string_view text = line(point.line);
  std::size_t i = 0;
  for (std::uint32_t column = 0; i < text.size(); ++i) {
    column += units(text[i], encoding_);
    if (column > point.column) break;
  }
  while (i > 0 && i < text.size() && continues(text[i])) --i;
  return starts_[point.line] + static_cast<std::uint32_t>(i);
}

Json Lines::range(std::uint32_t begin, std::uint32_t end) const {
  return {{"start", json_of(point(begin))}, {"end", json_of(point(end))}};
}

Json json_of(Point point) { return {{"line", point.line}, {"character", point.column}}; }

Point point_of(const Json& json) {
  return {json.at("line").get<std::uint32_t>(), json.at("character").get<std::uint32_t>()};
}

}  // namespace macc::lsp
