// Signals, inspection, tracing, System V IPC, and becoming another domain.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "backends/selinux/cil.h"
#include "backends/selinux/entering.h"
#include "backends/selinux/lowering.h"

namespace macc::backends::selinux {
namespace {

std::vector<std::string> targets(Subject& subject, const ir::Peer& peer, Span span) {
  if (peer.kind == ir::Peer::Kind::self) return {subject.type};
  if (peer.kind == ir::Peer::Kind::any) return {subject.name(Name::domain, span)};
  return subject.context.types_of(peer.domain, span);
}

/// Whether a denial's peer is at least the rule's.
bool covers(const ir::Peer& denied, const ir::Peer& allowed, ir::DomainId self) {
  if (denied.kind == ir::Peer::Kind::any) return true;
  auto who = [&](const ir::Peer& peer) { return peer.kind == ir::Peer::Kind::self ? self : peer.domain; };
  return allowed.kind != ir::Peer::Kind::any && who(denied) == who(allowed);
}

constexpr std::size_t kOrdinarySignals = 32 - 4;

/// The signals of a rule that denies of one kind leave, and under which condition, by permission.
using Signals = std::map<std::string_view, Guard>;

/// A permission goes only when every signal behind it that the rule allows is denied; under the condition of a deny
/// that takes them all alone.
Signals signals_left(Subject& subject, const ir::SignalAccess& access, const Guard& guard) {
  std::map<std::string_view, std::set<ir::Signal>> left;
  if (access.any)
    for (unsigned signal = 0; signal < 32; ++signal)
      left[signal_permission(static_cast<ir::Signal>(signal))].insert(static_cast<ir::Signal>(signal));
  for (const ir::Signal signal : access.signals) left[signal_permission(signal)].insert(signal);
  std::vector<std::pair<Guard, const ir::SignalAccess*>> conditional;
  const auto take = [](std::set<ir::Signal>& signals, const ir::SignalAccess& denial) {
    if (denial.any) return signals.clear();
    for (const ir::Signal signal : denial.signals) signals.erase(signal);
  };
  for (const auto& [rule, denial] : subject.rules<ir::SignalAccess>(ir::Effect::deny)) {
    if (!covers(denial->peer, access.peer, subject.id)) continue;
    const Guard other = subject.guard(*rule);
    if (!other.is_always() && other != guard)
      conditional.emplace_back(other, denial);
    else
      for (auto& [permission, signals] : left) take(signals, *denial);
  }
  Signals result;
  for (const auto& [permission, signals] : left) {
    if (signals.empty()) continue;
    Guard& rest = result.emplace(permission, guard).first->second;
    for (const auto& [other, denial] : conditional) {
      std::set<ir::Signal> others = signals;
      take(others, *denial);
      if (others.empty()) rest = rest.but_not(other);
    }
  }
  return result;
}

// ---- rules about any peer

/// The peers that denies name apart from the rest, each once.
template <typename Access>
std::vector<ir::Peer> denied_peers(Subject& subject) {
  std::map<ir::DomainId, ir::Peer> peers;
  for (const auto& [rule, denial] : subject.rules<Access>(ir::Effect::deny))
    if (denial->peer.kind != ir::Peer::Kind::any) {
      const ir::DomainId id = denial->peer.kind == ir::Peer::Kind::self ? subject.id : denial->peer.domain;
      peers.emplace(id, ir::Peer{ir::Peer::Kind::domain, id});
    }
  std::vector<ir::Peer> list;
  for (const auto& [id, peer] : peers) list.push_back(peer);
  return list;
}

/// All domains but some peers: an attribute, so that types that come later are covered too.
std::string domains_but(Subject& subject, const std::vector<ir::Peer>& peers, Span span) {
  const std::string& all = subject.name(Name::domain, span);
  std::set<std::string> without;
  for (const ir::Peer& peer : peers)
    for (std::string& type : subject.context.types_of(peer.domain, span)) without.insert(std::move(type));
  if (without.empty() || all.empty()) return all;
  return subject.attribute_for(cil::form("and", all, cil::form("not", cil::Node::symbols(without))), "peers", span);
}

void allow_signals(Subject& subject, const ir::Rule& rule, const std::string& target, std::string_view permission,
                   const Guard& guard) {
  subject.allow(guard, target, "process", permission, rule.where.span);
  if (rule.audit) subject.audit(guard, target, "process", {permission}, rule.where.span);
}

void lower_signals_to(Subject& subject, const ir::Rule& rule, const ir::SignalAccess& access) {
  for (const auto& [permission, guard] : signals_left(subject, access, subject.guard(rule)))
    for (const auto& target : targets(subject, access.peer, rule.where.span))
      allow_signals(subject, rule, target, permission, guard);
}

/// A peer of whom a deny takes something away stands apart.
void lower_signals_to_any(Subject& subject, const ir::Rule& rule, const ir::SignalAccess& access) {
  const Guard own = subject.guard(rule);
  const Signals all = signals_left(subject, access, own);
  std::map<std::string_view, std::vector<ir::Peer>> apart;
  for (const ir::Peer& peer : denied_peers<ir::SignalAccess>(subject)) {
    const Signals left = signals_left(subject, {access.any, access.signals, peer}, own);
    for (const auto& [permission, guard] : all) {
      const auto rest = left.find(permission);
      if (rest != left.end() && rest->second == guard) continue;
      apart[permission].push_back(peer);
      if (rest != left.end())
        for (const auto& target : targets(subject, peer, rule.where.span))
          allow_signals(subject, rule, target, permission, rest->second);
    }
  }
  for (const auto& [permission, guard] : all)
    allow_signals(subject, rule, domains_but(subject, apart[permission], rule.where.span), permission, guard);
}

void lower_signals(Subject& subject) {
  for (const auto& [rule, access] : subject.rules<ir::SignalAccess>(ir::Effect::allow)) {
    if (access->peer.kind == ir::Peer::Kind::any)
      lower_signals_to_any(subject, *rule, *access);
    else
      lower_signals_to(subject, *rule, *access);
    const auto ordinary = std::count_if(access->signals.begin(), access->signals.end(),
                                        [](ir::Signal s) { return signal_permission(s) == "signal"; });
    if (!access->any && ordinary != 0 && static_cast<std::size_t>(ordinary) < kOrdinarySignals)
      subject.say(*rule, Topic::ordinary_signals);
  }
}

void allow_inspect(Subject& subject, const Guard& guard, const std::string& target, Span span) {
  subject.allow(guard, target, "dir", "open read getattr search", span);
  subject.allow(guard, target, "file", "open read getattr", span);
  subject.allow(guard, target, "lnk_file", "read getattr", span);
  subject.allow(guard, target, "process", "getattr getpgid getsched getcap getsession", span);
  subject.allow(guard, subject.name(Name::proc, span), "dir", "search", span);
}

void allow_ipc(Subject& subject, const Guard& guard, const std::string& target, Span span) {
  subject.allow(guard, target, "shm", "associate getattr read write unix_read unix_write lock", span);
  subject.allow(guard, target, "sem", "associate getattr read write unix_read unix_write", span);
  subject.allow(guard, target, "msgq", "associate getattr read write unix_read unix_write enqueue", span);
  subject.allow(guard, target, "msg", "send receive", span);
}

void allow_process(Subject& subject, const ir::Rule& rule, const ir::ProcessAccess& access, const Guard& guard,
                   const std::string& target) {
  using Kind = ir::ProcessAccess::Kind;
  const Span span = rule.where.span;
  switch (access.kind) {
    case Kind::inspect:
      allow_inspect(subject, guard, target, span);
      break;
    case Kind::trace:
      allow_inspect(subject, guard, target, span);
      subject.say(rule, Topic::trace);
      subject.allow(guard, target, "process", "ptrace", span);
      subject.allow(guard, target, "file", "write", span);
      if (rule.audit) subject.audit(guard, target, "process", {"ptrace"}, span);
      break;
    case Kind::ipc:
      allow_ipc(subject, guard, target, span);
      break;
    case Kind::become:
      subject.allow(guard, target, "process", "dyntransition", span);
      subject.allow_self(guard, "process", "setcurrent", span);
      if (rule.audit) subject.audit(guard, target, "process", {"dyntransition"}, span);
      break;
  }
}

/// What denies leave of the condition of an access; nothing when they take all of it.
std::optional<Guard> left_of(Subject& subject, const ir::ProcessAccess& access, Guard guard) {
  const Guard own = guard;
  for (const auto& [rule, denial] : subject.rules<ir::ProcessAccess>(ir::Effect::deny)) {
    if (denial->kind != access.kind || !covers(denial->peer, access.peer, subject.id)) continue;
    const Guard other = subject.guard(*rule);
    if (other.is_always() || other == own) return std::nullopt;
    guard = guard.but_not(other);
  }
  return guard;
}

/// With the peers of whom a deny takes it away apart.
void lower_process_to_any(Subject& subject, const ir::Rule& rule, const ir::ProcessAccess& access, const Guard& guard) {
  const Guard own = subject.guard(rule);
  std::vector<ir::Peer> apart;
  for (const ir::Peer& peer : denied_peers<ir::ProcessAccess>(subject)) {
    const auto rest = left_of(subject, {access.kind, peer}, own);
    if (rest == guard) continue;
    apart.push_back(peer);
    if (rest)
      for (const auto& target : targets(subject, peer, rule.where.span))
        allow_process(subject, rule, access, *rest, target);
  }
  allow_process(subject, rule, access, guard, domains_but(subject, apart, rule.where.span));
}

}  // namespace

void lower_processes(Subject& subject) {
  lower_signals(subject);
  for (const auto& [rule, access] : subject.rules<ir::ProcessAccess>(ir::Effect::allow)) {
    const auto guard = left_of(subject, *access, subject.guard(*rule));
    if (!guard) continue;
    if (access->peer.kind == ir::Peer::Kind::any)
      lower_process_to_any(subject, *rule, *access, *guard);
    else
      for (const auto& target : targets(subject, access->peer, rule->where.span))
        allow_process(subject, *rule, *access, *guard, target);
    if (access->kind == ir::ProcessAccess::Kind::become)
      add_starters_roles(subject, access->peer.domain, rule->where.span);
  }
}

}  // namespace macc::backends::selinux
