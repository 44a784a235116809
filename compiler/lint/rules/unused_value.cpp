#include "compiler/lint/rules.h"
#include "compiler/lint/unused.h"

namespace macc::lint::rules {

void unused_value(Context& context) {
  look_for_unused(context, Code::L0114, ir::UnusedName::Kind::let, "nothing refers to `{}`",
                  "a value that is not used looks as if it were in force");
}

}  // namespace macc::lint::rules
