#include "compiler/syntax/tokens.h"

#include <algorithm>

#include "compiler/syntax/lexer.h"
#include "compiler/syntax/messages.h"
#include "compiler/syntax/source_text.h"

namespace macc::syntax {

namespace {

using T = gen::MaccLexer;

Token::Kind kind_of(std::size_t type) {
  if (type <= T::IDENT) return Token::Kind::word;
  switch (type) {
    case T::INT:
      return Token::Kind::number;
    case T::TEXT:
    case T::UNTERMINATED_TEXT:
    case T::SINGLE_QUOTED_TEXT:
    case T::CURLY_QUOTED_TEXT:
    case T::BARE_PATH:
      return Token::Kind::text;
    case T::RAW_TEXT:
      return Token::Kind::raw_text;
    case T::DOC_COMMENT:
    case T::BLOCK_COMMENT:
    case T::HASH_COMMENT:
      return Token::Kind::comment;
    case T::UNEXPECTED:
      return Token::Kind::unknown;
    default:
      return Token::Kind::sign;
  }
}

/// `'allow'` as the grammar's vocabulary has it, without its quotes.
std::string literal(const antlr4::dfa::Vocabulary& vocabulary, std::size_t type) {
  const std::string name(vocabulary.getLiteralName(type));
  return name.size() < 2 ? "" : name.substr(1, name.size() - 2);
}

std::vector<Word> all_words() {
  antlr4::ANTLRInputStream nothing;
  const gen::MaccLexer lexer(&nothing);
  std::vector<Word> out;
  for (std::size_t type = 1; type < T::IDENT; ++type)
    out.push_back({literal(lexer.getVocabulary(), type), is_reserved(type)});
  return out;
}

}  // namespace

std::vector<Token> tokens(const SourceManager& sources, FileId file) {
  const std::string& text = sources.file(file).text();
  if (find_invalid_utf8(text) != std::string::npos) return {};
  const SourceText source(file, text);
  antlr4::ANTLRInputStream input{std::string(source.parsed())};
  Lexer lexer(&input);
  lexer.removeErrorListeners();
  std::vector<Token> out;
  for (auto token = lexer.nextToken(); token->getType() != antlr4::Token::EOF; token = lexer.nextToken())
    out.push_back({kind_of(token->getType()), source.span(token->getStartIndex(), token->getStopIndex() + 1)});
  return out;
}

const std::vector<Word>& words() {
  static const std::vector<Word> all = all_words();
  return all;
}

}  // namespace macc::syntax
