#include "backends/selinux/broken_denials.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "backends/selinux/link/switches.h"
#include "backends/selinux/planned_grants.h"
#include "backends/selinux/probe_questions.h"
#include "compiler/ir/always_there.h"

namespace macc::backends::selinux {
namespace {

using paths::PathSet;

Need need(const std::string& source, const std::string& target, std::string_view class_name,
          const std::vector<std::string_view>& permissions) {
  return {source, target, std::string(class_name), {permissions.begin(), permissions.end()}};
}

Need need(const std::string& source, const std::string& target, std::string_view class_name,
          std::string_view permissions) {
  return need(source, target, class_name, words(permissions));
}

/// Accesses that are one permission each, of an access that may be several.
std::vector<ir::Access> single_accesses(const ir::Policy& policy, const ir::Access& access) {
  const auto peers = [&](const ir::Peer& peer) {
    std::vector<ir::Peer> list;
    if (peer.kind != ir::Peer::Kind::any) return std::vector{peer};
    for (std::size_t i = 0; i < policy.domains.size(); ++i)
      list.push_back({ir::Peer::Kind::domain, static_cast<ir::DomainId>(i)});
    return list;
  };
  std::vector<ir::Access> list;
  if (const auto* signal = std::get_if<ir::SignalAccess>(&access)) {
    std::vector<ir::Signal> signals = signal->signals;
    if (signal->any)
      for (const std::string& word : ir::signal_words()) signals.push_back(*ir::signal_of(word));
    for (const ir::Peer& peer : peers(signal->peer))
      for (const ir::Signal each : signals) list.emplace_back(ir::SignalAccess{false, {each}, peer});
  } else if (const auto* process = std::get_if<ir::ProcessAccess>(&access)) {
    for (const ir::Peer& peer : peers(process->peer)) list.emplace_back(ir::ProcessAccess{process->kind, peer});
  } else {
    list.push_back(access);
  }
  return list;
}

/// The denies of one domain.
class DenialCheck {
 public:
  DenialCheck(Context& context, PlannedGrants& grants, ir::DomainId id)
      : context_(context),
        here_{context.input, context.modules, context.platform.base(), context.platform},
        grants_(grants),
        id_(id),
        domain_(context.policy.domain(id)),
        type_(domain_type(domain_)) {}

  void run() {
    for (const ir::Rule& rule : domain_.rules) {
      if (rule.effect != ir::Effect::deny) continue;
      rule_ = &rule;
      said_.clear();
      guard_ = Guard::of(context_.policy, rule.condition);
      std::visit([this](const auto& access) { check(access); }, rule.access);
    }
  }

 private:
  // ---- what has no paths

  template <typename T>
  void check(const T&) {
    for (const ir::Access& access : single_accesses(context_.policy, rule_->access))
      if (!ir::is_always_there(access, id_)) check_pieces(plain_pieces(here_, id_, access).list);
    check_unknown_owner();
  }

  void check_pieces(const std::vector<Piece>& pieces) {
    for (const Piece& piece : pieces) {
      if (!piece.open.empty()) say(Topic::not_mediated);
      for (const std::vector<Need>& way : piece.ways) check_way(way);
    }
  }

  /// Nobody is known to own the name, so that any domain may.
  void check_unknown_owner() {
    const auto* bus = std::get_if<ir::DbusAccess>(&rule_->access);
    if (bus == nullptr || bus->own || !owners_of(context_.policy, bus->name).empty()) return;
    const std::string& daemon = context_.platform[bus->session_bus ? Name::session_bus : Name::system_bus];
    check_way(
        {need(type_, daemon, "dbus", "send_msg"), need(type_, context_.platform[Name::domain], "dbus", "send_msg")});
  }

  // ---- ports

  void check(const ir::NetworkAccess& access) {
    for (const Piece& piece : plain_pieces(here_, id_, rule_->access).list)
      for (const std::vector<Need>& way : piece.ways) {
        const auto named = std::find_if(way.begin(), way.end(),
                                        [](const Need& each) { return each.permissions.front().starts_with("name_"); });
        if (named == way.end())
          check_way(way);
        else if (holds(way))
          say_port(access, named->target);
      }
  }

  void say_port(const ir::NetworkAccess& access, const std::string& type) {
    if (is_said_of(type)) return;
    std::vector<std::string> what;
    for (const PortSegment* segment : context_.ports.touching(access.protocol, access.ports))
      if (segment->type == type) what.push_back(type + ": " + text_of(access.protocol, segment->range));
    say(Topic::port_type, what);
  }

  // ---- files

  void check(const ir::FileAccess& access) {
    if (access.owner) return;  // said: SELinux does not ask who owns a file
    const auto divided = context_.labels.divide(context_.input.meaning.set(access.paths));
    for (const Part& part : divided->parts)
      if (part.region->origin != Region::Origin::process)
        for (const ir::Verb verb : access.verbs.list()) check_verb(access, verb, part);
  }

