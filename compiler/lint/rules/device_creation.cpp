#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/capability_use.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void device_creation(Context& context) {
  for (const Subject& subject : context.subjects()) {
    const auto held = held_capabilities(context, *subject.domain);
    const auto mknod =
        std::find_if(held.begin(), held.end(), [](const auto& h) { return h.capability == ir::Capability::mknod; });
    if (mknod == held.end()) continue;
    for (const Grant& grant : subject.reach->grants()) {
      if (grant.rule == nullptr || !grant.verbs.has(ir::Verb::mknod)) continue;
      const auto reached = subject.reach->reached({&grant, ir::Verb::mknod, false});
      if (!reached) continue;
      const auto values = values_for(context.policy(), {&grant.condition(), &mknod->rule->condition}, {});
      if (!values) continue;
      context
          .report(Code::L0710, subject.id, grant.where(),
                  fmt::format("`{}` may make a device node such as `{}`{}", subject.domain->name,
                              printable(reached->example), context.when(*values)))
          .with(mknod->rule->where, "the kernel allows it because of this")
          .note("the numbers of the node decide which device it is: a disk, or memory")
          .note("let udev or systemd-tmpfiles make the nodes, and allow the program to open them")
          .about("mknod");
    }
  }
}

}  // namespace macc::lint::rules
