// Sentences for syntax errors, in the words of the language. Private to compiler/syntax.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/syntax/antlr.h"

namespace macc::syntax {

/// What stood there: "`;`", "the text `\"/etc/x\"`", "the end of the file".
[[nodiscard]] std::string found(std::size_t token_type, std::string_view text);

/// What should have stood there: "a path such as `\"/etc/x\"` or the name of a resource".
/// `context` is the rule that failed, `wanted` the only token that fits (or 0). Empty when the rule says too little.
[[nodiscard]] std::string expected(const antlr4::ParserRuleContext& context, std::size_t wanted);

/// The written form of a token that has only one, else "".
[[nodiscard]] std::string spelling(std::size_t token_type);

[[nodiscard]] bool is_reserved(std::size_t token_type);
[[nodiscard]] bool is_text(std::size_t token_type);
[[nodiscard]] bool starts_statement(std::size_t token_type);
/// Words that begin a declaration and can't begin a statement.
[[nodiscard]] bool starts_declaration_only(std::size_t token_type);
[[nodiscard]] bool starts_phrase(std::size_t token_type);
/// The verbs of files. Only to tell a misspelt word from a good one: what a verb means is decided later.
[[nodiscard]] bool is_file_verb(std::string_view word);

/// Spellings of what can begin a statement, a declaration, a phrase: the candidates for misspelt words.
[[nodiscard]] const std::vector<std::string>& statement_words();
[[nodiscard]] const std::vector<std::string>& declaration_words();
[[nodiscard]] const std::vector<std::string>& phrase_words();

}  // namespace macc::syntax