  void check_verb(const ir::FileAccess& access, ir::Verb verb, const Part& part) {
    const ObjectScope any{true, true, true, part.kinds};
    const bool is_granted = std::any_of(part.region->types.begin(), part.region->types.end(),
                                        [&](const std::string& type) { return gives(type, verb, any); });
    if (!is_granted) return;  // most are not, and the objects take time
    const PathSet objects = context_.input.meaning.objects(verb, access.paths) & part.set;
    if (objects.empty()) return;
    const Topic topic = part.region->is_own() || !is_allowed(verb) ? Topic::still_granted : Topic::split_denied;
    const auto decisive = decisive_permissions(verb, scope_of(objects, *part.region, part.kinds));
    for (const std::string& type : part.region->types) {
      if (is_said_of(type)) continue;
      for (const auto& [class_name, permissions] : decisive)
        // The system's symlinks are followed on the way to other paths, for which the kernel asks the same.
        if (part.region->is_own() || class_name != "lnk_file" || verb != ir::Verb::read)
          check_way({need(type_, type, class_name, permissions)}, topic);
    }
  }

  bool gives(const std::string& type, ir::Verb verb, ObjectScope scope) {
    const auto list = decisive_permissions(verb, scope);
    return std::any_of(list.begin(), list.end(), [&](const ClassPermissions& each) {
      return holds({need(type_, type, each.class_name, each.permissions)});
    });
  }

  /// Whether rules allow the verb on other files.
  [[nodiscard]] bool is_allowed(ir::Verb verb) const {
    return std::any_of(domain_.rules.begin(), domain_.rules.end(), [&](const ir::Rule& rule) {
      const auto* access = std::get_if<ir::FileAccess>(&rule.access);
      return rule.effect == ir::Effect::allow && access != nullptr && access->verbs.has(verb);
    });
  }

  // ---- programs

  void check(const ir::ExecAccess& access) {
    const PathSet files = context_.input.meaning.set(access.paths) & PathSet::non_directories();
    for (const Part& part : context_.labels.divide(files)->parts)
      if ((part.kinds & kinds::file) != 0)
        for (const std::string& type : part.region->types)
          if (!is_said_of(type)) check_program(access, type);
  }

  void check_program(const ir::ExecAccess& access, const std::string& exec) {
    using Mode = ir::ExecAccess::Mode;
    const Need run = need(type_, exec, "file", "open read map execute");
    std::set<std::string> targets;
    if (access.mode == Mode::inside) {
      check_way({run, need(type_, exec, "file", "execute_no_trans")});
      targets = started_by(exec);
    } else if (access.mode == Mode::unconfined) {
      targets = {context_.platform[Name::unconfined]};
    } else {
      for (std::string& target : types_of_domain(here_, access.target)) targets.insert(std::move(target));
    }
    for (const std::string& target : targets) {
      std::vector<Need> way = {run, need(type_, target, "process", "transition"),
                               need(target, exec, "file", "entrypoint")};
      if (access.keep_environment) way.push_back(need(type_, target, "process", "noatsecure"));
      if (!started_by(exec).contains(target)) way.push_back(need(type_, type_, "process", "setexec"));
      check_way(way);
    }
  }

  /// Where the program leads by itself.
  [[nodiscard]] std::set<std::string> started_by(const std::string& exec) const {
    std::set<std::string> targets;
    for (const auto& [guard, transitions] : context_.modules.at(domain_.module).transitions)
      for (const auto& [key, value] : transitions)
        if (key.source == type_ && key.target == exec && key.class_name == "process") targets.insert(value.result);
    return targets;
  }

  // ---- unix sockets, descriptors, and what else has paths

  void check(const ir::UnixAccess& access) {
    if (!access.abstract_name.empty()) {
      if (access.listen)
        check_way({need(type_, type_, "unix_stream_socket", "create bind listen accept")});
      else
        check_servers(access, {});
      return;
    }
    const PathSet sockets = context_.input.meaning.set(access.paths) & PathSet::non_directories();
    for (const Part& part : context_.labels.divide(sockets)->parts) {
      if ((part.kinds & kinds::socket) == 0) continue;
      for (const std::string& type : part.region->types) {
        if (is_said_of(type)) continue;
        const Need file = need(type_, type, "sock_file", access.listen ? "create" : "write");
        if (access.listen)
          check_way({file});
        else
          check_servers(access, {file});
      }
    }
  }

  void check_servers(const ir::UnixAccess& access, const std::vector<Need>& file) {
    bool any = false;
    for (const ir::DomainId server : listeners(here_, access)) {
      for (const std::string& type : types_of_domain(here_, server))
        for (const auto& [class_name, permission] :
             {std::pair{"unix_stream_socket", "connectto"}, std::pair{"unix_dgram_socket", "sendto"}}) {
          any = true;
          std::vector<Need> way = file;
          way.push_back(need(type_, type, class_name, permission));
          check_way(way);
        }
    }
    if (!any && !file.empty()) check_way(file);
  }

