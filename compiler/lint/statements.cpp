#include "compiler/lint/statements.h"

#include "compiler/syntax/parse.h"

namespace macc::lint {

std::vector<ast::File> parse_again(const Context& context) {
  std::vector<ast::File> out;
  for (const FileId file : context.input().files) {
    Diagnostics known;
    out.push_back(syntax::parse(context.sources(), file, known));
  }
  return out;
}

const ast::RuleStatement* rule_at(const ast::File& file, Span statement) {
  const ast::RuleStatement* found = nullptr;
  each_statement(file, [&](const ast::Statement& s) {
    if (s.span == statement) found = std::get_if<ast::RuleStatement>(&s.value);
  });
  return found;
}

const ast::ObjectList* objects_of(const ast::RuleStatement& rule) {
  if (const auto* files = std::get_if<ast::FilesPhrase>(&rule.phrase.value)) return &files->objects;
  if (const auto* exec = std::get_if<ast::ExecPhrase>(&rule.phrase.value)) return &exec->paths;
  return nullptr;
}

Span mode_statement(const Context& context, const Subject& subject) {
  Diagnostics known;
  const ast::File file = syntax::parse(context.sources(), subject.domain->where.span.file, known);
  for (const ast::Declaration& declaration : file.declarations) {
    const auto* domain = std::get_if<ast::DomainDecl>(&declaration);
    if (domain == nullptr || domain->name.span != subject.domain->where.span) continue;
    for (const ast::Statement& statement : domain->body) {
      if (std::holds_alternative<ast::ModeStatement>(statement.value)) return statement.span;
    }
  }
  return subject.domain->where.span;
}

}  // namespace macc::lint
