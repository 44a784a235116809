#include "compiler/lint/capability_use.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void capability_near_root(Context& context) {
  look_for_capabilities(context, Code::L0502,
                        "leave it to a small program in a domain of its own, which this one asks");
}

}  // namespace macc::lint::rules
