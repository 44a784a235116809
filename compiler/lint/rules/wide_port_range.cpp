#include <fmt/format.h>

#include "compiler/lint/ports.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void wide_port_range(Context& context) {
  for (const Subject& subject : context.subjects()) {
    for (const bool listen : {true, false}) {
      for (const OpenPorts& open : open_ports(context, *subject.domain, listen)) {
        if (open.count() < kManyPorts || open.count() >= kNearlyAllPorts) continue;
        const std::string_view verb = listen ? "listen on" : "connect to";
        context
            .report(Code::L0408, subject.id, open.rule->where,
                    fmt::format("`{}` may {} {} ports of {}{}", subject.domain->name, verb, open.count(),
                                ir::word(open.access->protocol), context.when(open.values)))
            .note("services that nobody thought of lie in a range like this")
            .note("name the ports, or a boolean that opens the range when it is needed")
            .about(fmt::format("{} many ports of {}", verb, ir::word(open.access->protocol)));
      }
    }
  }
}

}  // namespace macc::lint::rules
