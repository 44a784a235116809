#include "compiler/lsp/cursor.h"

#include <algorithm>
#include <array>
#include <optional>

#include "compiler/syntax/tokens.h"

namespace macc::lsp {

namespace {

using syntax::Token;

/// What braces behind these words hold.
Enclosing::Kind kind_of(const std::vector<std::string>& head, const std::vector<Enclosing>& around) {
  using Kind = Enclosing::Kind;
  if (head.empty()) return Kind::list;
  const std::string first = declared_by(head);
  if (first == "external") return Kind::extern_;
  if (first == "test") return Kind::test;
  if (first == "domain" || first == "abstraction") return Kind::body;
  if (first == "extend") return declares_resource(head) ? Kind::list : Kind::body;
  const bool in_body = !around.empty() && around.back().kind == Kind::body;
  return in_body && (first == "if" || first == "else") ? Kind::body : Kind::list;
}

/// Goes through the tokens before a place.
class Walk {
 public:
  Walk(const SourceManager& sources, std::uint32_t offset) : sources_(sources), offset_(offset) {}

  /// False when the place is in this token or before it.
  bool step(const Token& token) {
    if (token.span.begin >= offset_) return false;
    if (token.span.end >= offset_) return reach(token);
    take(token);
    return true;
  }

  Cursor finish() {
    if (!out_.word.valid()) out_.word = {file_, offset_, offset_};
    join_dots();
    return std::move(out_);
  }

  void set_file(FileId file) { file_ = file; }

 private:
  [[nodiscard]] std::string text(Span span) const { return std::string(sources_.text(span)); }

  /// The token that the place is in, or right behind of.
  bool reach(const Token& token) {
    const std::string all = text(token.span);
    const Span before{token.span.file, token.span.begin, offset_};
    switch (token.kind) {
      case Token::Kind::word:
      case Token::Kind::number:
        out_.word = before;
        out_.typed = text(before);
        return false;
      case Token::Kind::text:
      case Token::Kind::raw_text:
        // Behind the closing quote it is over; a lone quote is only its start.
        if (token.span.end == offset_ && all.size() > 1 && all.ends_with('"') && all.starts_with('"')) break;
        out_.in = Cursor::In::text;
        out_.text = text(before);
        return false;
      case Token::Kind::comment:
        if (token.span.end == offset_ && all.starts_with("/*") && all.ends_with("*/")) break;
        out_.in = Cursor::In::comment;
        return false;
      case Token::Kind::sign:
      case Token::Kind::unknown:
        break;
    }
    take(token);
    return token.span.end == offset_;
  }

  void take(const Token& token) {
    if (token.kind == Token::Kind::comment) return;
    out_.after_branch = false;
    const std::string word = text(token.span);
    // A semicolon that is still missing must not make one of two statements.
    if (token.kind == Token::Kind::word && begins_statement(word) && first_in_line(token.span.begin)) clear();
    last_end_ = token.span.end;
    if (token.kind != Token::Kind::sign) {
      out_.statement.push_back(word);
      begins_.push_back(token.span.begin);
      return;
    }
    if (word == "{") {
      const Enclosing::Kind kind = kind_of(out_.statement, out_.around);
      outer_.emplace_back(kind == Enclosing::Kind::list ? out_.statement : std::vector<std::string>(),
                          kind == Enclosing::Kind::list ? begins_ : std::vector<std::uint32_t>());
      out_.around.push_back({kind, std::move(out_.statement)});
      clear();
      return;
    }
    if (word == "}") return close();
    if (word == ";") return clear();
    out_.statement.push_back(word);
    begins_.push_back(token.span.begin);
  }

  /// A list in a statement is a part of it. The paths of a resource end its declaration, as anything else does.
  void close() {
    clear();
    if (out_.around.empty()) return;
    const Enclosing& closed = out_.around.back();
    const std::string first = declared_by(closed.head);
    out_.after_branch = first == "if" || (first == "else" && closed.head.size() > 1);
    const bool whole = closed.kind != Enclosing::Kind::list || declares_resource(closed.head);
    out_.around.pop_back();
    if (!whole) {
      out_.statement = std::move(outer_.back().first);
      begins_ = std::move(outer_.back().second);
      out_.statement.emplace_back("{}");
      begins_.push_back(last_end_ - 1);
    }
    outer_.pop_back();
  }

