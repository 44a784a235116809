#include "compiler/lint/rules.h"
#include "compiler/lint/sockets.h"

namespace macc::lint::rules {

void raw_socket(Context& context) {
  look_for_sockets(context, Code::L0403, "for ping there is `socket icmp`, which sends nothing else");
}

}  // namespace macc::lint::rules
