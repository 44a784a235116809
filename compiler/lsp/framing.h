// Messages on a stream of bytes: `Content-Length: N`, an empty line, and N bytes of JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace macc::lsp {

/// The largest message that is read, in bytes: a document of the largest size, escaped, with room to spare.
inline constexpr std::size_t kMaxMessageBytes = 64U << 20U;

/// Takes messages out of what was read so far.
class Framing {
 public:
  void add(std::string_view bytes) { buffer_.append(bytes); }
  /// The body of the next message that is there as a whole.
  [[nodiscard]] std::optional<std::string> next();
  /// What is read is no stream of messages: nothing more comes out of it. Says what is wrong; "" while all is well.
  [[nodiscard]] const std::string& broken() const { return broken_; }

 private:
  [[nodiscard]] std::optional<std::size_t> length_of(std::string_view head);

  std::string buffer_;
  std::string broken_;
};

/// A message as it is sent.
[[nodiscard]] std::string framed(std::string_view body);

}  // namespace macc::lsp
