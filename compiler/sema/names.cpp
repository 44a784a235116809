// Declarations of modules and the lookup of names.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/sema/analysis.h"

namespace macc::sema {

std::string_view describe(Symbol::Kind kind) {
  switch (kind) {
    case Symbol::Kind::let:
      return "a value";
    case Symbol::Kind::boolean:
      return "a boolean";
    case Symbol::Kind::resource:
      return "a resource";
    case Symbol::Kind::domain:
      return "a domain";
    case Symbol::Kind::ports:
      return "external ports";
    case Symbol::Kind::abstraction:
      return "an abstraction";
  }
  return "";
}

namespace {
DeclaredName::Kind declared_kind(Symbol::Kind kind) {
  switch (kind) {
    case Symbol::Kind::let:
      return DeclaredName::Kind::let;
    case Symbol::Kind::boolean:
      return DeclaredName::Kind::boolean;
    case Symbol::Kind::resource:
      return DeclaredName::Kind::resource;
    case Symbol::Kind::domain:
      return DeclaredName::Kind::domain;
    case Symbol::Kind::ports:
      return DeclaredName::Kind::ports;
    case Symbol::Kind::abstraction:
      return DeclaredName::Kind::abstraction;
  }
  return DeclaredName::Kind::let;
}
}  // namespace

bool Analysis::add_name(Names& names, const ast::Name& name, Symbol symbol) {
  symbol.span = name.span;
  const auto [it, fresh] = names.emplace(name.text, std::move(symbol));
  if (!fresh) {
    report(Code::E0202, name.span, fmt::format("`{}` is declared twice", name.text))
        .also(it->second.span, fmt::format("first declared here, as {}", describe(it->second.kind)));
  }
  if (fresh)
    note_declared(declared_kind(it->second.kind), name.text, name.span, *it->second.module, it->second.is_public);
  return fresh;
}

void Analysis::declare_all() {
  for (const auto& module : modules_) declare(*module);
  // Resources may name values and domains of any module, so they come after those.
  for (const auto& module : modules_) declare_resources(*module);
}

void Analysis::declare(Module& module) {
  for (const ast::Declaration& declaration : module.file.declarations) {
    if (const auto* b = std::get_if<ast::BooleanDecl>(&declaration)) {
      Symbol s{Symbol::Kind::boolean, &module, {}, b->is_public};
      s.boolean = static_cast<ir::BooleanId>(policy_.booleans.size());
      if (add_name(module.names, b->name, s)) {
        policy_.booleans.push_back({b->name.text, module.name, b->value, b->doc, b->name.span});
      }
    } else if (const auto* l = std::get_if<ast::LetDecl>(&declaration)) {
      Symbol s{Symbol::Kind::let, &module, {}, l->is_public};
      s.let = l;
      add_name(module.names, l->name, s);
    } else if (const auto* a = std::get_if<ast::AbstractionDecl>(&declaration)) {
      Symbol s{Symbol::Kind::abstraction, &module, {}, a->is_public};
      s.abstraction = a;
      add_name(module.names, a->name, s);
      Names parameters;
      for (const auto& parameter : a->parameters) {
        add_name(parameters, parameter.name, s);
        note_declared(DeclaredName::Kind::parameter, parameter.name.text, parameter.name.span, module);
      }
    } else if (const auto* d = std::get_if<ast::DomainDecl>(&declaration)) {
      Symbol s{Symbol::Kind::domain, &module, {}, d->is_public};
      s.domain = static_cast<ir::DomainId>(policy_.domains.size());
      if (!add_name(module.names, d->name, s)) continue;
      ir::Domain domain;
      domain.name = d->name.text;
      domain.module = module.name;
      domain.doc = d->doc;
      domain.opened = d->is_public;
      domain.where.span = d->name.span;
      policy_.domains.push_back(std::move(domain));
      DomainState& state = domains_.emplace_back();
      state.id = s.domain;
      state.module = &module;
      state_by_id_[static_cast<std::uint32_t>(s.domain)] = &state;
    } else if (const auto* e = std::get_if<ast::ExternalDecl>(&declaration)) {
      if (e->kind != ast::ExternalDecl::Kind::resource) declare_external(module, *e);
    }
  }
}

void Analysis::declare_resources(Module& module) {
  const Scope scope{&module, nullptr, nullptr, {}, {}};
  for (const ast::Declaration& declaration : module.file.declarations) {
    if (const auto* r = std::get_if<ast::ResourceDecl>(&declaration)) {
      add_resource(module, *r, nullptr, scope);
    } else if (const auto* e = std::get_if<ast::ExternalDecl>(&declaration)) {
      if (e->kind == ast::ExternalDecl::Kind::resource) declare_external(module, *e);
    }
  }
}

void Analysis::declare_external(Module& module, const ast::ExternalDecl& decl) {
  const Scope scope{&module, nullptr, nullptr, {}, {}};
  ir::Bindings bindings;
  for (const ast::Binding& b : decl.bindings) {
    if (!known_backend(b.backend)) continue;
    auto& values = bindings.values[{b.backend.text, b.key.text}];
    for (const auto& alternatives : b.values) {
      std::vector<std::string> names;
      for (const ast::Text& v : alternatives) {
        if (auto text = plain_text(v, scope)) names.push_back(std::move(*text));
      }
      if (!names.empty()) values.push_back(std::move(names));
    }
  }
  Symbol s{Symbol::Kind::resource, &module, {}, decl.is_public};
  switch (decl.kind) {
    case ast::ExternalDecl::Kind::domain: {
      s.kind = Symbol::Kind::domain;
      s.domain = static_cast<ir::DomainId>(policy_.domains.size());
      if (!add_name(module.names, decl.name, s)) return;
      ir::Domain domain;
      domain.name = decl.name.text;
      domain.module = module.name;
      domain.external = true;
      domain.bindings = std::move(bindings);
      domain.doc = decl.doc;
      domain.where.span = decl.name.span;
      policy_.domains.push_back(std::move(domain));
      return;
    }
    case ast::ExternalDecl::Kind::ports: {
      s.kind = Symbol::Kind::ports;
      s.ports = static_cast<ir::PortsId>(policy_.ports.size());
      if (!add_name(module.names, decl.name, s)) return;
      ir::Ports ports{decl.name.text, module.name, {}, std::move(bindings), decl.name.span};
      for (const auto& item : decl.ports) {
        const auto protocol = protocol_of(item.protocol);
        auto set = ports_of(item.items, scope, protocol);
        if (protocol && set) ports.items.push_back({*protocol, std::move(set->ranges)});
      }
      policy_.ports.push_back(std::move(ports));
      return;
    }
    case ast::ExternalDecl::Kind::resource:
      break;
  }
  s.resource = static_cast<ir::ResourceId>(policy_.resources.size());
  if (!add_name(module.names, decl.name, s)) return;
  ir::Resource resource;
  resource.name = decl.name.text;
  resource.module = module.name;
  resource.external = true;
  resource.bindings = std::move(bindings);
  resource.doc = decl.doc;
  resource.where.span = decl.name.span;
  if (decl.resource_kind) {
    resource.kind = ir::kind_of(decl.resource_kind->text);
    if (!resource.kind) unknown_word(*decl.resource_kind, "kind of resource", ir::kind_words());
  }
  patterns_of(decl.paths.objects, scope, resource.paths.include, false);
  patterns_of(decl.paths.except, scope, resource.paths.exclude, false);
  if (decl.by) resource.server = lookup_domain(*decl.by, scope, "the domain that serves this socket");
  policy_.resources.push_back(std::move(resource));
}

// ---- lookup ----

const Argument* Analysis::parameter(const ast::QualifiedName& name, const Scope& scope) {
  if (!scope.params || name.parts.size() != 1) return nullptr;
  const auto it = scope.params->find(name.parts[0].text);
  if (it == scope.params->end()) return nullptr;
  used_.insert(it->second.parameter);
  note_parameter_use(name, it->second);
  return &it->second;
}

Module* Analysis::imported(const Module& from, const std::string& word) {
  const auto it = const_cast<Module&>(from).imports.find(word);
  if (it == const_cast<Module&>(from).imports.end()) return nullptr;
  it->second.used = true;
  return it->second.module;
}

namespace {
Span declaration_of(const Module& module) { return module.file.module ? module.file.module->span : Span{}; }

/// What the word before the dot stands for: the one behind `as`, or the module.
Span declaration_of(const Import& import) {
  return import.decl->alias ? import.decl->alias->span : declaration_of(*import.module);
}

const Symbol* find(const Names& names, const std::string& word) {
  const auto it = names.find(word);
  return it == names.end() ? nullptr : &it->second;
}
}  // namespace

const Symbol* Analysis::lookup_quietly(const ast::QualifiedName& name, const Scope& scope, bool& is_private) {
  Parts parts;
  const Symbol* s = find_name(name, scope, is_private, parts);
  if (s != nullptr) {
    for (const auto& [place, declaration] : parts) note_use(place, declaration);
  }
  return s;
}

const Symbol* Analysis::find_name(const ast::QualifiedName& name, const Scope& scope, bool& is_private, Parts& found) {
  is_private = false;
  const auto& parts = name.parts;
  if (scope.locals && parts.size() == 1) {
    if (const Symbol* s = find(*scope.locals, parts[0].text)) {
      found = {{parts[0].span, s->span}};
      return s;
    }
  }
  /// The member of a domain, or the symbol itself when nothing follows.
  const auto member = [&](const Symbol* s, std::size_t next) -> const Symbol* {
    if (s == nullptr) return s;
    found.emplace_back(parts[next - 1].span, s->span);
    if (next == parts.size()) return s;
    if (s->kind != Symbol::Kind::domain || next + 1 != parts.size()) return nullptr;
    DomainState* state = state_of(s->domain);
    const Symbol* inner = state == nullptr ? nullptr : find(*state->locals, parts[next].text);
    if (inner != nullptr) found.emplace_back(parts[next].span, inner->span);
    return inner;
  };
  if (const Symbol* s = member(find(scope.module->names, parts[0].text), 1)) return s;
  found.clear();

  const auto in_module = [&](Module* module, std::size_t next) -> const Symbol* {
    if (module == nullptr || next >= parts.size()) return nullptr;
    const Symbol* outer = find(module->names, parts[next].text);
    const Symbol* s = member(outer, next + 1);
    // A resource of a domain is opened by its own `public`.
    if (s != nullptr && module != scope.module && !s->is_public && !scope.everywhere) {
      is_private = true;
    }
    return s;
  };
  if (Module* module = imported(*scope.module, parts[0].text)) {
    found = {{parts[0].span, declaration_of(scope.module->imports.at(parts[0].text))}};
    if (const Symbol* s = in_module(module, 1)) return s;
  }
  // The module written out, once it is imported.
  std::string prefix;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    prefix += (i == 0 ? "" : ".") + parts[i].text;
    const Span place = cover(parts[0].span, parts[i].span);
    if (prefix == scope.module->name) {
      found = {{place, declaration_of(*scope.module)}};
      if (const Symbol* s = in_module(scope.module, i + 1)) return s;
    }
    for (auto& [word, import] : scope.module->imports) {
      if (import.module->name != prefix) continue;
      found = {{place, declaration_of(*import.module)}};
      if (const Symbol* s = in_module(import.module, i + 1)) {
        import.used = true;
        return s;
      }
    }
  }
  found.clear();
  if (!scope.everywhere) return nullptr;
  const std::vector<const Symbol*> meant = lookup_everywhere(name);
  return meant.size() == 1 ? meant.front() : nullptr;
}

