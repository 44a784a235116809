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
  void index(std::uint32_t value);  ///< in four bytes
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
  std::string_view view();  ///< a text, in the bytes that are read
  std::uint32_t index();
  void fail() { good_ = false; }  ///< what was read cannot be
  std::vector<std::string> texts();
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] std::string_view rest() const { return bytes_; }

 private:
  std::uint64_t unsigned_of(std::size_t bytes);

  std::string_view bytes_;
  bool good_ = true;
};

/// A checksum against damage and truncation, not against an attacker.
[[nodiscard]] std::uint64_t checksum(std::string_view bytes);

}  // namespace macc::backends::selinux
