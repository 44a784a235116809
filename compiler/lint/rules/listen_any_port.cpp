#include <fmt/format.h>

#include "compiler/lint/ports.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void listen_any_port(Context& context) {
  for (const Subject& subject : context.subjects()) {
    for (const OpenPorts& open : open_ports(context, *subject.domain, true)) {
      if (!(open.count() >= kNearlyAllPorts)) continue;
      context
          .report(Code::L0401, subject.id, open.rule->where,
                  fmt::format("`{}` may listen on every port of {}{}", subject.domain->name,
                              ir::word(open.access->protocol), context.when(open.values)))
          .note("it can take the place of another service that is not running, and open doors that nobody watches")
          .note("name the ports: `allow listen tcp 8443;`")
          .about(fmt::format("listen on every port of {}", ir::word(open.access->protocol)));
    }
  }
}

}  // namespace macc::lint::rules
