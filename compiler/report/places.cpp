#include "compiler/report/places.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "compiler/report/cells.h"

namespace macc::report {

namespace fs = std::filesystem;

Places::Point Places::point(FileId id, std::uint32_t offset) {
  const SourceFile& file = report_.sources.file(id);
  if (&file != file_ || offset < offset_ || offset >= line_end_) start(file, offset);
  const auto size = static_cast<std::uint32_t>(file.text().size());
  const std::string_view more = std::string_view(file.text()).substr(offset_, std::min(offset, size) - offset_);
  column_ += static_cast<std::uint32_t>(
      std::count_if(more.begin(), more.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
  offset_ = std::min(offset, size);
  return {offset, line_, column_};
}

/// At the begin of the line that holds `offset`.
void Places::start(const SourceFile& file, std::uint32_t offset) {
  std::uint32_t first = 1;
  std::uint32_t last = file.line_count();
  while (first < last) {
    const std::uint32_t middle = first + (last - first + 1) / 2;
    if (file.line_begin(middle) <= offset) {
      first = middle;
    } else {
      last = middle - 1;
    }
  }
  file_ = &file;
  line_ = first;
  column_ = 1;
  offset_ = std::min(file.line_begin(first), static_cast<std::uint32_t>(file.text().size()));
  line_end_ = first < file.line_count() ? file.line_begin(first + 1) : static_cast<std::uint32_t>(-1);
}

std::string Places::file(FileId id) const {
  const std::string& shown = report_.sources.file(id).path();
  if (shown.starts_with('<')) return shown;
  const fs::path full = (report_.current / shown).lexically_normal();
  const fs::path relative = full.lexically_relative(report_.repository);
  const bool inside = !relative.empty() && *relative.begin() != "..";
  return inside ? relative.string() : full.string();
}

std::string uri_of(const std::string& file) {
  std::string out = file.starts_with('/') ? "file://" : "";
  for (const char c : file) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("/-._~").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

namespace {

/// Safe text of one line: what comes on several is joined.
std::string one_line(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!out.empty() && !line.empty()) out += ' ';
    out += safe(line);
    at = end + 1;
  }
  return out;
}

}  // namespace

std::vector<std::string> sentences(const SourceManager& sources, const Diagnostic& d) {
  std::vector<std::string> out{one_line(d.message)};
  const auto add = [&](std::string_view head, const std::string& text, Span span) {
    std::string sentence = std::string(head) + one_line(text);
    if (span.valid()) sentence += " (" + safe(sources.describe(span)) + ")";
    out.push_back(std::move(sentence));
  };
  if (!d.primary.text.empty()) add("", d.primary.text, {});
  for (const Label& label : d.secondary) add("", label.text, label.span);
  for (const Note& note : d.notes) add("note: ", note.text, note.span);
  if (d.fix) add("help: ", d.fix->description, {});
  return out;
}

}  // namespace macc::report
