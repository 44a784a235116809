#include "compiler/syntax/ast.h"

namespace macc::ast {

std::string QualifiedName::text() const {
  std::string out;
  for (const Name& part : parts) {
    if (!out.empty()) out += '.';
    out += part.text;
  }
  return out;
}

Span span_of(const Object& object) {
  return std::visit([](const auto& o) { return o.span; }, object);
}

}  // namespace macc::ast
