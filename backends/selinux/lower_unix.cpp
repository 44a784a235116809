// Unix sockets, and what another domain opened and hands over.
#include <algorithm>

#include "backends/selinux/file_rules.h"
#include "backends/selinux/lowering.h"

namespace macc::backends::selinux {
namespace {

using paths::PathSet;

class UnixLowering {
 public:
  explicit UnixLowering(Subject& subject) : subject_(subject), meaning_(subject.context.input.meaning) {}

  void run() {
    for (const auto& [rule, access] : subject_.rules<ir::UnixAccess>(ir::Effect::allow)) {
      rule_ = rule;
      guard_ = subject_.guard(*rule);
      if (access->abstract_name.empty())
        path_socket(*access);
      else
        abstract_socket(*access);
    }
  }

 private:
  /// The sockets that are left when the denials are taken away.
  PathSet subtract(const ir::UnixAccess& access) {
    PathSet set = meaning_.set(access.paths) & PathSet::non_directories();
    for (const auto& [rule, denial] : subject_.rules<ir::UnixAccess>(ir::Effect::deny)) {
      if (denial->listen != access.listen || !denial->abstract_name.empty()) continue;
      const PathSet denied = meaning_.set(denial->paths);
      if (!denied.meets(set)) continue;
      const Guard other = subject_.guard(*rule);
      if (other.is_always() || other == guard_)
        set = set - denied;
      else if (denied.contains(set))
        guard_ = guard_.but_not(other);
      else
        subject_.say(*rule, Topic::split_denied);
    }
    return set;
  }

  void path_socket(const ir::UnixAccess& access) {
    const PathSet set = subtract(access);
    const Span span = rule_->where.span;
    const std::vector<Part> parts = subject_.parts_of(set, span);
    if (parts.empty()) return;
    subject_.search_above(guard_, set, span);
    for (const auto& [region, part, which] : parts) {
      for (const auto& type : subject_.types(*region, span)) {
        subject_.allow(guard_, type, "sock_file", access.listen ? "create getattr" : "write getattr", span);
        if (rule_->audit) subject_.audit(guard_, type, "sock_file", {access.listen ? "create" : "write"}, span);
      }
      if (!access.listen) continue;
      bind_in(part, *region);
      if (region->is_own() && started_by_init(subject_.domain))  // the socket file of a socket unit
        subject_.allow_other(guard_, subject_.name(Name::init, span), region->types[0], "sock_file",
                             "create getattr setattr unlink", span);
    }
    if (access.listen) {
      serve(span);
      say_own(set, parts);
      return;
    }
    connect(access, span);
    subject_.say(*rule_, Topic::unix_server);
  }

  void bind_in(const PathSet& sockets, const Region& region) {
    const Automaton members = sockets.automaton();
    const auto divided = subject_.context.labels.divide_above(sockets);
    for (const Part& above : divided->parts) {
      Children children = children_in(members, above.set.automaton());
      if (!children.any) continue;
      for (const auto& type : subject_.types(*above.region, rule_->where.span))
        subject_.allow(guard_, type, "dir", "search write add_name", rule_->where.span);
      children.directories = false;
      wish(subject_, *rule_, region, *above.region, children, ir::Verb::create);
    }
  }

  /// Listening itself is among what is always there.
  void serve(Span span) {
    from_socket_unit(subject_, guard_, "unix_stream_socket", "accept listen read write getattr getopt setopt shutdown",
                     "create bind listen getattr getopt setopt ioctl", span);
    from_socket_unit(subject_, guard_, "unix_dgram_socket", "read write getattr getopt setopt",
                     "create bind getattr getopt setopt ioctl", span);
  }

  /// The domain may connect to itself, and to a socket's file whatever may write it.
  void say_own(const PathSet& set, const std::vector<Part>& parts) {
    PathSet rest = set;
    for (const auto& [rule, access] : subject_.rules<ir::UnixAccess>(ir::Effect::allow))
      if (!access->listen && access->abstract_name.empty() && is_granted_with(*rule))
        rest = rest - meaning_.set(access->paths);
    std::vector<std::string> reached;
    for (const auto& [region, part, which] : parts) {
      if (!rest.meets(part)) continue;
      for (const auto& type : region->types)
        if (granted(subject_.module, {subject_.type, type, "sock_file"}).contains("write")) reached.push_back(type);
    }
    if (!reached.empty()) subject_.say(*rule_, Topic::own_sockets, reached);
  }

