// The wall around the generated parser: whatever the bytes are, a tree and diagnostics come out, never an exception.
#include "compiler/syntax/parse.h"

#include <fmt/format.h>

#include <cctype>
#include <exception>

#include "compiler/base/characters.h"
#include "compiler/syntax/builder.h"
#include "compiler/syntax/hidden.h"
#include "compiler/syntax/lexer.h"
#include "compiler/syntax/messages.h"
#include "compiler/syntax/reading.h"
#include "compiler/syntax/recovery.h"

namespace macc::syntax {

namespace {

using T = gen::MaccLexer;

/// Whether a text can be given to the runtime at all.
bool acceptable(const std::string& text, FileId id, const Limits& limits, Diagnostics& diagnostics) {
  const auto at = [id](std::size_t offset) {
    const auto byte = static_cast<std::uint32_t>(offset);
    return Span{id, byte, byte + 1};
  };
  if (text.size() > limits.max_bytes) {
    diagnostics.report(Code::E0003, Span{id, 0, 0},
                       fmt::format("the file has {} bytes, the limit is {}", text.size(), limits.max_bytes));
    return false;
  }
  if (const std::size_t bad = find_invalid_utf8(text); bad != std::string::npos) {
    diagnostics.report(Code::E0001, at(bad), "this byte is not valid UTF-8")
        .note("policies are written in UTF-8: convert the file");
    return false;
  }
  if (const std::size_t nul = text.find('\0'); nul != std::string::npos) {
    diagnostics.report(Code::E0004, at(nul), "a policy holds no NUL bytes");
    return false;
  }
  return true;
}

/// The checks that need no grammar: one pass over all tokens.
class TokenCheck {
 public:
  TokenCheck(const Tokens& tokens, const SourceText& source, Reports& reports, std::size_t max_depth)
      : tokens_(tokens), source_(source), reports_(reports), max_depth_(max_depth) {}

  /// False when the nesting is too deep to go on.
  bool run() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (!count_depth(i)) return false;
      free_word(i);
      check(i);
    }
    return true;
  }

 private:
  [[nodiscard]] Span span(std::size_t i) const {
    return source_.span(tokens_[i]->getStartIndex(), tokens_[i]->getStopIndex() + 1);
  }
  [[nodiscard]] std::size_t type(std::size_t i) const { return i < tokens_.size() ? tokens_[i]->getType() : 0; }

  bool count_depth(std::size_t i) {
    const std::size_t t = type(i);
    if (t == T::LBRACE || t == T::LPAREN) ++depth_;
    if ((t == T::RBRACE || t == T::RPAREN) && depth_ != 0) --depth_;
    if (depth_ <= max_depth_) return true;
    reports_.broken(Code::E0102, span(i), fmt::format("constructs are nested deeper than {} levels", max_depth_));
    return false;
  }

  /// Beside a dot a reserved word is a plain one: `std.exec`, `dbus.talk`.
  void free_word(std::size_t i) {
    if (!is_reserved(type(i))) return;
    const bool dotted = type(i + 1) == T::DOT || (i > 0 && type(i - 1) == T::DOT);
    if (!dotted) return;
    if (auto* word = dynamic_cast<antlr4::WritableToken*>(tokens_[i])) word->setType(T::IDENT);
  }

  void check(std::size_t i) {
    switch (type(i)) {
      case T::TEXT:
        last_text_ = i;
        break;
      case T::UNTERMINATED_TEXT:
        unterminated(i);
        break;
      case T::RAW_TEXT:
        raw_text(i);
        break;
      case T::SINGLE_QUOTED_TEXT:
        requote(i, Code::E0101, "a text stands between double quotes, not single ones", 1);
        break;
      case T::CURLY_QUOTED_TEXT:
        requote(i, Code::E0107, "a text stands between straight quotes (`\"`)", 3);
        break;
      case T::BARE_PATH:
        bare_path(i);
        break;
      case T::BLOCK_COMMENT:
        block_comment(i);
        break;
      case T::HASH_COMMENT:
        hash_comment(i);
        break;
      case T::UNEXPECTED:
        unexpected(i);
        break;
      default:
        break;
    }
  }

  void unterminated(std::size_t i) {
    const Span place = span(i);
    reports_.broken(Code::E0104, place, "this text has no closing quote")
        .note("a text ends in the line in which it begins; `\\\"` is a quote inside it");
  }

  void raw_text(std::size_t i) {
    const std::string_view text = source_.slice(span(i));
    if (text.size() >= 6 && text.ends_with("\"\"\"")) return;
    const std::uint32_t begin = span(i).begin;
    reports_.broken(Code::E0104, source_.bytes(begin, begin + 3), "this raw text has no closing `\"\"\"`");
    reports_.lose_end();
  }

  void requote(std::size_t i, Code code, std::string message, std::uint32_t quote_bytes) {
    const Span place = span(i);
    const std::string_view text = source_.slice(place);
    const std::uint32_t last = text.ends_with('"') ? 1 : quote_bytes;
    std::string inner(text.substr(quote_bytes, text.size() - quote_bytes - last));
    Diagnostic& report = reports_.broken(code, place, std::move(message));
    if (inner.find('"') == std::string::npos) {
      report.suggest("use double quotes", {{place, '"' + inner + '"'}}, true);
    }
  }

