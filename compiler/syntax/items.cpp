#include "compiler/syntax/items.h"

#include <algorithm>

namespace macc::syntax {

namespace {

using T = gen::MaccLexer;

constexpr std::uint32_t tab_width = 8;
constexpr std::string_view blanks = " \t\r\n";

/// Puts items behind each other and keeps count of lines and columns.
class Collector {
 public:
  Collector(const Tokens& tokens, const SourceText& source) : tokens_(tokens), source_(source), end_(source.begin()) {}

  Items run() {
    out_.of_token.resize(tokens_.size());
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const antlr4::Token* token = tokens_[i];
      const std::size_t type = token->getType();
      const Span place = type == antlr4::Token::EOF ? source_.bytes(source_.end(), source_.end())
                                                    : source_.span(token->getStartIndex(), token->getStopIndex() + 1);
      skip_to(place.begin);
      if (type == antlr4::Token::EOF) break;
      out_.of_token[i] = static_cast<std::uint32_t>(out_.list.size());
      add(kind_of(type), type, source_.slice(place));
    }
    return std::move(out_);
  }

 private:
  static Item::Kind kind_of(std::size_t type) {
    if (type == T::DOC_COMMENT) return Item::Kind::line_comment;
    return type == T::BLOCK_COMMENT ? Item::Kind::block_comment : Item::Kind::token;
  }

  /// What the lexer skipped: white space and line comments.
  void skip_to(std::uint32_t begin) {
    while (end_ < begin) {
      const std::string_view rest = source_.slice(source_.bytes(end_, begin));
      const std::size_t comment = std::min(rest.find_first_not_of(blanks), rest.size());
      advance(rest.substr(0, comment));
      if (comment == rest.size()) continue;
      const std::size_t size = std::min(rest.find_first_of("\r\n", comment), rest.size()) - comment;
      add(Item::Kind::line_comment, 0, rest.substr(comment, size));
    }
  }

  void add(Item::Kind kind, std::size_t type, std::string_view text) {
    Item item{.kind = kind, .type = type, .text = text};
    if (kind == Item::Kind::line_comment) item.text = trimmed_end(text);
    item.line = line_;
    item.column = column_;
    item.first_in_line = out_.list.empty() || out_.list.back().last_line != line_;
    item.space = item.first_in_line ? column_ : column_ - last_column_;
    advance(text);
    item.last_line = line_;
    item.width = columns_of(item.text.substr(item.text.rfind('\n') + 1));
    last_column_ = column_;
    out_.list.push_back(item);
  }

  void advance(std::string_view text) {
    end_ += static_cast<std::uint32_t>(text.size());
    const std::size_t line_end = text.rfind('\n');
    if (line_end != std::string_view::npos) {
      line_ += static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n'));
      column_ = 0;
      text.remove_prefix(line_end + 1);
    }
    for (const char c : text) {
      if (c == '\t') column_ += tab_width - column_ % tab_width;
      if (c != '\t' && c != '\r') column_ += columns_of({&c, 1});
    }
  }

  const Tokens& tokens_;
  const SourceText& source_;
  std::uint32_t end_;  // of what has been taken
  std::uint32_t line_ = 0;
  std::uint32_t column_ = 0;
  std::uint32_t last_column_ = 0;  // behind the last item
  Items out_;
};

}  // namespace

Items items_of(const Tokens& tokens, const SourceText& source) { return Collector(tokens, source).run(); }

std::uint32_t columns_of(std::string_view text) {
  return static_cast<std::uint32_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string_view trimmed_end(std::string_view text) {
  const std::size_t last = text.find_last_not_of(blanks);
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (true) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

std::string comment_text(std::string_view comment) {
  std::string out;
  for (std::string_view line : lines_of(comment)) {
    line = trimmed_end(line);
    out += line.substr(std::min(line.find_first_not_of(blanks), line.size()));
    out += '\n';
  }
  return out;
}

}  // namespace macc::syntax
