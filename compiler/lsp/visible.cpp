#include "compiler/lsp/visible.h"

#include <algorithm>

#include "stdlib/stdlib.h"

namespace macc::lsp {

namespace {

using Kind = VisibleName::Kind;

std::string module_of(const ast::File& tree) { return tree.module ? tree.module->text() : ""; }

std::string parameters_of(const ast::AbstractionDecl& decl) {
  std::string out;
  for (const auto& parameter : decl.parameters) out += (out.empty() ? "" : ", ") + parameter.name.text;
  return decl.parameters.empty() ? "abstraction" : "abstraction(" + out + ")";
}

}  // namespace

Visible::Visible(const Snapshot& snapshot, FileId file, const std::string& owner)
    : snapshot_(snapshot), file_(file), owner_(owner) {
  const auto known = snapshot.names().trees.find(file);
  if (known == snapshot.names().trees.end()) return;
  tree_ = &known->second;
  if (!owner.empty()) add_owner(owner);
  declared(*tree_, "", false, names_);
  imported();
}

const ast::File* Visible::tree_of(const std::string& module) const {
  for (const auto& [file, tree] : snapshot_.names().trees) {
    if (module_of(tree) == module) return &tree;
  }
  return nullptr;
}

void Visible::add(Kind kind, const std::string& prefix, const ast::Name& name, const std::string& detail,
                  const std::string& doc, const std::string& module, std::vector<VisibleName>& out) const {
  out.push_back({kind, prefix + name.text, detail, doc, module});
}

void Visible::declared(const ast::File& tree, const std::string& prefix, bool public_only,
                       std::vector<VisibleName>& out) const {
  const std::string module = module_of(tree);
  for (const ast::Declaration& declaration : tree.declarations) {
    if (const auto* let = std::get_if<ast::LetDecl>(&declaration)) {
      if (let->is_public || !public_only) add(Kind::let, prefix, let->name, "let", let->doc, module, out);
    } else if (const auto* boolean = std::get_if<ast::BooleanDecl>(&declaration)) {
      if (boolean->is_public || !public_only)
        add(Kind::boolean, prefix, boolean->name, "boolean", boolean->doc, module, out);
    } else if (const auto* resource = std::get_if<ast::ResourceDecl>(&declaration)) {
      if (resource->is_public || !public_only)
        add(Kind::resource, prefix, resource->name, resource->kind.text, resource->doc, module, out);
    } else if (const auto* domain = std::get_if<ast::DomainDecl>(&declaration)) {
      if (domain->is_public || !public_only)
        add(Kind::domain, prefix, domain->name, "domain", domain->doc, module, out);
      in_domain(*domain, prefix + domain->name.text + ".", public_only, out);
    } else if (const auto* abstraction = std::get_if<ast::AbstractionDecl>(&declaration)) {
      if (abstraction->is_public || !public_only)
        add(Kind::abstraction, prefix, abstraction->name, parameters_of(*abstraction), abstraction->doc, module, out);
    } else if (const auto* external = std::get_if<ast::ExternalDecl>(&declaration)) {
      using External = ast::ExternalDecl::Kind;
      const Kind kind = external->kind == External::resource ? Kind::resource
                        : external->kind == External::domain ? Kind::domain
                                                             : Kind::ports;
      if (external->is_public || !public_only)
        add(kind, prefix, external->name, "of the system", external->doc, module, out);
    }
  }
}

/// The resources of a domain, as they are named outside of it.
void Visible::in_domain(const ast::DomainDecl& domain, const std::string& prefix, bool public_only,
                        std::vector<VisibleName>& out) const {
  if (!public_only && domain.name.text == owner_) return;
  const std::string module = module_of(*tree_);
  for (const ast::Statement& statement : domain.body) {
    const auto* resource = std::get_if<ast::ResourceDecl>(&statement.value);
    if (resource == nullptr || (public_only && !resource->is_public)) continue;
    add(Kind::resource, prefix, resource->name, resource->kind.text, resource->doc, module, out);
  }
  if (public_only) return;
  // What includes bring.
  for (const ir::Resource& resource : snapshot_.policy().resources) {
    if (resource.owner == ir::DomainId::none) continue;
    const ir::Domain& owner = snapshot_.policy().domain(resource.owner);
    if (owner.name != domain.name.text || owner.module != module) continue;
    const std::string kind = resource.kind ? std::string(ir::word(*resource.kind)) : "resource";
    out.push_back({Kind::resource, prefix + resource.name, kind, resource.doc, resource.module});
  }
}

void Visible::imported() {
  for (const ast::ImportDecl& import : tree_->imports) {
    const ast::File* tree = tree_of(import.module.text());
    const std::string word = import.alias ? import.alias->text : import.module.parts.back().text;
    if (tree != nullptr) declared(*tree, word + ".", true, names_);
  }
}

void Visible::add_owner(const std::string& owner) {
  if (tree_ == nullptr) return;
  const auto in_body = [&](const std::vector<ast::Statement>& body) {
    for (const ast::Statement& statement : body) {
      if (const auto* resource = std::get_if<ast::ResourceDecl>(&statement.value))
        add(Kind::resource, "", resource->name, resource->kind.text, resource->doc, module_of(*tree_), names_);
      if (const auto* let = std::get_if<ast::LetDecl>(&statement.value))
        add(Kind::let, "", let->name, "let", let->doc, module_of(*tree_), names_);
    }
  };
  for (const ast::Declaration& declaration : tree_->declarations) {
    if (const auto* domain = std::get_if<ast::DomainDecl>(&declaration);
        domain != nullptr && domain->name.text == owner)
      in_body(domain->body);
    const auto* abstraction = std::get_if<ast::AbstractionDecl>(&declaration);
    if (abstraction == nullptr || abstraction->name.text != owner) continue;
    for (const auto& parameter : abstraction->parameters)
      add(Kind::parameter, "", parameter.name, "parameter", "", module_of(*tree_), names_);
    in_body(abstraction->body);
  }
  // What includes bring.
  for (const ir::Resource& resource : snapshot_.policy().resources) {
    if (resource.owner == ir::DomainId::none) continue;
    const ir::Domain& domain = snapshot_.policy().domain(resource.owner);
    if (domain.name != owner || domain.module != module_of(*tree_)) continue;
    const std::string kind = resource.kind ? std::string(ir::word(*resource.kind)) : "resource";
    names_.push_back({Kind::resource, resource.name, kind, resource.doc, resource.module});
  }
}

std::vector<VisibleName> Visible::from_library() const {
  std::vector<VisibleName> out;
  if (tree_ == nullptr) return out;
  for (const std::string& module : stdlib::names()) {
    const bool known = std::any_of(tree_->imports.begin(), tree_->imports.end(),
                                   [&](const ast::ImportDecl& import) { return import.module.text() == module; });
    if (known) continue;
    declared(stdlib::tree(module, file_), module.substr(module.rfind('.') + 1) + ".", true, out);
  }
  std::erase_if(out, [](const VisibleName& name) { return name.kind != Kind::abstraction; });
  return out;
}

std::uint32_t Visible::place_for_import() const {
  std::uint32_t after = 0;
  if (tree_ == nullptr) return after;
  if (tree_->version) after = tree_->version_span.end;
  if (tree_->module) after = std::max(after, tree_->module->span.end);
  for (const ast::ImportDecl& import : tree_->imports) after = std::max(after, import.span.end);
  const std::string& text = snapshot_.sources().file(file_).text();
  const std::size_t line = text.find('\n', after);
  return static_cast<std::uint32_t>(line == std::string::npos ? text.size() : line + 1);
}

}  // namespace macc::lsp
