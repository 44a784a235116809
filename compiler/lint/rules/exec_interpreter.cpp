#include "compiler/lint/hits.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void exec_interpreter(Context& context) {
  look_for_programs(context, Code::L0306, "interpreters",
                    "run the script in a domain of its own with `exec ... to`, and keep what it may do there small");
}

}  // namespace macc::lint::rules
