// Places as the protocol counts them: lines from 0, and code units in the line.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace macc::lsp {

using Json = nlohmann::json;

/// What a column counts; client and server agree on one at the start.
enum class Encoding : std::uint8_t { utf8, utf16 };
[[nodiscard]] std::string_view word(Encoding encoding);

struct Point {
  std::uint32_t line = 0, column = 0;
};

/// The lines of one text, which must outlive it. They end with "\n", "\r\n" or "\r".
class Lines {
 public:
  Lines(std::string_view text, Encoding encoding);

  [[nodiscard]] Point point(std::uint32_t offset) const;
  /// A column past the end of its line is that end, a line past the last one is the end of the text. A column inside a
  /// character is its start.
  [[nodiscard]] std::uint32_t offset(Point point) const;

  [[nodiscard]] Json range(std::uint32_t begin, std::uint32_t end) const;

 private:
  [[nodiscard]] std::string_view line(std::uint32_t number) const;

  std::string_view text_;
  Encoding encoding_;
  std::vector<std::uint32_t> starts_;
};

[[nodiscard]] Json json_of(Point point);
/// Throws what nlohmann::json throws when it is none.
[[nodiscard]] Point point_of(const Json& json);

}  // namespace macc::lsp