  static bool begins_statement(std::string_view word) {
    constexpr std::array kWords = {"allow",   "deny",   "never",    "audit",    "include",     "entry",
                                   "let",     "if",     "resource", "domain",   "abstraction", "test",
                                   "boolean", "import", "module",   "external", "extend",      "public",
                                   "expect",  "mode",   "level",    "replaces", "raw"};
    return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
  }

  [[nodiscard]] bool first_in_line(std::uint32_t begin) const {
    const std::string_view before = sources_.text({file_, last_end_, begin});
    return last_end_ == 0 || before.find('\n') != std::string_view::npos;
  }

  void clear() {
    out_.statement.clear();
    begins_.clear();
  }

  /// `tls . tr` is one word to complete.
  void join_dots() {
    auto& words = out_.statement;
    if (out_.in != Cursor::In::code) return;
    while (words.size() >= 2 && words.back() == ".") {
      out_.typed = words[words.size() - 2] + "." + out_.typed;
      out_.word.begin = begins_[words.size() - 2];
      words.resize(words.size() - 2);
      begins_.resize(words.size());
    }
  }

  const SourceManager& sources_;
  std::uint32_t offset_;
  FileId file_ = FileId::none;
  Cursor out_;
  std::vector<std::uint32_t> begins_;  // of the words of the statement
  std::vector<std::pair<std::vector<std::string>, std::vector<std::uint32_t>>> outer_;
  std::uint32_t last_end_ = 0;
};

/// `//` comments are no tokens.
bool in_line_comment(std::string_view text, std::uint32_t from, std::uint32_t offset) {
  const std::string_view rest = text.substr(from, offset - from);
  const std::size_t line = rest.rfind('\n');
  return rest.find("//", line == std::string_view::npos ? 0 : line) != std::string_view::npos;
}

}  // namespace

std::string declared_by(const std::vector<std::string>& head) {
  auto word = head.begin();
  while (word != head.end() && *word == "@") {  // annotations
    const auto close = std::find(word, head.end(), ")");
    word = close == head.end() ? close : close + 1;
  }
  if (word == head.end()) return "";
  if (*word != "public") return *word;
  constexpr std::array kDeclared = {"resource", "domain", "abstraction", "let", "boolean", "external"};
  const auto declared = std::find_first_of(word, head.end(), kDeclared.begin(), kDeclared.end());
  return declared == head.end() ? *word : *declared;
}

bool declares_resource(const std::vector<std::string>& head) {
  const std::string word = declared_by(head);
  const auto extend = std::find(head.begin(), head.end(), "extend");
  return word == "resource" ||
         (word == "extend" && extend != head.end() && extend + 1 != head.end() && *(extend + 1) == "resource");
}

std::string Cursor::owner() const {
  for (auto it = around.rbegin(); it != around.rend(); ++it) {
    for (std::size_t i = 0; i + 1 < it->head.size(); ++i) {
      if (it->kind == Enclosing::Kind::body && (it->head[i] == "domain" || it->head[i] == "abstraction"))
        return it->head[i + 1];
    }
  }
  return "";
}

Cursor cursor_at(const SourceManager& sources, FileId file, std::uint32_t offset) {
  Walk walk(sources, offset);
  walk.set_file(file);
  std::uint32_t end = 0;
  bool inside = false;
  for (const Token& token : syntax::tokens(sources, file)) {
    if (!walk.step(token)) {
      inside = token.span.begin < offset;
      break;
    }
    end = token.span.end;
  }
  Cursor out = walk.finish();
  if (!inside && in_line_comment(sources.file(file).text(), end, offset)) out.in = Cursor::In::comment;
  return out;
}

}  // namespace macc::lsp
