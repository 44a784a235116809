#include "compiler/lint/peers.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void trace_any_peer(Context& context) {
  look_for_any_peer(context, Code::L0602, ir::ProcessAccess::Kind::trace, "trace",
                    "it takes over what it traces: memory, open files and rights of every program that it can see");
}

}  // namespace macc::lint::rules
