// Private domains: `domain D in PARENT`. Only PARENT leads to them.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/sema/analysis.h"

namespace macc::sema {

namespace {

/// The domain that the rule leads into, where it names one.
ir::DomainId destination(const ir::Rule& rule) {
  if (rule.effect != ir::Effect::allow) return ir::DomainId::none;
  if (const auto* exec = std::get_if<ir::ExecAccess>(&rule.access)) return exec->target;
  const auto* process = std::get_if<ir::ProcessAccess>(&rule.access);
  const bool becomes = process != nullptr && process->kind == ir::ProcessAccess::Kind::become;
  return becomes ? process->peer.domain : ir::DomainId::none;
}

}  // namespace

void Analysis::declare_children() {
  for (const auto& module : modules_) {
    for (const ast::Declaration& declaration : module->file.declarations) {
      const auto* decl = std::get_if<ast::DomainDecl>(&declaration);
      if (decl == nullptr || !decl->parent) continue;
      const auto it = module->names.find(decl->name.text);
      if (it == module->names.end() || it->second.span != decl->name.span) continue;  // declared twice
      declare_child(*module, *decl, it->second.domain);
    }
  }
}

void Analysis::declare_child(Module& module, const ast::DomainDecl& decl, ir::DomainId id) {
  const Scope scope{&module, nullptr, nullptr, {}, {}};
  const ir::DomainId parent = lookup_domain(*decl.parent, scope, "the domain that starts this one");
  if (parent == ir::DomainId::none) return;
  const std::string& name = decl.name.text;
  const ir::Domain& above = policy_.domain(parent);
  if (decl.is_public) {
    report(Code::E0327, decl.name.span,
           fmt::format("`{}` is private to `{}`, so it cannot be public", name, above.name))
        .note("leave out `public`, or `in` and the name behind it");
  }
  if (above.external || above.module != module.name) {
    report(Code::E0327, decl.parent->span,
           fmt::format("`{}` is no domain of this module, so nothing can be private to it", decl.parent->text()))
        .also(above.where.span, "declared here");
    return;
  }
  for (ir::DomainId up = parent; up != ir::DomainId::none; up = policy_.domain(up).parent) {
    if (up != id) continue;
    report(Code::E0327, decl.parent->span,
           parent == id ? fmt::format("`{}` cannot be private to itself", name)
                        : fmt::format("`{}` would be private to itself, through `{}`", name, above.name))
        .also(above.where.span, "declared here");
    return;
  }
  policy_.domains[static_cast<std::size_t>(id)].parent = parent;
}

bool Analysis::refuse_entry_of_child(const ir::Domain& domain, Span entry, const Scope& scope) {
  if (domain.parent == ir::DomainId::none) return false;
  const std::string& parent = policy_.domain(domain.parent).name;
  report(Code::E0327, entry,
         fmt::format("`{}` is private to `{}`, which starts it: it has no entry of its own", domain.name, parent),
         &scope)
      .also(domain.where.span, "declared here")
      .note(fmt::format("in `{}` write `exec PATHS to {};`", parent, domain.name));
  return true;
}

void Analysis::check_ways_into_children() {
  for (std::size_t i = 0; i < policy_.domains.size(); ++i) {
    for (const ir::Rule& rule : policy_.domains[i].rules) {
      const ir::DomainId to = destination(rule);
      if (to == ir::DomainId::none) continue;
      const ir::Domain& target = policy_.domain(to);
      // A domain that moves into itself has an error of its own.
      if (target.parent == ir::DomainId::none || target.parent == static_cast<ir::DomainId>(i) ||
          to == static_cast<ir::DomainId>(i)) {
        continue;
      }
      const std::string& parent = policy_.domain(target.parent).name;
      Diagnostic& d = report(
          Code::E0326, rule.where.span,
          fmt::format("`{}` is private to `{}`: `{}` cannot enter it", target.name, parent, policy_.domains[i].name));
      d.also(target.where.span, "declared here");
      for (auto it = rule.where.includes.rbegin(); it != rule.where.includes.rend(); ++it) {
        d.note(fmt::format("through `include {}`", it->abstraction), it->at);
      }
      d.note(fmt::format("a domain that several others start is declared without `in {}`", parent));
    }
  }
}

}  // namespace macc::sema
