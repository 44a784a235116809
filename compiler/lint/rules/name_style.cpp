#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/rules.h"
#include "compiler/lint/statements.h"

namespace macc::lint::rules {

namespace {

bool is_snake_case(const std::string& name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

void check(Context& context, const ast::Name& name) {
  if (is_snake_case(name.text)) return;
  context
      .report(Code::L1004, ir::DomainId::none, name.span, fmt::format("`{}` is not written in snake_case", name.text))
      .note("names become types, profiles and switches of the system, where this is the custom")
      .about(name.text);
}

}  // namespace

void name_style(Context& context) {
  for (const ast::File& file : parse_again(context)) {
    for (const ast::Declaration& declaration : file.declarations) {
      if (const auto* d = std::get_if<ast::DomainDecl>(&declaration)) check(context, d->name);
      if (const auto* b = std::get_if<ast::BooleanDecl>(&declaration)) check(context, b->name);
      if (const auto* a = std::get_if<ast::AbstractionDecl>(&declaration)) check(context, a->name);
      if (const auto* r = std::get_if<ast::ResourceDecl>(&declaration)) check(context, r->name);
    }
    each_statement(file, [&](const ast::Statement& statement) {
      if (const auto* r = std::get_if<ast::ResourceDecl>(&statement.value)) check(context, r->name);
    });
  }
}

}  // namespace macc::lint::rules
