// Entries of domains and execution of programs.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "backends/selinux/cil.h"
#include "backends/selinux/entering.h"
#include "backends/selinux/levels.h"
#include "backends/selinux/lowering.h"
#include "compiler/ir/conditions.h"

namespace macc::backends::selinux {
namespace {

using paths::PathSet;

void allow(Module& module, const Guard& guard, const std::string& source, const std::string& target,
           std::string_view class_name, std::string_view permissions, const Origin& origin) {
  add_vector(module, RuleKind::allow, guard, {source, target, std::string(class_name)}, words(permissions), origin);
}

constexpr std::string_view kRun = "open read getattr map execute";

}  // namespace

void allow_entry(Module& module, const Guard& guard, const std::string& source, const std::string& exec,
                 const std::string& target, bool automatic, Span span) {
  const Origin origin{span, Baseline::entry};
  allow(module, guard, source, exec, "file", "getattr open read execute map", origin);
  allow(module, guard, source, target, "process", "transition", origin);
  // The meaning lets a domain read its own program; a script's interpreter does that by opening it.
  allow(module, guard, target, exec, "file", "entrypoint open getattr read map execute", origin);
  // Services start with NoNewPrivileges= and from nosuid mounts; without these the kernel refuses the transition.
  allow(module, guard, source, target, "process2", "nnp_transition nosuid_transition", origin);
  if (automatic) add_transition(module, guard, {source, exec, "process", ""}, target, origin);
}

void allow_inheritance(Module& module, const Guard& guard, const std::string& child, const std::string& parent,
                       const Origin& origin) {
  allow(module, guard, child, parent, "fd", "use", origin);
  allow(module, guard, child, parent, "fifo_file", "read write append getattr ioctl", origin);
  allow(module, guard, child, parent, "unix_stream_socket", "read write getattr ioctl", origin);
  allow(module, guard, child, parent, "process", "sigchld", origin);
}

void allow_init_inheritance(Subject& subject, const std::string& child, Span span) {
  Module& module = subject.module;
  const std::string &init = subject.name(Name::init, span), &runtime = subject.name(Name::init_runtime, span);
  allow_inheritance(module, {}, child, init, {span, Baseline::inheritance});
  const Origin origin{span, Baseline::notification};
  // sd_notify
  allow(module, {}, child, init, "unix_dgram_socket", "sendto", origin);
  allow(module, {}, child, runtime, "dir", "search", origin);
  allow(module, {}, child, runtime, "sock_file", "write", origin);
}

namespace {

// ---- entries

/// What users start runs in their own role, so each role that a user's domain may have is allowed for it.
void add_role(Subject& subject, const std::string& role, const std::string& type, const Origin& origin) {
  add_origin(subject.module.role_types[{role, type}], origin);
}

void add_login_roles(Subject& subject, const std::string& type, const Origin& origin) {
  for (const auto& role : subject.context.platform.login_roles()) add_role(subject, role, type, origin);
}

void add_roles_of(Subject& subject, ir::DomainId external, const std::string& type, const Origin& origin) {
  const ir::Bindings& bindings = subject.context.policy.domain(external).bindings;
  for (const auto& role : subject.context.platform.bound(bindings, "role")) add_role(subject, role, type, origin);
}

void inherit_terminals(Subject& subject, const Guard& guard, const std::string& child, const Origin& origin) {
  for (Name terminal : {Name::user_terminal, Name::user_console})
    allow(subject.module, guard, child, subject.name(terminal, origin.span), "chr_file",
          "read write append getattr ioctl", origin);
}

void system_role(Subject& subject, const std::string& type, const Origin& origin) {
  const std::string& role = subject.name(Name::system_role, origin.span);
  if (!role.empty()) add_role(subject, role, type, origin);
}

/// A domain with a level runs at it, whoever starts it; the kernel asks of the starter that it may.
void level_transition(Module& module, const ir::Domain& started, const std::string& source, const std::string& exec,
                      Span span);

void enter_from_init(Subject& subject, const ir::Entry& entry) {
  const std::string& init = subject.name(Name::init, entry.where.span);
  const std::string exec = exec_type(subject.domain);
  system_role(subject, subject.type, {entry.where.span, Baseline::entry});
  allow_entry(subject.module, {}, init, exec, subject.type, true, entry.where.span);
  subject.allow_other({}, init, subject.type, "process", "rlimitinh siginh", {entry.where.span, Baseline::entry});
  allow_init_inheritance(subject, subject.type, entry.where.span);
  level_transition(subject.module, subject.domain, init, exec, entry.where.span);
}

void enter_from_users(Subject& subject, const ir::Entry& entry) {
  const Span span = entry.where.span;
  const std::string& users = subject.name(Name::user_domains, span);
  const Base& base = subject.context.platform.base();
  if (base.has_attribute(users) && base.types_in(users).empty()) {
    subject.context.diagnostics.report(Code::E1071, span,
                                       base.description() + " has no domains of logged-in users: nobody starts `" +
                                           subject.domain.name + "` from a session");
    return;
  }
  const std::string exec = exec_type(subject.domain);
  allow_entry(subject.module, {}, users, exec, subject.type, true, span);
  level_transition(subject.module, subject.domain, users, exec, span);
  subject.allow_other({}, users, subject.type, "process", "signal sigkill sigstop signull sigchld",
                      {span, Baseline::entry});
  allow_inheritance(subject.module, {}, subject.type, users, {span, Baseline::inheritance});
  inherit_terminals(subject, {}, subject.type, {span, Baseline::terminals});
  add_login_roles(subject, subject.type, {span, Baseline::entry});
}

void enter_from_external(Subject& subject, const ir::Entry& entry) {
  system_role(subject, subject.type, {entry.where.span, Baseline::entry});
  const std::string exec = exec_type(subject.domain);
  for (const auto& source : subject.context.types_of(entry.external, entry.where.span)) {
    allow_entry(subject.module, {}, source, exec, subject.type, true, entry.where.span);
    allow_inheritance(subject.module, {}, subject.type, source, {entry.where.span, Baseline::inheritance});
    level_transition(subject.module, subject.domain, source, exec, entry.where.span);
  }
  // What init opened for the starter is handed on by it.
  allow_inheritance(subject.module, {}, subject.type, subject.name(Name::init, entry.where.span),
                    {entry.where.span, Baseline::inheritance});
  add_roles_of(subject, entry.external, subject.type, {entry.where.span, Baseline::entry});
}

bool unit_name_is_valid(const std::string& name) {
  static constexpr std::string_view kSuffixes[] = {".service", ".socket", ".timer", ".scope", ".mount"};
  const bool letters =
      !name.empty() && name.size() < 256 && name[0] != '.' && std::all_of(name.begin(), name.end(), [](char c) {
        const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return word || std::string_view(":_.@-\\").find(c) != std::string_view::npos;
      });
  return letters && std::any_of(std::begin(kSuffixes), std::end(kSuffixes),
                                [&](std::string_view suffix) { return name.ends_with(suffix); });
}

/// No executable is its own here: systemd asks for the domain, and the binary keeps the system's type.
void enter_from_unit(Subject& subject, const ir::Entry& entry) {
  const Span span = entry.where.span;
  if (!unit_name_is_valid(entry.unit)) {
    subject.context.diagnostics.report(Code::E1014, span, "`" + printable(entry.unit) + "` is not the name of a unit")
        .note("a unit's name ends with `.service` and holds letters, digits and `:-_.@`");
    return;
  }
  system_role(subject, subject.type, {span, Baseline::entry});
  const std::string& init = subject.name(Name::init, span);
  const PathSet set = subject.context.input.meaning.set(entry.paths);
  std::vector<std::string> entered;
  for (const Part& part : subject.parts_of(set, span)) {
    if ((part.kinds & kinds::file) == 0) continue;
    for (const auto& exec : subject.types(*part.region, span)) {
      allow_entry(subject.module, {}, init, exec, subject.type, false, span);
      entered.push_back(exec);
    }
  }
  subject.search_above({}, set, span);
  subject.allow_other({}, init, subject.type, "process", "rlimitinh siginh", {span, Baseline::entry});
  allow_init_inheritance(subject, subject.type, span);
  subject.context.fidelity.add(subject.id, "entry from unit " + entry.unit, span, Topic::unit_entry, entered);
  std::string level = entry.level.empty() ? subject.domain.level : entry.level;
  if (level.empty()) level = "s0";
  level = subject.module.levels ? ":" + level : "";
  const std::string path = "units/" + entry.unit + ".d/50-selinux.conf";
  auto& extra = subject.context.extra;
  if (std::any_of(extra.begin(), extra.end(), [&](const Artifact& a) { return a.path == path; })) return;
  const std::string reason = "entry from unit " + entry.unit;
  extra.push_back({path,
                   "[Service]\nSELinuxContext=" + subject.name(Name::system_user, span) + ":" +
                       subject.name(Name::system_role, span) + ":" + subject.type + level + "\n",
                   "drop-in of " + entry.unit + " for " + subject.domain.name,
                   {{1, reason, {span}}, {2, reason, {span}}}});
}

// ---- levels

void level_transition(Module& module, const ir::Domain& started, const std::string& source, const std::string& exec,
                      Span span) {
  std::string problem;
  const auto range = Range::parse(started.level, problem);
  if (!range || !module.levels) return;  // lower_levels reported it
  const auto [at, fresh] = module.range_transitions.try_emplace({source, exec});
  if (fresh) at->second = {*range, span, {}};
  add_origin(at->second.origins, span);
}

// ---- exec rules

/// Whether both conditions can hold at once.
bool can_meet(const ir::Policy& policy, const ir::Condition& a, const ir::Condition& b) {
  const ir::Condition both{ir::Condition::Kind::conjunction, ir::BooleanId::none, {a, b}};
  return ir::can_hold(both, policy.booleans.size());
}

class ExecLowering {
 public:
  explicit ExecLowering(Subject& subject) : subject_(subject), meaning_(subject.context.input.meaning) {}