  void bare_path(std::size_t i) {
    const Span place = span(i);
    const std::string_view text = source_.slice(place);
    if (text.ends_with('"')) {
      Diagnostic& report = reports_.broken(Code::E0104, place, "the quotes of this line don't pair up");
      if (last_text_ && !source_.line_break(span(*last_text_).begin, place.begin)) {
        report.also(span(*last_text_), "is this text closed where it was meant to be?");
      }
      return;
    }
    if (const std::uint32_t begin = beginning_of_word(place.begin); begin != place.begin) {
      reports_.broken(Code::E0101, source_.bytes(begin, place.end),
                      "a path begins with `/` and stands between double quotes");
      return;
    }
    reports_
        .broken(Code::E0101, place, fmt::format("a path stands between double quotes: `\"{}\"`", printable(text, 60)))
        .suggest("put it between double quotes", {{place, fmt::format("\"{}\"", text)}}, true);
  }

  /// Where what stands before a byte without a blank begins: `etc` of `etc/x`.
  [[nodiscard]] std::uint32_t beginning_of_word(std::uint32_t byte) const {
    const auto in_word = [&](std::uint32_t at) {
      const unsigned char c = static_cast<unsigned char>(source_.slice(source_.bytes(at, at + 1)).front());
      return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.' || c >= 0x80;
    };
    while (byte > 0 && in_word(byte - 1)) --byte;
    return byte;
  }

  void block_comment(std::size_t i) {
    const Span place = span(i);
    const std::string_view text = source_.slice(place);
    if (text.size() >= 4 && text.ends_with("*/")) return;
    reports_.broken(Code::E0111, source_.bytes(place.begin, place.begin + 2), "this comment has no closing `*/`");
    reports_.lose_end();
  }

  void hash_comment(std::size_t i) {
    const Span place = span(i);
    const Span hash = source_.bytes(place.begin, place.begin + 1);
    reports_.understood(Code::E0107, hash, "a comment begins with `//`, not with `#`")
        .suggest("write `//`", {{hash, "//"}}, true);
  }

  /// A run of them is one mistake. Hidden ones were reported.
  void unexpected(std::size_t i) {
    reports_.lose_name();
    if (!hides(first_character(source_.slice(span(i))).value).empty()) return;
    if (i > 0 && type(i - 1) == T::UNEXPECTED && span(i - 1).end == span(i).begin) return;
    std::size_t last = i;
    while (type(last + 1) == T::UNEXPECTED && span(last + 1).begin == span(last).end) ++last;
    const Span place = source_.bytes(span(i).begin, span(last).end);
    reports_.broken(Code::E0107, place,
                    fmt::format("`{}` has no meaning outside a text", printable(source_.slice(place), 40)));
  }

  const Tokens& tokens_;
  const SourceText& source_;
  Reports& reports_;
  std::size_t max_depth_;
  std::size_t depth_ = 0;
  std::optional<std::size_t> last_text_;
};

ast::File parse_text(const std::string& text, FileId id, const Limits& limits, Reports& reports, const WithTree& use) {
  const SourceText source(id, text);
  antlr4::ANTLRInputStream input{std::string(source.parsed())};
  Lexer lexer(&input);
  lexer.removeErrorListeners();
  antlr4::CommonTokenStream stream(&lexer);
  stream.fill();
  const Tokens tokens = stream.getTokens();
  check_hidden(source, tokens, reports);
  if (!TokenCheck(tokens, source, reports, limits.max_depth).run()) return {};

  Grammar parser(&stream);
  parser.removeErrorListeners();
  parser.setErrorHandler(std::make_shared<Recovery>(tokens, source, reports));
  Grammar::FileContext* tree = nullptr;
  try {
    tree = parser.file();
  } catch (const TooManyErrors&) {
    return {};
  }
  reports.settle();
  ast::File out = build(*tree, tokens, source, id, reports, limits.max_depth);
  if (use && reports.empty()) use(*tree, tokens, source);
  return out;
}

}  // namespace

ast::File parse(const SourceManager& sources, FileId file, Diagnostics& diagnostics, const Limits& limits) {
  return read(sources, file, diagnostics, limits, {});
}

ast::File read(const SourceManager& sources, FileId file, Diagnostics& diagnostics, const Limits& limits,
               const WithTree& use) {
  const std::string& text = sources.file(file).text();
  ast::File out;
  Reports reports;
  try {
    if (acceptable(text, file, limits, diagnostics)) out = parse_text(text, file, limits, reports, use);
  } catch (const std::exception& error) {
    reports.broken(Code::E0112, Span{file, 0, 0},
                   fmt::format("this file can't be parsed: {}", printable(error.what())));
    out = {};
  } catch (...) {  // the runtime throws C string literals as well
    reports.broken(Code::E0112, Span{file, 0, 0}, "this file can't be parsed");
    out = {};
  }
  reports.deliver(diagnostics, limits.max_syntax_errors);
  out.id = file;
  return out;
}

}  // namespace macc::syntax
