// The table of names, for editors.
#include "compiler/sema/analysis.h"

namespace macc::sema {

void Analysis::note_declared(DeclaredName::Kind kind, const std::string& name, Span span, const Module& module,
                             bool is_public) {
  if (options_.names != nullptr) options_.names->declared[span] = {kind, name, module.name, is_public};
}

void Analysis::note_use(Span span, Span declaration) {
  if (options_.names != nullptr && declaration.valid()) options_.names->uses.insert({span, declaration});
}

void Analysis::note_parameter_use(const ast::QualifiedName& name, const Argument& argument) {
  Span declaration = argument.parameter;  // `name: type`
  declaration.end = static_cast<std::uint32_t>(declaration.begin + name.parts.front().text.size());
  note_use(name.span, declaration);
}

void Analysis::complete_names() {
  // A value is read where it is used: the names in one that nothing uses were not looked up yet.
  reread_ = true;
  for (const auto& module : modules_) {
    for (const ast::Declaration& declaration : module->file.declarations) {
      if (const auto* let = std::get_if<ast::LetDecl>(&declaration)) reread_let(*module, *let);
      if (const auto* domain = std::get_if<ast::DomainDecl>(&declaration)) reread_lets(*module, domain->body);
      if (const auto* more = std::get_if<ast::ExtendDomainDecl>(&declaration)) reread_lets(*module, more->body);
      if (const auto* abstraction = std::get_if<ast::AbstractionDecl>(&declaration))
        reread_lets(*module, abstraction->body);
    }
  }
  reread_ = false;
  for (const auto& module : modules_) {
    const FileId file = module->file.id;
    options_.names->trees.emplace(file, std::move(module->file));
  }
}

void Analysis::reread_lets(Module& module, const std::vector<ast::Statement>& body) {
  for (const ast::Statement& statement : body) {
    if (const auto* let = std::get_if<ast::LetDecl>(&statement.value)) reread_let(module, *let);
  }
}

void Analysis::reread_let(Module& module, const ast::LetDecl& let) {
  Symbol symbol{Symbol::Kind::let, &module, let.name.span, let.is_public};
  symbol.let = &let;
  if (std::holds_alternative<std::vector<ast::PortItem>>(let.value.value)) {
    const Scope scope{&module, nullptr, nullptr, {}, {}};
    (void)ports_of(std::get<std::vector<ast::PortItem>>(let.value.value), scope, std::nullopt);
    return;
  }
  if (const auto* name = std::get_if<ast::QualifiedName>(&let.value.value)) {
    const Scope scope{&module, nullptr, nullptr, {}, {}};
    (void)lookup(*name, scope, "a value", [](const Symbol& one) { return one.kind == Symbol::Kind::let; });
    return;
  }
  (void)let_texts(symbol, let.value.span);
}

}  // namespace macc::sema
