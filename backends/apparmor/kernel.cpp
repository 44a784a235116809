// Capabilities, mounts, and the operations of the kernel that AppArmor mediates by a capability or not at all.
#include <algorithm>

#include "backends/apparmor/build.h"
#include "backends/apparmor/glob_set.h"
#include "backends/apparmor/lower.h"
#include "compiler/ir/mount_options.h"

namespace macc::backends::apparmor {

namespace {

using ir::Capability;
using ir::Effect;
using ir::PlainAccess;

constexpr std::string_view kQueueFolder = "/dev/mqueue";
constexpr const char* kQueues = "/dev/mqueue/*";

/// A queue's name is its path below the file system of the queues.
paths::PathSet named_queues(const Build& build, const ir::PathsAccess& access) {
  paths::PatternError error;
  const auto queues = paths::PathSet::of(paths::PathPattern::parse(kQueues, error));
  return build.meaning.set(access.paths) & queues & paths::PathSet::non_directories();
}

class Kernel {
 public:
  Kernel(Build& build, ir::DomainId id) : build_(build), id_(id), domain_(build.policy.domain(id)) {}

  void run() {
    for (const ir::Rule& rule : domain_.rules) {
      for (Capability c : capabilities_of(rule.access)) {
        if (rule.effect == Effect::allow) allow_capability(rule, c);
      }
    }
    for (const ir::Rule& rule : domain_.rules) lower(rule);
    if (!domain_.level.empty()) {
      build_.fidelity.add(id_, "level " + domain_.level, domain_.where.span, Topic::level);
    }
  }

 private:
  static std::vector<Capability> capabilities_of(const ir::Access& access) {
    if (const auto* a = std::get_if<ir::CapabilityAccess>(&access)) return a->capabilities;
    if (const auto* a = std::get_if<ir::FileAccess>(&access); a != nullptr && a->verbs.has(ir::Verb::mknod)) {
      return {Capability::mknod};
    }
    const auto* plain = std::get_if<PlainAccess>(&access);
    if (plain != nullptr && plain->kind == PlainAccess::Kind::bpf) return {Capability::bpf};
    if (plain != nullptr && plain->kind == PlainAccess::Kind::perf) return {Capability::perfmon};
    return {};
  }

  /// What a capability alone opens: sys_admin stands in for the others.
  static std::vector<PlainAccess::Kind> opened_by(Capability c) {
    if (c == Capability::bpf) return {PlainAccess::Kind::bpf};
    if (c == Capability::perfmon) return {PlainAccess::Kind::perf};
    if (c == Capability::sys_admin) return {PlainAccess::Kind::bpf, PlainAccess::Kind::perf};
    return {};
  }

  /// A denied capability is no part of what bpf or perf gives: without it they are what needs no capability.
  static bool takes(const ir::Rule& deny, const ir::Rule& allow, Capability c) {
    if (deny.effect != Effect::deny) return false;
    const auto has = capabilities_of(deny.access);
    if (std::find(has.begin(), has.end(), c) == has.end()) return false;
    const auto* denied = std::get_if<ir::CapabilityAccess>(&deny.access);
    if (std::holds_alternative<PlainAccess>(allow.access)) return denied == nullptr || !denied->in_userns;
    const auto* allowed = std::get_if<ir::CapabilityAccess>(&allow.access);
    return denied != nullptr && allowed != nullptr && denied->in_userns == allowed->in_userns;
  }

  /// When this rule still gives the capability, after the denies that take it.
  Guard remaining(const ir::Rule& allow, Capability c) const {
    Guard out = Guard::of(allow.condition);
    for (const ir::Rule& rule : domain_.rules) {
      if (takes(rule, allow, c)) out = out & !Guard::of(rule.condition);
    }
    return out;
  }

  void allow_capability(const ir::Rule& rule, Capability c) {
    const Guard guard = remaining(rule, c);
    if (guard.possible()) build_.draft(id_).add(guard, CapabilityRule{qualifiers(rule), c}, build_.origin(rule));
  }

  bool still_needed(Capability c, const Guard& when) const {
    return std::any_of(domain_.rules.begin(), domain_.rules.end(), [&](const ir::Rule& rule) {
      if (rule.effect == Effect::deny) return false;
      const auto has = capabilities_of(rule.access);
      return std::find(has.begin(), has.end(), c) != has.end() && (remaining(rule, c) & when).possible();
    });
  }