  void run() {
    for (const auto& [rule, access] : subject_.rules<ir::ExecAccess>(ir::Effect::allow)) {
      auto rest = subtract(*access, subject_.guard(*rule));
      if (!rest) continue;
      span_ = rule->where.span;
      subject_.search_above(rest->second, rest->first, span_);
      if (!may_be(ir::Verb::read, rest->first, rest->second))
        subject_.say(*rule, Topic::exec_read);
      else if (!may_be(ir::Verb::load, rest->first, rest->second))
        subject_.say(*rule, Topic::exec_load);
      if (access->mode == ir::ExecAccess::Mode::transition)
        transition(*rule, *access, rest->first, rest->second);
      else
        others(*rule, *access, rest->first, rest->second);
    }
  }

 private:
  /// Whether rules allow to read or load the programs whenever they may be executed, as far as that is plain to see.
  [[nodiscard]] bool may_be(ir::Verb verb, const PathSet& programs, const Guard& guard) const {
    PathSet rest = programs;
    for (const auto& [rule, access] : subject_.rules<ir::FileAccess>(ir::Effect::allow)) {
      const Guard other = subject_.guard(*rule);
      if (!access->owner && access->verbs.has(verb) && (other.is_always() || other == guard))
        rest = rest - meaning_.set(access->paths);
    }
    for (const ir::Entry& entry : subject_.domain.entries) rest = rest - meaning_.set(entry.paths);
    for (const auto& [rule, access] : subject_.rules<ir::FileAccess>(ir::Effect::deny))
      if (access->verbs.has(verb)) rest = rest | (programs & meaning_.set(access->paths));
    return rest.empty();
  }

