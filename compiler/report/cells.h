// Text as a terminal shows it: what each character is drawn as, and how many columns it takes. Nothing that could
// steer the terminal comes through.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace macc::report {

/// One character of a line, drawn.
struct Cell {
  std::string text;        ///< what is printed: the character itself, spaces for a tab, or an escape like \x1b
  std::size_t byte = 0;    ///< offset of the character in the line
  std::size_t column = 0;  ///< columns before it
  std::size_t width = 0;   ///< columns that it takes; 0 for a combining mark
};

/// Draws a line. Tabs go to the next multiple of 4. Controls, invalid bytes and the characters that reorder or hide
/// text (bidirectional controls, zero-width ones) are shown as \xNN or \u{NNNN}.
[[nodiscard]] std::vector<Cell> draw(std::string_view line);

/// The text of draw() in one piece: safe to print, whatever the bytes are.
[[nodiscard]] std::string safe(std::string_view text);

/// The text with every byte that is not valid UTF-8 written as \xNN, for formats that hold no other bytes (JSON). File
/// names may hold any.
[[nodiscard]] std::string valid_utf8(std::string_view text);

/// With small letters for the capitals of ASCII, to look something up in whatever case it is written.
[[nodiscard]] std::string lower_case(std::string text);

}  // namespace macc::report
