#include "compiler/lint/ports.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void listen_any_port(Context& context) {
  look_for_all_ports(context, Code::L0401, true, "listen on",
                     "it can take the place of another service that is not running, and open doors that nobody watches",
                     "name the ports: `allow listen tcp 8443;`");
}

}  // namespace macc::lint::rules
