#include "compiler/report/cells.h"

#include <algorithm>
#include <array>

#include "compiler/base/characters.h"

namespace macc::report {

namespace {

constexpr std::size_t kTab = 4;
/// Marks on one character beyond this are shown escaped: a tower of them would cover other lines.
constexpr std::size_t kMaxMarks = 4;

struct Interval {
  char32_t first, last;
};

/// Marks that are drawn onto the character before them (the blocks that scripts in use have).
constexpr std::array kCombining = {
    Interval{0x0300, 0x036F}, Interval{0x0483, 0x0489}, Interval{0x0591, 0x05BD},   Interval{0x0610, 0x061A},
    Interval{0x064B, 0x065F}, Interval{0x0670, 0x0670}, Interval{0x06D6, 0x06DC},   Interval{0x06DF, 0x06E4},
    Interval{0x0900, 0x0902}, Interval{0x093C, 0x093C}, Interval{0x0941, 0x0948},   Interval{0x094D, 0x094D},
    Interval{0x0E31, 0x0E31}, Interval{0x0E34, 0x0E3A}, Interval{0x0E47, 0x0E4E},   Interval{0x1AB0, 0x1AFF},
    Interval{0x1DC0, 0x1DFF}, Interval{0x20D0, 0x20FF}, Interval{0x302A, 0x302D},   Interval{0x3099, 0x309A},
    Interval{0xFE00, 0xFE0F}, Interval{0xFE20, 0xFE2F}, Interval{0xE0100, 0xE01EF},
};

/// Characters of two columns: East Asian wide and fullwidth, and emoji.
constexpr std::array kWide = {
    Interval{0x1100, 0x115F},   Interval{0x231A, 0x231B},   Interval{0x2329, 0x232A},   Interval{0x23E9, 0x23EC},
    Interval{0x2614, 0x2615},   Interval{0x26A1, 0x26A1},   Interval{0x2705, 0x2705},   Interval{0x274C, 0x274C},
    Interval{0x2E80, 0x303E},   Interval{0x3041, 0x33FF},   Interval{0x3400, 0x4DBF},   Interval{0x4E00, 0x9FFF},
    Interval{0xA000, 0xA4CF},   Interval{0xA960, 0xA97F},   Interval{0xAC00, 0xD7A3},   Interval{0xF900, 0xFAFF},
    Interval{0xFE30, 0xFE6F},   Interval{0xFF00, 0xFF60},   Interval{0xFFE0, 0xFFE6},   Interval{0x1F300, 0x1F64F},
    Interval{0x1F680, 0x1F6FF}, Interval{0x1F900, 0x1F9FF}, Interval{0x20000, 0x3FFFD},
};

template <std::size_t N>
bool contains(const std::array<Interval, N>& table, char32_t c) {
  return std::any_of(table.begin(), table.end(), [c](Interval i) { return c >= i.first && c <= i.last; });
}

Cell draw_one(const Character& c, char32_t before, std::string_view bytes, std::size_t column,
              std::size_t marks_before) {
  Cell cell;
  cell.column = column;
  if (c.valid && c.value == U'\t') {
    cell.width = kTab - column % kTab;
    cell.text.assign(cell.width, ' ');
    return cell;
  }
  const bool mark = c.valid && contains(kCombining, c.value);
  if (!c.valid || !hides(c.value, before).empty() || (mark && marks_before >= kMaxMarks)) {
    cell.text = escaped(c);
    cell.width = cell.text.size();
    return cell;
  }
  cell.text = bytes;
  cell.width = mark ? 0 : contains(kWide, c.value) ? 2 : 1;
  return cell;
}

}  // namespace

std::vector<Cell> draw(std::string_view line) {
  std::vector<Cell> cells;
  std::size_t column = 0;
  // A mark at the start of a line has nothing to stand on, so that it is escaped.
  std::size_t marks = kMaxMarks;
  char32_t before = 0;
  for (std::size_t at = 0; at < line.size();) {
    const Character c = first_character(line.substr(at));
    Cell cell = draw_one(c, before, line.substr(at, c.bytes), column, marks);
    cell.byte = at;
    marks = cell.width == 0 ? marks + 1 : 0;
    column += cell.width;
    at += c.bytes;
    before = c.value;
    cells.push_back(std::move(cell));
  }
  return cells;
}

std::string safe(std::string_view text) {
  std::string out;
  for (const Cell& cell : draw(text)) out += cell.text;
  return out;
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Character c = first_character(text);
    out += c.valid ? std::string(text.substr(0, c.bytes)) : escaped(c);
    text.remove_prefix(c.bytes);
  }
  return out;
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

}  // namespace macc::report
