#include "compiler/lint/rules.h"
#include "compiler/lint/unused.h"

namespace macc::lint::rules {

void unused_abstraction(Context& context) {
  look_for_unused(context, Code::L0115, ir::UnusedName::Kind::abstraction, "nothing includes `{}`",
                  "make it `public` when other projects are to include it");
}

}  // namespace macc::lint::rules
