// Questions about a build from outside of it: phrases whose names may be of any module.
#include <algorithm>

#include "compiler/sema/analysis.h"

namespace macc::sema {

namespace {

/// How many parts of a name a module's own name takes up: all of it ("std.tls.trust_store") or its last word
/// ("tls.trust_store"). 0 when the name does not begin with it.
std::size_t parts_of_module(const Module& module, const ast::QualifiedName& name) {
  std::string prefix;
  for (std::size_t i = 0; i + 1 < name.parts.size(); ++i) {
    prefix += (i == 0 ? "" : ".") + name.parts[i].text;
    if (prefix == module.name) return i + 1;
  }
  const std::size_t dot = module.name.rfind('.');
  const std::string last = dot == std::string::npos ? module.name : module.name.substr(dot + 1);
  return name.parts.size() > 1 && name.parts[0].text == last ? 1 : 0;
}

const Symbol* find(const Names& names, const std::string& word) {
  const auto it = names.find(word);
  return it == names.end() ? nullptr : &it->second;
}

}  // namespace

const Symbol* Analysis::member_of(const Symbol* symbol, const ast::QualifiedName& name, std::size_t next) {
  if (symbol == nullptr || next == name.parts.size()) return symbol;
  if (symbol->kind != Symbol::Kind::domain || next + 1 != name.parts.size()) return nullptr;
  const DomainState* state = state_of(symbol->domain);
  return state == nullptr ? nullptr : find(*state->locals, name.parts[next].text);
}

std::vector<const Symbol*> Analysis::lookup_everywhere(const ast::QualifiedName& name) {
  std::vector<const Symbol*> own;
  std::vector<const Symbol*> library;
  const auto add = [&](const Symbol* symbol) {
    if (symbol == nullptr) return;
    auto& list = symbol->module->root ? own : library;
    if (std::find(list.begin(), list.end(), symbol) == list.end()) list.push_back(symbol);
  };
  for (const auto& module : modules_) {
    const auto in_module = [&](std::size_t next) {
      return member_of(find(module->names, name.parts[next].text), name, next + 1);
    };
    const std::size_t taken = parts_of_module(*module, name);
    if (taken > 1 || (taken == 1 && module->name == name.parts[0].text)) {
      if (const Symbol* whole = in_module(taken)) return {whole};
    }
    if (taken == 1) add(in_module(1));
    add(in_module(0));
  }
  if (name.parts.size() == 1) {
    for (const DomainState& state : domains_) add(find(*state.locals, name.parts[0].text));
  }
  return own.empty() ? library : own;
}

void Analysis::questions() {
  Module outside;
  const Scope scope{&outside, nullptr, nullptr, {}, {}, true};
  for (const FileId file : options_.questions) {
    const ast::File tree = syntax::parse(sources_, file, diagnostics_, options_.limits);
    for (const ast::Declaration& declaration : tree.declarations) {
      if (const auto* test = std::get_if<ast::TestDecl>(&declaration)) policy_.asked.push_back(test_of(*test, scope));
      if (const auto* never = std::get_if<ast::NeverDecl>(&declaration)) {
        ir::Test about_nobody;
        for (ir::Access& access : accesses(never->phrase, scope, {false, true}))
          about_nobody.expectations.push_back({false, ir::DomainId::none, std::move(access), {}, never->span});
        policy_.asked.push_back(std::move(about_nobody));
      }
    }
  }
}

}  // namespace macc::sema
