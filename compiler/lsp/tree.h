// Looking things up in syntax trees by their place.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/syntax/ast.h"

namespace macc::lsp {

[[nodiscard]] inline bool holds(Span span, std::uint32_t offset) { return span.begin <= offset && offset <= span.end; }

/// A declaration in a tree, whatever it is of.
using Declared = std::variant<std::monostate, const ast::BooleanDecl*, const ast::LetDecl*, const ast::ResourceDecl*,
                              const ast::ExternalDecl*, const ast::DomainDecl*, const ast::AbstractionDecl*,
                              const ast::AbstractionDecl::Parameter*>;
/// By the span of its name.
[[nodiscard]] Declared find_declaration(const ast::File& tree, Span name);

/// A word of the language's vocabulary at a place, and which vocabulary it is of.
struct VocabularyWord {
  enum class Kind : std::uint8_t { none, verb, kind, capability, family } kind = Kind::none;
  std::string text;
  Span span;
};
[[nodiscard]] VocabularyWord word_at(const ast::File& tree, std::uint32_t offset);

/// The innermost statement or declaration at a place that grants, denies or promises something; invalid for none.
[[nodiscard]] Span statement_at(const ast::File& tree, std::uint32_t offset);

/// Calls `each` for every statement of a body, those in branches too.
void each_statement(const std::vector<ast::Statement>& body, const std::function<void(const ast::Statement&)>& each);
/// The same for all bodies of a file.
void each_statement(const ast::File& tree, const std::function<void(const ast::Statement&)>& each);

}  // namespace macc::lsp
