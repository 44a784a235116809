#include "compiler/lint/plain.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void memory_execute(Context& context) {
  look_for_plain(context, Code::L0709, ir::PlainAccess::Kind::memory_execute, "execute memory that it wrote",
                 "an intruder can bring code of their own without a file",
                 "switch the just-in-time compiler off, or put this behind a boolean");
}

}  // namespace macc::lint::rules
