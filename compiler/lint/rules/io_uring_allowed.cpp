#include "compiler/lint/plain.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void io_uring_allowed(Context& context) {
  look_for_plain(context, Code::L0707, ir::PlainAccess::Kind::io_uring, "use io_uring",
                 "it submits work that filters of system calls never see, and its code in the kernel changes quickly",
                 "most programs fall back to plain system calls when they may not");
}

}  // namespace macc::lint::rules
