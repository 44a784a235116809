#include "compiler/lint/capability_use.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void capability_root(Context& context) {
  look_for_capabilities(
      context, Code::L0501,
      "do what needs it in a small domain of its own, or let systemd do it before the service starts");
}

}  // namespace macc::lint::rules
