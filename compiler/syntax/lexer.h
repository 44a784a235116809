// The generated lexer as the parser uses it. Private to compiler/syntax.
#pragma once

#include <string>

#include "compiler/syntax/antlr.h"

namespace macc::syntax {

/// A text without its closing quote would take the rest of the line: it gives back what most likely was not meant.
class Lexer final : public gen::MaccLexer {
 public:
  using MaccLexer::MaccLexer;

  antlr4::Token* emit() override {
    if (type == UNTERMINATED_TEXT) give_back();
    return MaccLexer::emit();
  }

 private:
  void give_back() {
    antlr4::CharStream* input = getInputStream();
    const std::string text = input->getText(antlr4::misc::Interval(tokenStartCharIndex, input->index() - 1));
    // What is counted is ASCII, so bytes are code points here.
    const std::size_t last = text.find_last_not_of(" \t;,{})");
    const std::size_t surplus = last == std::string::npos ? 0 : text.size() - last - 1;
    if (surplus != 0) input->seek(input->index() - surplus);
  }
};

}  // namespace macc::syntax
