#include "compiler/lint/hits.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void exec_shell(Context& context) {
  look_for_programs(
      context, Code::L0305, "shells",
      "give the program what it needs the shell for: exec the one tool, or start the script in a domain of its own");
}

}  // namespace macc::lint::rules
