// Mounts and capabilities.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "backends/apparmor/asked_keys.h"
#include "backends/apparmor/compare_keys.h"
#include "compiler/ir/mount_options.h"

namespace macc::backends::apparmor {

namespace {

using paths::PathSet;

constexpr int kOfNoAllow = 9;  ///< an operation

/// The same paths with any number of slashes for one. The source of a file system without a device is a text that
/// nobody shortened, and what AppArmor's `**` matches in it may begin with a slash.
KeyField with_doubled_slashes(const PathSet& set) {
  const PathSet::Automaton one = set.automaton();
  PathSet::Automaton out;
  const auto count = static_cast<std::uint32_t>(one.states.size());
  for (const auto& state : one.states) {
    auto& copy = out.states.emplace_back();
    copy.accepting = state.accepting;
    for (const auto& edge : state.edges) {
      if (edge.first > '/' || edge.last < '/') {
        copy.edges.push_back(edge);
        continue;
      }
      if (edge.first < '/') copy.edges.push_back({edge.first, '/' - 1, edge.target});
      copy.edges.push_back({'/', '/', count + edge.target});
      if (edge.last > '/') copy.edges.push_back({'/' + 1, edge.last, edge.target});
    }
  }
  for (std::uint32_t i = 0; i < count; ++i) {  // each once more, where a slash was read last
    auto behind_slash = out.states[i];
    behind_slash.edges.push_back({'/', '/', count + i});
    out.states.push_back(std::move(behind_slash));
  }
  return KeyPath{std::make_shared<const PathSet::Automaton>(std::move(out))};
}

class Mounts {
 public:
  explicit Mounts(const Comparing& c) : c_(c), keys_(c) {}

  void run() {
    const KeyField everywhere = path_in(PathSet::all());
    keys_.compare_logs(KeyComparison::Logs::all);
    keys_.ask(unmount_key(everywhere), kUnmount);
    keys_.ask(pivot_key(everywhere), kPivot);
    keys_.ask(mount_key(everywhere, any_mount_source(), any_text(), any_mount_flags()), kMount);
    for (const ir::Rule& rule : c_.domain().rules) {
      if (const auto* a = std::get_if<ir::MountAccess>(&rule.access)) mount(rule, *a);
      if (const auto* p = std::get_if<ir::PathsAccess>(&rule.access)) path(rule, *p);
    }
    keys_.run(c_.profile.classes ? &*c_.profile.classes : nullptr);
  }

 private:
  /// What can be mounted on: directories, and files for a bind.
  KeyField target(const ir::PathExpr& on, bool files) const {
    const PathSet set = set_of(on);
    return path_in(files ? set : set & PathSet::directories());
  }

  [[nodiscard]] PathSet set_of(const ir::PathExpr& paths) const { return c_.build.meaning.set(paths); }

  /// Other names of what a rule is about: they may follow it.
  [[nodiscard]] KeyRule other_names(const ir::Rule& rule, KeyPattern pattern) const {
    KeyRule out = key_rule(c_, rule, std::move(pattern), kMount, 0);
    if (out.deny) {
      out.given_always = false;
    } else {
      out.holds = false;
    }
    return out;
  }

  void mount(const ir::Rule& rule, const ir::MountAccess& access) {
    const MountForm form = mount_form(access);
    const KeyField on = target(access.on, form.on_files);
    const bool from_paths = form.names_source && !access.from.include.empty();
    const KeyField from = from_paths ? path_in(set_of(access.from)) : any_text();
    const KeyField flags = form.options.empty() ? any_mount_flags() : bytes(mount_flags(form.options));
    std::vector<KeyField> types;
    if (form.names_type) {
      for (const std::string& type : access.fstypes) types.push_back(bytes(type));
    }
    if (types.empty()) types.push_back(any_text());
    for (const KeyField& type : types) {
      KeyRule key = key_rule(c_, rule, mount_key(on, from, type, flags), kMount, 0);
      if (key.deny && form.remounts && mounts_anew(c_.domain())) key.given_always = false;
      keys_.add(std::move(key));
      if (from_paths)
        keys_.add(other_names(rule, mount_key(on, with_doubled_slashes(set_of(access.from)), type, flags)));
    }
    for (const std::vector<std::string>& flags_too : given_besides(form)) {
      KeyRule also = key_rule(c_, rule, mount_key(on, from, any_text(), bytes(mount_flags(flags_too))), kMount, 0);
      also.holds = false;  // given, but not asked for: the report says so
      if (also.deny) {     // what nothing allows there is refused without a line in the log as well
        also.operation = kOfNoAllow;
        also.given_always = false;
      }
      keys_.add(std::move(also));
    }
  }

  /// What the parser makes of a rule on remount besides: one on binding where that is an option, and one on mounting
  /// with the others (seen with 3.0.8).
  static std::vector<std::vector<std::string>> given_besides(const MountForm& form) {
    if (!form.remounts) return {};
    std::vector<std::string> binds, others;
    for (const std::string& option : form.options) {
      if (ir::mount_kind({option}) == ir::MountKind::bind)
        binds.push_back(option);
      else if (option != "remount")
        others.push_back(option);
    }
    if (binds.empty()) return {others};
    if (others.empty()) return {binds};
    return {binds, others};
  }

