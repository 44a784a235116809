#include "compiler/lint/peers.h"

#include <fmt/format.h>

namespace macc::lint {

void look_for_any_peer(Context& context, Code lint, ir::ProcessAccess::Kind kind, std::string_view deed,
                       std::string_view harm) {
  for (const Subject& subject : context.subjects()) {
    each_process_access(context, subject, kind, [&](const auto& rule, const auto& access, const auto& values) {
      if (access.peer.kind != ir::Peer::Kind::any) return;
      context
          .report(lint, subject.id, rule.where,
                  fmt::format("`{}` may {} every process{}", subject.domain->name, deed, context.when(values)))
          .note(std::string(harm))
          .note("name the domain: `self`, or one that the program works with")
          .about(fmt::format("{} any", deed));
    });
  }
}

}  // namespace macc::lint