bool may_be_ports(const Symbol& symbol) {
  if (symbol.kind == Symbol::Kind::ports) return true;
  if (symbol.kind != Symbol::Kind::let || symbol.let == nullptr) return false;
  const auto& value = symbol.let->value.value;
  return std::holds_alternative<std::vector<ast::PortItem>>(value) || std::holds_alternative<ast::QualifiedName>(value);
}

bool may_be_text(const Symbol& symbol) {
  return symbol.kind == Symbol::Kind::let && symbol.let != nullptr &&
         !std::holds_alternative<std::vector<ast::PortItem>>(symbol.let->value.value);
}

std::vector<std::string> Analysis::visible_names(const Scope& scope, const Fits& fits) const {
  std::vector<std::string> out;
  const auto add_all = [&](const Names& names) {
    for (const auto& [word, symbol] : names)
      if (fits(symbol)) out.push_back(word);
  };
  if (scope.locals) add_all(*scope.locals);
  if (scope.params) {
    for (const auto& [word, argument] : *scope.params) out.push_back(word);
  }
  add_all(scope.module->names);
  for (const auto& [word, import] : scope.module->imports) {
    for (const auto& [inner, symbol] : import.module->names) {
      if (symbol.is_public && fits(symbol)) out.push_back(word + "." + inner);
    }
  }
  if (!scope.everywhere) return out;
  for (const auto& module : modules_) {
    if (module->root) add_all(module->names);
  }
  return out;
}

