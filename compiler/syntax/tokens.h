// The words of a text one by one, for what works on texts that do not parse yet: an editor's completion.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/source.h"

namespace macc::syntax {

struct Token {
  enum class Kind : std::uint8_t {
    word,      ///< a name or a word of the language
    number,    ///< of digits
    text,      ///< quoted, closed or not
    raw_text,  ///< between triple quotes, closed or not
    sign,      ///< `;` `{` ...
    comment,   ///< `/* */` and `///`; what stands behind `//` is left out
    unknown    ///< what has no meaning in a policy
  } kind = Kind::unknown;
  Span span;
};

/// All tokens of a file of `sources` in order; none for a text that is not UTF-8. Never throws for any bytes.
[[nodiscard]] std::vector<Token> tokens(const SourceManager& sources, FileId file);

/// A word with a meaning of its own in the language.
struct Word {
  std::string text;
  bool reserved = false;  ///< so that nothing can be called like that
};
/// All of them, as the grammar lists them.
[[nodiscard]] const std::vector<Word>& words();

}  // namespace macc::syntax
