// D-Bus: names that a domain owns and names it talks to.
#include "backends/apparmor/build.h"

namespace macc::backends::apparmor {

namespace {

using ir::Effect;

class Bus {
 public:
  Bus(Build& build, ir::DomainId id, const ir::Rule& rule, const ir::DbusAccess& access)
      : build_(build), id_(id), rule_(rule), access_(access), guard_(Guard::of(rule.condition)) {}

  void run() {
    if (rule_.effect == Effect::allow) reach_bus();
    if (!build_.features.mediates(Class::dbus)) return build_.fidelity.add(id_, rule_, Topic::dbus);
    if (access_.own) {
      own();
    } else {
      talk();
    }
    const bool wide = access_.own && rule_.effect == Effect::allow;
    build_.fidelity.add(id_, rule_, wide ? Topic::dbus_own : Topic::none);
  }

 private:
  DbusRule start(DbusRule::Kind kind) const {
    DbusRule out;
    out.qualifiers = qualifiers(rule_);
    out.kind = kind;
    out.session = access_.session_bus;
    return out;
  }

  void add(RuleBody body) { build_.add_unconditional(id_, id_, guard_, std::move(body), rule_); }

  /// The socket of a client, and the messages that every one exchanges with the bus itself. The bus's socket file is
  /// among the files.
  void reach_bus() {
    if (build_.features.mediates(Class::unix_sockets)) {
      UnixRule stream;
      stream.type = "stream";
      add(stream);
    } else {
      build_.draft(id_).add(guard_, NetworkRule{{}, "unix", "stream"}, build_.origin(rule_));
    }
    if (!build_.features.mediates(Class::dbus)) return;
    DbusRule bus = start(DbusRule::Kind::send);
    bus.qualifiers = {};
    bus.name = "org.freedesktop.DBus";
    add(bus);
  }

  void own() {
    DbusRule bind = start(DbusRule::Kind::bind);
    bind.name = access_.name;
    add(bind);
    if (rule_.effect == Effect::allow) add(start(DbusRule::Kind::receive));
  }

  void talk() {
    for (const DbusRule::Kind kind : {DbusRule::Kind::send, DbusRule::Kind::receive}) {
      DbusRule out = start(kind);
      out.name = access_.name;
      out.interface = access_.interface;
      out.member = access_.member;
      if (rule_.effect == Effect::allow || kind == DbusRule::Kind::send) add(out);
    }
  }

  Build& build_;
  ir::DomainId id_;
  const ir::Rule& rule_;
  const ir::DbusAccess& access_;
  Guard guard_;
};

}  // namespace

void lower_bus(Build& build, ir::DomainId id) {
  for (const ir::Rule& rule : build.policy.domain(id).rules) {
    if (const auto* a = std::get_if<ir::DbusAccess>(&rule.access)) Bus(build, id, rule, *a).run();
  }
}

}  // namespace macc::backends::apparmor
