#include <fmt/format.h>

#include "compiler/lint/ports.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void connect_any_port(Context& context) {
  for (const Subject& subject : context.subjects()) {
    for (const OpenPorts& open : open_ports(context, *subject.domain, false)) {
      if (!(open.count() >= kNearlyAllPorts)) continue;
      context
          .report(Code::L0402, subject.id, open.rule->where,
                  fmt::format("`{}` may connect to every port of {}{}", subject.domain->name,
                              ir::word(open.access->protocol), context.when(open.values)))
          .note("it can reach every service of the host and of the network, and send what it reads to anybody")
          .note("name the ports: `allow connect tcp 5432;`")
          .about(fmt::format("connect to every port of {}", ir::word(open.access->protocol)));
    }
  }
}

}  // namespace macc::lint::rules
