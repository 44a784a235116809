#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/lint/rules.h"
#include "compiler/lint/same.h"
#include "compiler/lint/statements.h"

namespace macc::lint::rules {

namespace {

/// Whether `wider` promises all that `never` does.
bool implied_by(const Context& context, const ir::Obligation& never, const ir::Obligation& wider) {
  const auto* file = std::get_if<ir::FileAccess>(&never.access);
  const auto* more = std::get_if<ir::FileAccess>(&wider.access);
  if (file == nullptr || more == nullptr) return key_of(never.access) == key_of(wider.access);
  if (more->owner && !file->owner) return false;
  const auto verbs = file->verbs.list();
  return std::all_of(verbs.begin(), verbs.end(), [&](ir::Verb verb) {
    return more->verbs.has(verb) &&
           context.meaning().objects(verb, more->paths).contains(context.meaning().objects(verb, file->paths));
  });
}

/// Whether its exceptions leave no path that it could be about.
bool is_about_nothing(const Context& context, const ir::Obligation& never) {
  if (const auto* file = std::get_if<ir::FileAccess>(&never.access)) {
    if (file->paths.exclude.empty()) return false;
    const auto verbs = file->verbs.list();
    return std::all_of(verbs.begin(), verbs.end(),
                       [&](ir::Verb verb) { return context.meaning().objects(verb, file->paths).empty(); });
  }
  const auto* exec = std::get_if<ir::ExecAccess>(&never.access);
  return exec != nullptr && !exec->paths.exclude.empty() &&
         context.meaning().objects(ir::Verb::load, exec->paths).empty();
}

void report_about_nothing(Context& context, ir::DomainId domain, const ir::Obligation& never) {
  context.report(Code::L0107, domain, never.where, "this promise is about no path: what is left out is all of it")
      .note("leave less out with `except`, or remove it")
      .about(key_of(never.access));
}

/// The promises of modules, which are about many domains: what one domain promises says nothing about the others.
std::set<Span> promises_of_modules(const std::vector<ast::File>& files) {
  std::set<Span> out;
  for (const ast::File& file : files) {
    for (const ast::Declaration& declaration : file.declarations) {
      if (const auto* never = std::get_if<ast::NeverDecl>(&declaration)) out.insert(never->span);
    }
  }
  return out;
}

void look_at_domain(Context& context, const Subject& subject, const std::set<Span>& of_modules) {
  const auto& promises = subject.domain->never;
  std::set<const ir::Obligation*> told;
  for (const ir::Obligation& never : promises) {
    if (!context.is_written_here(never.where)) continue;
    if (is_about_nothing(context, never)) {
      report_about_nothing(context, of_modules.contains(never.where.span) ? ir::DomainId::none : subject.id, never);
      continue;
    }
    if (of_modules.contains(never.where.span)) continue;
    const auto wider = std::find_if(promises.begin(), promises.end(), [&](const ir::Obligation& other) {
      return &other != &never && other.where.span != never.where.span && !told.contains(&other) &&
             implied_by(context, never, other);
    });
    if (wider == promises.end()) continue;
    told.insert(&never);
    context.report(Code::L0107, subject.id, never.where, "another promise says this already")
        .with(wider->where, "whoever keeps this one keeps the other")
        .note("remove it, or promise what the other one leaves open")
        .about(key_of(never.access));
  }
}

}  // namespace

void trivial_never(Context& context) {
  const std::vector<ast::File> files = parse_again(context);
  const std::set<Span> of_modules = promises_of_modules(files);
  for (const Subject& subject : context.subjects()) look_at_domain(context, subject, of_modules);
  if (!context.input().whole_project) return;
  std::set<Span> kept;
  for (const ir::Domain& domain : context.policy().domains) {
    for (const ir::Obligation& never : domain.never) kept.insert(never.where.span);
  }
  for (const ast::File& file : files) {
    for (const ast::Declaration& declaration : file.declarations) {
      const auto* never = std::get_if<ast::NeverDecl>(&declaration);
      if (never == nullptr || kept.contains(never->span)) continue;
      context.report(Code::L0107, ir::DomainId::none, never->span, "this promise is about no domain")
          .note("every domain of the project is left out of it")
          .note("leave fewer domains out, or remove it")
          .about(std::string(context.sources().text(never->span)));
    }
  }
}

}  // namespace macc::lint::rules
