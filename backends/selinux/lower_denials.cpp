// What stays out: denied accesses make no noise in the audit log, and promises stand as neverallow, so that policy
// which is linked later keeps to them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "backends/selinux/link/base_rules.h"
#include "backends/selinux/lowering.h"

namespace macc::backends::selinux {
namespace {

using paths::PathSet;

std::vector<std::string_view> views(const std::set<std::string>& texts) { return {texts.begin(), texts.end()}; }

class Remainder {
 public:
  explicit Remainder(Subject& subject) : subject_(subject) {}

  /// The permissions that the domain was not granted on a type, under any condition.
  std::set<std::string> not_granted(const std::string& target, std::string_view class_name,
                                    const std::vector<std::string_view>& permissions) const {
    const std::set<std::string> have = granted(subject_.module, {subject_.type, target, std::string(class_name)});
    std::set<std::string> rest;
    for (auto permission : permissions)
      if (have.count(std::string(permission)) == 0) rest.emplace(permission);
    return rest;
  }

  void dont_audit(const Guard& guard, const std::string& target, std::string_view class_name,
                  const std::vector<std::string_view>& permissions, Span span) const {
    const auto rest = not_granted(target, class_name, permissions);
    add_vector(subject_.module, RuleKind::dont_audit, guard, {subject_.type, target, std::string(class_name)},
               views(rest), span);
  }

  /// The same for several; `span` is the place that the statement stands for.
  void dont_audit(const Guard& guard, const std::string& target, std::string_view class_name,
                  const std::vector<std::string_view>& permissions, Span span, const Origins& origins) const {
    const auto rest = not_granted(target, class_name, permissions);
    if (rest.empty() || origins.empty()) return;
    const VectorKey key{subject_.type, target, std::string(class_name)};
    auto& vectors = subject_.module.vectors[RuleKind::dont_audit][guard];
    const bool fresh = !vectors.contains(key);
    for (const Origin& origin : origins) vectors[key].add(views(rest), origin);
    if (fresh) vectors[key].span = span;
  }

  /// False when a part was granted, so that it cannot stand.
  bool never_allow(const std::string& target, std::string_view class_name,
                   const std::vector<std::string_view>& permissions, Span span) const {
    return never_allow(target, class_name, permissions, span, {});
  }

  /// Without what the system gives.
  bool never_allow(const std::string& target, std::string_view class_name,
                   const std::vector<std::string_view>& permissions, Span span,
                   const std::set<std::string_view>& by_system) const {
    auto rest = not_granted(target, class_name, permissions);
    const bool whole = rest.size() == permissions.size();
    std::erase_if(rest, [&](const std::string& permission) { return by_system.contains(permission); });
    add_vector(subject_.module, RuleKind::never_allow, {}, {subject_.type, target, std::string(class_name)},
               views(rest), span);
    return whole;
  }

 private:
  Subject& subject_;
};

/// What the system's policy gives to the attributes that a domain is in. No promise can stand against that.
class SystemGrants {
 public:
  explicit SystemGrants(Subject& subject) : subject_(subject) {}

  [[nodiscard]] std::set<std::string_view> on(const std::string& target, std::string_view class_name) {
    if (!given_) given_ = rules().given_to(attributes_of(subject_.type));
    const auto [at, fresh] = names_.try_emplace(target);
    if (fresh) at->second = names_of(target);
    std::set<std::string_view> permissions;
    for (const std::string& name : at->second)
      if (const auto found = given_->find({name, class_name}); found != given_->end())
        permissions.insert(found->second.begin(), found->second.end());
    return permissions;
  }

 private:
  [[nodiscard]] const BaseRules& rules() { return subject_.context.system_rules(); }

  [[nodiscard]] std::set<std::string> names_of(const std::string& target) {
    const bool is_self = target == "self";
    std::set<std::string> names = attributes_of(is_self ? subject_.type : target);
    names.insert(target);
    return names;
  }

  [[nodiscard]] std::set<std::string> attributes_of(const std::string& type) {
    for (const auto& [name, module] : subject_.context.modules)
      if (const auto own = module.types.find(type); own != module.types.end())
        return rules().closure(own->second.attributes);
    const auto list = subject_.context.platform.base().attributes_of(type);
    return {list.begin(), list.end()};
  }

