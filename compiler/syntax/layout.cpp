#include "compiler/syntax/layout.h"

#include <algorithm>

namespace macc::syntax {

namespace {

using T = gen::MaccLexer;

/// Wider than any line: a part of it never fits.
constexpr std::uint64_t never_fits = 1U << 20U;

bool is_any_of(std::size_t type, std::initializer_list<std::size_t> types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

/// The space between two items of a line.
std::uint32_t space_between(const Item& before, const Item& item, const Mark& mark) {
  if (item.is_comment()) return 1;
  if (mark.no_space || is_any_of(item.type, {T::SEMI, T::COMMA, T::RPAREN, T::DOT, T::DASH})) return 0;
  if (before.is_comment()) return 1;
  if (before.type == T::LBRACE && item.type == T::RBRACE) return 0;
  return is_any_of(before.type, {T::LPAREN, T::AT, T::DOT, T::DASH}) ? 0 : 1;
}

class Layouter {
 public:
  Layouter(const Items& items, const Marks& marks) : items_(items.list), marks_(marks) { measure(); }

  Layout run() {
    for (std::uint32_t i = 0; i < items_.size(); ++i) {
      leave_group(i);
      place(i);
      begin_statement(i);
      enter_group(i);
      finish(i);
    }
    return std::move(out_);
  }

 private:
  /// Braces that are open, around the current item.
  struct Open {
    bool expanded = false;
    bool in_statement = false;  // whether a statement outside of the braces has begun and not ended
  };

  // ---- widths ----

  void measure() {
    out_.spaces.assign(items_.size(), 0);
    ends_.assign(items_.size(), 0);
    next_token_.assign(items_.size(), 0);
    for (std::size_t i = items_.size(); i-- > 0;) {
      const bool skip = items_[i].is_comment() && i + 1 < items_.size();
      next_token_[i] = skip ? next_token_[i + 1] : static_cast<std::uint32_t>(i);
    }
    std::uint64_t end = 0;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (i > 0) out_.spaces[i] = space_between(items_[i - 1], items_[i], marks_.of_item[i]);
      const bool breaks = items_[i].multiline() || items_[i].kind == Item::Kind::line_comment;
      end += out_.spaces[i] + (breaks ? never_fits : items_[i].width);
      ends_[i] = end;
    }
  }

  /// Columns of the items from `first` to `last` in one line.
  [[nodiscard]] std::uint64_t width(std::uint32_t first, std::uint32_t last) const {
    return ends_[last] - (first == 0 ? 0 : ends_[first - 1]) - out_.spaces[first];
  }

  // ---- braces ----

  [[nodiscard]] bool flat() const { return !open_.empty() && !open_.back().expanded; }

  /// Braces that the author wrote in one line stay in one if it has the room.
  [[nodiscard]] bool stays_flat(const Group& group) const {
    const Statement& statement = marks_.statements[group.statement];
    const std::uint32_t first = group.block ? statement.first_block : group.open;
    const std::uint32_t last = group.block ? statement.last : group.close;
    if (items_[first].line != items_[last].last_line) return false;
    if (group.part) return part_begin(group) + width(group.open, group.close) + 2 <= kLineWidth;
    return statement_indent_ + width(statement.first, statement.last) <= kLineWidth;
  }

  /// The column in which a list begins at the latest that is a part of its statement: a line can begin with the word
  /// before it, but for the first argument of an include.
  [[nodiscard]] std::uint64_t part_begin(const Group& group) const {
    if (items_[group.open - 1].type != T::LPAREN) return (levels_ + 1) * kIndentWidth + items_[group.open - 1].width;
    return statement_indent_ + width(marks_.statements[group.statement].first, group.open - 1);
  }

  void enter_group(std::uint32_t i) {
    if (marks_.of_item[i].opens == kNoIndex) return;
    const Group& group = marks_.groups[marks_.of_item[i].opens];
    const bool expanded = !flat() && group.close != i + 1 && !stays_flat(group);
    open_.push_back({expanded, in_statement_});
    if (expanded) ++levels_;
    in_statement_ = false;
    carry_ = false;
  }

  void leave_group(std::uint32_t i) {
    closes_expanded_ = false;
    if (!marks_.of_item[i].closes || open_.empty()) return;
    closes_expanded_ = open_.back().expanded;
    if (closes_expanded_) --levels_;
    in_statement_ = open_.back().in_statement;
    was_flat_ = !closes_expanded_;
    open_.pop_back();
    carry_ = false;
  }

  // ---- lines ----

  void place(std::uint32_t i) {
    if (i == 0 || breaks_before(i)) {
      begin_line(i);
    } else {
      column_ += out_.spaces[i];
    }
    out_.lines.back().last = i;
    column_ = items_[i].multiline() ? items_[i].width : column_ + items_[i].width;
  }

  [[nodiscard]] bool breaks_before(std::uint32_t i) {
    const Item& before = items_[i - 1];
    const Item& item = items_[i];
    const Mark& mark = marks_.of_item[i];
    if (before.kind == Item::Kind::line_comment) return true;
    if (flat() || (mark.closes && was_flat_)) return false;
    if (item.is_comment()) return item.first_in_line;
    if (mark.closes) return closes_expanded_;
    if (opens_line_) return true;
    if (mark.begins != kNoIndex) return begins_line(i);
    if (item.type == T::ELSE) return false;
    if (before.is_comment()) return item.first_in_line;
    return mark.may_break && wraps_before(i);
  }

  /// A statement begins a line, but for comments that stand before it in that line.
  [[nodiscard]] bool begins_line(std::uint32_t i) const {
    const Statement& statement = marks_.statements[marks_.of_item[i].begins];
    if (statement.may_share_line && items_[i - 1].type == T::SEMI && !items_[i].first_in_line)
      return column_ + out_.spaces[i] + width(statement.first, statement.last) > kLineWidth;
    if (!items_[i - 1].is_comment() || items_[i].first_in_line) return true;
    return !items_[out_.lines.back().first].is_comment();
  }

  /// Where the author broke the line it stays broken. Where it got too long, it flows into the next one.
  [[nodiscard]] bool wraps_before(std::uint32_t i) {
    const bool fits = column_ + out_.spaces[i] + width(i, chunk_end(i)) <= kLineWidth;
    const bool broken = items_[i].first_in_line;
    const bool flows = broken && carry_ && items_[i - 1].type == T::COMMA && items_[i].line == items_[i - 1].line + 1;
    if (broken) carry_ = false;
    if (fits) return broken && !flows;
    if (!broken || flows) carry_ = true;
    return true;
  }

  /// The last of the items that stay in one line with item `i`.
  [[nodiscard]] std::uint32_t chunk_end(std::uint32_t i) const {
    std::uint32_t last = i;
    while (last + 1 < items_.size()) {
      const Mark& mark = marks_.of_item[last];
      if (mark.opens != kNoIndex) {
        const Group& group = marks_.groups[mark.opens];
        if (group.close != last + 1 && !stays_flat(group)) break;
        last = group.close;
      }
      const Mark& next = marks_.of_item[last + 1];
      if (items_[last + 1].is_comment() || next.may_break || next.begins != kNoIndex || next.closes) break;
      ++last;
    }
    return last;
  }

  void begin_line(std::uint32_t i) {
    Line line{.first = i, .last = i};
    const bool goes_on = continues(i);
    const bool may_part = i > 0 && !opens_line_ && !closes_expanded_ && (!goes_on || items_[i].is_comment());
    line.blank_before = may_part && items_[i].first_in_line && items_[i].line > items_[i - 1].last_line + 1;
    line.indent = (levels_ + (goes_on ? 1 : 0)) * kIndentWidth;
    if (marks_.of_item[i].begins != kNoIndex) line.statement = marks_.of_item[i].begins;
    out_.lines.push_back(line);
    column_ = line.indent;
  }

  /// Whether a line that begins with the item belongs to the statement of the line before.
  [[nodiscard]] bool continues(std::uint32_t i) const {
    if (!in_statement_ || marks_.of_item[i].begins != kNoIndex || begins_with_text_) return false;
    return !is_any_of(items_[next_token_[i]].type, {T::LBRACE, T::RBRACE, T::ELSE});
  }

  // ---- statements ----

  void begin_statement(std::uint32_t i) {
    opens_line_ = false;
    if (marks_.of_item[i].begins == kNoIndex) return;
    in_statement_ = true;
    begins_with_text_ = items_[i].type == T::TEXT;
    carry_ = false;
    if (!flat()) statement_indent_ = out_.lines.back().indent;
  }

  void finish(std::uint32_t i) {
    const Mark& mark = marks_.of_item[i];
    if (mark.ends) in_statement_ = false;
    if (items_[i].is_comment()) return;
    opens_line_ = mark.opens != kNoIndex && open_.back().expanded;
    was_flat_ = false;
  }

  const std::vector<Item>& items_;
  const Marks& marks_;
  std::vector<std::uint64_t> ends_;        // of each item, when all stand in one line
  std::vector<std::uint32_t> next_token_;  // the item itself, or what follows a comment
  Layout out_;

  std::vector<Open> open_;
  std::uint32_t levels_ = 0;  // open braces that are expanded
  std::uint32_t column_ = 0;  // behind the last item
  std::uint32_t statement_indent_ = 0;
  bool in_statement_ = false;
  bool begins_with_text_ = false;  // the statement is a list: all of its lines stand below each other
  bool opens_line_ = false;        // the item before is the opening brace of an expanded group
  bool closes_expanded_ = false;   // the item is the closing brace of one
  bool was_flat_ = false;          // the item is the closing brace of a group in one line
  bool carry_ = false;             // a line got too long, and the author's next line goes on where it ends
};

}  // namespace

Layout lay_out(const Items& items, const Marks& marks) { return Layouter(items, marks).run(); }

}  // namespace macc::syntax
