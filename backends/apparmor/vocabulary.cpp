#include "backends/apparmor/vocabulary.h"

#include <string>

namespace macc::backends::apparmor {

namespace {

struct Row {
  ir::Verb verb;
  std::string_view permissions;
  Topic topic;
};

constexpr Row kRows[] = {
#define MACC_APPARMOR_VERB(verb, permissions, topic) {ir::Verb::verb, permissions, Topic::topic},
#include "backends/apparmor/file_permissions.def"
#undef MACC_APPARMOR_VERB
};
static_assert(std::size(kRows) == ir::kVerbCount, "a verb without a row in file_permissions.def");

constexpr bool rows_in_order() {
  for (std::size_t i = 0; i < std::size(kRows); ++i) {
    if (kRows[i].verb != static_cast<ir::Verb>(i)) return false;
  }
  return true;
}
static_assert(rows_in_order(), "file_permissions.def must have the order of verbs.def");

const Row& row(ir::Verb verb) { return kRows[static_cast<std::size_t>(verb)]; }

}  // namespace

FilePermissions& FilePermissions::operator|=(const FilePermissions& o) {
  read = read || o.read;
  write = write || o.write;
  lock = lock || o.lock;
  map = map || o.map;
  return *this;
}

FilePermissions FilePermissions::operator&(const FilePermissions& o) const {
  return {read && o.read, write && o.write, lock && o.lock, map && o.map};
}

FilePermissions permissions_for(ir::Verb verb) {
  const auto has = [&](char c) { return row(verb).permissions.find(c) != std::string_view::npos; };
  return {has('r'), has('w'), has('k'), has('m')};
}

FilePermissions decisive_permission(ir::Verb verb) {
  const FilePermissions all = permissions_for(verb);
  if (all.write) return {false, true, false, false};
  if (all.map) return {false, false, false, true};
  return all;
}

Topic topic_for(ir::Verb verb) { return row(verb).topic; }

Shape shape_for(ir::Verb verb) {
  if (!ir::applies_to(verb, ir::ObjectClass::directory)) return Shape::files;
  return verb == ir::Verb::list ? Shape::directories : Shape::both;
}

std::string_view signal_name(ir::Signal signal) {
  constexpr ir::Signal kTerminalStop = 20;
  return signal == kTerminalStop ? "stp" : ir::signal_word(signal);
}

std::vector<SocketKind> sockets_for(ir::Protocol protocol) {
  switch (protocol) {
    case ir::Protocol::tcp:
      return {{"inet", "stream"}, {"inet6", "stream"}};
    case ir::Protocol::udp:
      return {{"inet", "dgram"}, {"inet6", "dgram"}};
    case ir::Protocol::sctp:
      return {{"inet", "stream"}, {"inet6", "stream"}, {"inet", "seqpacket"}, {"inet6", "seqpacket"}};
  }
  return {};
}

std::vector<SocketKind> sockets_for(const ir::SocketAccess& access) {
  const std::string_view family = access.family;
  const std::string_view type = access.type;
  if (family.starts_with("netlink.")) {
    if (!type.empty()) return {{"netlink", type}};
    return {{"netlink", "raw"}, {"netlink", "dgram"}};
  }
  if (family == "raw") return {{"inet", "raw"}, {"inet6", "raw"}};
  if (family == "icmp") return {{"inet", "dgram"}, {"inet6", "dgram"}};
  return {{family, type}};
}

bool overlap(const SocketKind& a, const SocketKind& b) {
  return a.family == b.family && (a.type.empty() || b.type.empty() || a.type == b.type);
}

}  // namespace macc::backends::apparmor
