#include "compiler/lint/signals.h"

#include <fmt/format.h>

#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

/// `exists` asks whether a process is there and does nothing to it.
bool only_asks(const ir::SignalAccess& access) {
  return !access.any && access.signals.size() == 1 && access.signals.front() == 0;
}

}  // namespace

void signal_any_peer(Context& context) {
  for (const Subject& subject : context.subjects()) {
    each_signal_to_any(context, subject, [&](const auto& rule, const auto& access, const auto& values) {
      if (only_asks(access)) return;
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
