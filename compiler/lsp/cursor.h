// Where in the shape of a policy a place is, told by the words before it.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/source.h"

namespace macc::lsp {

/// A pair of braces around the place.
struct Enclosing {
  enum class Kind : std::uint8_t {
    body,     ///< of a domain or an abstraction, or a branch in one
    extern_,  ///< of an `external` declaration
    test,     ///< of a test
    list      ///< paths, or what is left out of them
  } kind = Kind::list;
  std::vector<std::string> head;  ///< the words before the brace
};

struct Cursor {
  enum class In : std::uint8_t { code, text, comment } in = In::code;
  std::vector<Enclosing> around;       ///< outermost first
  std::vector<std::string> statement;  ///< words and signs of the statement before the word at the place
  Span word;                           ///< what was typed of the word, with the dotted words before it: `tls.tr`
  std::string typed;
  std::string text;           ///< In::text: from its quote to the place
  bool after_branch = false;  ///< right behind the branch of an `if`, where an `else` can follow

  /// The first word of the innermost domain, abstraction or `extend domain` around it and its name; "" at module level.
  [[nodiscard]] std::string owner() const;
};

/// What a declaration declares, whatever stands before it: the word `resource` of `public read resource logs : log`.
/// For other statements their first word; "" for none.
[[nodiscard]] std::string declared_by(const std::vector<std::string>& head);
/// It is a resource, and what follows in braces are its paths.
[[nodiscard]] bool declares_resource(const std::vector<std::string>& head);

[[nodiscard]] Cursor cursor_at(const SourceManager& sources, FileId file, std::uint32_t offset);

}  // namespace macc::lsp
