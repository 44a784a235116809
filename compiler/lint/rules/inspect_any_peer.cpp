#include "compiler/lint/peers.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void inspect_any_peer(Context& context) {
  look_for_any_peer(
      context, Code::L0604, ir::ProcessAccess::Kind::inspect, "look into",
      "it sees arguments, environment and open files of every program, among them passwords on command lines");
}

}  // namespace macc::lint::rules
