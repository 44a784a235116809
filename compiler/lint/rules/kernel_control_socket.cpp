#include "compiler/lint/rules.h"
#include "compiler/lint/sockets.h"

namespace macc::lint::rules {

void kernel_control_socket(Context& context) {
  look_for_sockets(context, Code::L0406,
                   "programs that only need addresses and routes get along with `socket netlink.route`");
}

}  // namespace macc::lint::rules
