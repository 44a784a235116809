// Where lines begin and how many columns stand between items. Private to compiler/syntax.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/syntax/items.h"
#include "compiler/syntax/marks.h"

namespace macc::syntax {

inline constexpr std::uint32_t kIndentWidth = 4;  ///< columns of a level
inline constexpr std::uint32_t kLineWidth = 120;  ///< columns that a line may have, but for comments

/// A line of the formatted text.
struct Line {
  std::uint32_t first = 0;  ///< its items, by index
  std::uint32_t last = 0;
  std::uint32_t indent = 0;            ///< in columns
  bool blank_before = false;           ///< an empty line stands before it
  std::uint32_t statement = kNoIndex;  ///< the one that begins with its first item
};

struct Layout {
  std::vector<Line> lines;
  std::vector<std::uint32_t> spaces;  ///< of each item: columns before it, when it is not the first of its line
};

/// Lines and single spaces. The same items with the line breaks of a result give the same result.
[[nodiscard]] Layout lay_out(const Items& items, const Marks& marks);

/// Widens spaces to columns where the author asked for it: see docs/format.md.
void align(const Items& items, const Marks& marks, Layout& layout);

}  // namespace macc::syntax
