#include "compiler/syntax/hidden.h"

#include <fmt/format.h>

#include "compiler/base/characters.h"

namespace macc::syntax {

namespace {

class HiddenCheck {
 public:
  HiddenCheck(const SourceText& source, const Tokens& tokens, Reports& reports)
      : source_(source), tokens_(tokens), reports_(reports), begin_(source.begin()), end_(source.end()) {}

  void run() {
    char32_t before = 0;
    for (std::uint32_t at = begin_; at < end_;) {
      const Character c = character(at);
      const std::uint32_t next = at + static_cast<std::uint32_t>(c.bytes);
      if (c.value == U'\r') carriage_return(at);
      if (!is_hidden(c.value, before)) {
        before = c.value;
        at = next;
        continue;
      }
      at = run_end(next);
      report(next - static_cast<std::uint32_t>(c.bytes), at, c);
      before = 0;
    }
  }

 private:
  [[nodiscard]] Character character(std::uint32_t at) const {
    return first_character(source_.slice(source_.bytes(at, end_)));
  }

  static bool is_hidden(char32_t c, char32_t before) {
    return c != U'\t' && c != U'\n' && c != U'\r' && !hides(c, before).empty();
  }

  /// Where the hidden characters from `at` on end.
  [[nodiscard]] std::uint32_t run_end(std::uint32_t at) const {
    while (at < end_) {
      const Character c = character(at);
      if (!is_hidden(c.value, 0)) break;
      at += static_cast<std::uint32_t>(c.bytes);
    }
    return at;
  }

  /// Some programs begin a new line behind it, some begin the same line anew, and what they show is not what macc
  /// reads. A file that has one most likely has it at the end of each line.
  void carriage_return(std::uint32_t at) {
    const bool ends_line = at + 1 < end_ && source_.slice(source_.bytes(at + 1, at + 2)) == "\n";
    if (ends_line || carriage_return_seen_) return;
    carriage_return_seen_ = true;
    reports_
        .understood(Code::E0116, source_.bytes(at, at + 1),
                    "a carriage return (U+000D) without a line feed: programs differ in what they show behind it")
        .note("end lines with a line feed, or with both");
  }

  void report(std::uint32_t begin, std::uint32_t end, const Character& c) {
    const Span place = source_.bytes(begin, end);
    const std::string number = fmt::format("U+{:04X}", static_cast<unsigned>(c.value));
    Diagnostic& report =
        reports_.understood(Code::E0116, place, fmt::format("the hidden character {}: {}", number, hides(c.value)));
    if (in_text(begin)) {
      std::string escapes;
      for (const char byte : source_.slice(place)) {
        escapes += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(byte)));
      }
      report.suggest("remove it, or write it as bytes if it belongs to the name", {{place, escapes}});
    } else {
      report.suggest("remove it", {{place, ""}});
    }
  }

  /// Whether a place lies in a text that takes escapes. Places come in order.
  bool in_text(std::uint32_t at) {
    const auto span = [this](const antlr4::Token* t) {
      return source_.span(t->getStartIndex(), t->getStopIndex() + 1);
    };
    while (token_ < tokens_.size() && span(tokens_[token_]).end <= at) ++token_;
    return token_ < tokens_.size() && tokens_[token_]->getType() == gen::MaccLexer::TEXT &&
           span(tokens_[token_]).begin <= at;
  }

  const SourceText& source_;
  const Tokens& tokens_;
  Reports& reports_;
  std::uint32_t begin_;
  std::uint32_t end_;
  std::size_t token_ = 0;
  bool carriage_return_seen_ = false;
};

}  // namespace

void check_hidden(const SourceText& source, const Tokens& tokens, Reports& reports) {
  HiddenCheck(source, tokens, reports).run();
}

}  // namespace macc::syntax
