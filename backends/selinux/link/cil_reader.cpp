#include "backends/selinux/link/cil_reader.h"

#include <algorithm>
#include <charconv>

namespace macc::backends::selinux {
namespace {

constexpr std::size_t kMaxDepth = 200;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

/// Cuts the text into parentheses and atoms.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  /// "" at the end.
  std::string_view next() {
    skip_blank();
    if (at_ == text_.size()) return {};
    const std::size_t begin = at_;
    const char first = text_[at_];
    line_ = next_line_;
    if (first == '(' || first == ')') {
      ++at_;
    } else if (first == '"') {
      at_ = std::min(text_.find('"', at_ + 1), text_.size() - 1) + 1;
      next_line_ += static_cast<std::uint32_t>(std::count(text_.begin() + begin, text_.begin() + at_, '\n'));
    } else {
      while (at_ < text_.size() && !ends_atom(text_[at_])) ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }
  [[nodiscard]] std::uint32_t line() const { return line_; }

 private:
  static bool ends_atom(char c) { return is_space(c) || c == '(' || c == ')' || c == '"' || c == ';'; }

  void skip_blank() {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == ';') {
        at_ = std::min(text_.find('\n', at_), text_.size());
        if (at_ == text_.size()) return;
      }
      if (!is_space(text_[at_])) return;
      if (text_[at_] == '\n') ++next_line_;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::uint32_t next_line_ = 1;
};

/// Passes over a list, whose "(" has been read.
void skip_list(Tokens& tokens) {
  std::size_t open = 1;
  for (std::string_view token = tokens.next(); !token.empty() && open != 0; token = tokens.next()) {
    if (token == "(") ++open;
    if (token == ")" && --open == 0) return;
  }
}

/// Fills `list`, whose "(" has been read.
void read_list(Tokens& tokens, CilExpression& list, std::size_t depth) {
  for (std::string_view token = tokens.next(); !token.empty(); token = tokens.next()) {
    if (token == ")") return;
    if (token == "(" && depth == kMaxDepth) {
      skip_list(tokens);
      continue;
    }
    CilExpression item;
    item.line = tokens.line();
    if (token == "(") {
      read_list(tokens, item, depth + 1);
    } else {
      item.atom = token;
    }
    list.items.push_back(std::move(item));
  }
}

}  // namespace

std::string_view CilExpression::symbol(std::size_t index) const {
  return index < items.size() ? items[index].atom : std::string_view();
}

void for_each_statement(std::string_view text, const std::function<void(CilExpression&)>& visit) {
  Tokens tokens(text);
  for (std::string_view token = tokens.next(); !token.empty(); token = tokens.next()) {
    if (token != "(") continue;
    CilExpression statement;
    statement.line = tokens.line();
    read_list(tokens, statement, 1);
    visit(statement);
  }
}

void append_text(const CilExpression& expression, std::string& out) {
  if (!expression.is_list()) {
    out += expression.atom;
    return;
  }
  out += '(';
  bool first = true;
  for (const CilExpression& item : expression.items) {
    if (!first) out += ' ';
    first = false;
    append_text(item, out);
  }
  out += ')';
}

std::string to_text(const CilExpression& expression) {
  std::string out;
  append_text(expression, out);
  return out;
}

namespace {

/// Takes the next word of `text`.
std::string_view take_word(std::string_view& text) {
  std::size_t begin = 0;
  while (begin < text.size() && is_space(text[begin])) ++begin;
  std::size_t end = begin;
  while (end < text.size() && !is_space(text[end])) ++end;
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::uint32_t number(std::string_view word) {
  std::uint32_t value = 0;
  std::from_chars(word.data(), word.data() + word.size(), value);
  return value;
}

}  // namespace

LineMarks::LineMarks(std::string_view text) {
  constexpr std::string_view kMark = ";;*";
  std::vector<Mark> open;
  std::uint32_t line = 0;
  while (!text.empty()) {
    ++line;
    std::string_view rest = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(rest.size() + 1, text.size()));
    if (!rest.starts_with(kMark)) continue;
    rest.remove_prefix(kMark.size());
    const std::string_view kind = take_word(rest);
    if (kind == "lme") {
      if (!open.empty()) open.pop_back();
      marks_.push_back(open.empty() ? Mark{} : open.back());
      marks_.back().begin = line;
    } else if (kind == "lmx" || kind == "lms") {
      const std::uint32_t first = number(take_word(rest));
      open.push_back({first, line, kind == "lms", std::string(trimmed(rest))});
      marks_.push_back(open.back());
    }
  }
}

bool LineMarks::find(std::uint32_t line, LinkPlace& place) const {
  auto after = std::upper_bound(marks_.begin(), marks_.end(), line,
                                [](std::uint32_t wanted, const Mark& mark) { return wanted < mark.begin; });
  if (after == marks_.begin()) return false;
  const Mark& mark = *std::prev(after);
  if (mark.first == 0) return false;
  place = {mark.file, mark.counts ? mark.first + (line - mark.begin - 1) : mark.first, false};
  return true;
}

}  // namespace macc::backends::selinux
