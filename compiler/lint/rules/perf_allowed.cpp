#include "compiler/lint/plain.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void perf_allowed(Context& context) {
  look_for_plain(context, Code::L0706, ir::PlainAccess::Kind::perf, "open performance events",
                 "they watch what other programs do, down to the keys that they work with",
                 "leave profiling to a tool that an administrator starts");
}

}  // namespace macc::lint::rules
