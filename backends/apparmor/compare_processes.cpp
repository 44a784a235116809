// Signals, tracing and changes of profile. AppArmor asks both sides of the first two, so what a domain may do stands in
// its own profile and in that of the other side.
#include "backends/apparmor/asked_keys.h"
#include "backends/apparmor/compare_keys.h"

namespace macc::backends::apparmor {

namespace {

std::string shown(const std::string& text) { return "`" + printable(text, 200) + "`"; }

/// Labels of the other side of a rule, "" for any.
std::vector<std::string> labels(const Comparing& c, const ir::Peer& peer) {
  if (peer.kind == ir::Peer::Kind::any) return {""};
  if (peer.kind == ir::Peer::Kind::self) return {label_of(c.build.policy, c.id)};
  return labels_of(c.build.policy, peer.domain);
}

/// Calls `with` for each allow of this kind of access that is about the domain.
template <class Access, class With>
void by_others(const Comparing& c, With with) {
  for (const Aimed& aimed : c.build.aimed_at(c.id)) {
    const auto* access = std::get_if<Access>(&aimed.rule->access);
    if (access != nullptr) with(label_of(c.build.policy, aimed.from), *aimed.rule, *access);
  }
}

}  // namespace

void compare_signals(const Comparing& c) {
  KeyComparison keys(c);
  keys.compare_logs(KeyComparison::Logs::all);
  keys.ask(signal_key(every_signal(), ""), kSendSignal | kReceiveSignal);
  const std::vector<unsigned> every = every_signal();
  const std::string self = label_of(c.build.policy, c.id);
  KeyRule own = always_there(c, signal_key(every, self), kSendSignal);
  own.operation = 0;
  keys.add(std::move(own));
  keys.add(always_there(c, signal_key(every, self), kReceiveSignal));
  keys.add(always_there(c, signal_key(every, "unconfined"), kReceiveSignal));
  for (const ir::Rule& rule : c.domain().rules) {
    const auto* access = std::get_if<ir::SignalAccess>(&rule.access);
    if (access == nullptr) continue;
    for (const std::string& label : labels(c, access->peer))
      keys.add(key_rule(c, rule, signal_key(signal_numbers(*access), label), kSendSignal, 0));
  }
  by_others<ir::SignalAccess>(c, [&](const std::string& label, const ir::Rule& rule, const ir::SignalAccess& access) {
    keys.add(unlogged(key_rule(c, rule, signal_key(signal_numbers(access), label), kReceiveSignal, 1)));
  });
  keys.run(c.profile.classes ? &*c.profile.classes : nullptr);
}

void compare_tracing(const Comparing& c) {
  using Kind = ir::ProcessAccess::Kind;
  KeyComparison keys(c);
  keys.compare_logs(KeyComparison::Logs::all);
  keys.ask(trace_key(""), kTrace | kReadOther | kTracedBy | kReadBy);
  const std::string self = label_of(c.build.policy, c.id);
  KeyRule own = always_there(c, trace_key(self), kReadOther);
  own.operation = 0;
  keys.add(std::move(own));
  keys.add(always_there(c, trace_key(self), kReadBy));
  for (const ir::Rule& rule : c.domain().rules) {
    const auto* access = std::get_if<ir::ProcessAccess>(&rule.access);
    if (access == nullptr || (access->kind != Kind::inspect && access->kind != Kind::trace)) continue;
    const bool trace = access->kind == Kind::trace;
    const bool deny = rule.effect == ir::Effect::deny;
    for (const std::string& label : labels(c, access->peer)) {
      const std::uint32_t bits = !trace ? kReadOther : deny ? kTrace : kTrace | kReadOther;
      KeyRule key = key_rule(c, rule, trace_key(label), bits, trace ? 1 : 0);
      if (trace && !deny) key.stays = kReadOther;  // it is inspection, too, which is not denied
      // A deny of inspecting alone cannot hold beside some tracing, as the report says.
      if (deny && !trace && keeps_tracing(c.domain(), rule)) key.given_always = false;
      keys.add(std::move(key));
    }
  }
  by_others<ir::ProcessAccess>(c, [&](const std::string& label, const ir::Rule& rule, const ir::ProcessAccess& access) {
    if (access.kind != Kind::inspect && access.kind != Kind::trace) return;
    keys.add(
        unlogged(key_rule(c, rule, trace_key(label), access.kind == Kind::trace ? kTracedBy | kReadBy : kReadBy, 2)));
  });
  keys.run(c.profile.classes ? &*c.profile.classes : nullptr);
}

void compare_changes_of_profile(const Comparing& c) {
  if (!may_change_profile(c.domain()) && !(c.profile.files && c.profile.files->accepts_any(kChangeProfile))) return;
  KeyComparison keys(c, [](const std::string& key, std::uint32_t) { return "become " + shown(key); });
  keys.ask({any_text(false)}, kChangeProfile);
  for (const ir::Rule& rule : c.domain().rules) {
    const auto* access = std::get_if<ir::ProcessAccess>(&rule.access);
    if (access == nullptr || access->kind != ir::ProcessAccess::Kind::become) continue;
    for (const std::string& label : labels(c, access->peer)) {
      KeyRule key = key_rule(c, rule, {label_field(label)}, kChangeProfile, 0);
      key.given_always = key.deny && key.holds;  // these stay in their conditions
      keys.add(std::move(key));
    }
  }
  keys.run(c.profile.files ? &*c.profile.files : nullptr);
}

}  // namespace macc::backends::apparmor
