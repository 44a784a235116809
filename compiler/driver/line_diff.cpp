#include "compiler/driver/line_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace macc::driver {

namespace {

using report::Ink;

constexpr std::size_t kContext = 3;  ///< lines

/// With their ends: the last one may have none.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

/// Characters that are no white space.
std::size_t characters(std::string_view line) {
  return static_cast<std::size_t>(
      std::count_if(line.begin(), line.end(), [](char c) { return c != ' ' && c != '\t' && c != '\r' && c != '\n'; }));
}

/// Lines [from, to) of the one text that stand for lines [from, to) of the other.
struct Change {
  std::size_t old_from = 0, old_to = 0, new_from = 0, new_to = 0;
};

class Differ {
 public:
  Differ(std::string_view before, std::string_view after, const report::Painter& paint)
      : old_(lines_of(before)), new_(lines_of(after)), paint_(paint) {}

  std::string run(std::string_view name) {
    find_changes();
    if (changes_.empty()) return "";
    out_ =
        paint_(Ink::bold, fmt::format("--- {}", name)) + "\n" + paint_(Ink::bold, fmt::format("+++ {}", name)) + "\n";
    for (std::size_t first = 0; first < changes_.size();) {
      std::size_t last = first;
      while (last + 1 < changes_.size() && changes_[last + 1].old_from <= changes_[last].old_to + 2 * kContext) ++last;
      hunk(first, last);
      first = last + 1;
    }
    return std::move(out_);
  }

 private:
  void find_changes() {
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < old_.size() || j < new_.size()) {
      if (i < old_.size() && j < new_.size() && old_[i] == new_[j]) {
        ++i;
        ++j;
        continue;
      }
      const Change change = change_at(i, j);
      if (!changes_.empty() && changes_.back().old_to == i && changes_.back().new_to == j) {
        changes_.back().old_to = change.old_to;
        changes_.back().new_to = change.new_to;
      } else {
        changes_.push_back(change);
      }
      i = change.old_to;
      j = change.new_to;
    }
  }

  /// The least lines of both that hold the same characters; those that hold none go alone.
  [[nodiscard]] Change change_at(std::size_t i, std::size_t j) const {
    Change out{i, i, j, j};
    const bool old_is_empty = i < old_.size() && characters(old_[i]) == 0;
    const bool new_is_empty = j < new_.size() && characters(new_[j]) == 0;
    if (old_is_empty) ++out.old_to;
    if (new_is_empty) ++out.new_to;
    if (old_is_empty || new_is_empty) return out;
    std::size_t ahead_old = 0;
    std::size_t ahead_new = 0;
    do {
      const bool take_old = out.new_to == new_.size() || (ahead_old <= ahead_new && out.old_to < old_.size());
      if (take_old) {
        ahead_old += characters(old_[out.old_to++]);
      } else {
        ahead_new += characters(new_[out.new_to++]);
      }
    } while (ahead_old != ahead_new && (out.old_to < old_.size() || out.new_to < new_.size()));
    return out;
  }

  void hunk(std::size_t first, std::size_t last) {
    const std::size_t lead = std::min(kContext, changes_[first].old_from);
    const std::size_t tail = std::min(kContext, old_.size() - changes_[last].old_to);
    const std::size_t old_from = changes_[first].old_from - lead;
    const std::size_t new_from = changes_[first].new_from - lead;
    out_ += paint_(Ink::cyan, fmt::format("@@ -{} +{} @@", range(old_from, changes_[last].old_to + tail),
                                          range(new_from, changes_[last].new_to + tail))) +
            "\n";
    std::size_t shown = old_from;
    for (std::size_t i = first; i <= last; ++i) {
      const Change& change = changes_[i];
      for (; shown < change.old_from; ++shown) line(' ', Ink::plain, old_[shown]);
      for (std::size_t n = change.old_from; n < change.old_to; ++n) line('-', Ink::red, old_[n]);
      for (std::size_t n = change.new_from; n < change.new_to; ++n) line('+', Ink::green, new_[n]);
      shown = change.old_to;
    }
    for (const std::size_t end = shown + tail; shown < end; ++shown) line(' ', Ink::plain, old_[shown]);
  }

  /// Of no lines, the number is that of the line before.
  static std::string range(std::size_t from, std::size_t to) {
    return fmt::format("{},{}", to > from ? from + 1 : from, to - from);
  }

  void line(char sign, Ink ink, std::string_view text) {
    const bool ends = text.ends_with('\n');
    if (ends) text.remove_suffix(1);
    out_ += paint_(ink, sign + std::string(text)) + "\n";
    if (!ends) out_ += "\\ No newline at end of file\n";
  }

  std::vector<std::string_view> old_, new_;
  const report::Painter& paint_;
  std::vector<Change> changes_;
  std::string out_;
};

}  // namespace

std::string line_diff(std::string_view before, std::string_view after, std::string_view name,
                      const report::Painter& paint) {
  return Differ(before, after, paint).run(name);
}

}  // namespace macc::driver
