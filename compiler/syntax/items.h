// A source file as the formatter sees it: its tokens and comments in order, with the white space between them. Private
// to compiler/syntax.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/syntax/antlr.h"
#include "compiler/syntax/source_text.h"

namespace macc::syntax {

/// A token or a comment.
struct Item {
  enum class Kind : std::uint8_t { token, line_comment, block_comment };
  Kind kind = Kind::token;
  std::size_t type = 0;         ///< of a token, as in the grammar
  std::string_view text;        ///< as written; a line comment without the white space at its end
  std::uint32_t line = 0;       ///< in which it begins, from 0
  std::uint32_t last_line = 0;  ///< in which it ends
  std::uint32_t column = 0;     ///< at which it begins, in code points from 0; a tab leads to a multiple of 8
  std::uint32_t width = 0;      ///< code points, of its last line when it has several
  std::uint32_t space = 0;      ///< columns between it and the item before it in the same line
  bool first_in_line = false;   ///< nothing but white space stands before it

  [[nodiscard]] bool is_comment() const { return kind != Kind::token; }
  [[nodiscard]] bool multiline() const { return line != last_line; }
};

struct Items {
  std::vector<Item> list;
  std::vector<std::uint32_t> of_token;  ///< token index -> index in `list`, for tokens that the parser sees
};

/// Of a text without errors: nothing in it but tokens, comments and white space.
[[nodiscard]] Items items_of(const Tokens& tokens, const SourceText& source);

/// Code points of a text.
[[nodiscard]] std::uint32_t columns_of(std::string_view text);

/// The text without spaces, tabs and line ends at its end.
[[nodiscard]] std::string_view trimmed_end(std::string_view text);

/// The lines of a text without their ends.
[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);

/// A comment without the white space around each of its lines, which the formatter may change.
[[nodiscard]] std::string comment_text(std::string_view comment);

}  // namespace macc::syntax
