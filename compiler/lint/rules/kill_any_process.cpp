#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/capability_use.h"
#include "compiler/lint/rules.h"
#include "compiler/lint/signals.h"

namespace macc::lint::rules {

void kill_any_process(Context& context) {
  for (const Subject& subject : context.subjects()) {
    const auto held = held_capabilities(context, *subject.domain);
    const auto kill =
        std::find_if(held.begin(), held.end(), [](const auto& h) { return h.capability == ir::Capability::kill; });
    if (kill == held.end()) continue;
    each_signal_to_any(context, subject, [&](const auto& rule, const auto&, const auto&) {
      const auto values = values_for(context.policy(), {&rule.condition, &kill->rule->condition}, {});
      if (!values) return;
      context
          .report(Code::L0609, subject.id, rule.where,
                  fmt::format("`{}` may send signals to every process of every user{}", subject.domain->name,
                              context.when(*values)))
          .with(kill->rule->where, "`kill` passes over the users of processes")
          .note("it can stop whatever watches the system, and whatever guards it")
          .note("name the domain that the signals are for")
          .about("kill any");
    });
  }
}

}  // namespace macc::lint::rules
