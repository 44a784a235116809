#include "compiler/lint/capability_use.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void capability_near_root(Context& context) {
  look_for_capabilities(context, Code::L0502,
                        "let systemd set user, group and owners (User=, StateDirectory=), so that the program starts without it");
}

}  // namespace macc::lint::rules