  Subject& subject_;
  std::optional<std::map<std::pair<std::string_view, std::string_view>, std::set<std::string_view>>> given_;
  std::map<std::string, std::set<std::string>> names_;
};

// ---- deny

void deny_files(Subject& subject, const ir::Rule& rule, const ir::FileAccess& access) {
  Remainder remainder(subject);
  const Guard guard = subject.guard(rule);
  const Span span = rule.where.span;
  if (access.owner) return;
  const PathSet set = subject.context.input.meaning.set(access.paths);
  const auto divided = subject.context.labels.divide(set);
  for (const auto& [region, part, which] : divided->parts) {
    if (region->origin == Region::Origin::process) continue;
    for (ir::Verb verb : access.verbs.list()) {
      const PathSet objects = subject.context.input.meaning.objects(verb, access.paths) & part;
      if (objects.empty()) continue;
      const ObjectScope scope = scope_of(objects, *region, which);
      for (const auto& type : region->types) {
        if (!rule.audit)
          for (const auto& [class_name, permissions] : object_permissions(verb, scope))
            remainder.dont_audit(guard, type, class_name, permissions, span);
        if (guard.is_always() && region->is_own())
          for (const auto& [class_name, permissions] : distinct_permissions(verb, scope))
            remainder.never_allow(type, class_name, permissions, span);
      }
    }
  }
}

void deny_capabilities(Subject& subject, const ir::Rule& rule, const ir::CapabilityAccess& access) {
  Remainder remainder(subject);
  for (ir::Capability capability : access.capabilities) {
    const std::string_view class_name = capability_class(capability, access.in_userns);
    if (!rule.audit)
      remainder.dont_audit(subject.guard(rule), "self", class_name, {ir::word(capability)}, rule.where.span);
    if (subject.guard(rule).is_always())
      remainder.never_allow("self", class_name, {ir::word(capability)}, rule.where.span);
  }
}

void deny_network(Subject& subject, const ir::Rule& rule, const ir::NetworkAccess& access) {
  if (rule.audit || (access.protocol == ir::Protocol::udp && !access.listen)) return;
  Remainder remainder(subject);
  const std::string socket = std::string(ir::word(access.protocol)) + "_socket";
  const std::string_view permission = access.listen ? "name_bind" : "name_connect";
  for (const PortSegment* segment : subject.context.ports.touching(access.protocol, access.ports))
    remainder.dont_audit(subject.guard(rule), segment->type, socket, {permission}, rule.where.span);
}

// ---- questions about terminals

/// Types on which refused control calls are to be recorded.
std::set<std::string> with_recorded_ioctl(Subject& subject) {
  std::set<std::string> types;
  for (const auto& [rule, access] : subject.rules<ir::FileAccess>(ir::Effect::deny)) {
    if (!rule->audit || !access->verbs.has(ir::Verb::ioctl)) continue;
    const auto divided = subject.context.labels.divide(subject.context.input.meaning.set(access->paths));
    for (const Part& part : divided->parts) types.insert(part.region->types.begin(), part.region->types.end());
  }
  return types;
}

Origins terminal_questions(const Origins& openers) {
  Origins all;
  for (const Origin& opener : openers) add_origin(all, {opener.span, Baseline::terminal_question});
  return all;
}

/// Questions about terminals are refused without a record to those that opened the files.
void hush_terminal_questions(Subject& subject) {
  const std::set<std::string> recorded = with_recorded_ioctl(subject);
  const Remainder remainder(subject);
  struct Opened {
    std::string target;
    Span span;
    Origins origins;
  };
  std::map<Guard, std::vector<Opened>> opened;
  for (const auto& [guard, vectors] : subject.module.vectors[RuleKind::allow])
    for (const auto& [key, value] : vectors)
      if (key.source == subject.type && key.target != "self" && key.class_name == "file" &&
          value.permissions.count("open") != 0 && recorded.count(key.target) == 0)
        opened[guard].push_back({key.target, value.span, value.origins_of("open")});
  for (const auto& [guard, targets] : opened)
    for (const auto& [target, span, origins] : targets)
      remainder.dont_audit(guard, target, "file", {"ioctl"}, span, terminal_questions(origins));
}

// ---- never

class PromiseLowering {
 public:
  explicit PromiseLowering(Subject& subject) : subject_(subject), remainder_(subject), system_(subject) {}

  void run() {
    for (const auto& promise : subject_.domain.never) {
      promise_ = &promise;
      broken_.clear();
      std::visit([this](const auto& access) { lower(access); }, promise.access);
      if (!broken_.empty()) say(Topic::attribute_over_deny, broken_in_words());
    }
  }

 private:
  Span span() const { return promise_->where.span; }

  void say(Topic topic, const std::vector<std::string>& what = {}) {
    subject_.context.fidelity.add(subject_.id, "never " + ir::describe(subject_.context.policy, promise_->access),
                                  span(), topic, what);
  }

