// Single characters of a text: taking them apart, and telling those that a reader would not see.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace macc {

/// The first character of a text. Where that is no UTF-8, one byte that is not `valid`.
struct Character {
  char32_t value = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

/// Of a text that is not empty.
[[nodiscard]] Character first_character(std::string_view text);

/// Why a reader would not see this character, or would see others in its place; empty for all that show themselves.
/// A variation selector behind a character outside ASCII (`before`) only picks how that is drawn.
[[nodiscard]] std::string_view hides(char32_t character, char32_t before = 0);

/// `\x1b` for ASCII and for a byte that is no UTF-8, `\u{202e}` for all others.
[[nodiscard]] std::string escaped(const Character& character);

}  // namespace macc