  /// The denies among them; false when one could not be written.
  bool deny_capabilities(const ir::Rule& rule) {
    const Guard guard = Guard::of(rule.condition);
    bool whole = true;
    for (Capability c : capabilities_of(rule.access)) {
      if (still_needed(c, guard)) {
        whole = false;
      } else {
        build_.draft(id_).add(guard, CapabilityRule{qualifiers(rule), c}, build_.origin(rule));
      }
    }
    return whole;
  }

  void lower(const ir::Rule& rule) {
    if (const auto* a = std::get_if<ir::CapabilityAccess>(&rule.access)) return capability(rule, *a);
    if (const auto* a = std::get_if<ir::MountAccess>(&rule.access)) return mount(rule, *a);
    if (const auto* a = std::get_if<ir::PathsAccess>(&rule.access)) return paths(rule, *a);
    if (const auto* a = std::get_if<PlainAccess>(&rule.access)) return plain(rule, *a);
  }

  void capability(const ir::Rule& rule, const ir::CapabilityAccess& access) {
    const bool whole = rule.effect == Effect::allow || deny_capabilities(rule);
    const bool wider = rule.effect == Effect::allow && reaches_further(rule, access);
    const Topic topic = wider ? Topic::capability_userns : whole ? Topic::none : Topic::deny_shared_bit;
    build_.fidelity.add(id_, rule, topic);
    if (rule.effect == Effect::allow) say_what_it_opens(rule, access);
  }

  /// A capability of the system is one of every user namespace, and the reverse: exact is what rules give in both.
  bool reaches_further(const ir::Rule& rule, const ir::CapabilityAccess& access) const {
    return std::any_of(access.capabilities.begin(), access.capabilities.end(),
                       [&](Capability c) { return !allowed(c, !access.in_userns).covers(remaining(rule, c)); });
  }

  void say_what_it_opens(const ir::Rule& rule, const ir::CapabilityAccess& access) {
    for (Capability c : access.capabilities) {
      const Guard given = remaining(rule, c);
      for (PlainAccess::Kind kind : opened_by(c)) {
        if (!allowed(kind).covers(given))
          build_.fidelity.add(id_, rule, kind == PlainAccess::Kind::bpf ? Topic::bpf : Topic::perf);
      }
    }
  }

  /// When the meaning allows it.
  Guard allowed(PlainAccess::Kind kind) const {
    Guard out = Guard::never();
    for (const ir::Rule& rule : domain_.rules) {
      const auto* access = std::get_if<PlainAccess>(&rule.access);
      if (access != nullptr && access->kind == kind && rule.effect == Effect::allow)
        out = out | Guard::of(rule.condition);
    }
    for (const ir::Rule& rule : domain_.rules) {
      const auto* access = std::get_if<PlainAccess>(&rule.access);
      if (access != nullptr && access->kind == kind && rule.effect == Effect::deny)
        out = out & !Guard::of(rule.condition);
    }
    return out;
  }

  /// When a rule about the capability itself gives it.
  Guard allowed(Capability c, bool in_userns = false) const {
    Guard out = Guard::never();
    for (const ir::Rule& rule : domain_.rules) {
      const auto* access = std::get_if<ir::CapabilityAccess>(&rule.access);
      if (access == nullptr || access->in_userns != in_userns || rule.effect != Effect::allow) continue;
      if (std::find(access->capabilities.begin(), access->capabilities.end(), c) != access->capabilities.end())
        out = out | remaining(rule, c);
    }
    return out;
  }

  /// bpf and perf.
  void with_capability(const ir::Rule& rule, Capability c) {
    if (rule.effect == Effect::deny)
      return build_.fidelity.add(id_, rule, deny_capabilities(rule) ? Topic::none : Topic::deny_shared_bit);
    const bool gives_more = !allowed(c).covers(remaining(rule, c));
    build_.fidelity.add(id_, rule, gives_more ? Topic::with_capability : Topic::none,
                        gives_more ? std::vector<std::string>{std::string(ir::word(c))} : std::vector<std::string>{});
  }

