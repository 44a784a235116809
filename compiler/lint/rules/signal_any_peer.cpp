#include "compiler/lint/signals.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/capability_use.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void signal_any_peer(Context& context) {
  for (const Subject& subject : context.subjects()) {
    const auto held = held_capabilities(context, *subject.domain);
    const bool can_kill =
        std::any_of(held.begin(), held.end(), [](const auto& h) { return h.capability == ir::Capability::kill; });
    if (can_kill) continue;  // kill-any-process says more
    each_signal_to_any(context, subject, [&](const auto& rule, const auto& access, const auto& values) {
      context
          .report(Code::L0601, subject.id, rule.where,
                  fmt::format("`{}` may send {} to every process{}", subject.domain->name,
                              access.any ? "any signal" : "signals", context.when(values)))
          .note("it can stop other services, or make them dump their memory")
          .note("name the domain that the signals are for; signals to its own processes need no rule")
          .about(access.any ? "any signal" : "signals");
    });
  }
}

}  // namespace macc::lint::rules
