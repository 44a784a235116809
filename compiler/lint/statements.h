// What is only in the text: lints that look at statements instead of their meaning.
#pragma once

#include <vector>

#include "compiler/lint/context.h"
#include "compiler/syntax/ast.h"

namespace macc::lint {

/// The trees of the files that are looked at, in their order. They were parsed before, without errors.
[[nodiscard]] std::vector<ast::File> parse_again(const Context& context);

/// Calls `f(statement)` for each statement of a tree, those inside `if` too.
template <typename F>
void each_statement(const std::vector<ast::Statement>& body, const F& f) {
  for (const ast::Statement& statement : body) {
    f(statement);
    if (const auto* branch = std::get_if<ast::IfStatement>(&statement.value)) {
      each_statement(branch->then, f);
      each_statement(branch->otherwise, f);
    }
  }
}
template <typename F>
void each_statement(const ast::File& file, const F& f) {
  for (const ast::Declaration& declaration : file.declarations) {
    if (const auto* domain = std::get_if<ast::DomainDecl>(&declaration)) each_statement(domain->body, f);
    if (const auto* abstraction = std::get_if<ast::AbstractionDecl>(&declaration)) each_statement(abstraction->body, f);
    if (const auto* more = std::get_if<ast::ExtendDomainDecl>(&declaration)) each_statement(more->body, f);
  }
}

/// The rule that is the whole statement there; nullptr when there is none.
[[nodiscard]] const ast::RuleStatement* rule_at(const ast::File& file, Span statement);
/// Its paths, when it is one on files or programs.
[[nodiscard]] const ast::ObjectList* objects_of(const ast::RuleStatement& rule);

/// The `mode` statement of a domain, or the name of the domain when it came with an include.
[[nodiscard]] Span mode_statement(const Context& context, const Subject& subject);

}  // namespace macc::lint