  void plain(const ir::Rule& rule, const PlainAccess& access) {
    if (access.kind == PlainAccess::Kind::userns_create && build_.features.mediates(Class::userns)) {
      build_.add_unconditional(id_, id_, Guard::of(rule.condition), UsernsRule{qualifiers(rule)}, rule);
      return build_.fidelity.add(id_, rule, Topic::none);
    }
    if (access.kind == PlainAccess::Kind::io_uring && build_.features.mediates(Class::io_uring)) {
      build_.add_unconditional(id_, id_, Guard::of(rule.condition), IoUringRule{qualifiers(rule)}, rule);
      return build_.fidelity.add(id_, rule, Topic::io_uring_rings);
    }
    if (const auto taken = capabilities_of(rule.access); !taken.empty()) return with_capability(rule, taken.front());
    static constexpr std::pair<PlainAccess::Kind, Topic> kTopics[] = {
        {PlainAccess::Kind::memory_execute, Topic::memory_execute},
        {PlainAccess::Kind::userns_create, Topic::userns_create},
        {PlainAccess::Kind::io_uring, Topic::io_uring},
        {PlainAccess::Kind::keyring, Topic::keyring},
    };
    for (const auto& [kind, topic] : kTopics) {
      if (kind == access.kind) build_.fidelity.add(id_, rule, topic);
    }
  }

  /// One glob for all the paths; nullopt after a diagnostic.
  std::optional<Glob> one_glob(const ir::Rule& rule, const ir::PathExpr& expr, Shape shape) {
    std::vector<Glob> globs = globs_of(expr.include, shape);
    if (!expr.exclude.empty() || !expr.holes.empty()) {
      const paths::PathSet set = build_.meaning.set(expr);
      const auto exact = globs_of(shape == Shape::directories ? set & paths::PathSet::directories() : set);
      globs = exact.value_or(std::vector<Glob>());
    }
    if (!globs.empty()) return one_of(globs);
    build_.diagnostics.report(Code::E2004, rule.where.span, "these paths cannot be written as AppArmor path patterns")
        .note("`" + ir::describe(build_.policy, rule.access) + "`");
    return std::nullopt;
  }

  void mount(const ir::Rule& rule, const ir::MountAccess& access) {
    const MountForm form = mount_form(access);
    // The parser's deny would take from mounts that are no remounts, too.
    if (form.remounts && rule.effect == Effect::deny && mounts_anew(domain_))
      return build_.fidelity.add(id_, rule, Topic::deny_shared_bit);
    MountRule out;
    out.qualifiers = qualifiers(rule);
    if (form.names_type) out.fstypes = access.fstypes;
    out.options = form.options;
    const auto target = one_glob(rule, access.on, form.on_files ? Shape::both : Shape::directories);
    if (!target) return;
    out.target = *target;
    if (!access.from.include.empty() && form.names_source) {
      out.source = one_glob(rule, access.from, Shape::both);
      if (!out.source) return;
    }
    build_.add_unconditional(id_, id_, Guard::of(rule.condition), out, rule);
    const bool remounts = form.remounts && rule.effect == Effect::allow;
    if (remounts) build_.fidelity.add(id_, rule, Topic::mount_remount);
    if (form.leaves_out(access) || !remounts)
      build_.fidelity.add(id_, rule, form.leaves_out(access) ? Topic::mount_unnamed : Topic::none);
  }

  void paths(const ir::Rule& rule, const ir::PathsAccess& access) {
    if (access.kind == ir::PathsAccess::Kind::mqueue) return mqueue(rule, access);
    MountRule out;
    out.qualifiers = qualifiers(rule);
    out.kind = access.kind == ir::PathsAccess::Kind::pivot ? MountRule::Kind::pivot : MountRule::Kind::unmount;
    const auto target = one_glob(rule, access.paths, Shape::directories);
    if (!target) return;
    out.target = *target;
    build_.add_unconditional(id_, id_, Guard::of(rule.condition), out, rule);
    build_.fidelity.add(id_, rule, Topic::none);
  }

