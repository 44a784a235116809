#include "compiler/lint/rules.h"
#include "compiler/lint/unused.h"

namespace macc::lint::rules {

void unused_parameter(Context& context) {
  look_for_unused(context, Code::L0113, ir::UnusedName::Kind::parameter,
                  "the abstraction does not use its parameter `{}`", "what an include gives here is lost");
}

}  // namespace macc::lint::rules
