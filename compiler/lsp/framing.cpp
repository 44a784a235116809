#include "compiler/lsp/framing.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace macc::lsp {

namespace {

constexpr std::string_view kLength = "content-length:";
constexpr std::size_t kMaxHeadBytes = 4096;

/// Names of headers may be written in any case.
bool names_length(std::string_view line) {
  if (line.size() < kLength.size()) return false;
  return std::equal(kLength.begin(), kLength.end(), line.begin(), [](char a, char b) {
    return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + ('a' - 'A')) : b);
  });
}

}  // namespace

std::optional<std::size_t> Framing::length_of(std::string_view head) {
  std::optional<std::size_t> length;
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    if (!names_length(line)) continue;
    line.remove_prefix(kLength.size());
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    std::size_t value = 0;
    const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), value);
    if (error != std::errc() || stop != line.data() + line.size()) break;
    length = value;
  }
  if (!length) broken_ = "a message has no `Content-Length`";
  if (length && *length > kMaxMessageBytes) {
    broken_ = fmt::format("a message of {} bytes is larger than the limit of {}", *length, kMaxMessageBytes);
    return std::nullopt;
  }
  return length;
}

std::optional<std::string> Framing::next() {
  if (!broken_.empty()) return std::nullopt;
  const std::size_t head = buffer_.find("\r\n\r\n");
  if (head == std::string::npos) {
    if (buffer_.size() > kMaxHeadBytes) broken_ = "a message begins with no header";
    return std::nullopt;
  }
  const auto length = length_of(std::string_view(buffer_).substr(0, head));
  if (!length || buffer_.size() - head - 4 < *length) return std::nullopt;
  std::string body = buffer_.substr(head + 4, *length);
  buffer_.erase(0, head + 4 + *length);
  return body;
}

std::string framed(std::string_view body) { return fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body); }

}  // namespace macc::lsp
