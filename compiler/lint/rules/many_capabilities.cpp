#include <fmt/format.h>

#include "compiler/lint/capability_use.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {
/// Daemons that start as root and give rights away get along with half a dozen.
constexpr std::size_t kMany = 9;
}  // namespace

void many_capabilities(Context& context) {
  for (const Subject& subject : context.subjects()) {
    const std::vector<HeldCapability> held = held_capabilities(context, *subject.domain);
    if (held.size() < kMany) continue;
    context
        .report(Code::L0505, subject.id, held.front().rule->where,
                fmt::format("`{}` has {} capabilities", subject.domain->name, held.size()))
        .note("so many are root under another name")
        .note("find out which the program uses: run it with fewer, and read what the kernel denies")
        .about("many");
  }
}

}  // namespace macc::lint::rules
