#include "backends/selinux/link/bytes.h"

#include <cstring>

namespace macc::backends::selinux {

void ByteWriter::number(std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) out_ += static_cast<char>(value >> shift & 0xff);
}

void ByteWriter::index(std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out_ += static_cast<char>(value >> shift & 0xff);
}

void ByteWriter::text(std::string_view value) {
  number(value.size());
  out_ += value;
}

void ByteWriter::texts(const std::vector<std::string>& values) {
  number(values.size());
  for (const std::string& value : values) text(value);
}

std::uint64_t ByteReader::unsigned_of(std::size_t bytes) {
  if (bytes_.size() < bytes) good_ = false;
  if (!good_) return 0;
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- != 0;) value = value << 8 | static_cast<unsigned char>(bytes_[i]);
  bytes_.remove_prefix(bytes);
  return value;
}

std::uint64_t ByteReader::number() { return unsigned_of(8); }
std::uint32_t ByteReader::index() { return static_cast<std::uint32_t>(unsigned_of(4)); }

std::string_view ByteReader::view() {
  const std::uint64_t size = number();
  if (size > bytes_.size()) good_ = false;
  if (!good_) return {};
  const std::string_view value = bytes_.substr(0, size);
  bytes_.remove_prefix(size);
  return value;
}

std::string ByteReader::text() { return std::string(view()); }

std::vector<std::string> ByteReader::texts() {
  std::vector<std::string> values;
  for (std::uint64_t left = number(); left != 0 && good_; --left) values.push_back(text());
  return values;
}

std::uint64_t checksum(std::string_view bytes) {
  constexpr std::uint64_t kPrime = 0x9E3779B97F4A7C15;  // 2^64 by the golden ratio
  std::uint64_t sum = bytes.size() * kPrime;
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t size = bytes.size() < sizeof word ? bytes.size() : sizeof word;
    std::memcpy(&word, bytes.data(), size);
    sum = (sum ^ word) * kPrime;
    sum ^= sum >> 29;
    bytes.remove_prefix(size);
  }
  return sum;
}

}  // namespace macc::backends::selinux
