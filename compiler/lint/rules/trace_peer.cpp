#include <fmt/format.h>

#include "compiler/lint/peers.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void trace_peer(Context& context) {
  for (const Subject& subject : context.subjects()) {
    const auto found = [&](const ir::Rule& rule, const ir::ProcessAccess& access, const ir::Assignment& values) {
      if (access.peer.kind != ir::Peer::Kind::domain || access.peer.domain == subject.id) return;
      const std::string& peer = context.policy().domain(access.peer.domain).name;
      context
          .report(Code::L0603, subject.id, rule.where,
                  fmt::format("`{}` may trace `{}`{}", subject.domain->name, peer, context.when(values)))
          .note(fmt::format("whoever takes over `{}` has `{}` with all its rights", subject.domain->name, peer))
          .note("a debugger is a matter for an administrator; for numbers there is `inspect`")
          .about("trace " + context.policy().qualified_name(access.peer.domain));
    };
    each_process_access(context, subject, ir::ProcessAccess::Kind::trace, found);
  }
}

}  // namespace macc::lint::rules
