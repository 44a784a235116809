#include <fmt/format.h>

#include "compiler/lint/rules.h"
#include "compiler/lint/statements.h"

namespace macc::lint::rules {

namespace {

void report(Context& context, const ast::Name& name, std::string_view what) {
  context
      .report(Code::L1003, ir::DomainId::none, name.span,
              fmt::format("{} `{}` says nothing about itself", what, name.text))
      .note("a `///` comment in front of it stands in reports, and tells reviewers what it is for")
      .about(name.text);
}

}  // namespace

void missing_doc(Context& context) {
  for (const ast::File& file : parse_again(context)) {
    for (const ast::Declaration& declaration : file.declarations) {
      if (const auto* d = std::get_if<ast::DomainDecl>(&declaration); d != nullptr && d->doc.empty())
        report(context, d->name, "domain");
      if (const auto* b = std::get_if<ast::BooleanDecl>(&declaration); b != nullptr && b->doc.empty())
        report(context, b->name, "boolean");
      if (const auto* a = std::get_if<ast::AbstractionDecl>(&declaration);
          a != nullptr && a->is_public && a->doc.empty())
        report(context, a->name, "public abstraction");
    }
  }
}

}  // namespace macc::lint::rules
