#include "compiler/lint/unused.h"

#include <fmt/format.h>

namespace macc::lint {

void look_for_unused(Context& context, Code lint, ir::UnusedName::Kind kind, std::string_view message,
                     std::string_view harm) {
  for (const ir::UnusedName& unused : context.policy().unused) {
    if (unused.kind != kind) continue;
    context.report(lint, ir::DomainId::none, unused.span, fmt::format(fmt::runtime(message), unused.name))
        .note(std::string(harm))
        .note("use it, or remove it")
        .about(unused.name);
  }
}

}  // namespace macc::lint
