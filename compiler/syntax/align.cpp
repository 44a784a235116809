// Columns. An author asks for one with two or more spaces; the formatter keeps it, or sets it right.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "compiler/syntax/layout.h"

namespace macc::syntax {

namespace {

/// One item that can stand in a column with those of its neighbours.
struct Entry {
  std::uint32_t item = 0;
  std::uint64_t nearest = 0;  ///< the column right behind what stands before it
  std::uint64_t written = 0;  ///< the column in which the author placed it
  std::uint64_t most = 0;     ///< the last column in which its line has room for it
  bool asks = false;          ///< two or more spaces stand before it
};

/// Where those that ask for it are to stand. A column that is right stays; else it is the nearest one for all. At least
/// `company` items must stand in a column that is to stay.
std::uint64_t column_for(const std::vector<Entry>& entries, std::uint64_t nearest, std::size_t company) {
  std::optional<std::uint64_t> written;
  for (const Entry& entry : entries) {
    if (!entry.asks) continue;
    if (entry.written < nearest || entry.written > entry.most) return nearest;
    if (written.value_or(entry.written) != entry.written) return nearest;
    written = entry.written;
  }
  if (!written) return nearest;
  const auto count = static_cast<std::size_t>(std::count_if(
      entries.begin(), entries.end(), [&](const Entry& entry) { return entry.asks || entry.nearest == *written; }));
  return count >= company ? *written : nearest;
}

class Aligner {
 public:
  Aligner(const Items& items, const Marks& marks, Layout& layout)
      : items_(items.list), marks_(marks), layout_(layout), lines_(layout.lines) {}

  void run() {
    for (std::size_t i = 0; i < lines_.size();) {
      const std::size_t end = run_of_statements(i);
      if (end > i + 1) align_statements(i, end);
      i = end;
    }
    for (std::size_t i = 0; i < lines_.size();) {
      const std::size_t end = run_of_comments(i);
      if (end > i) align_comments(i, end);
      i = std::max(end, i + 1);
    }
  }

 private:
  using Key = std::pair<Slot, std::uint32_t>;

  [[nodiscard]] std::uint32_t sort(const Line& line) const {
    return line.statement == kNoIndex ? 0 : marks_.statements[line.statement].sort;
  }

  // ---- statements ----

  /// Lines from `begin` on that are statements of one sort, right below each other.
  [[nodiscard]] std::size_t run_of_statements(std::size_t begin) const {
    std::size_t end = begin + 1;
    if (sort(lines_[begin]) == 0) return end;
    while (end < lines_.size() && sort(lines_[end]) == sort(lines_[begin]) && !lines_[end].blank_before &&
           lines_[end].indent == lines_[begin].indent)
      ++end;
    return end;
  }

  void align_statements(std::size_t begin, std::size_t end) {
    std::map<Key, std::vector<std::pair<std::size_t, std::uint32_t>>> cells;
    for (std::size_t i = begin; i < end; ++i) {
      for (const Statement::Cell& cell : marks_.statements[lines_[i].statement].cells) {
        if (cell.item > lines_[i].first && cell.item <= lines_[i].last)
          cells[{cell.slot, cell.sort}].emplace_back(i, cell.item);
      }
    }
    for (const auto& [key, places] : cells) {
      std::vector<Entry> entries;
      for (const auto& [line, item] : places) entries.push_back(entry_of(lines_[line], item));
      // What stands before the objects is a table: when one line asks for a column, all get it.
      place(entries, key.first < Slot::objects, 2);
    }
  }

  /// Columns count from the beginning of the statement.
  [[nodiscard]] Entry entry_of(const Line& line, std::uint32_t item) const {
    const Item& first = items_[line.first];
    const Item& here = items_[item];
    Entry out{.item = item};
    out.nearest = end_of(line, item - 1) + 1;
    out.asks = here.space > 1 && here.line == first.line;
    out.written = here.column - std::min(here.column, first.column);
    const std::uint64_t all = line.indent + end_of(line, last_code(line));
    out.most = all > kLineWidth ? 0 : out.nearest + (kLineWidth - all);
    return out;
  }