bool Analysis::is_lost(const ast::QualifiedName& name) const {
  if (lost_.contains(ast::kAnyName)) return true;
  // What is written `word.name` may stand in a module whose import was not understood.
  if (name.parts.size() > 1 && lost_.contains(ast::kAnyImport)) return true;
  return std::any_of(name.parts.begin(), name.parts.end(), [&](const ast::Name& p) { return lost_.contains(p.text); });
}

std::string Analysis::guess_name(const ast::QualifiedName& name, const Scope& scope, const Fits& fits) const {
  const std::vector<std::string> names = visible_names(scope, fits);
  if (name.parts.size() == 1) {
    const auto inside = std::find_if(names.begin(), names.end(),
                                     [&](const std::string& n) { return n.ends_with("." + name.parts[0].text); });
    if (inside != names.end()) return *inside;
  }
  return did_you_mean(name.text(), names);
}

const Symbol* Analysis::lookup(const ast::QualifiedName& name, const Scope& scope, std::string_view wanted,
                               const Fits& fits) {
  bool is_private = false;
  const Symbol* s = lookup_quietly(name, scope, is_private);
  if (s != nullptr) used_.insert(s->span);
  if (s != nullptr && is_private) {
    report(Code::E0208, name.span, fmt::format("`{}` is private to module `{}`", name.text(), s->module->name), &scope)
        .also(s->span, "declared here, without `public`");
    return nullptr;
  }
  if (s != nullptr || is_lost(name)) return s;
  if (scope.everywhere) {
    if (const auto meant = lookup_everywhere(name); meant.size() > 1) {
      Diagnostic& d = report(Code::E0212, name.span, fmt::format("`{}` may be one of several names", name.text()));
      for (const Symbol* one : meant) {
        d.also(one->span, fmt::format("{} of module `{}`", describe(one->kind), one->module->name));
      }
      d.note("write the name out, with its module or its domain in front");
      return nullptr;
    }
  }

  Diagnostic& d =
      report(Code::E0201, name.span, fmt::format("nothing is called `{}` here", printable(name.text())), &scope);
  d.label(fmt::format("expected {}", wanted));
  const std::string guess = guess_name(name, scope, fits);
  if (!guess.empty()) {
    d.suggest(fmt::format("did you mean `{}`?", guess), {{name.span, guess}});
    return nullptr;
  }
  if (name.parts.size() > 1 && !scope.module->imports.contains(name.parts[0].text)) {
    const std::string candidate = "std." + name.parts[name.parts[0].text == "std" ? 1 : 0].text;
    const auto known = finder_.known();
    if (std::find(known.begin(), known.end(), candidate) != known.end()) {
      d.note(fmt::format("module `{}` is not imported here: add `import {};`", candidate, candidate));
    }
  }
  return nullptr;
}