  /// What the denials leave, with its condition.
  std::optional<std::pair<PathSet, Guard>> subtract(const ir::ExecAccess& access, Guard guard) {
    PathSet set = meaning_.set(access.paths) & PathSet::non_directories();
    for (const auto& [rule, denial] : subject_.rules<ir::ExecAccess>(ir::Effect::deny)) {
      const PathSet denied = meaning_.set(denial->paths);
      if (!denied.meets(set)) continue;
      const Guard other = subject_.guard(*rule);
      if (other.is_always() || other == guard)
        set = set - denied;
      else if (denied.contains(set))
        guard = guard.but_not(other);
      else
        subject_.say(*rule, Topic::split_denied);
    }
    if (set.empty()) return std::nullopt;
    return std::pair{set, guard};
  }

  void others(const ir::Rule& rule, const ir::ExecAccess& access, const PathSet& set, const Guard& guard) {
    for (const Part& part : subject_.parts_of(set, span_)) {
      if ((part.kinds & kinds::file) == 0) continue;
      for (const auto& target : subject_.types(*part.region, span_)) {
        run_in_one_way(rule, access, target);
        subject_.allow(guard, target, "file", kRun, span_);
        if (rule.audit) subject_.audit(guard, target, "file", {"execute"}, span_);
        if (access.mode == ir::ExecAccess::Mode::inside)
          subject_.allow(guard, target, "file", "execute_no_trans", span_);
        else
          unconfined(guard, target);
      }
      say_what_else(rule, set, *part.region);
    }
  }

