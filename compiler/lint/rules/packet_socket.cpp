#include "compiler/lint/rules.h"
#include "compiler/lint/sockets.h"

namespace macc::lint::rules {

void packet_socket(Context& context) {
  look_for_sockets(context, Code::L0404, "leave capturing to a small program in a domain of its own");
}

}  // namespace macc::lint::rules