const Symbol* Analysis::lookup_kind(const ast::QualifiedName& name, const Scope& scope, Symbol::Kind kind,
                                    std::string_view wanted) {
  const Symbol* s = lookup(name, scope, wanted, [kind](const Symbol& one) { return one.kind == kind; });
  if (s == nullptr || s->kind == kind) return s;
  report(Code::E0209, name.span, fmt::format("`{}` is {}, expected {}", name.text(), describe(s->kind), wanted), &scope)
      .also(s->span, "declared here");
  return nullptr;
}

ir::DomainId Analysis::lookup_domain(const ast::QualifiedName& name, const Scope& scope, std::string_view wanted) {
  if (const Argument* a = parameter(name, scope)) {
    if (a->type == ast::ParameterType::domain) return a->domain;
    report(Code::E0209, name.span, fmt::format("parameter `{}` is no domain, expected {}", name.text(), wanted),
           &scope);
    return ir::DomainId::none;
  }
  const Symbol* s = lookup_kind(name, scope, Symbol::Kind::domain, wanted);
  return s == nullptr ? ir::DomainId::none : s->domain;
}

bool Analysis::known_backend(const ast::Name& name) {
  const auto& known = options_.backends;
  if (known.empty() || std::find(known.begin(), known.end(), name.text) != known.end()) return true;
  Diagnostic& d = report(Code::E0315, name.span, fmt::format("there is no backend `{}`", name.text));
  const std::string guess = did_you_mean(name.text, known);
  if (!guess.empty()) {
    d.suggest(fmt::format("did you mean `{}`?", guess), {{name.span, guess}});
  } else {
    d.note(fmt::format("known are {}", fmt::join(known, ", ")));
  }
  return false;
}

void Analysis::unknown_word(const ast::Name& name, std::string_view what, const std::vector<std::string>& known) {
  Diagnostic& d = report(Code::E0303, name.span, fmt::format("`{}` is no {}", printable(name.text), what));
  const std::string guess = did_you_mean(name.text, known);
  if (!guess.empty()) {
    d.suggest(fmt::format("did you mean `{}`?", guess), {{name.span, guess}});
  } else if (known.size() <= 20) {
    d.note(fmt::format("known are {}", fmt::join(known, ", ")));
  }
}

}  // namespace macc::sema