  void path(const ir::Rule& rule, const ir::PathsAccess& access) {
    using Kind = ir::PathsAccess::Kind;
    if (access.kind == Kind::mqueue) return;
    const KeyField on = target(access.paths, false);
    if (access.kind == Kind::unmount) {
      keys_.add(key_rule(c_, rule, unmount_key(on), kUnmount, 1));
    } else {
      keys_.add(key_rule(c_, rule, pivot_key(on), kPivot, 2));
    }
  }

  const Comparing& c_;
  KeyComparison keys_;
};

// ---- capabilities ----

using Capabilities = std::uint64_t;

Capabilities bit(ir::Capability capability) { return Capabilities{1} << static_cast<unsigned>(capability); }

/// Capabilities that an access is about, or needs.
Capabilities capabilities_of(const ir::Access& access) {
  Capabilities out = 0;
  if (const auto* a = std::get_if<ir::CapabilityAccess>(&access)) {
    for (const ir::Capability c : a->capabilities) out |= bit(c);
  } else if (const auto* f = std::get_if<ir::FileAccess>(&access)) {
    if (f->verbs.has(ir::Verb::mknod)) out = bit(ir::Capability::mknod);
  } else if (const auto* p = std::get_if<ir::PlainAccess>(&access)) {
    if (p->kind == ir::PlainAccess::Kind::bpf) out = bit(ir::Capability::bpf);
    if (p->kind == ir::PlainAccess::Kind::perf) out = bit(ir::Capability::perfmon);
  }
  return out;
}

/// Whether the deny takes its capabilities out of what the other gives. Denied device nodes are a matter of the paths;
/// a denied capability is no part of what bpf or perf gives.
bool takes_from(const ir::Access& deny, const ir::Access& allow) {
  const auto* denied = std::get_if<ir::CapabilityAccess>(&deny);
  if (std::holds_alternative<ir::PlainAccess>(allow))
    return denied == nullptr ? std::holds_alternative<ir::PlainAccess>(deny) : !denied->in_userns;
  const auto* allowed = std::get_if<ir::CapabilityAccess>(&allow);
  return denied != nullptr && allowed != nullptr && denied->in_userns == allowed->in_userns;
}

std::string words_of(Capabilities set) {
  std::string out;
  for (unsigned n = 0; n < 64; ++n) {
    if ((set >> n & 1) == 0) continue;
    std::string word = std::to_string(n);
    for (const std::string& known : ir::capability_words()) {
      const auto capability = ir::capability_of(known);
      if (capability && static_cast<unsigned>(*capability) == n) word = known;
    }
    out += (out.empty() ? "" : ", ") + word;
  }
  return out;
}

}  // namespace

void compare_mounts(const Comparing& comparing) { Mounts(comparing).run(); }

void compare_capabilities(const Comparing& c) {
  Capabilities required = 0, audited = 0, silent = 0, loud = 0, ever = 0;
  std::map<unsigned, Origin> origins;
  const auto& rules = c.domain().rules;
  for (const ir::Rule& rule : rules) {
    Capabilities set = holds(c, rule) ? capabilities_of(rule.access) : 0;
    if (rule.effect == ir::Effect::deny) {
      if (!std::holds_alternative<ir::FileAccess>(rule.access)) (rule.audit ? loud : silent) |= set;
      continue;
    }
    ever |= capabilities_of(rule.access);
    for (const ir::Rule& deny : rules) {
      if (deny.effect == ir::Effect::deny && holds(c, deny) && takes_from(deny.access, rule.access))
        set &= ~capabilities_of(deny.access);
    }
    required |= set;
    if (rule.audit) audited |= set;
    for (unsigned n = 0; n < 64; ++n) {
      if ((set >> n & 1) != 0) origins.emplace(n, c.build.origin(rule));
    }
  }
  const CompiledCapabilities& got = c.profile.capabilities;
  if (const Capabilities missing = required & ~got.allowed; missing != 0) {
    unsigned first = 0;
    while ((missing >> first & 1) == 0) ++first;
    c.add(Difference::Way::narrower,
          fmt::format("the compiled profile does not let `{}` use the capabilities {}", c.domain().name,
                      words_of(missing)),
          "the policy allows it", &origins.at(first));
  }
  if (const Capabilities extra = got.allowed & ~required; extra != 0) {
    c.add(Difference::Way::wider,
          fmt::format("the compiled profile lets `{}` use the capabilities {}", c.domain().name, words_of(extra)),
          "the policy does not allow it");
  }
  if (const Capabilities other = (got.audited ^ audited) & required; other != 0) {
    c.add(Difference::Way::logged,
          fmt::format("whether the use of the capabilities {} is logged is not as the policy says", words_of(other)));
  }
  // A deny of what some rule gives, if only under a condition, may be left out.
  if (const Capabilities other = silent & ~ever & ~loud & ~got.quiet; other != 0) {
    c.add(Difference::Way::logged, fmt::format("that the capabilities {} are refused is logged", words_of(other)),
          "the policy says otherwise");
  }
  if (const Capabilities other = got.quiet & ~silent; other != 0) {
    c.add(Difference::Way::logged, fmt::format("that the capabilities {} are refused is not logged", words_of(other)),
          "the policy does not say so");
  }
}

}  // namespace macc::backends::apparmor
