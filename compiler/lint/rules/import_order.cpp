#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/rules.h"
#include "compiler/lint/statements.h"

namespace macc::lint::rules {

namespace {

/// Whether nothing but white space stands between the imports, so that they may change places.
bool stand_alone(const SourceManager& sources, const std::vector<ast::ImportDecl>& imports) {
  for (std::size_t i = 1; i < imports.size(); ++i) {
    const Span between{imports[i].span.file, imports[i - 1].span.end, imports[i].span.begin};
    if (sources.text(between).find_first_not_of(" \t\r\n") != std::string_view::npos) return false;
  }
  const SourceFile& file = sources.file(imports.back().span.file);
  const std::string_view rest = std::string_view(file.text()).substr(imports.back().span.end);
  const std::string_view line = rest.substr(0, rest.find('\n'));
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

void import_order(Context& context) {
  for (const ast::File& file : parse_again(context)) {
    std::vector<ast::ImportDecl> sorted = file.imports;
    std::stable_sort(sorted.begin(), sorted.end(), [](const ast::ImportDecl& a, const ast::ImportDecl& b) {
      return a.module.text() < b.module.text();
    });
    std::vector<Edit> edits;
    const ast::ImportDecl* first = nullptr;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      if (sorted[i].span == file.imports[i].span) continue;
      if (first == nullptr) first = &file.imports[i];
      edits.push_back({file.imports[i].span, std::string(context.sources().text(sorted[i].span))});
    }
    if (first == nullptr) continue;
    if (!stand_alone(context.sources(), file.imports)) edits.clear();  // comments would end up beside another import
    context.report(Code::L1002, ir::DomainId::none, first->span, "imports are not sorted by their names")
        .note("sorted ones show at a glance what a policy builds on, and merge without conflicts")
        .about("imports")
        .fix("sort them", std::move(edits), true);
  }
}

}  // namespace macc::lint::rules
