// D-Bus: names that are owned, and messages by peer, interface and member.
#include "backends/apparmor/asked_keys.h"
#include "backends/apparmor/compare_keys.h"

namespace macc::backends::apparmor {

void compare_bus(const Comparing& c) {
  if (!c.build.features.mediates(Class::dbus)) return;
  KeyComparison keys(c);
  keys.compare_logs(KeyComparison::Logs::all);
  keys.ask({bytes(std::string(1, kBusClass)), any_text(false)}, kEavesdrop);  // of a whole bus; no policy asks for it
  keys.ask(bus_name_key("", ""), kOwnName);
  keys.ask(message_key("", "", "", ""), kSendMessage | kReceiveMessage);
  for (const ir::Rule& rule : c.domain().rules) {
    const auto* access = std::get_if<ir::DbusAccess>(&rule.access);
    if (access == nullptr) continue;
    const bool deny = rule.effect == ir::Effect::deny;
    const std::string bus = access->session_bus ? "session" : "system";
    if (!deny) keys.add(unlogged(key_rule(c, rule, message_key(bus, "org.freedesktop.DBus", "", ""), kSendMessage, 2)));
    if (access->own) {
      keys.add(key_rule(c, rule, bus_name_key(bus, access->name), kOwnName, 0));
      if (!deny) keys.add(key_rule(c, rule, message_key(bus, "", "", ""), kReceiveMessage, 2));
      continue;
    }
    const KeyPattern message = message_key(bus, access->name, access->interface, access->member);
    keys.add(key_rule(c, rule, message, kSendMessage, 1));
    // The answers of a peer that is denied do no harm without the questions.
    if (!deny) keys.add(key_rule(c, rule, message, kReceiveMessage, 2));
  }
  keys.run(c.profile.classes ? &*c.profile.classes : nullptr);
}

}  // namespace macc::backends::apparmor
