#include "compiler/report/xml.h"

#include <fmt/format.h>

#include "compiler/base/characters.h"

namespace macc::report {

std::string xml(std::string_view text) {
  std::string out;
  char32_t before = 0;
  while (!text.empty()) {
    const Character c = first_character(text);
    const bool shown = c.valid && (c.value == U'\n' || hides(c.value, before).empty());
    if (!shown || (c.value & 0xFFFEU) == 0xFFFEU) {
      out += escaped(c);
    } else if (c.value == U'\n') {
      out += "&#10;";
    } else if (std::string_view("&<>\"'").find(text.front()) != std::string_view::npos) {
      out += fmt::format("&#{};", static_cast<int>(text.front()));
    } else {
      out += text.substr(0, c.bytes);
    }
    before = c.value;
    text.remove_prefix(c.bytes);
  }
  return out;
}

}  // namespace macc::report
