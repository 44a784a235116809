// Signals to every process.
#pragma once

#include <algorithm>

#include "compiler/lint/context.h"

namespace macc::lint {

/// `exists` asks whether a process is there and does nothing to it.
[[nodiscard]] inline bool only_asks(const ir::SignalAccess& access) {
  return !access.any && access.signals.size() == 1 && access.signals.front() == 0;
}

/// Calls `f(rule, access, values)` for each rule in effect that does something to `any` process with signals.
template <typename F>
void each_signal_to_any(const Context& context, const Subject& subject, F f) {
  const auto taken = [](const ir::SignalAccess& deny, const ir::SignalAccess& allow) {
    const bool all = deny.any || (!allow.any && std::includes(deny.signals.begin(), deny.signals.end(),
                                                              allow.signals.begin(), allow.signals.end()));
    return all && deny.peer.kind == ir::Peer::Kind::any;
  };
  each_access<ir::SignalAccess>(context, *subject.domain, taken,
                                [&](const auto& rule, const auto& access, const auto& values) {
                                  if (access.peer.kind == ir::Peer::Kind::any && !only_asks(access))
                                    f(rule, access, values);
                                });
}

}  // namespace macc::lint
