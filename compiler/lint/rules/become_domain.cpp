#include <fmt/format.h>

#include "compiler/lint/peers.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void become_domain(Context& context) {
  for (const Subject& subject : context.subjects()) {
    const auto found = [&](const ir::Rule& rule, const ir::ProcessAccess& access, const ir::Assignment& values) {
      if (access.peer.kind != ir::Peer::Kind::domain) return;
      const std::string& target = context.policy().domain(access.peer.domain).name;
      context
          .report(Code::L0606, subject.id, rule.where,
                  fmt::format("`{}` may become `{}` whenever it likes{}", subject.domain->name, target,
                              context.when(values)))
          .note(fmt::format("the same program goes on: what runs in `{}` decides what is done with the rights of `{}`",
                            subject.domain->name, target))
          .note(fmt::format("start a program for it: `exec PATH to {};`", target))
          .about("become " + context.policy().qualified_name(access.peer.domain));
    };
    each_process_access(context, subject, ir::ProcessAccess::Kind::become, found);
  }
}

}  // namespace macc::lint::rules
