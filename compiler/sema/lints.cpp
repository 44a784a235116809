// What lints need beyond the rules: the findings that are expected, names that nothing refers to, lists of paths.
#include <fmt/format.h>

#include "compiler/sema/analysis.h"

namespace macc::sema {

void Analysis::expected_lints() {
  for (const auto& module : modules_) {
    const Scope scope{module.get(), nullptr, nullptr, {}, {}};
    for (const ast::Annotated& annotated : module->file.annotated) {
      for (const ast::Annotation& a : annotated.annotations) expected_lint(a, annotated.span, scope);
    }
  }
}

void Analysis::expected_lint(const ast::Annotation& annotation, Span over, const Scope& scope) {
  if (annotation.name.text != "expect") {
    unknown_word(annotation.name, "annotation", {"expect"});
    return;
  }
  ir::ExpectedLint expected;
  expected.span = annotation.span;
  expected.over = over;
  Span name_span = annotation.span;
  for (const auto& argument : annotation.arguments) {
    auto text = plain_text(argument.value, scope);
    if (!text) return;
    if (!argument.key) {
      expected.name = *text;
      name_span = argument.value.span;
    } else if (argument.key->text == "reason") {
      expected.reason = *text;
    } else {
      unknown_word(*argument.key, "part of `@expect`", {"reason"});
      return;
    }
  }
  if (expected.name.empty() || expected.reason.find_first_not_of(" \t") == std::string::npos) {
    report(Code::E0316, annotation.span, "`@expect` needs a lint's name and a reason", &scope)
        .note("write it as `@expect(\"lint-name\", reason = \"why it is right here\")`");
    return;
  }
  if (const LintInfo* lint = find_lint(expected.name)) {
    expected.name = info(lint->code).name;
    policy_.expected.push_back(std::move(expected));
    return;
  }
  Diagnostic& d = report(Code::E0325, name_span, fmt::format("no lint is called `{}`", printable(expected.name, 60)));
  std::vector<std::string> names;
  for (const LintInfo& lint : lint_catalogue()) names.emplace_back(info(lint.code).name);
  const std::string guess = did_you_mean(expected.name, names);
  if (!guess.empty()) {
    d.suggest(fmt::format("did you mean `{}`?", guess), {{name_span, '"' + guess + '"'}});
  } else {
    d.note("`macc explain` lists the lints");
  }
}

void Analysis::note_unused(ir::UnusedName::Kind kind, const ast::Name& name, ir::ResourceId resource) {
  if (!used_.contains(name.span)) policy_.unused.push_back({kind, name.text, name.span, resource});
}

void Analysis::unused_names() {
  using Kind = ir::UnusedName::Kind;
  if (diagnostics_.has_errors()) return;  // a use may have been lost
  for (const auto& module : modules_) {
    if (!module->root) continue;
    for (const ast::Declaration& declaration : module->file.declarations) {
      if (const auto* l = std::get_if<ast::LetDecl>(&declaration); l != nullptr && !l->is_public)
        note_unused(Kind::let, l->name);
      if (const auto* b = std::get_if<ast::BooleanDecl>(&declaration); b != nullptr && !b->is_public)
        note_unused(Kind::boolean, b->name);
      if (const auto* domain = std::get_if<ast::DomainDecl>(&declaration)) unused_in(domain->body);
      if (const auto* more = std::get_if<ast::ExtendDomainDecl>(&declaration)) unused_in(more->body);
      if (const auto* a = std::get_if<ast::AbstractionDecl>(&declaration)) {
        if (!a->is_public) note_unused(Kind::abstraction, a->name);
        for (const auto& parameter : a->parameters) {
          if (!used_.contains(parameter.span))
            policy_.unused.push_back({Kind::parameter, parameter.name.text, parameter.name.span, {}});
        }
        unused_in(a->body);
      }
    }
  }
  for (std::size_t i = 0; i < policy_.resources.size(); ++i) {
    const ir::Resource& r = policy_.resources[i];
    const bool project = !sources_.file(r.where.span.file).is_bundled();
    if (project && !r.external && !r.opened.any())
      note_unused(Kind::resource, {r.name, r.where.span}, static_cast<ir::ResourceId>(i));
  }
}

void Analysis::unused_in(const std::vector<ast::Statement>& body) {
  for (const ast::Statement& statement : body) {
    if (const auto* l = std::get_if<ast::LetDecl>(&statement.value)) note_unused(ir::UnusedName::Kind::let, l->name);
  }
}

void Analysis::path_lists() {
  for (const std::string& name : options_.list_modules) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) continue;
    const Scope scope{found->second, nullptr, nullptr, {}, {}};
    for (const ast::Declaration& declaration : found->second->file.declarations) {
      const auto* let = std::get_if<ast::LetDecl>(&declaration);
      if (let == nullptr || !let->is_public) continue;
      ir::PathList list{let->name.text, {}, let->doc};
      const auto texts = let_texts(found->second->names.at(let->name.text), let->name.span);
      if (!texts) continue;
      for (const std::string& text : *texts) add_patterns(text, let->name.span, true, list.patterns);
      policy_.lists.push_back(std::move(list));
    }
  }
}

}  // namespace macc::sema