  void mqueue(const ir::Rule& rule, const ir::PathsAccess& access) {
    const Queues how = queues_for(build_, id_);
    if (how == Queues::open) return build_.fidelity.add(id_, rule, Topic::mqueue);
    if (how == Queues::refused || rule.effect == Effect::deny) log_unmediated_queue(rule, how);
    if (how == Queues::refused) return;
    const auto named = named_queues(build_, access);
    if (named.empty()) {
      build_.diagnostics.report(Code::E2016, rule.where.span, "no message queue has one of these paths")
          .note("AppArmor knows queues by their names, which are their paths below /dev/mqueue: the rule does nothing");
    }
    const auto globs = globs_of(named);
    if (!globs || (how == Queues::as_files && !queue_files(build_, access))) {
      build_.diagnostics.report(Code::E2004, rule.where.span, "these paths cannot be written as AppArmor path patterns")
          .note("`" + ir::describe(build_.policy, rule.access) + "`");
      return;
    }
    if (how == Queues::as_files) {  // files.cpp writes them
      const bool opens = rule.effect == Effect::allow && !named.empty();
      build_.fidelity.add(id_, rule, opens ? Topic::mqueue_file : Topic::none);
      return;
    }
    for (Glob glob : *globs) {
      // All begin with a literal: what is matched has one folder.
      auto& start = std::get<GlobLiteral>(glob.pieces.at(0)).bytes;
      start.erase(0, kQueueFolder.size());
      build_.add_unconditional(id_, id_, Guard::of(rule.condition), MqueueRule{qualifiers(rule), glob}, rule);
    }
    build_.fidelity.add(id_, rule, Topic::none);
  }

  /// Opening is refused or mediated there, and removing is not.
  void log_unmediated_queue(const ir::Rule& rule, Queues how) {
    if (how == Queues::by_name) return;
    build_.fidelity.add(id_, rule, rule.effect == Effect::deny ? Topic::mqueue : Topic::mqueue_refused);
  }

  Build& build_;
  ir::DomainId id_;
  const ir::Domain& domain_;
};

}  // namespace

Queues queues_for(const Build& build, ir::DomainId id) {
  if (build.features.mediates(Class::mqueue)) return Queues::by_name;
  if (build.features.kernel.has(Class::mqueue)) return Queues::open;
  return is_attached_when_disconnected(build, id) ? Queues::as_files : Queues::refused;
}

std::optional<std::vector<paths::PathPattern>> queue_files(const Build& build, const ir::PathsAccess& access) {
  constexpr std::size_t kMost = 64;
  const auto queues = named_queues(build, access).as_patterns(kMost);
  if (!queues) return std::nullopt;
  std::vector<paths::PathPattern> out;
  for (const paths::PathPattern& queue : *queues) {
    paths::PatternError error;
    for (auto& file : paths::PathPattern::parse(queue.text().substr(kQueueFolder.size()), error))
      out.push_back(std::move(file));
  }
  return out;
}

MountForm mount_form(const ir::MountAccess& access) {
  const std::vector<std::string> options = ir::normal_options(access.options);
  const ir::MountKind kind = ir::mount_kind(options);
  MountForm out;
  out.remounts = kind == ir::MountKind::remount;
  out.names_source = ir::names_source(kind);
  out.names_type = ir::names_file_system(kind);
  const bool binds = std::any_of(options.begin(), options.end(), [](const std::string& option) {
    return ir::mount_kind({option}) == ir::MountKind::bind;
  });
  out.on_files = binds || (access.options.empty() && access.fstypes.empty());
  // As they were written, where they say something.
  const auto has = [](const std::vector<std::string>& list, const std::string& option) {
    return std::find(list.begin(), list.end(), option) != list.end();
  };
  for (const std::string& option : access.options) {
    if (has(options, option) && !has(out.options, option)) out.options.push_back(option);
  }
  if (out.options.empty()) out.options = options;
  out.leaves_out_options = ir::has_ignored_options(access.options);
  return out;
}

bool mounts_anew(const ir::Domain& domain) {
  return std::any_of(domain.rules.begin(), domain.rules.end(), [](const ir::Rule& rule) {
    const auto* access = std::get_if<ir::MountAccess>(&rule.access);
    return access != nullptr && rule.effect == Effect::allow && !mount_form(*access).remounts;
  });
}

void lower_kernel(Build& build, ir::DomainId id) { Kernel(build, id).run(); }

}  // namespace macc::backends::apparmor