  /// Where a program leads is decided by its type: with a transition for one program, all others of the type follow.
  void run_in_one_way(const ir::Rule& rule, const ir::ExecAccess& access, const std::string& exec) {
    for (const ir::Rule* other : ways_[exec]) {
      const auto& way = std::get<ir::ExecAccess>(other->access);
      if (way.mode == access.mode && way.target == access.target) continue;
      if (!can_meet(subject_.context.policy, rule.condition, other->condition)) continue;
      if (!reported_.insert({&rule, other}).second) continue;
      subject_.context.diagnostics
          .report(Code::E1006, span_,
                  "these programs and others of the domain have one SELinux type, `" + exec +
                      "`, and would be run in two ways")
          .also(other->where.span, "the others")
          .note("the system gives both that type, and the type decides in which domain a program runs")
          .note("give the program that is run otherwise a type of its own: `resource NAME : program { PATH }`");
    }
    ways_[exec].push_back(&rule);
  }

  void unconfined(const Guard& guard, const std::string& exec) {
    const std::string& target = subject_.name(Name::unconfined, span_);
    if (target.empty()) return;
    allow_entry(subject_.module, guard, subject_.type, exec, target, true, span_);
    allow_inheritance(subject_.module, guard, target, subject_.type, {span_, Baseline::inheritance});
    say_roles_without(target);
  }

  /// A program keeps the role of what starts it. Domains of the system are in the roles that its policy says; we add
  /// none, since that would let users into domains that their role is there to keep them out of.
  void say_roles_without(const std::string& target) {
    const auto held = subject_.context.platform.base().roles_of(target);
    std::string without;
    for (const auto& role : starters_roles())
      if (std::find(held.begin(), held.end(), role) == held.end())
        without += (without.empty() ? "`" : ", `") + role + "`";
    if (without.empty() || !warned_.insert(target).second) return;
    subject_.context.diagnostics
        .report(Code::E1072, span_,
                "`" + target + "` is in none of the roles " + without + ", in which `" + subject_.domain.name +
                    "` is started")
        .note("the kernel refuses to execute the program when the domain runs in one of them");
  }

  std::vector<std::string> starters_roles() {
    const Starters& starters = subject_.context.starters[static_cast<std::size_t>(subject_.id)];
    std::vector<std::string> roles;
    if (starters.users) roles = subject_.context.platform.login_roles();
    if (starters.init || !starters.externals.empty()) roles.push_back(subject_.name(Name::system_role, span_));
    return roles;
  }

  /// Directories of the type are not executed.
  void say_what_else(const ir::Rule& rule, const PathSet& set, const Region& region) {
    subject_.say_shared(rule, set | PathSet::directories(), region);
  }

  void transition(const ir::Rule& rule, const ir::ExecAccess& access, const PathSet& set, const Guard& guard) {
    const auto divided = subject_.context.labels.divide(set);
    for (const auto& [region, part, which] : divided->parts) {
      if ((which & kinds::file) == 0 || opens_system_domain(access, *region)) continue;
      for (const auto& exec : subject_.types(*region, span_)) enter(rule, access, exec, guard);
      if (region->origin != Region::Origin::entry) say_what_else(rule, set, *region);
    }
  }

