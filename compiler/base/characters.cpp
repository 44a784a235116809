#include "compiler/base/characters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/base/source.h"

namespace macc {

namespace {

struct Hidden {
  char32_t first, last;
  std::string_view why;
};

constexpr std::array kHidden = {
#define MACC_HIDDEN(first, last, why) Hidden{first, last, why},
#include "compiler/base/hidden_characters.def"
#undef MACC_HIDDEN
};

bool is_variation_selector(char32_t c) { return c >= 0xFE00 && c <= 0xFE0F; }

}  // namespace

Character first_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t n = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (text.size() < n || find_invalid_utf8(text.substr(0, n)) != std::string_view::npos) return {first, 1, false};
  char32_t value = n == 1 ? first : first & (0x7FU >> n);
  for (std::size_t i = 1; i < n; ++i) value = (value << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  return {value, n, true};
}

std::string_view hides(char32_t character, char32_t before) {
  // Most characters of most policies.
  if (character >= 0x20 && character < 0x7F) return {};
  if (is_variation_selector(character) && before >= 0x80 && hides(before).empty()) return {};
  const auto* row = std::find_if(kHidden.begin(), kHidden.end(),
                                 [character](const Hidden& h) { return character >= h.first && character <= h.last; });
  return row == kHidden.end() ? std::string_view{} : row->why;
}

std::string escaped(const Character& character) {
  const auto number = static_cast<unsigned>(character.value);
  return number < 0x80 || !character.valid ? fmt::format("\\x{:02x}", number) : fmt::format("\\u{{{:04x}}}", number);
}

}  // namespace macc
