#include "compiler/report/json_text.h"

#include <fmt/format.h>

#include "compiler/base/characters.h"

namespace macc::report {

namespace {

/// `\uNNNN`, twice for what lies beyond 16 bits.
std::string by_number(char32_t c) {
  const auto unit = [](char32_t value) { return fmt::format("\\u{:04x}", static_cast<unsigned>(value)); };
  if (c <= 0xFFFF) return unit(c);
  return unit(0xD800 + ((c - 0x10000) >> 10U)) + unit(0xDC00 + ((c - 0x10000) & 0x3FFU));
}

}  // namespace

std::string text_of(const Json& json) {
  const std::string plain = json.dump(2);
  std::string out;
  char32_t before = 0;
  for (std::string_view rest = plain; !rest.empty();) {
    const Character c = first_character(rest);
    const bool hidden = c.value != U'\n' && !hides(c.value, before).empty();
    out += hidden ? by_number(c.value) : std::string(rest.substr(0, c.bytes));
    before = c.value;
    rest.remove_prefix(c.bytes);
  }
  return out + "\n";
}

}  // namespace macc::report
