#include "compiler/lint/rules.h"
#include "compiler/lint/unused.h"

namespace macc::lint::rules {

void unused_boolean(Context& context) {
  look_for_unused(context, Code::L0112, ir::UnusedName::Kind::boolean, "no rule depends on `{}`",
                  "administrators will turn the switch in vain");
}

}  // namespace macc::lint::rules
