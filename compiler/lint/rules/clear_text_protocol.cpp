#include <fmt/format.h>

#include "compiler/lint/ports.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

struct ClearText {
  ir::Protocol transport;
  std::uint16_t port;
  std::string_view protocol, instead;
};

constexpr ClearText kClearText[] = {
#define MACC_CLEAR_TEXT(transport, port, protocol, instead) {ir::Protocol::transport, port, protocol, instead},
#include "compiler/lint/clear_text.def"
#undef MACC_CLEAR_TEXT
};

}  // namespace

void clear_text_protocol(Context& context) {
  for (const Subject& subject : context.subjects()) {
    for (const OpenPorts& open : open_ports(context, *subject.domain, false)) {
      if (open.count() >= kManyPorts) continue;  // not about these ports
      for (const ClearText& row : kClearText) {
        if (row.transport != open.access->protocol || !open.has(row.port)) continue;
        context
            .report(Code::L0409, subject.id, open.rule->where,
                    fmt::format("`{}` may connect to port {}, where {} is spoken{}", subject.domain->name, row.port,
                                row.protocol, context.when(open.values)))
            .note("it is read and changed by whoever is on the way")
            .note(fmt::format("use {}", row.instead))
            .about(fmt::format("port {}", row.port));
      }
    }
  }
}

}  // namespace macc::lint::rules
