// Which name stands for which declaration: what an editor needs beside the IR. The analysis fills it where it looks
// names up; nobody resolves a name a second time.
#pragma once

#include <map>
#include <set>
#include <string>

#include "compiler/syntax/ast.h"

namespace macc::sema {

/// What a name was declared as.
struct DeclaredName {
  enum class Kind : std::uint8_t {
    module,
    import,  ///< the word behind `as`
    let,
    boolean,
    resource,
    domain,
    ports,
    abstraction,
    parameter
  } kind = Kind::module;
  std::string name;    ///< as written; of a module with its dots
  std::string module;  ///< in which it stands
  bool is_public = false;
};

/// A word, or the words of a module's name, that stand for a declaration.
struct NameUse {
  Span span;
  Span declaration;  ///< a key of NameTable::declared

  friend auto operator<=>(const NameUse&, const NameUse&) = default;
};

struct NameTable {
  /// By the span of the name where it is declared. What an abstraction declares is there once, however often it is
  /// included.
  std::map<Span, DeclaredName> declared;
  /// In order of place. A word inside an abstraction may stand for several declarations, one for each include.
  std::set<NameUse> uses;
  /// Of all files that were read; after errors with the statements that were whole.
  std::map<FileId, ast::File> trees;
};

}  // namespace macc::sema
