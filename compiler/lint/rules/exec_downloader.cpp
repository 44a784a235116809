#include "compiler/lint/hits.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void exec_downloader(Context& context) {
  look_for_programs(context, Code::L0307, "downloaders",
                    "let the program fetch by itself with `connect`, or run the tool in a domain of its own");
}

}  // namespace macc::lint::rules
