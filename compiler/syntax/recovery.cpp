#include "compiler/syntax/recovery.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "compiler/syntax/messages.h"

namespace macc::syntax {

namespace {

using T = gen::MaccLexer;
using antlr4::ParserRuleContext;
using antlr4::Token;

bool is_end(const Token* token) { return token->getType() == Token::EOF; }

/// Errors are settled here: the rules whose repetition a statement, a declaration or a line is.
bool takes_errors(std::size_t rule) {
  return rule == Grammar::RuleTopLevel || rule == Grammar::RuleStatement || rule == Grammar::RuleExpectation ||
         rule == Grammar::RuleExternalLine;
}

bool is_braced(std::size_t rule) {
  return rule == Grammar::RuleBlock || rule == Grammar::RuleTestBody || rule == Grammar::RuleExternalBody ||
         rule == Grammar::RuleBraceList;
}

bool starts_line_of_external(std::size_t type) {
  return type == T::BY || type == T::ANY || type == T::INT || (is_text(type) && type != T::RAW_TEXT) ||
         type == T::IDENT || type == T::MACC || type == T::OPTIONS || type == T::SOCKET || starts_phrase(type);
}

/// Whether the repetition in the body of `rule` goes on, or ends, with this token.
bool fits_body(std::size_t rule, std::size_t type) {
  if (type == Token::EOF) return true;
  switch (rule) {
    case Grammar::RuleFile:
      return type == T::MACC || type == T::NEVER || type == T::AT || type == T::PUBLIC || type == T::RESOURCE ||
             type == T::LET || starts_declaration_only(type);
    case Grammar::RuleBlock:
      return type == T::RBRACE || starts_statement(type);
    case Grammar::RuleTestBody:
      return type == T::RBRACE || type == T::EXPECT;
    case Grammar::RuleExternalBody:
      return type == T::RBRACE || starts_line_of_external(type);
    default:
      return true;
  }
}

/// Whether this word begins a declaration that can't stand in the body of `rule`.
bool ends_body(std::size_t rule, std::size_t type) {
  if (starts_declaration_only(type)) return true;
  const bool statements = rule == Grammar::RuleBlock || rule == Grammar::RuleBraceList;
  return !statements && (type == T::RESOURCE || type == T::LET || type == T::NEVER || type == T::PUBLIC);
}

/// "`=`", "`(` or `{`": up to four tokens that can be spelled.
std::string one_of(const antlr4::misc::IntervalSet& tokens) {
  std::vector<std::string> words;
  for (const ssize_t type : tokens.toList()) {
    const std::string word = spelling(static_cast<std::size_t>(type));
    if (!word.empty()) words.push_back(fmt::format("`{}`", word));
  }
  if (words.empty() || words.size() > 4) return "something else";
  std::string out = words.front();
  for (std::size_t i = 1; i < words.size(); ++i) out += (i + 1 == words.size() ? " or " : ", ") + words[i];
  return out;
}

/// The only token that fits next, or 0.
std::size_t only_token(antlr4::Parser* parser) {
  const auto wanted = parser->getExpectedTokens();
  return wanted.size() == 1 ? static_cast<std::size_t>(wanted.getSingleElement()) : 0;
}

}  // namespace

void Recovery::reset(antlr4::Parser*) { recovering_ = false; }
bool Recovery::inErrorRecoveryMode(antlr4::Parser*) { return recovering_; }
void Recovery::reportMatch(antlr4::Parser*) {}

Span Recovery::span(const Token* token) const {
  return source_.span(token->getStartIndex(), token->getStopIndex() + 1);
}

const Token* Recovery::before(const Token* token) const {
  for (std::size_t i = token->getTokenIndex(); i-- > 0;) {
    if (tokens_[i]->getChannel() == Token::DEFAULT_CHANNEL) return tokens_[i];
  }
  return nullptr;
}

const Token* Recovery::after(const Token* token) const {
  for (std::size_t i = token->getTokenIndex() + 1; i < tokens_.size(); ++i) {
    if (tokens_[i]->getChannel() == Token::DEFAULT_CHANNEL) return tokens_[i];
  }
  return tokens_.back();
}

bool Recovery::same_line(const Token* a, const Token* b) const {
  return a != nullptr && b != nullptr && !source_.line_break(span(a).begin, span(b).begin);
}

/// Whether a new statement or declaration begins here, so that the one before must have ended.
bool Recovery::ends_statement(const Token* token) const {
  const std::size_t type = token->getType();
  if (is_end(token) || type == T::RBRACE || starts_declaration_only(type)) return true;
  if (type == T::EXPECT) return source_.first_in_line(span(token).begin);
  // `exec`, `raw` and `level` are also words inside a statement.
  if (type == T::EXEC || type == T::RAW || type == T::LEVEL || type == T::AT || type == T::RESOURCE) {
    return source_.first_in_line(span(token).begin);
  }
  return starts_statement(type);
}

/// A declaration that begins no deeper than the line that opened `block` shows that the block should have ended.
bool Recovery::closes_by_indent(const Token* token, const ParserRuleContext* block) const {
  return source_.first_in_line(span(token).begin) &&
         source_.indent(span(token).begin) <= source_.indent(span(block->start).begin);
}

/// A brace inside `block` whose closing brace stands further left than its line: most likely the one that lacks its
/// own.
const Token* Recovery::likely_unclosed(const ParserRuleContext* block, const Token* end) const {
  std::vector<const Token*> open;
  for (std::size_t i = block->start->getTokenIndex() + 1; i < end->getTokenIndex(); ++i) {
    const Token* token = tokens_[i];
    if (token->getType() == T::LBRACE) open.push_back(token);
    if (token->getType() != T::RBRACE || open.empty()) continue;
    const Token* opener = open.back();
    open.pop_back();
    const std::uint32_t place = span(token).begin;
    const bool outdented = source_.first_in_line(place) && source_.indent(place) < source_.indent(span(opener).begin);
    if (outdented) return opener;
  }
  return nullptr;
}

bool Recovery::is_used_as_name(const Token* token) const {
  if (!is_reserved(token->getType())) return false;
  switch (after(token)->getType()) {
    case T::SEMI:
    case T::COMMA:
    case T::COLON:
    case T::EQUALS:
    case T::LBRACE:
    case T::RBRACE:
    case T::LPAREN:
    case T::RPAREN:
      return true;
    default:
      return false;
  }
}

// ---- slips that are passed over ----

Token* Recovery::recoverInline(antlr4::Parser* parser) {
  if (!recovering_ &&
      (reserved_name(parser) || missing_semicolon(parser) || missing_close(parser) || missing_open(parser))) {
    return parser->getCurrentToken();
  }
  throw antlr4::InputMismatchException(parser);
}

bool Recovery::missing_semicolon(antlr4::Parser* parser) {
  const Token* next = parser->getCurrentToken();
  if (only_token(parser) != T::SEMI) return false;
  const Token* last = before(next);
  if (last == nullptr || last->getType() == T::SEMI) return false;
  // A line that is not indented deeper begins something new, whatever it is.
  const bool new_line = next->getType() != T::SEMI && source_.first_in_line(span(next).begin) &&
                        source_.indent(span(next).begin) <= source_.indent(span(parser->getContext()->start).begin);
  if (!ends_statement(next) && !new_line) return false;
  // A file that breaks off inside a block is one mistake: the block's.
  if (is_end(next)) {
    for (const auto* tree = parser->getContext()->parent; tree != nullptr; tree = tree->parent) {
      const auto* context = dynamic_cast<const ParserRuleContext*>(tree);
      if (context != nullptr && is_braced(context->getRuleIndex())) return true;
    }
  }
  const Span place = source_.bytes(span(last).end, span(last).end);
  reports_
      .understood(Code::E0106, place,
                  fmt::format("expected `;` before {}", found(next->getType(), source_.slice(span(next)))))
      .suggest("add the semicolon", {{place, ";"}}, true);
  return true;
}

bool Recovery::missing_close(antlr4::Parser* parser) {
  const ParserRuleContext* context = parser->getContext();
  const Token* next = parser->getCurrentToken();
  if (!is_braced(context->getRuleIndex()) || next == context->start) return false;
  if (round_for_brace(parser, T::RPAREN, T::RBRACE)) return true;
  if (context->start->getType() != T::LBRACE) return false;
  const bool list = context->getRuleIndex() == Grammar::RuleBraceList;
  const bool declared = ends_body(context->getRuleIndex(), next->getType());
  if (!is_end(next) && !declared && !(list && ends_statement(next))) return false;
  if (is_end(next) && (end_reported_ || reports_.end_is_lost())) return true;
  end_reported_ = end_reported_ || is_end(next);
  reports_.lose_block_end();
  // What was understood of the block or list stays: leaving it out would only make its uses look wrong.
  const char* message = "expected `}` before this declaration";
  if (list) message = "expected `}` before this";
  if (is_end(next)) message = "the file ends inside a block";
  Diagnostic& report = reports_.understood(Code::E0109, span(next), message);
  report.also(span(context->start), "this brace is not closed");
  if (const Token* inner = likely_unclosed(context, next)) {
    report.also(span(inner), "or this one: the brace that closes it stands further left");
  }
  return true;
}

bool Recovery::missing_open(antlr4::Parser* parser) {
  const ParserRuleContext* context = parser->getContext();
  const std::size_t rule = context->getRuleIndex();
  const Token* next = parser->getCurrentToken();
  if (!is_braced(rule) || only_token(parser) != T::LBRACE) return false;
  if (round_for_brace(parser, T::LPAREN, T::LBRACE)) return true;
  // What stands between the header and its brace is surplus.
  const Token* open = next;
  for (int i = 0; i < 16 && !is_end(open) && open->getType() != T::LBRACE; ++i) {
    if (open->getType() == T::SEMI || open->getType() == T::RBRACE || !same_line(next, open)) break;
    open = after(open);
  }
  const bool surplus = open->getType() == T::LBRACE && same_line(next, open);
  const bool body_follows = !same_line(before(next), next) && !is_end(next) && rule != Grammar::RuleBraceList &&
                            (starts_statement(next->getType()) || next->getType() == T::EXPECT);
  if (!surplus && !body_follows && !closes_without_open(next)) return false;
  report(parser, context, next);
  if (!surplus) return true;
  while (parser->getCurrentToken() != open) parser->consume();
  parser->consume();
  return true;
}

/// `(` and `)` where only a brace can stand.
bool Recovery::round_for_brace(antlr4::Parser* parser, std::size_t round, std::size_t brace) {
  const Token* next = parser->getCurrentToken();
  if (next->getType() != round) return false;
  reports_
      .understood(Code::E0101, span(next), fmt::format("expected `{}`, found `{}`", spelling(brace), spelling(round)))
      .suggest(fmt::format("write `{}`", spelling(brace)), {{span(next), spelling(brace)}}, true);
  parser->consume();
  return true;
}

/// Whether the file has a `}` too many behind `token`, which may begin a body: then a `{` before it is what lacks.
bool Recovery::closes_without_open(const Token* token) {
  pair_braces();
  const std::size_t type = token->getType();
  const bool begins = starts_statement(type) || type == T::EXPECT || is_text(type) || type == T::IDENT;
  return begins && surplus_ > token->getTokenIndex();
}

bool Recovery::reserved_name(antlr4::Parser* parser) {
  const ParserRuleContext* context = parser->getContext();
  const Token* next = parser->getCurrentToken();
  if (context->getRuleIndex() != Grammar::RuleName || !is_used_as_name(next)) return false;
  report(parser, context, next);
  parser->consume();
  return true;
}

// ---- errors that break a statement ----

void Recovery::reportError(antlr4::Parser* parser, const antlr4::RecognitionException& error) {
  if (recovering_ || block_ended_) return;
  recovering_ = true;
  report(parser, parser->getContext(), error.getOffendingToken());
}

void Recovery::recover(antlr4::Parser* parser, std::exception_ptr error) {
  const ParserRuleContext* context = parser->getContext();
  if (std::exchange(block_ended_, false)) return;
  if (!takes_errors(context->getRuleIndex())) {
    // A body whose closing brace was not understood must not end its whole declaration twice.
    if (context->getRuleIndex() == Grammar::RuleFile) return;
    std::rethrow_exception(std::move(error));
  }
  if (reports_.full()) throw TooManyErrors{};
  skip_statement(parser, context->start->getTokenIndex());
  recovering_ = false;
}

/// Reports what stands at `at` where something else was expected by the rule of `context`.
void Recovery::report(antlr4::Parser* parser, const ParserRuleContext* context, const Token* at) {
  // What the parser doesn't see because it is no token of the language was reported.
  if (at->getTokenIndex() > 0 && tokens_[at->getTokenIndex() - 1]->getType() == T::UNEXPECTED) return;
  const std::size_t type = at->getType();
  const std::string_view text = source_.slice(span(at));
  const Token* last = before(at);
  const std::size_t rule = context->getRuleIndex();
  const std::size_t wanted = only_token(parser);

  if (type == T::DASH && last != nullptr && last->getType() == T::IDENT && span(last).end == span(at).begin) {
    reports_.broken(Code::E0101, span(at), "a name has letters, digits and `_`, no `-`");
    return;
  }
  if (type == T::ANY && last != nullptr && last->getType() == T::NEVER) {
    reports_.broken(Code::E0113, span(at), "`never any` stands at module level, not inside a domain")
        .note("inside a domain `never` is about that domain: leave `any` out");
    return;
  }
  if (wanted == T::ANY && rule == Grammar::RuleNeverDecl) {
    stray(at, fmt::format("at module level a promise begins with `never any`, found {}", found(type, text)));
    return;
  }
  const bool wants_name = rule == Grammar::RuleName || rule == Grammar::RuleObject || rule == Grammar::RuleValueItem ||
                          rule == Grammar::RuleQualifiedName || rule == Grammar::RulePeer;
  if (wants_name && is_used_as_name(at)) {
    reports_.broken(Code::E0105, span(at), fmt::format("`{}` is a reserved word and can't be a name", text));
    return;
  }
  if (misspelt_phrase(at)) return;
  std::string want = expected(*context, wanted);
  if (want.empty()) want = one_of(parser->getExpectedTokens());
  // Where only a semicolon is left, the list before it could have gone on.
  const bool lists_on = wanted == T::SEMI && (is_text(type) || type == T::IDENT || type == T::SOCKET) &&
                        last != nullptr && (is_text(last->getType()) || last->getType() == T::IDENT);
  if (lists_on) want = "`,` or `;`";
  if (wanted == T::RBRACE && rule == Grammar::RuleBraceList && type != T::COMMA) want = "`,` or `}`";
  if (last != nullptr && last->getType() == T::COMMA && !same_line(last, at) && ends_statement(at)) {
    reports_.broken(Code::E0101, span(last), fmt::format("this list ends with a comma: expected {} behind it", want))
        .suggest("end the statement here", {{span(last), ";"}});
    return;
  }
  // What opens a block was expected in the line before, most likely.
  const bool earlier = wanted == T::LBRACE && last != nullptr && !same_line(last, at);
  const Span place = earlier ? source_.bytes(span(last).end, span(last).end) : span(at);
  Diagnostic& diagnostic =
      reports_.broken(Code::E0101, place, fmt::format("expected {}, found {}", want, found(type, text)));
  const bool in_test = dynamic_cast<const Grammar::ExpectationContext*>(context->parent) != nullptr;
  if (rule == Grammar::RulePhrase && is_text(type)) {
    diagnostic.note(in_test ? "the domain stands before the verbs: `expect allow DOMAIN read \"/etc/x\";`"
                            : "what is allowed stands before the path: `allow read \"/etc/x\";`");
  }
  if (lists_on && is_text(type) && last->getType() == T::IDENT) {
    diagnostic.note("verbs stand between commas: `read, list`");
  }
  if (type == T::SEMI && last != nullptr && last->getType() == T::COMMA) {
    diagnostic.suggest("remove the comma", {{span(last), ""}}, true);
  }
}

/// `allow conect tcp 80;` reads as files until the 80: the mistake is the first word of the phrase.
bool Recovery::misspelt_phrase(const Token* at) {
  const Token* word = at;
  for (int i = 0; i < 8; ++i) {
    const Token* last = before(word);
    if (last == nullptr || last->getType() == T::SEMI) return false;
    const std::size_t type = last->getType();
    if (type == T::ALLOW || type == T::DENY || type == T::NEVER) break;
    word = last;
  }
  const Token* start = before(word);
  const bool first =
      start != nullptr && (start->getType() == T::ALLOW || start->getType() == T::DENY || start->getType() == T::NEVER);
  if (!first || word == at || word->getType() != T::IDENT || after(word)->getType() == T::COMMA) return false;
  const std::string text(source_.slice(span(word)));
  const std::string guess = is_file_verb(text) ? std::string() : did_you_mean(text, phrase_words());
  if (guess.empty()) return false;
  reports_.broken(Code::E0115, span(word), fmt::format("`{}` is not known here: did you mean `{}`?", text, guess))
      .suggest(fmt::format("write `{}`", guess), {{span(word), guess}});
  return true;
}

// ---- between statements ----

void Recovery::sync(antlr4::Parser* parser) {
  const std::size_t rule = parser->getContext()->getRuleIndex();
  if (rule != Grammar::RuleFile && rule != Grammar::RuleBlock && rule != Grammar::RuleTestBody &&
      rule != Grammar::RuleExternalBody) {
    return;
  }
  if (rule == Grammar::RuleBlock && outdented(parser, parser->getCurrentToken())) end_block_before(parser);
  if (rule == Grammar::RuleFile && starts_declaration_only(parser->getCurrentToken()->getType())) stray_ = false;
  while (!fits_body(rule, parser->getCurrentToken()->getType())) {
    if (reports_.full()) throw TooManyErrors{};
    const Token* next = parser->getCurrentToken();
    if (rule != Grammar::RuleFile && ends_body(rule, next->getType()) && closes_by_indent(next, parser->getContext())) {
      return;  // the loop ends here, and missing_close() has the word
    }
    if (rule != Grammar::RuleFile && next->getType() == T::RPAREN) return;  // likewise
    misplaced(parser);
    if (rule == Grammar::RuleFile && starts_declaration_only(parser->getCurrentToken()->getType())) stray_ = false;
  }
}

/// Whether a statement stands no deeper than the line that opened its block, and less deep than the block's first one,
/// in a file that lacks a `}`.
bool Recovery::outdented(antlr4::Parser* parser, const Token* next) {
  const auto* block = parser->getContext();
  if (!starts_statement(next->getType()) || block->start->getType() != T::LBRACE) return false;
  if (block->children.size() < 2 || !closes_by_indent(next, block)) return false;
  const auto* first = dynamic_cast<const ParserRuleContext*>(block->children[1]);
  if (first == nullptr || first->start == next) return false;
  if (source_.indent(span(first->start).begin) <= source_.indent(span(next).begin)) return false;
  pair_braces();
  return unclosed_ != 0;
}

/// The block ends here, as if its `}` were there: an exception is the only way out of the generated loop.
void Recovery::end_block_before(antlr4::Parser* parser) {
  --unclosed_;
  reports_.understood(Code::E0109, span(parser->getCurrentToken()), "expected `}` before this")
      .also(span(parser->getContext()->start), "this brace is not closed");
  block_ended_ = true;
  throw antlr4::InputMismatchException(parser);
}

/// Statements at module level come in rows, when the block around them was closed too early: the first one is reported.
void Recovery::stray(const Token* at, std::string message) {
  if (std::exchange(stray_, true)) return;
  Diagnostic& report = reports_.broken(Code::E0113, span(at), std::move(message));
  const Token* last = at;
  while (last != nullptr && last->getType() != T::RBRACE && (last == at || last->getType() == T::NEVER)) {
    last = before(last);
  }
  if (last != nullptr && last->getType() == T::RBRACE) report.also(span(last), "this `}` ended the block before");
}

/// Something that begins neither a statement nor a declaration, or one that belongs elsewhere: reported and skipped.
void Recovery::misplaced(antlr4::Parser* parser) {
  const Token* next = parser->getCurrentToken();
  const std::size_t type = next->getType();
  const std::size_t rule = parser->getContext()->getRuleIndex();
  const bool top = rule == Grammar::RuleFile;
  const Span place = span(next);
  const std::string_view text = source_.slice(place);

  if (type == T::SEMI) {
    reports_.understood(Code::E0101, place, "nothing stands before this `;`").suggest("remove it", {{place, ""}}, true);
    parser->consume();
    return;
  }
  if (type == T::LBRACE && before(next) != nullptr && before(next)->getType() == T::LBRACE) {
    reports_.understood(Code::E0101, place, "this `{` is one too many").suggest("remove it", {{place, ""}});
    parser->consume();
    return;
  }
  if (type == T::RBRACE) {
    if (!stray_) reports_.understood(Code::E0101, place, "this `}` closes nothing");
    while (parser->getCurrentToken()->getType() == T::RBRACE) parser->consume();
    return;
  }
  const std::vector<std::string>& words = top ? declaration_words() : statement_words();
  const std::string guess =
      type == T::IDENT && rule != Grammar::RuleTestBody ? did_you_mean(text, words) : std::string();
  if (rule == Grammar::RuleTestBody && type == T::IDENT && !did_you_mean(text, {"expect"}).empty()) {
    reports_.broken(Code::E0115, place, fmt::format("`{}` begins no expectation: did you mean `expect`?", text))
        .suggest("write `expect`", {{place, "expect"}});
    // The `allow` or `deny` behind it is skipped with it.
    parser->consume();
    const std::size_t then = parser->getCurrentToken()->getType();
    if (then == T::ALLOW || then == T::DENY) parser->consume();
  } else if (!guess.empty()) {
    reports_
        .broken(Code::E0115, place,
                fmt::format("`{}` begins no {}: did you mean `{}`?", text, top ? "declaration" : "statement", guess))
        .suggest(fmt::format("write `{}`", guess), {{place, guess}});
  } else if (rule == Grammar::RuleTestBody && (type == T::ALLOW || type == T::DENY)) {
    reports_.broken(Code::E0101, place, fmt::format("expected `expect` before `{}`", text))
        .suggest("add `expect`", {{source_.bytes(place.begin, place.begin), "expect "}});
  } else if (top && (starts_statement(type) || starts_phrase(type))) {
    stray(next, fmt::format("`{}` stands in a domain or an abstraction, not at module level", text));
  } else if (!top && (starts_declaration_only(type) || (rule == Grammar::RuleTestBody && starts_statement(type)))) {
    reports_.broken(
        Code::E0113, place,
        fmt::format("`{}` can't stand {}", text, rule == Grammar::RuleTestBody ? "in a test" : "in this block"));
  } else if (rule == Grammar::RuleBlock && starts_phrase(type)) {
    reports_.broken(Code::E0101, place, fmt::format("expected `allow`, `deny` or `never` before `{}`", text));
  } else {
    std::string_view want =
        top ? "a declaration such as `domain` or `resource`" : "a statement such as `allow`, or `}`";
    if (rule == Grammar::RuleTestBody) want = "`expect` or `}`";
    if (rule == Grammar::RuleExternalBody) want = "a path, a binding such as `selinux type etc_t;` or `}`";
    reports_.broken(Code::E0101, place, fmt::format("expected {}, found {}", want, found(type, text)));
  }
  skip_statement(parser, next->getTokenIndex());
}

/// Skips to where the statement that begins with token `first` most likely ends.
void Recovery::skip_statement(antlr4::Parser* parser, std::size_t first) {
  skip_to_end(parser, first);
  reports_.lose(source_.bytes(span(tokens_[first]).begin, span(parser->getCurrentToken()).begin));
}

void Recovery::skip_to_end(antlr4::Parser* parser, std::size_t first) {
  std::size_t depth = 0;
  const std::size_t error = parser->getCurrentToken()->getTokenIndex();
  for (std::size_t i = first; i < error; ++i) {
    if (tokens_[i]->getType() == T::LBRACE) ++depth;
    if (tokens_[i]->getType() == T::RBRACE && depth != 0) --depth;
  }
  const bool in_list = depth != 0;
  while (!is_end(parser->getCurrentToken())) {
    const Token* next = parser->getCurrentToken();
    const std::size_t type = next->getType();
    const bool moved = next->getTokenIndex() != first;
    if (type == T::RBRACE) {
      if (depth == 0) return;
      parser->consume();
      --depth;
      if (depth == 0) {
        const std::size_t then = parser->getCurrentToken()->getType();
        if (then != T::SEMI && then != T::COMMA && then != T::ELSE && then != T::OWNER && then != T::EXCEPT) return;
      }
      continue;
    }
    if (moved && (depth == 0 || in_list) && type != T::RBRACE && ends_statement(next)) return;
    if (type == T::LBRACE && !in_list) {
      skip_block(parser);
      const std::size_t then = parser->getCurrentToken()->getType();
      if (then != T::SEMI && then != T::COMMA && then != T::ELSE && then != T::OWNER && then != T::EXCEPT) return;
      continue;
    }
    if (type == T::LBRACE) ++depth;
    parser->consume();
    if (type == T::SEMI && depth == 0) return;
  }
}

/// For each `{` the index of its `}`, or 0.
void Recovery::pair_braces() {
  if (!closing_.empty()) return;
  std::vector<std::size_t> open;
  closing_.assign(tokens_.size(), 0);
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i]->getType() == T::LBRACE) open.push_back(i);
    if (tokens_[i]->getType() != T::RBRACE) continue;
    if (open.empty()) {
      surplus_ = i;
      continue;
    }
    closing_[open.back()] = i;
    open.pop_back();
  }
  unclosed_ = open.size();
}

/// Skips `{ ... }` if it is closed, else only the brace.
void Recovery::skip_block(antlr4::Parser* parser) {
  pair_braces();
  const std::size_t last = closing_[parser->getCurrentToken()->getTokenIndex()];
  parser->consume();
  while (!is_end(parser->getCurrentToken()) && parser->getCurrentToken()->getTokenIndex() <= last) parser->consume();
}

}  // namespace macc::syntax
