#include "compiler/lint/ports.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void connect_any_port(Context& context) {
  look_for_all_ports(context, Code::L0402, false, "connect to",
                     "it can reach every service of the host and of the network, and send what it reads to anybody",
                     "name the ports: `allow connect tcp 5432;`");
}

}  // namespace macc::lint::rules
