// Values as bytes, for the pipe from the linking process and for the cache.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace macc::backends::selinux {

class ByteWriter {
 public:
  void number(std::uint64_t value);
  void text(std::string_view value);
  void texts(const std::vector<std::string>& values);
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// After a read past the end, good() is false and everything read is empty.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t number();
  std::string text();
  std::vector<std::string> texts();
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
  bool good_ = true;
};

/// A checksum against damage and truncation, not against an attacker.
[[nodiscard]] std::uint64_t checksum(std::string_view bytes);

}  // namespace macc::backends::selinux