  [[nodiscard]] std::uint32_t last_code(const Line& line) const {
    return has_comment(line) ? line.last - 1 : line.last;
  }

  /// Columns from the line's first item to the end of another.
  [[nodiscard]] std::uint64_t end_of(const Line& line, std::uint32_t item) const {
    std::uint64_t end = items_[line.first].width;
    for (std::uint32_t i = line.first + 1; i <= item; ++i) {
      end = items_[i].multiline() ? items_[i].width : end + layout_.spaces[i] + items_[i].width;
    }
    return end;
  }

  void place(std::vector<Entry>& entries, bool table, std::size_t company) {
    std::uint64_t nearest = 0;
    bool asked = false;
    for (const Entry& entry : entries) {
      nearest = std::max(nearest, entry.nearest);
      asked = asked || entry.asks;
    }
    // A line without the room for the nearest column stays out of it.
    for (Entry& entry : entries) entry.asks = (entry.asks || (table && asked)) && entry.most >= nearest;
    const std::uint64_t column = column_for(entries, nearest, company);
    for (const Entry& entry : entries) {
      if (entry.asks && entry.nearest < column)
        layout_.spaces[entry.item] = static_cast<std::uint32_t>(column - entry.nearest + 1);
    }
  }

  // ---- comments at the ends of lines ----

  /// Whether a comment stands behind something in its line.
  [[nodiscard]] bool has_comment(const Line& line) const {
    return line.first != line.last && items_[line.last].is_comment();
  }

  /// Whether a line is nothing but the next line of the comment above it.
  [[nodiscard]] bool continues_comment(std::size_t i) const {
    if (i == 0 || lines_[i].blank_before || lines_[i].first != lines_[i].last) return false;
    const Item& here = items_[lines_[i].last];
    const Item& above = items_[lines_[i - 1].last];
    const bool follows = here.kind == Item::Kind::line_comment && above.kind == Item::Kind::line_comment;
    return follows && here.first_in_line && above.line + 1 == here.line && above.column == here.column &&
           (has_comment(lines_[i - 1]) || continued_.contains(i - 1));
  }

  [[nodiscard]] std::size_t run_of_comments(std::size_t begin) {
    std::size_t end = begin;
    while (end < lines_.size() && (end == begin || !lines_[end].blank_before)) {
      if (continues_comment(end)) {
        continued_.insert(end);
      } else if (!has_comment(lines_[end])) {
        break;
      }
      ++end;
    }
    return end;
  }

  void align_comments(std::size_t begin, std::size_t end) {
    std::vector<Entry> entries;
    for (std::size_t i = begin; i < end; ++i) {
      if (!continued_.contains(i)) entries.push_back(comment_entry(lines_[i]));
    }
    place(entries, false, 1);
    for (std::size_t i = begin + 1; i < end; ++i) {
      if (continued_.contains(i)) lines_[i].indent = comment_column(i - 1);
    }
  }

  /// Columns count from the beginning of the line.
  [[nodiscard]] Entry comment_entry(const Line& line) const {
    const Item& here = items_[line.last];
    Entry out{.item = line.last};
    out.nearest = line.indent + end_of(line, line.last - 1) + 1;
    out.written = here.column;
    out.most = kLineWidth;
    out.asks = here.space > 1 && !here.first_in_line && !here.multiline();
    return out;
  }

  [[nodiscard]] std::uint32_t comment_column(std::size_t i) const {
    const Line& line = lines_[i];
    if (line.first == line.last) return line.indent;
    return line.indent + static_cast<std::uint32_t>(end_of(line, line.last - 1) + layout_.spaces[line.last]);
  }

  const std::vector<Item>& items_;
  const Marks& marks_;
  Layout& layout_;
  std::vector<Line>& lines_;
  std::set<std::size_t> continued_;  // lines that go on with the comment above
};

}  // namespace

void align(const Items& items, const Marks& marks, Layout& layout) { Aligner(items, marks, layout).run(); }

}  // namespace macc::syntax
