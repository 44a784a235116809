#include "compiler/lint/rules.h"
#include "compiler/lint/sockets.h"

namespace macc::lint::rules {

void rare_socket_family(Context& context) {
  look_for_sockets(context, Code::L0407, "leave it out, unless the program is about this family");
}

}  // namespace macc::lint::rules
