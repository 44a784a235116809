// Signals, inspection, tracing, System V IPC, and becoming another domain.
#include <algorithm>
#include <set>

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

std::set<std::string_view> permissions_of(const ir::SignalAccess& access) {
  std::set<std::string_view> list;
  if (access.any)
    for (auto word : words(kSignalPermissions)) list.insert(word);
  for (ir::Signal signal : access.signals) list.insert(signal_permission(signal));
  return list;
}

constexpr std::size_t kOrdinarySignals = 32 - 4;

/// A permission goes only when every signal behind it that the rule allows is denied.
std::set<std::string_view> without_denied(Subject& subject, const ir::SignalAccess& access, const Guard& guard) {
  std::vector<ir::Signal> left = access.signals;
  if (access.any)
    for (unsigned signal = 0; signal < 32; ++signal) left.push_back(static_cast<ir::Signal>(signal));
  for (const auto& [rule, denial] : subject.rules<ir::SignalAccess>(ir::Effect::deny)) {
    if (!covers(denial->peer, access.peer, subject.id)) continue;
    const Guard other = subject.guard(*rule);
    if (!other.is_always() && other != guard) continue;
    if (denial->any) return {};
    const auto& denied = denial->signals;
    std::erase_if(left, [&](ir::Signal s) { return std::find(denied.begin(), denied.end(), s) != denied.end(); });
  }
  ir::SignalAccess rest;
  rest.signals = left;
  return permissions_of(rest);
}

void lower_signals(Subject& subject) {
  for (const auto& [rule, access] : subject.rules<ir::SignalAccess>(ir::Effect::allow)) {
    const Guard guard = subject.guard(*rule);
    const auto permissions = without_denied(subject, *access, guard);
    const std::vector<std::string_view> list(permissions.begin(), permissions.end());
    for (const auto& target : targets(subject, access->peer, rule->where.span)) {
      subject.allow(guard, target, "process", list, rule->where.span);
      if (rule->audit) subject.audit(guard, target, "process", list, rule->where.span);
    }
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

bool denied(Subject& subject, const ir::ProcessAccess& access, Guard& guard) {
  for (const auto& [rule, denial] : subject.rules<ir::ProcessAccess>(ir::Effect::deny)) {
    if (denial->kind != access.kind || !covers(denial->peer, access.peer, subject.id)) continue;
    const Guard other = subject.guard(*rule);
    if (other.is_always() || other == guard) return true;
    guard = guard.but_not(other);
  }
  return false;
}

}  // namespace

void lower_processes(Subject& subject) {
  lower_signals(subject);
  for (const auto& [rule, access] : subject.rules<ir::ProcessAccess>(ir::Effect::allow)) {
    Guard guard = subject.guard(*rule);
    if (denied(subject, *access, guard)) continue;
    for (const auto& target : targets(subject, access->peer, rule->where.span))
      allow_process(subject, *rule, *access, guard, target);
    if (access->kind == ir::ProcessAccess::Kind::become)
      add_starters_roles(subject, access->peer.domain, rule->where.span);
  }
}

}  // namespace macc::backends::selinux
