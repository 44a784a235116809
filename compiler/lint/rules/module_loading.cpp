#include "compiler/lint/capability_use.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void module_loading(Context& context) {
  look_for_capabilities(context, Code::L0704, "let the system load modules at boot: /etc/modules-load.d");
}

}  // namespace macc::lint::rules
