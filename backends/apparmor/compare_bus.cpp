// D-Bus: names that are owned, and messages by peer, interface and member.
#include "backends/apparmor/compare_keys.h"

namespace macc::backends::apparmor {

namespace {

constexpr std::uint32_t kSend = 2, kReceive = 4, kEavesdrop = 0x20, kBind = 0x40;

KeyField text_or_any(const std::string& text) { return text.empty() ? any_text() : bytes(text); }

KeyPattern start(const std::string& bus) { return {bytes(std::string(1, kBusClass)), text_or_any(bus), nul()}; }

KeyPattern own_key(const std::string& bus, const std::string& name) {
  KeyPattern out = start(bus);
  out.push_back(name.empty() ? any_text(false) : bytes(name));
  return out;
}

/// The peer's name, its label, the object, the interface, the member.
KeyPattern message_key(const std::string& bus, const std::string& peer, const std::string& interface,
                       const std::string& member) {
  KeyPattern out = start(bus);
  for (const KeyField& field : {text_or_any(peer), any_text(), any_text(), text_or_any(interface)}) {
    out.push_back(field);
    out.push_back(nul());
  }
  out.push_back(text_or_any(member));
  return out;
}

}  // namespace

void compare_bus(const Comparing& c) {
  if (!c.build.features.mediates(Class::dbus)) return;
  KeyComparison keys(c);
  keys.compare_logs(KeyComparison::Logs::all);
  keys.ask({bytes(std::string(1, kBusClass)), any_text(false)}, kEavesdrop);  // of a whole bus; no policy asks for it
  keys.ask(own_key("", ""), kBind);
  keys.ask(message_key("", "", "", ""), kSend | kReceive);
  for (const ir::Rule& rule : c.domain().rules) {
    const auto* access = std::get_if<ir::DbusAccess>(&rule.access);
    if (access == nullptr) continue;
    const bool deny = rule.effect == ir::Effect::deny;
    const std::string bus = access->session_bus ? "session" : "system";
    if (!deny) keys.add(unlogged(key_rule(c, rule, message_key(bus, "org.freedesktop.DBus", "", ""), kSend, 2)));
    if (access->own) {
      keys.add(key_rule(c, rule, own_key(bus, access->name), kBind, 0));
      if (!deny) keys.add(key_rule(c, rule, message_key(bus, "", "", ""), kReceive, 2));
      continue;
    }
    const KeyPattern message = message_key(bus, access->name, access->interface, access->member);
    keys.add(key_rule(c, rule, message, kSend, 1));
    // The answers of a peer that is denied do no harm without the questions.
    if (!deny) keys.add(key_rule(c, rule, message, kReceive, 2));
  }
  keys.run(c.profile.classes ? &*c.profile.classes : nullptr);
}

}  // namespace macc::backends::apparmor