  /// False when a part is granted by rules. What the system grants is left out, and said at the end.
  bool never_allow(const std::string& target, std::string_view class_name,
                   const std::vector<std::string_view>& permissions) {
    const auto given = system_.on(target, class_name);
    for (const std::string_view permission : permissions)
      if (given.contains(permission))
        broken_[fmt::format("{} {{ {} }}", class_name, permission)].insert(target == "self" ? subject_.type : target);
    return remainder_.never_allow(target, class_name, permissions, span(), given);
  }

  [[nodiscard]] std::vector<std::string> broken_in_words() const {
    std::vector<std::string> lines;
    for (const auto& [permission, types] : broken_)
      lines.push_back(fmt::format("{}: {}", permission, fmt::join(types, " ")));
    return lines;
  }

  void lower(const ir::FileAccess& access) {
    if (access.owner) return say(Topic::promise_alone);
    const ir::Meaning& meaning = subject_.context.input.meaning;
    bool whole = true;
    const auto divided = subject_.context.labels.divide(meaning.set(access.paths));
    for (const auto& [region, part, which] : divided->parts) {
      if (region->origin == Region::Origin::process) continue;
      for (ir::Verb verb : access.verbs.list()) {
        const PathSet objects = meaning.objects(verb, access.paths) & part;
        if (objects.empty()) continue;
        for (const auto& [class_name, permissions] : distinct_permissions(verb, scope_of(objects, *region, which))) {
          // The system's symlinks are followed on the way to other paths, for which the kernel asks the same.
          if (verb == ir::Verb::read && class_name == "lnk_file" && !region->is_own()) continue;
          for (const auto& type : region->types) whole &= never_allow(type, class_name, permissions);
        }
      }
    }
    if (!whole) say(Topic::promise);
  }

  void lower(const ir::ExecAccess& access) {
    const PathSet files = subject_.context.input.meaning.set(access.paths) & PathSet::non_directories();
    bool whole = true;
    const auto divided = subject_.context.labels.divide(files);
    for (const Part& part : divided->parts)
      for (const auto& type : part.region->types) whole &= never_allow(type, "file", {"execute", "execute_no_trans"});
    if (!whole) say(Topic::promise);
  }

  void lower(const ir::NetworkAccess& access) {
    if (access.protocol == ir::Protocol::udp && !access.listen) return say(Topic::promise_alone);
    const std::string socket = std::string(ir::word(access.protocol)) + "_socket";
    const std::string_view permission = access.listen ? "name_bind" : "name_connect";
    bool whole = true;
    for (const PortSegment* segment : subject_.context.ports.touching(access.protocol, access.ports))
      whole &= never_allow(segment->type, socket, {permission});
    if (!whole) say(Topic::promise);
  }

  void lower(const ir::CapabilityAccess& access) {
    for (ir::Capability capability : access.capabilities)
      if (!never_allow("self", capability_class(capability, access.in_userns), {ir::word(capability)}))
        say(Topic::promise);
  }

  void lower(const ir::ProcessAccess& access) {
    const bool trace = access.kind == ir::ProcessAccess::Kind::trace;
    if ((!trace && access.kind != ir::ProcessAccess::Kind::become) || access.peer.kind != ir::Peer::Kind::domain)
      return say(Topic::promise_alone);
    for (const auto& type : subject_.context.types_of(access.peer.domain, span()))
      if (!never_allow(type, "process", {trace ? "ptrace" : "dyntransition"})) say(Topic::promise);
  }

  void lower(const ir::PlainAccess& access) {
    if (access.kind != ir::PlainAccess::Kind::memory_execute) return say(Topic::promise_alone);
    if (!never_allow("self", "process", {"execmem"})) say(Topic::promise);
  }

  /// Checked on the meaning; what SELinux asks for these is shared with other accesses.
  template <typename T>
  void lower(const T&) {
    say(Topic::promise_alone);
  }

  Subject& subject_;
  Remainder remainder_;
  SystemGrants system_;
  const ir::Obligation* promise_ = nullptr;
  std::map<std::string, std::set<std::string>> broken_;  // types by what the system grants on them
};

}  // namespace

void lower_denials(Subject& subject) {
  for (const auto& [rule, access] : subject.rules<ir::FileAccess>(ir::Effect::deny))
    deny_files(subject, *rule, *access);
  for (const auto& [rule, access] : subject.rules<ir::CapabilityAccess>(ir::Effect::deny))
    deny_capabilities(subject, *rule, *access);
  for (const auto& [rule, access] : subject.rules<ir::NetworkAccess>(ir::Effect::deny))
    deny_network(subject, *rule, *access);
  hush_terminal_questions(subject);
}

void lower_promises(Subject& subject) { PromiseLowering(subject).run(); }

}  // namespace macc::backends::selinux
