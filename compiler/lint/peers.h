// Rules about processes, by the process that they are about.
#pragma once

#include <string_view>

#include "compiler/lint/context.h"

namespace macc::lint {

/// Calls `f(rule, access, values)` for each rule of a kind in effect. A deny of the same kind takes it away when its
/// peer is the same or `any`.
template <typename F>
void each_process_access(const Context& context, const Subject& subject, ir::ProcessAccess::Kind kind, F f) {
  const auto taken = [](const ir::ProcessAccess& deny, const ir::ProcessAccess& allow) {
    if (deny.kind != allow.kind) return false;
    return deny.peer.kind == ir::Peer::Kind::any ||
           (deny.peer.kind == allow.peer.kind && deny.peer.domain == allow.peer.domain);
  };
  each_access<ir::ProcessAccess>(context, *subject.domain, taken,
                                 [&](const auto& rule, const auto& access, const auto& values) {
                                   if (access.kind == kind) f(rule, access, values);
                                 });
}

/// Findings about rules of a kind whose peer is `any`. `deed`: "trace"; what follows is `harm`.
void look_for_any_peer(Context& context, Code lint, ir::ProcessAccess::Kind kind, std::string_view deed,
                       std::string_view harm);

}  // namespace macc::lint
