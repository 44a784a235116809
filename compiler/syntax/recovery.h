// What the parser does when the text is not what it expects. Private to compiler/syntax.
#pragma once

#include "compiler/syntax/antlr.h"
#include "compiler/syntax/source_text.h"

namespace macc::syntax {

/// Thrown through the parser when a file has so many errors that it can be no policy.
struct TooManyErrors {};

/// One mistake, one diagnostic: the first error of a statement is reported, the rest of the statement is skipped, and
/// parsing goes on with the next one. Common slips (a missing semicolon or brace, a reserved word as a name) are
/// reported and passed over as if they had not been made.
class Recovery final : public antlr4::ANTLRErrorStrategy {
 public:
  Recovery(const Tokens& tokens, const SourceText& source, Reports& reports)
      : tokens_(tokens), source_(source), reports_(reports) {}

  void reset(antlr4::Parser* parser) override;
  antlr4::Token* recoverInline(antlr4::Parser* parser) override;
  void recover(antlr4::Parser* parser, std::exception_ptr error) override;
  void sync(antlr4::Parser* parser) override;
  bool inErrorRecoveryMode(antlr4::Parser* parser) override;
  void reportMatch(antlr4::Parser* parser) override;
  void reportError(antlr4::Parser* parser, const antlr4::RecognitionException& error) override;

 private:
  [[nodiscard]] Span span(const antlr4::Token* token) const;
  [[nodiscard]] const antlr4::Token* before(const antlr4::Token* token) const;
  [[nodiscard]] const antlr4::Token* after(const antlr4::Token* token) const;
  [[nodiscard]] bool same_line(const antlr4::Token* a, const antlr4::Token* b) const;
  [[nodiscard]] bool ends_statement(const antlr4::Token* token) const;
  [[nodiscard]] bool closes_by_indent(const antlr4::Token* token, const antlr4::ParserRuleContext* block) const;
  [[nodiscard]] bool is_used_as_name(const antlr4::Token* token) const;

  [[nodiscard]] const antlr4::Token* likely_unclosed(const antlr4::ParserRuleContext* block,
                                                     const antlr4::Token* end) const;

  bool missing_semicolon(antlr4::Parser* parser);
  bool missing_close(antlr4::Parser* parser);
  bool missing_open(antlr4::Parser* parser);
  bool round_for_brace(antlr4::Parser* parser, std::size_t round, std::size_t brace);
  bool outdented(antlr4::Parser* parser, const antlr4::Token* next);
  void end_block_before(antlr4::Parser* parser);
  void stray(const antlr4::Token* at, std::string message);
  bool closes_without_open(const antlr4::Token* token);
  bool reserved_name(antlr4::Parser* parser);

  void report(antlr4::Parser* parser, const antlr4::ParserRuleContext* context, const antlr4::Token* found);
  bool misspelt_phrase(const antlr4::Token* at);
  void misplaced(antlr4::Parser* parser);
  void skip_statement(antlr4::Parser* parser, std::size_t first);
  void skip_to_end(antlr4::Parser* parser, std::size_t first);
  void pair_braces();
  void skip_block(antlr4::Parser* parser);

  const Tokens& tokens_;
  const SourceText& source_;
  Reports& reports_;
  std::vector<std::size_t> closing_;  // see pair_braces(); made when it is needed
  std::size_t surplus_ = 0;           // the last `}` that closes nothing, likewise
  std::size_t unclosed_ = 0;          // how many `{` are closed by nothing, likewise
  bool recovering_ = false;
  bool block_ended_ = false;   // by end_block_before(): the exception that leads out of its rule is no error
  bool stray_ = false;         // among statements at module level: the first one was reported
  bool end_reported_ = false;  // an unclosed brace was reported at the end of the file
};

}  // namespace macc::syntax