  /// A program of the project as a new way into a domain of the system: the system's policy has no such entry point.
  bool opens_system_domain(const ir::ExecAccess& access, const Region& region) {
    const ir::Domain& target = subject_.context.policy.domain(access.target);
    if (!target.external || !region.is_own()) return false;
    subject_.context.diagnostics
        .report(Code::E1019, span_, "`" + target.name + "` belongs to the system and is not entered by " + region.what)
        .also(region.span, "declared here")
        .note("give the program a domain of its own");
    return true;
  }

  void enter(const ir::Rule& rule, const ir::ExecAccess& access, const std::string& exec, const Guard& guard) {
    run_in_one_way(rule, access, exec);
    for (const auto& target : subject_.context.types_of(access.target, span_)) {
      allow_entry(subject_.module, guard, subject_.type, exec, target, true, span_);
      allow_inheritance(subject_.module, guard, target, subject_.type, {span_, Baseline::inheritance});
      level_transition(subject_.module, subject_.context.policy.domain(access.target), subject_.type, exec, span_);
      if (access.keep_environment) subject_.allow(guard, target, "process", "noatsecure", span_);
      if (rule.audit) subject_.audit(guard, target, "process", {"transition"}, span_);
      break;  // a second type of an external domain would be a second transition
    }
    if (!subject_.context.policy.domain(access.target).external)
      allow_starters(subject_, guard, access.target, span_);
    else
      for (const auto& target : subject_.context.types_of(access.target, span_)) say_roles_without(target);
  }

  Subject& subject_;
  const ir::Meaning& meaning_;
  Span span_;
  std::set<std::string> warned_;
  std::map<std::string, std::vector<const ir::Rule*>> ways_;  // allow rules, by the type of the programs
  std::set<std::pair<const ir::Rule*, const ir::Rule*>> reported_;
};

}  // namespace

void add_starters_roles(Subject& subject, ir::DomainId child, Span span) {
  const Origin origin{span, Baseline::starters};
  const Starters& starters = subject.context.starters[static_cast<std::size_t>(subject.id)];
  const std::string type = domain_type(subject.context.policy.domain(child));
  if (starters.users) add_login_roles(subject, type, origin);
  for (ir::DomainId external : starters.externals) add_roles_of(subject, external, type, origin);
  if (starters.init || !starters.externals.empty()) system_role(subject, type, origin);
}

void allow_starters(Subject& subject, const Guard& guard, ir::DomainId child, Span span) {
  const Origin origin{span, Baseline::starters};
  const Starters& starters = subject.context.starters[static_cast<std::size_t>(subject.id)];
  const std::string type = domain_type(subject.context.policy.domain(child));
  add_starters_roles(subject, child, span);
  if (starters.init) allow_inheritance(subject.module, guard, type, subject.name(Name::init, span), origin);
  if (starters.users) {
    allow_inheritance(subject.module, guard, type, subject.name(Name::user_domains, span), origin);
    inherit_terminals(subject, guard, type, origin);
  }
  for (ir::DomainId external : starters.externals)
    for (const auto& source : subject.context.types_of(external, span))
      allow_inheritance(subject.module, guard, type, source, origin);
}

void lower_entries(Subject& subject) {
  for (const auto& entry : subject.domain.entries) {
    switch (entry.from) {
      case ir::Entry::From::init:
        enter_from_init(subject, entry);
        break;
      case ir::Entry::From::user:
        enter_from_users(subject, entry);
        break;
      case ir::Entry::From::unit:
        enter_from_unit(subject, entry);
        break;
      case ir::Entry::From::external:
        enter_from_external(subject, entry);
        break;
      case ir::Entry::From::project:
        break;  // the domains that start it say so
    }
    if (entry.from != ir::Entry::From::unit)
      subject.search_above({}, subject.context.input.meaning.set(entry.paths) & PathSet::non_directories(),
                           entry.where.span);
  }
}

void lower_exec(Subject& subject) { ExecLowering(subject).run(); }

}  // namespace macc::backends::selinux