  void check(const ir::UseAccess& access) {
    for (const std::string& from : types_of_domain(here_, access.from)) {
      const Need descriptor = need(type_, from, "fd", "use");
      const auto used = [&](std::string_view class_name, const std::string& type) {
        for (const std::string_view way : {"read", "write"})
          check_way({descriptor, need(type_, type, class_name, way)});
      };
      if (access.tcp) used("tcp_socket", from);
      if (access.udp) used("udp_socket", from);
      if (access.unix) used("unix_stream_socket", from);
      if (access.pipe) used("fifo_file", from);
      if (access.terminal)
        for (const Name terminal : {Name::user_terminal, Name::user_console, Name::terminal, Name::console})
          used("chr_file", context_.platform[terminal]);
      if (access.paths.include.empty()) continue;
      for (const Part& part : context_.labels.divide(context_.input.meaning.set(access.paths))->parts)
        for (const std::string& type : part.region->types)
          for (const std::string_view class_name : {"file", "chr_file"})
            if ((part.kinds & kind_of(class_name)) != 0) used(class_name, type);
    }
  }

  /// A deny beside an allow of the same kind is refused, and nothing else grants it.
  void check(const ir::MountAccess&) {}

  void check(const ir::PathsAccess& access) {
    if (access.kind == ir::PathsAccess::Kind::pivot) return say(Topic::not_mediated);
    if (access.kind != ir::PathsAccess::Kind::mqueue) return;
    const PathSet queues = context_.input.meaning.set(access.paths) & PathSet::non_directories();
    for (const Part& part : context_.labels.divide(queues)->parts)
      for (const std::string& type : part.region->types)
        for (const std::string_view way : {"open read", "open write", "create"})
          check_way({need(type_, type, "file", way)});
  }

  // ---- what is granted

  void check_way(const std::vector<Need>& way, Topic topic = Topic::still_granted) {
    if (way.empty()) return;
    if (const std::string unknown = unknown_class(way); !unknown.empty()) return say(Topic::unknown_class, {unknown});
    if (!holds(way)) return;
    const Need& last = way.back();
    if (topic == Topic::split_denied) return say(topic, {last.target});
    say(topic, {fmt::format("{}: {} {{ {} }}", last.target, last.class_name, fmt::join(last.permissions, " "))});
  }

  /// A class that the system's policy has none of these permissions of; "" for none.
  [[nodiscard]] std::string unknown_class(const std::vector<Need>& way) const {
    for (const Need& each : way)
      if (std::none_of(each.permissions.begin(), each.permissions.end(), [&](const std::string& permission) {
            return context_.platform.has_permission(each.class_name, permission);
          }))
        return each.class_name;
    return {};
  }

  /// Whether all of it can be granted at once while the deny holds.
  bool holds(const std::vector<Need>& way) {
    std::string together = guard_.text();
    for (const Need& each : way)
      for (const std::string& permission : each.permissions) {
        if (!context_.platform.has_permission(each.class_name, permission)) continue;
        const auto conditions = grants_.conditions(each.source, each.target, each.class_name, permission);
        if (conditions.empty()) return false;
        std::string one;
        for (const Guard* condition : conditions) {
          if (condition->is_always()) {
            one.clear();
            break;
          }
          one = one.empty() ? condition->text() : "(or " + one + " " + condition->text() + ")";
        }
        if (one.empty() || one == together) continue;
        together = together.empty() ? one : "(and " + together + " " + one + ")";
      }
    static const auto never = Switches::parse("(and never (not never))");
    const auto condition = Switches::parse(together);
    return !condition || !condition->implies({&*never});
  }

  /// Files that share a type, of which others are granted: the lowering says so where it takes the denied ones out.
  [[nodiscard]] bool is_said_of(const std::string& type) {
    const auto [known, fresh] = said_.try_emplace(type, false);
    if (fresh)
      known->second = context_.fidelity.names(id_, ir::describe(context_.policy, *rule_), rule_->where.span, type);
    return known->second;
  }

  void say(Topic topic, const std::vector<std::string>& what = {}) {
    context_.fidelity.add(id_, ir::describe(context_.policy, *rule_), rule_->where.span, topic, what);
  }

  Context& context_;
  const Surroundings here_;
  PlannedGrants& grants_;
  const ir::DomainId id_;
  const ir::Domain& domain_;
  const std::string type_;
  const ir::Rule* rule_ = nullptr;
  Guard guard_;
  std::map<std::string, bool> said_;  // of the rule, before this check
};

}  // namespace

void say_broken_denials(Context& context) {
  PlannedGrants grants(context.modules, context.platform.base());
  for (std::size_t i = 0; i < context.policy.domains.size(); ++i)
    if (!context.policy.domains[i].external) DenialCheck(context, grants, static_cast<ir::DomainId>(i)).run();
}

}  // namespace macc::backends::selinux