  /// Whether another rule holds whenever this one does, as far as that is plain to see.
  [[nodiscard]] bool is_granted_with(const ir::Rule& other) const {
    const Guard guard = subject_.guard(other);
    return guard.is_always() || guard == subject_.guard(*rule_);
  }

  void say_own(const std::string& abstract_name) {
    for (const auto& [rule, access] : subject_.rules<ir::UnixAccess>(ir::Effect::allow))
      if (!access->listen && access->abstract_name == abstract_name && is_granted_with(*rule)) return;
    subject_.say(*rule_, Topic::own_sockets, {"@" + abstract_name});
  }

  void connect(const ir::UnixAccess& access, Span span) {
    for (ir::DomainId server : access.servers)
      for (const auto& type : subject_.context.types_of(server, span)) {
        subject_.allow(guard_, type, "unix_stream_socket", "connectto", span);
        subject_.allow(guard_, type, "unix_dgram_socket", "sendto", span);
      }
  }

  void abstract_socket(const ir::UnixAccess& access) {
    const Guard own = guard_;
    for (const auto& [rule, denial] : subject_.rules<ir::UnixAccess>(ir::Effect::deny)) {
      if (denial->listen != access.listen || denial->abstract_name != access.abstract_name) continue;
      const Guard other = subject_.guard(*rule);
      if (other.is_always() || other == own) return;
      guard_ = guard_.but_not(other);
    }
    if (access.listen)
      say_own(access.abstract_name);
    else
      connect(access, rule_->where.span);
    subject_.say(*rule_, Topic::abstract_name);
  }

  Subject& subject_;
  const ir::Meaning& meaning_;
  const ir::Rule* rule_ = nullptr;
  Guard guard_;
};

void use_sockets(Subject& subject, const ir::UseAccess& access, const Guard& guard, const std::string& from,
                 Span span) {
  constexpr std::string_view kStream = "read write getattr getopt setopt shutdown accept";
  constexpr std::string_view kDatagram = "read write getattr getopt setopt";
  if (access.tcp) subject.allow(guard, from, "tcp_socket", kStream, span);
  if (access.udp) subject.allow(guard, from, "udp_socket", kDatagram, span);
  if (access.unix) {
    subject.allow(guard, from, "unix_stream_socket", kStream, span);
    subject.allow(guard, from, "unix_dgram_socket", kDatagram, span);
  }
  if (access.pipe) subject.allow(guard, from, "fifo_file", "read write append getattr", span);
}

void use_terminals(Subject& subject, const Guard& guard, Span span) {
  for (Name terminal : {Name::user_terminal, Name::user_console, Name::terminal, Name::console})
    subject.allow(guard, subject.name(terminal, span), "chr_file", "read write append getattr ioctl", span);
}

/// What was opened by another is read and written without `open` and without search in its directories.
void use_files(Subject& subject, const ir::Rule& rule, const ir::UseAccess& access, const Guard& guard) {
  const Span span = rule.where.span;
  const PathSet set = subject.context.input.meaning.set(access.paths);
  for (const auto& [region, part, which] : subject.parts_of(set, span)) {
    for (const auto& type : subject.types(*region, span)) {
      subject.allow(guard, type, "file", "read write append getattr", span);
      if (scope_of(part, *region, which).devices)
        subject.allow(guard, type, "chr_file", "read write append getattr", span);
    }
    subject.say_shared(rule, set | PathSet::directories(), *region);
  }
}

}  // namespace

void lower_unix(Subject& subject) { UnixLowering(subject).run(); }

void lower_use(Subject& subject) {
  for (const auto& [rule, access] : subject.rules<ir::UseAccess>(ir::Effect::allow)) {
    const Guard guard = subject.guard(*rule);
    const Span span = rule->where.span;
    for (const auto& from : subject.context.types_of(access->from, span)) {
      subject.allow(guard, from, "fd", "use", span);
      use_sockets(subject, *access, guard, from, span);
    }
    if (access->terminal) use_terminals(subject, guard, span);
    if (!access->paths.include.empty()) use_files(subject, *rule, *access, guard);
  }
}

}  // namespace macc::backends::selinux
