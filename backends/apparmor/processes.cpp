// Signals, inspection, tracing, System V IPC and change of domain. AppArmor asks both sides of signals and tracing.
#include <algorithm>

#include "backends/apparmor/build.h"

namespace macc::backends::apparmor {

namespace {

using ir::Effect;
using ir::ProcessAccess;

std::optional<std::string> label_or_any(const std::string& label) {
  if (label.empty()) return std::nullopt;
  return label;
}

class Processes {
 public:
  Processes(Build& build, ir::DomainId id) : build_(build), id_(id), domain_(build.policy.domain(id)) {}

  void run() {
    always_there();
    for (const ir::Rule& rule : domain_.rules) {
      if (const auto* s = std::get_if<ir::SignalAccess>(&rule.access)) signal(rule, *s);
      if (const auto* p = std::get_if<ProcessAccess>(&rule.access)) process(rule, *p);
    }
  }

 private:
  void always_there() {
    const Origin origin{domain_.where.span, "always there: own processes"};
    const std::string name = label_of(build_.policy, id_);
    Draft& draft = build_.draft(id_);
    draft.add(Guard::always(), SignalRule{{}, false, {}, name}, origin);
    draft.add(Guard::always(), SignalRule{{}, true, {}, name}, origin);
    draft.add(Guard::always(), SignalRule{{}, true, {}, "unconfined"},
              {domain_.where.span, "always there: whoever starts and stops it"});
    draft.add(Guard::always(), PtraceRule{{}, false, true, false, name}, origin);
    draft.add(Guard::always(), PtraceRule{{}, false, true, true, name}, origin);
    build_.fidelity.add(id_, "always there: own processes", domain_.where.span, Topic::always_there);
  }

  void signal(const ir::Rule& rule, const ir::SignalAccess& access) {
    const Guard guard = Guard::of(rule.condition);
    const std::string self = label_of(build_.policy, id_);
    for (const PeerSide& peer : peers_of(build_.policy, id_, access.peer)) {
      SignalRule send{qualifiers(rule), false, access.signals, label_or_any(peer.label)};
      const bool named = !peer.label.empty() || peer.domain == ir::DomainId::none;
      if (named) build_.add_unconditional(id_, id_, guard, send, rule);
      if (peer.domain == ir::DomainId::none || rule.effect == Effect::deny) continue;
      build_.add_unconditional(id_, peer.domain, guard, SignalRule{{}, true, access.signals, self}, rule);
    }
    build_.fidelity.add(id_, rule, Topic::none);
  }

  void process(const ir::Rule& rule, const ProcessAccess& access) {
    switch (access.kind) {
      case ProcessAccess::Kind::inspect:
      case ProcessAccess::Kind::trace:
        return rule.effect == Effect::deny ? deny_trace(rule, access) : trace(rule, access);
      case ProcessAccess::Kind::become:
        return become(rule, access);
      case ProcessAccess::Kind::ipc:
        return build_.fidelity.add(id_, rule, Topic::ipc);
    }
  }

  void trace(const ir::Rule& rule, const ProcessAccess& access) {
    const Guard guard = Guard::of(rule.condition);
    const bool trace = access.kind == ProcessAccess::Kind::trace;
    const std::string self = label_of(build_.policy, id_);
    for (const PeerSide& peer : peers_of(build_.policy, id_, access.peer)) {
      const PtraceRule own{qualifiers(rule), trace, true, false, label_or_any(peer.label)};
      const bool named = !peer.label.empty() || peer.domain == ir::DomainId::none;
      if (named) build_.add_unconditional(id_, id_, guard, own, rule);
      if (peer.domain == ir::DomainId::none) continue;
      build_.add_unconditional(id_, peer.domain, guard, PtraceRule{{}, trace, true, true, self}, rule);
    }
    build_.fidelity.add(id_, rule, Topic::inspect);
    if (trace) build_.fidelity.add(id_, rule, Topic::trace);
  }

  /// Tracing needs to read as well, so a deny of inspecting alone cannot hold beside it.
  void deny_trace(const ir::Rule& rule, const ProcessAccess& access) {
    const bool trace = access.kind == ProcessAccess::Kind::trace;
    if (!trace && keeps_tracing(domain_, rule)) return build_.fidelity.add(id_, rule, Topic::deny_shared_bit);
    for (const PeerSide& peer : peers_of(build_.policy, id_, access.peer)) {
      if (peer.label.empty() && peer.domain != ir::DomainId::none) continue;
      const PtraceRule denied{qualifiers(rule), trace, !trace, false, label_or_any(peer.label)};
      build_.add_unconditional(id_, id_, Guard::of(rule.condition), denied, rule);
    }
    build_.fidelity.add(id_, rule, Topic::none);
  }

  void become(const ir::Rule& rule, const ProcessAccess& access) {
    Qualifiers q = qualifiers(rule);
    q.audit = false;  // AppArmor takes no audit here
    for (const PeerSide& peer : peers_of(build_.policy, id_, access.peer)) {
      if (peer.label.empty()) continue;
      build_.draft(id_).add(Guard::of(rule.condition), ChangeProfileRule{q, peer.label}, build_.origin(rule));
    }
    if (rule.audit) build_.fidelity.add(id_, rule, Topic::become_audit);
    build_.fidelity.add(id_, rule, Topic::become_files);
  }

  Build& build_;
  ir::DomainId id_;
  const ir::Domain& domain_;
};

}  // namespace

bool keeps_tracing(const ir::Domain& domain, const ir::Rule& deny) {
  const auto& denied = std::get<ProcessAccess>(deny.access);
  return std::any_of(domain.rules.begin(), domain.rules.end(), [&](const ir::Rule& rule) {
    const auto* a = std::get_if<ProcessAccess>(&rule.access);
    if (a == nullptr || rule.effect == Effect::deny || a->kind != ProcessAccess::Kind::trace) return false;
    const bool any = a->peer.kind == ir::Peer::Kind::any || denied.peer.kind == ir::Peer::Kind::any;
    const bool same = any || (a->peer.kind == denied.peer.kind && a->peer.domain == denied.peer.domain);
    return same && (Guard::of(rule.condition) & Guard::of(deny.condition)).possible();
  });
}

void lower_processes(Build& build, ir::DomainId id) { Processes(build, id).run(); }

}  // namespace macc::backends::apparmor
