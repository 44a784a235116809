#include "compiler/ir/always_there.h"

namespace macc::ir {

bool is_always_there(const Access& access, DomainId self) {
  const auto own = [&](const Peer& p) {
    return p.kind == Peer::Kind::self || (p.kind == Peer::Kind::domain && p.domain == self);
  };
  if (const auto* s = std::get_if<SignalAccess>(&access)) return own(s->peer);
  if (const auto* p = std::get_if<ProcessAccess>(&access)) {
    return own(p->peer) && (p->kind == ProcessAccess::Kind::inspect || p->kind == ProcessAccess::Kind::ipc);
  }
  if (const auto* k = std::get_if<PlainAccess>(&access)) return k->kind == PlainAccess::Kind::keyring;
  return false;
}

bool keeps_environment(const ExecAccess& access) {
  return access.keep_environment || access.mode == ExecAccess::Mode::inside;
}

}  // namespace macc::ir
