#include "compiler/lint/peers.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void ipc_any_peer(Context& context) {
  look_for_any_peer(context, Code::L0605, ir::ProcessAccess::Kind::ipc, "share memory with",
                    "shared memory of another program can be read and changed under its feet");
}

}  // namespace macc::lint::rules
