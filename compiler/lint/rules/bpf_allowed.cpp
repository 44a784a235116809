#include "compiler/lint/plain.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void bpf_allowed(Context& context) {
  look_for_plain(context, Code::L0705, ir::PlainAccess::Kind::bpf, "load BPF programs",
                 "they run in the kernel, see all packets and system calls, and have often been a way out",
                 "load them with a small program in a domain of its own");
}

}  // namespace macc::lint::rules
