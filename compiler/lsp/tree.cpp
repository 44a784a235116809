#include "compiler/lsp/tree.h"

#include <optional>

namespace macc::lsp {

namespace {

using Kind = VocabularyWord::Kind;

void look_through(const std::vector<ast::Name>& names, Kind kind, std::uint32_t offset, VocabularyWord& found) {
  for (const ast::Name& name : names) {
    if (holds(name.span, offset)) found = {kind, name.text, name.span};
  }
}

void look_through(const ast::Phrase& phrase, std::uint32_t offset, VocabularyWord& found) {
  if (const auto* files = std::get_if<ast::FilesPhrase>(&phrase.value)) {
    look_through(files->verbs, Kind::verb, offset, found);
  } else if (const auto* capability = std::get_if<ast::CapabilityPhrase>(&phrase.value)) {
    look_through(capability->names, Kind::capability, offset, found);
  } else if (const auto* socket = std::get_if<ast::SocketPhrase>(&phrase.value)) {
    if (holds(socket->family.span, offset)) found = {Kind::family, socket->family.text(), socket->family.span};
  }
}

void look_through(const ast::ResourceDecl& resource, std::uint32_t offset, VocabularyWord& found) {
  look_through({resource.kind}, Kind::kind, offset, found);
  look_through(resource.public_verbs, Kind::verb, offset, found);
}

const ast::LetDecl* let_in(const std::vector<ast::Statement>& body, Span name) {
  const ast::LetDecl* found = nullptr;
  each_statement(body, [&](const ast::Statement& statement) {
    const auto* let = std::get_if<ast::LetDecl>(&statement.value);
    if (let != nullptr && let->name.span == name) found = let;
  });
  return found;
}

const ast::ResourceDecl* resource_in(const std::vector<ast::Statement>& body, Span name) {
  const ast::ResourceDecl* found = nullptr;
  each_statement(body, [&](const ast::Statement& statement) {
    const auto* resource = std::get_if<ast::ResourceDecl>(&statement.value);
    if (resource != nullptr && resource->name.span == name) found = resource;
  });
  return found;
}

Declared in_body(const std::vector<ast::Statement>& body, Span name) {
  if (const ast::LetDecl* let = let_in(body, name)) return let;
  if (const ast::ResourceDecl* resource = resource_in(body, name)) return resource;
  return std::monostate();
}

Declared in_abstraction(const ast::AbstractionDecl& abstraction, Span name) {
  if (abstraction.name.span == name) return &abstraction;
  for (const ast::AbstractionDecl::Parameter& parameter : abstraction.parameters) {
    if (parameter.name.span == name) return &parameter;
  }
  return in_body(abstraction.body, name);
}

Declared in_declaration(const ast::Declaration& declaration, Span name) {
  if (const auto* boolean = std::get_if<ast::BooleanDecl>(&declaration))
    return boolean->name.span == name ? Declared(boolean) : Declared();
  if (const auto* let = std::get_if<ast::LetDecl>(&declaration))
    return let->name.span == name ? Declared(let) : Declared();
  if (const auto* resource = std::get_if<ast::ResourceDecl>(&declaration))
    return resource->name.span == name ? Declared(resource) : Declared();
  if (const auto* external = std::get_if<ast::ExternalDecl>(&declaration))
    return external->name.span == name ? Declared(external) : Declared();
  if (const auto* domain = std::get_if<ast::DomainDecl>(&declaration))
    return domain->name.span == name ? Declared(domain) : in_body(domain->body, name);
  if (const auto* abstraction = std::get_if<ast::AbstractionDecl>(&declaration))
    return in_abstraction(*abstraction, name);
  if (const auto* more = std::get_if<ast::ExtendDomainDecl>(&declaration)) return in_body(more->body, name);
  return std::monostate();
}

bool speaks(const ast::Statement& statement) {
  return std::holds_alternative<ast::RuleStatement>(statement.value) ||
         std::holds_alternative<ast::IncludeStatement>(statement.value) ||
         std::holds_alternative<ast::EntryStatement>(statement.value) ||
         std::holds_alternative<ast::RawStatement>(statement.value);
}

}  // namespace

void each_statement(const std::vector<ast::Statement>& body, const std::function<void(const ast::Statement&)>& each) {
  for (const ast::Statement& statement : body) {
    each(statement);
    if (const auto* branch = std::get_if<ast::IfStatement>(&statement.value)) {
      each_statement(branch->then, each);
      each_statement(branch->otherwise, each);
    }
  }
}

void each_statement(const ast::File& tree, const std::function<void(const ast::Statement&)>& each) {
  for (const ast::Declaration& declaration : tree.declarations) {
    if (const auto* domain = std::get_if<ast::DomainDecl>(&declaration)) each_statement(domain->body, each);
    if (const auto* abstraction = std::get_if<ast::AbstractionDecl>(&declaration))
      each_statement(abstraction->body, each);
    if (const auto* more = std::get_if<ast::ExtendDomainDecl>(&declaration)) each_statement(more->body, each);
  }
}

Declared find_declaration(const ast::File& tree, Span name) {
  for (const ast::Declaration& declaration : tree.declarations) {
    Declared found = in_declaration(declaration, name);
    if (!std::holds_alternative<std::monostate>(found)) return found;
  }
  return std::monostate();
}

VocabularyWord word_at(const ast::File& tree, std::uint32_t offset) {
  VocabularyWord found;
  each_statement(tree, [&](const ast::Statement& statement) {
    if (const auto* rule = std::get_if<ast::RuleStatement>(&statement.value)) look_through(rule->phrase, offset, found);
    if (const auto* resource = std::get_if<ast::ResourceDecl>(&statement.value)) look_through(*resource, offset, found);
  });
  for (const ast::Declaration& declaration : tree.declarations) {
    if (const auto* resource = std::get_if<ast::ResourceDecl>(&declaration)) look_through(*resource, offset, found);
    if (const auto* never = std::get_if<ast::NeverDecl>(&declaration)) look_through(never->phrase, offset, found);
    if (const auto* test = std::get_if<ast::TestDecl>(&declaration)) {
      for (const ast::Expectation& expectation : test->expectations) look_through(expectation.phrase, offset, found);
    }
    const auto* external = std::get_if<ast::ExternalDecl>(&declaration);
    if (external != nullptr && external->resource_kind)
      look_through({*external->resource_kind}, Kind::kind, offset, found);
  }
  return found;
}

Span statement_at(const ast::File& tree, std::uint32_t offset) {
  Span found;
  each_statement(tree, [&](const ast::Statement& statement) {
    if (speaks(statement) && holds(statement.span, offset)) found = statement.span;
  });
  for (const ast::Declaration& declaration : tree.declarations) {
    const auto* never = std::get_if<ast::NeverDecl>(&declaration);
    if (never != nullptr && holds(never->span, offset)) found = never->span;
  }
  return found;
}

}  // namespace macc::lsp
