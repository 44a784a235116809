// Statements of domains: expansion of abstractions with provenance, then rules.
#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "compiler/ir/conditions.h"
#include "compiler/sema/analysis.h"

namespace macc::sema {

void Analysis::expand_all() {
  for (const auto& module : modules_) {
    for (const ast::Declaration& declaration : module->file.declarations) {
      const auto* decl = std::get_if<ast::DomainDecl>(&declaration);
      if (decl == nullptr) continue;
      const auto it = module->names.find(decl->name.text);
      if (it == module->names.end() || it->second.span != decl->name.span) continue;  // declared twice
      DomainState& state = *state_of(it->second.domain);
      const Scope scope{module.get(), state.locals, nullptr, {}, {}};
      declare_statements(state, decl->body, scope);
      gather(state, decl->body, scope, false);
    }
  }
  for (const auto& module : modules_) {
    for (const ast::Declaration& declaration : module->file.declarations) {
      const Scope module_scope{module.get(), nullptr, nullptr, {}, {}};
      if (const auto* decl = std::get_if<ast::ExtendDomainDecl>(&declaration)) {
        const Symbol* s = lookup_kind(decl->domain, module_scope, Symbol::Kind::domain, "a domain to extend");
        if (s == nullptr) continue;
        DomainState* state = state_of(s->domain);
        if (!module->site || state == nullptr) {
          report(Code::E0317, decl->span,
                 state == nullptr ? "an external domain cannot be extended"
                                  : "`extend` is allowed in the project's site folder only");
          continue;
        }
        const Scope scope{module.get(), state->locals, nullptr, {}, {}};
        declare_statements(*state, decl->body, scope);
        gather(*state, decl->body, scope, false);
        policy_.extensions.push_back({"domain " + policy_.qualified_name(s->domain), decl->span});
      } else if (const auto* more = std::get_if<ast::ExtendResourceDecl>(&declaration)) {
        const Symbol* s = lookup_kind(more->resource, module_scope, Symbol::Kind::resource, "a resource to extend");
        if (s == nullptr) continue;
        ir::Resource& resource = policy_.resources[static_cast<std::size_t>(s->resource)];
        if (!module->site || resource.external) {
          report(Code::E0317, more->span,
                 resource.external ? "an external resource cannot be extended"
                                   : "`extend` is allowed in the project's site folder only");
          continue;
        }
        patterns_of(more->paths.objects, module_scope, resource.paths.include, false);
        patterns_of(more->paths.except, module_scope, resource.paths.exclude, false);
        policy_.extensions.push_back({"resource " + policy_.qualified_name(s->resource), more->span});
      }
    }
  }
}

void Analysis::add_resource(Module& module, const ast::ResourceDecl& decl, DomainState* state, const Scope& scope) {
  Symbol s{Symbol::Kind::resource, &module, {}, decl.is_public};
  s.public_verbs = decl.public_verbs;
  s.resource = static_cast<ir::ResourceId>(policy_.resources.size());
  if (!add_name(state == nullptr ? module.names : *scope.locals, decl.name, s)) return;
  for (const ast::Name& verb : decl.public_verbs) {
    if (!ir::verbs_of(verb.text)) unknown_word(verb, "verb", ir::verb_words());
  }
  ir::Resource resource;
  if (decl.is_public) resource.opened = opened_verbs(decl.public_verbs);
  resource.name = decl.name.text;
  resource.module = state == nullptr ? module.name : state->module->name;
  resource.kind = ir::kind_of(decl.kind.text);
  if (!resource.kind) unknown_word(decl.kind, "kind of resource", ir::kind_words());
  resource.adopt = decl.adopt;
  if (decl.level) resource.level = level_text(*decl.level, scope).value_or("");
  if (decl.level && decl.adopt)
    report(Code::E0313, decl.level->span, "an adopted resource keeps the level that the system gives it", &scope);
  resource.relabel = decl.relabel;
  resource.doc = decl.doc;
  resource.where = provenance(decl.name.span, scope);
  patterns_of(decl.paths.objects, scope, resource.paths.include, false);
  patterns_of(decl.paths.except, scope, resource.paths.exclude, false);
  if (decl.paths.objects.empty()) {
    report(Code::E0402, decl.name.span, fmt::format("the resource `{}` has no paths", decl.name.text), &scope)
        .note("name them between the braces: `{ \"/etc/acme/**\" }`");
  }
  const auto key = static_cast<std::uint32_t>(s.resource);
  resource_decls_[key] = &decl;
  resource_scopes_[key] = scope;
  if (state != nullptr) {
    resource.owner = state->id;
    policy_.domains[static_cast<std::size_t>(state->id)].resources.push_back(s.resource);
  }
  policy_.resources.push_back(std::move(resource));
}

void Analysis::declare_statements(DomainState& state, const std::vector<ast::Statement>& body, const Scope& scope) {
  for (const ast::Statement& statement : body) {
    if (const auto* l = std::get_if<ast::LetDecl>(&statement.value)) {
      Symbol s{Symbol::Kind::let, scope.module, {}, false};
      s.let = l;
      add_name(*scope.locals, l->name, s);
    }
  }
  for (const ast::Statement& statement : body) {
    if (const auto* r = std::get_if<ast::ResourceDecl>(&statement.value)) {
      add_resource(*scope.module, *r, &state, scope);
    }
  }
}

namespace {
ir::Condition both(const ir::Condition& a, ir::Condition b) {
  if (a.is_always()) return b;
  ir::Condition out;
  out.kind = ir::Condition::Kind::conjunction;
  out.operands = {a, std::move(b)};
  return out;
}

ir::Condition negated(ir::Condition c) {
  ir::Condition out;
  out.kind = ir::Condition::Kind::negation;
  out.operands.push_back(std::move(c));
  return out;
}

std::string_view word_of(const ast::Statement& statement) {
  static constexpr std::string_view kWords[] = {"rule",  "if",       "include", "entry",    "mode",
                                                "level", "replaces", "raw",     "resource", "let"};
  return kWords[statement.value.index()];
}
}  // namespace

void Analysis::gather(DomainState& state, const std::vector<ast::Statement>& body, const Scope& scope,
                      bool conditional) {
  ir::Domain& domain = policy_.domains[static_cast<std::size_t>(state.id)];
  for (const ast::Statement& statement : body) {
    if (++state.statements > kMaxStatementsPerDomain) {
      if (state.statements == kMaxStatementsPerDomain + 1) {
        report(Code::E0309, domain.where.span,
               fmt::format("domain `{}` grows past {} statements", domain.name, kMaxStatementsPerDomain), &scope);
      }
      return;
    }
    const bool can_be_conditional = std::holds_alternative<ast::RuleStatement>(statement.value) ||
                                    std::holds_alternative<ast::IfStatement>(statement.value) ||
                                    std::holds_alternative<ast::IncludeStatement>(statement.value);
    if (conditional && !can_be_conditional) {
      if (lost_.contains(ast::kAnyEnd)) continue;  // it stands behind the block, most likely
      report(Code::E0308, statement.span, fmt::format("`{}` cannot depend on a boolean", word_of(statement)), &scope)
          .note("inside `if` stand allow, deny, audit, exec and includes of these");
      continue;
    }
    if (const auto* i = std::get_if<ast::IfStatement>(&statement.value)) {
      const auto condition = condition_of(i->condition, scope);
      if (!condition) continue;
      Scope inner = scope;
      inner.condition = both(scope.condition, *condition);
      gather(state, i->then, inner, true);
      inner.condition = both(scope.condition, negated(*condition));
      gather(state, i->otherwise, inner, true);
    } else if (const auto* inc = std::get_if<ast::IncludeStatement>(&statement.value)) {
      include(state, statement, *inc, scope, conditional);
    } else if (const auto* entry = std::get_if<ast::EntryStatement>(&statement.value)) {
      add_entry(state, statement, *entry, scope);
    } else if (const auto* mode = std::get_if<ast::ModeStatement>(&statement.value)) {
      if (state.mode_span.valid()) {
        report(Code::E0314, statement.span, "a domain has one `mode`", &scope).also(state.mode_span, "already given");
      }
      state.mode_span = statement.span;
      domain.complain = mode->complain;
    } else if (const auto* level = std::get_if<ast::LevelStatement>(&statement.value)) {
      if (state.level_span.valid()) {
        report(Code::E0314, statement.span, "a domain has one `level`", &scope).also(state.level_span, "already given");
      }
      state.level_span = statement.span;
      domain.level = level_text(level->range, scope).value_or("");
    } else if (const auto* replaces = std::get_if<ast::ReplacesStatement>(&statement.value)) {
      for (const auto& item : replaces->items) {
        auto what = plain_text(item.what, scope);
        if (known_backend(item.backend) && what) {
          domain.replaces.push_back({item.backend.text, std::move(*what), item.what.span});
        }
      }
    } else if (std::holds_alternative<ast::RuleStatement>(statement.value) ||
               std::holds_alternative<ast::RawStatement>(statement.value)) {
      if (const auto* r = std::get_if<ast::RuleStatement>(&statement.value);
          conditional && r != nullptr && r->effect == ast::Effect::never) {
        if (lost_.contains(ast::kAnyEnd)) continue;
        report(Code::E0308, statement.span, "`never` cannot depend on a boolean: it holds always", &scope);
        continue;
      }
      state.pending.push_back({&statement, scope});
    }
  }
}

void Analysis::include(DomainState& state, const ast::Statement& statement, const ast::IncludeStatement& inc,
                       const Scope& scope, bool conditional) {
  const Symbol* s = lookup_kind(inc.abstraction, scope, Symbol::Kind::abstraction, "an abstraction");
  if (s == nullptr) return;
  const ast::AbstractionDecl& decl = *s->abstraction;
  included_.insert(&decl);
  const std::string name = s->module->name + "." + decl.name.text;
  if (std::find(state.active.begin(), state.active.end(), name) != state.active.end()) {
    report(Code::E0307, statement.span, fmt::format("abstraction `{}` includes itself", name), &scope)
        .also(decl.name.span, "declared here");
    return;
  }
  if (state.active.size() >= kMaxIncludeDepth) {
    report(Code::E0309, statement.span, fmt::format("includes are nested deeper than {}", kMaxIncludeDepth), &scope);
    return;
  }
  if (decl.parameters.size() != inc.arguments.size()) {
    report(Code::E0305, statement.span,
           fmt::format("`{}` takes {} argument{}, {} given", decl.name.text, decl.parameters.size(),
                       decl.parameters.size() == 1 ? "" : "s", inc.arguments.size()),
           &scope)
        .also(decl.name.span, "declared here");
    return;
  }
  auto arguments = std::make_shared<Arguments>();
  std::string key = name + "|" + ir::describe(policy_, scope.condition);
  for (std::size_t i = 0; i < inc.arguments.size(); ++i) {
    auto value = argument(decl.parameters[i], inc.arguments[i], scope);
    if (!value) return;
    key += fmt::format("|{}:{}:{}", static_cast<std::uint32_t>(value->domain),
                       static_cast<std::uint32_t>(value->resource), static_cast<std::uint32_t>(value->named_ports));
    for (const std::string& t : value->texts) key += "\n" + t;
    for (const ir::PortRange& r : value->ports) key += fmt::format(",{}-{}", r.first, r.last);
    arguments->emplace(decl.parameters[i].name.text, std::move(*value));
  }
  // What came once through another include grants nothing new.
  if (!state.expanded.insert(std::move(key)).second) return;

  Scope inner{s->module, std::make_shared<Names>(), std::move(arguments), scope.includes, scope.condition};
  inner.includes.push_back({name, statement.span});
  state.active.push_back(name);
  declare_statements(state, decl.body, inner);
  gather(state, decl.body, inner, conditional);
  state.active.pop_back();
  // Resources of a template belong to the domain: its other rules may name them.
  for (const auto& [word, symbol] : *inner.locals) {
    if (symbol.kind != Symbol::Kind::resource) continue;
    const auto [it, fresh] = scope.locals->emplace(word, symbol);
    if (!fresh && it->second.resource != symbol.resource) {
      report(Code::E0202, statement.span,
             fmt::format("this include brings a resource `{}`, which the domain has already", word), &scope)
          .also(it->second.span, "the one it has")
          .also(symbol.span, "the one that is included");
    }
  }
}

std::optional<Argument> Analysis::argument(const ast::AbstractionDecl::Parameter& parameter, const ast::Value& value,
                                           const Scope& scope) {
  Argument out;
  out.type = parameter.type;
  out.parameter = parameter.span;
  out.span = value.span;
  const auto* name = std::get_if<ast::QualifiedName>(&value.value);
  // A parameter handed on.
  if (name != nullptr) {
    if (const Argument* given = this->parameter(*name, scope); given != nullptr && given->type == parameter.type) {
      out = *given;
      out.parameter = parameter.span;
      return out;
    }
  }
  const auto wrong = [&](std::string_view wanted) -> std::optional<Argument> {
    report(Code::E0306, value.span, fmt::format("parameter `{}` takes {}", parameter.name.text, wanted), &scope)
        .also(parameter.span, "declared here");
    return std::nullopt;
  };
  switch (parameter.type) {
    case ast::ParameterType::domain:
      if (name == nullptr) return wrong("a domain");
      out.domain = lookup_domain(*name, scope, "a domain");
      return out.domain == ir::DomainId::none ? std::nullopt : std::optional(out);
    case ast::ParameterType::resource: {
      if (name == nullptr) return wrong("a resource");
      const Symbol* s = lookup_kind(*name, scope, Symbol::Kind::resource, "a resource");
      if (s == nullptr) return std::nullopt;
      out.resource = s->resource;
      return out;
    }
    case ast::ParameterType::ports: {
      std::vector<ast::PortItem> items;
      if (const auto* list = std::get_if<std::vector<ast::PortItem>>(&value.value)) items = *list;
      if (name != nullptr) items.push_back({*name, name->span});
      if (items.empty()) return wrong("ports");
      auto set = ports_of(items, scope, std::nullopt);
      if (!set) return std::nullopt;
      out.ports = std::move(set->ranges);
      out.named_ports = set->named;
      return out;
    }
    case ast::ParameterType::path:
    case ast::ParameterType::text:
      break;
  }
  if (const auto* text = std::get_if<ast::Text>(&value.value)) {
    auto raw = interpolate(*text, scope);
    if (!raw) return std::nullopt;
    out.texts.push_back(std::move(*raw));
  } else if (const auto* list = std::get_if<std::vector<ast::Text>>(&value.value)) {
    for (const ast::Text& t : *list) {
      auto raw = interpolate(t, scope);
      if (!raw) return std::nullopt;
      out.texts.push_back(std::move(*raw));
    }
  } else if (name != nullptr) {
    const Symbol* s = lookup_kind(*name, scope, Symbol::Kind::let, "a text");
    if (s == nullptr) return std::nullopt;
    auto texts = let_texts(*s, name->span);
    if (!texts) return std::nullopt;
    out.texts = std::move(*texts);
  }
  if (out.texts.empty()) return wrong(parameter.type == ast::ParameterType::path ? "a path" : "a text");
  if (parameter.type == ast::ParameterType::text && out.texts.size() != 1) return wrong("one text");
  return out;
}

std::optional<std::string> Analysis::level_text(const ast::Text& text, const Scope& scope, std::string_view more) {
  auto level = plain_text(text, scope);
  if (!level) return std::nullopt;
  const std::string letters = "abcdefghijklmnopqrstuvwxyz0123456789:.,-" + std::string(more);
  const bool fine = !level->empty() && level->size() < 256 && level->find_first_not_of(letters) == std::string::npos;
  if (fine) return level;
  report(Code::E0313, text.span, "a level looks like \"s0\" or \"s0:c1,c2\"", &scope);
  return std::nullopt;
}

void Analysis::add_entry(DomainState& state, const ast::Statement& statement, const ast::EntryStatement& entry,
                         const Scope& scope) {
  if (refuse_entry_of_child(policy_.domain(state.id), statement.span, scope)) return;
  ir::Entry out;
  out.from = static_cast<ir::Entry::From>(static_cast<int>(entry.from));
  out.where = provenance(statement.span, scope);
  patterns_of(entry.paths.objects, scope, out.paths.include, false);
  patterns_of(entry.paths.except, scope, out.paths.exclude, false);
  if (entry.from == ast::EntryStatement::From::unit) {
    const auto unit = plain_text(entry.unit, scope);
    if (!unit) return;
    const bool fine = unit->size() > 1 && unit->size() < 256 && unit->find('.') != std::string::npos &&
                      std::all_of(unit->begin(), unit->end(), [](unsigned char c) {
                        return std::isalnum(c) != 0 ||
                               std::string_view(":-_.\\@").find(static_cast<char>(c)) != std::string_view::npos;
                      });
    if (!fine) {
      report(Code::E0313, entry.unit.span, "a systemd unit has a name such as \"redis@a.service\"", &scope);
      return;
    }
    out.unit = *unit;
  }
  if (entry.level && entry.from != ast::EntryStatement::From::unit) {
    report(Code::E0313, entry.level->span, "only an entry from a unit has a level of its own", &scope)
        .note("give the domain a level: `level \"s0:c1\";`");
    return;
  }
  if (entry.level) out.level = level_text(*entry.level, scope, "%").value_or("");
  if (entry.from == ast::EntryStatement::From::external) {
    out.external = lookup_domain(entry.external, scope, "`init`, `user`, `unit` or an external domain");
    if (out.external == ir::DomainId::none) return;
    if (!policy_.domain(out.external).external) {
      report(Code::E0320, entry.external.span,
             fmt::format("`{}` is a domain of this project, it enters with `exec ... to`", entry.external.text()),
             &scope)
          .note(fmt::format("in `{}` write `exec PATHS to {};`", entry.external.text(), policy_.domain(state.id).name));
      return;
    }
  }
  if (!out.paths.include.empty()) policy_.domains[static_cast<std::size_t>(state.id)].entries.push_back(std::move(out));
}

void Analysis::rules_all() {
  for (DomainState& state : domains_) {
    for (const Pending& pending : state.pending) rule(state, pending);
  }
}

void Analysis::rule(DomainState& state, const Pending& pending) {
  ir::Domain& domain = policy_.domains[static_cast<std::size_t>(state.id)];
  const ast::Statement& statement = *pending.statement;
  const Scope& scope = pending.scope;
  if (const auto* raw = std::get_if<ast::RawStatement>(&statement.value)) {
    if (!known_backend(raw->backend)) return;
    ir::RawText out{raw->backend.text, raw->text, {}, provenance(statement.span, scope)};
    for (std::size_t at = raw->text.find("${"); at != std::string::npos; at = raw->text.find("${", at + 2)) {
      const std::size_t end = raw->text.find('}', at);
      if (end == std::string::npos) {
        report(Code::E0407, raw->text_span, "`${` is not closed with `}`", &scope);
        return;
      }
      const std::string word = raw->text.substr(at + 2, end - at - 2);
      const auto begin = static_cast<std::uint32_t>(raw->text_span.begin + at + 2);
      const ast::QualifiedName name =
          name_in_text(word, {raw->text_span.file, begin, static_cast<std::uint32_t>(begin + word.size())});
      const Argument* a = parameter(name, scope);
      if (a != nullptr && a->type == ast::ParameterType::resource) {
        out.resources[word] = a->resource;
        continue;
      }
      const Symbol* s = lookup_kind(name, scope, Symbol::Kind::resource, "a resource");
      if (s == nullptr) return;
      out.resources[word] = s->resource;
    }
    domain.raw.push_back(std::move(out));
    return;
  }
  const auto& r = std::get<ast::RuleStatement>(statement.value);
  const bool never = r.effect == ast::Effect::never;
  PhraseUse use;
  use.grants = r.effect == ast::Effect::allow;
  use.asks = never;
  for (ir::Access& access : accesses(r.phrase, scope, use)) {
    if (never) {
      domain.never.push_back({std::move(access), provenance(statement.span, scope)});
      continue;
    }
    domain.rules.push_back({r.effect == ast::Effect::deny ? ir::Effect::deny : ir::Effect::allow, r.audit,
                            std::move(access), scope.condition, provenance(statement.span, scope)});
  }
}

void Analysis::check_unused_abstractions() {
  for (const auto& module : modules_) {
    if (!module->root) continue;
    for (const ast::Declaration& declaration : module->file.declarations) {
      const auto* decl = std::get_if<ast::AbstractionDecl>(&declaration);
      if (decl != nullptr && !included_.contains(decl)) read_with_stand_ins(*module, *decl);
    }
  }
}

void Analysis::read_with_stand_ins(Module& module, const ast::AbstractionDecl& decl) {
  const std::size_t domain_count = policy_.domains.size();
  const std::size_t resource_count = policy_.resources.size();
  DomainState state;
  state.id = static_cast<ir::DomainId>(domain_count);
  state.module = &module;
  ir::Domain domain;
  domain.name = decl.name.text;
  domain.where.span = decl.name.span;
  policy_.domains.push_back(std::move(domain));
  ir::Resource resource;
  resource.name = "parameter";
  policy_.resources.push_back(std::move(resource));

  auto arguments = std::make_shared<Arguments>();
  for (const auto& parameter : decl.parameters) {
    Argument a;
    a.type = parameter.type;
    a.parameter = parameter.span;
    a.span = parameter.span;
    a.domain = state.id;
    a.resource = static_cast<ir::ResourceId>(resource_count);
    a.texts = {parameter.type == ast::ParameterType::path ? "/parameter" : "parameter"};
    a.ports = {{1, 1}};
    arguments->emplace(parameter.name.text, std::move(a));
  }
  const Scope scope{&module, state.locals, std::move(arguments), {}, {}};
  stand_ins_ = true;
  included_.insert(&decl);
  state.active.push_back(module.name + "." + decl.name.text);
  declare_statements(state, decl.body, scope);
  gather(state, decl.body, scope, false);
  for (const Pending& pending : state.pending) rule(state, pending);
  stand_ins_ = false;
  policy_.domains.resize(domain_count);
  policy_.resources.resize(resource_count);
}

void Analysis::module_rules() {
  for (const auto& module : modules_) {
    const Scope scope{module.get(), nullptr, nullptr, {}, {}};
    for (const ast::Declaration& declaration : module->file.declarations) {
      if (const auto* test = std::get_if<ast::TestDecl>(&declaration)) policy_.tests.push_back(test_of(*test, scope));
      const auto* never = std::get_if<ast::NeverDecl>(&declaration);
      if (never == nullptr) continue;
      std::set<ir::DomainId> except;
      for (const ast::QualifiedName& name : never->except) except.insert(lookup_domain(name, scope, "a domain"));
      const auto promised = accesses(never->phrase, scope, {false, true});
      for (DomainState& state : domains_) {
        if (except.contains(state.id)) continue;
        for (const ir::Access& access : promised) {
          policy_.domains[static_cast<std::size_t>(state.id)].never.push_back({access, provenance(never->span, scope)});
        }
      }
    }
  }
}

ir::Test Analysis::test_of(const ast::TestDecl& test, const Scope& outer) {
  ir::Test out;
  out.span = test.span;
  if (auto name = plain_text(test.name, outer)) out.name = std::move(*name);
  for (const ast::Expectation& e : test.expectations) {
    const ir::DomainId id = lookup_domain(e.domain, outer, "a domain");
    if (id == ir::DomainId::none) continue;
    DomainState* state = state_of(id);
    if (state == nullptr) {
      report(Code::E0320, e.domain.span, "an external domain has no rules to test");
      continue;
    }
    // Names in the phrase are the tested domain's first.
    Scope scope = outer;
    scope.locals = state->locals;
    if (outer.everywhere) scope.module = state->module;
    ir::Condition when;
    if (e.when) {
      auto condition = condition_of(*e.when, scope);
      if (!condition) continue;
      when = std::move(*condition);
      if (!ir::can_hold(when, policy_.booleans.size())) {
        report(Code::E0322, e.when->span, "this condition never holds, so nothing is tested");
        continue;
      }
    }
    for (ir::Access& access : accesses(e.phrase, scope, {false, true})) {
      out.expectations.push_back({e.allow, id, std::move(access), when, e.span});
    }
  }
  return out;
}

}  // namespace macc::sema
