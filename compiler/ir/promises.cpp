// Whole accesses against the meaning: what of it is allowed, what is not. `never` and `test` are built on this.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <type_traits>

#include "compiler/ir/always_there.h"
#include "compiler/ir/conditions.h"
#include "compiler/ir/meaning.h"
#include "compiler/ir/mount_options.h"

namespace macc::ir {

using paths::PathSet;

namespace {

using Finding = Meaning::Finding;

// ---- paths: files and programs ----

/// One language of an access with the question which rules speak about it.
struct PathQuestion {
  std::string word;  // "read", "exec"
  PathSet target;
  bool always_on_entry = false;  // a domain reads and loads its own programs
};

bool file_rule_speaks(const Rule& rule, Verb verb, bool owned) {
  const auto* a = std::get_if<FileAccess>(&rule.access);
  return a != nullptr && a->verbs.has(verb) && (owned || !a->owner);
}

/// Whether an exec rule is about the same way of executing. A deny without a target means every way.
bool exec_rule_speaks(const Rule& rule, const ExecAccess& way) {
  const auto* a = std::get_if<ExecAccess>(&rule.access);
  if (a == nullptr) return false;
  if (rule.effect == Effect::deny && a->mode == ExecAccess::Mode::inside) return true;
  // A deny takes the program away whatever becomes of the environment; an allow keeps it only where it says so.
  if (rule.effect == Effect::allow && way.keep_environment && !keeps_environment(*a)) return false;
  return a->mode == way.mode && (a->mode != ExecAccess::Mode::transition || a->target == way.target);
}

/// The ways of executing that are asked about. Without a target, those are all that the domain has.
std::vector<ExecAccess> ways_of(const ExecAccess& asked, const Domain& domain) {
  std::vector<ExecAccess> out = {asked};
  if (asked.mode != ExecAccess::Mode::inside) return out;
  for (const Rule& rule : domain.rules) {
    const auto* a = std::get_if<ExecAccess>(&rule.access);
    if (a == nullptr || rule.effect != Effect::allow) continue;
    const bool known = std::any_of(
        out.begin(), out.end(), [&](const ExecAccess& way) { return way.mode == a->mode && way.target == a->target; });
    if (known) continue;
    out.push_back(asked);
    out.back().mode = a->mode;
    out.back().target = a->target;
  }
  return out;
}

/// " to y", " unconfined": behind the path of an example.
std::string way_text(const Policy& policy, const ExecAccess& way) {
  const std::string environment = way.keep_environment ? " keep environment" : "";
  if (way.mode == ExecAccess::Mode::transition) return " to " + policy.domain(way.target).name + environment;
  return (way.mode == ExecAccess::Mode::unconfined ? " unconfined" : "") + environment;
}

class PathJudge {
 public:
  PathJudge(const Meaning& meaning, const Domain& domain, const Assignment& values)
      : meaning_(meaning), domain_(domain), values_(values) {}

  /// The first allowed part of `target`. `speaks(rule)` selects rules, `objects(rule)` gives their paths.
  template <typename Speaks, typename Objects>
  std::optional<Finding> allowed(const PathQuestion& q, Speaks speaks, Objects objects) const {
    const auto left = [&](PathSet part) {
      for (const Rule& deny : domain_.rules) {
        if (deny.effect != Effect::deny || !holds(deny.condition, values_) || !speaks(deny)) continue;
        const PathSet denied = objects(deny);
        if (part.meets(denied)) part = part - denied;
      }
      return part;
    };
    for (const Rule& rule : domain_.rules) {
      if (rule.effect != Effect::allow || !holds(rule.condition, values_) || !speaks(rule)) continue;
      const PathSet given = objects(rule);
      if (!given.meets(q.target)) continue;
      if (auto example = left(given & q.target).example()) return Finding{q.word + " " + *example, &rule};
    }
    if (q.always_on_entry) {
      for (const Entry& entry : domain_.entries) {
        const PathSet own = meaning_.objects(Verb::read, entry.paths);
        if (!own.meets(q.target)) continue;
        if (auto example = left(own & q.target).example()) return Finding{q.word + " " + *example, nullptr};
      }
    }
    return std::nullopt;
  }

  /// What is left of `target` when all that is allowed of it is taken away.
  template <typename Speaks, typename Objects>
  PathSet not_allowed(const PathSet& target, Speaks speaks, Objects objects) const {
    PathSet given;
    for (const Effect effect : {Effect::allow, Effect::deny}) {
      for (const Rule& rule : domain_.rules) {
        if (rule.effect != effect || !holds(rule.condition, values_) || !speaks(rule)) continue;
        const PathSet said = objects(rule);
        if (effect == Effect::allow) {
          given = given | said;
        } else if (given.meets(said)) {
          given = given - said;
        }
      }
    }
    return target.meets(given) ? target - given : target;
  }

  /// The first deny about one of these paths, if there is one, with a path that it is about; else any of them.
  template <typename Speaks, typename Objects>
  std::optional<Finding> first_deny(const PathQuestion& q, const PathSet& paths, Speaks speaks, Objects objects) const {
    for (const Rule& rule : domain_.rules) {
      if (rule.effect != Effect::deny || !holds(rule.condition, values_) || !speaks(rule)) continue;
      const PathSet said = objects(rule);
      if (!said.meets(paths)) continue;
      if (auto example = (said & paths).example()) return Finding{q.word + " " + *example, &rule};
    }
    if (auto example = paths.example()) return Finding{q.word + " " + *example, nullptr};
    return std::nullopt;
  }

  /// The first part of `target` that is not allowed.
  template <typename Speaks, typename Objects>
  std::optional<Finding> denied(const PathQuestion& q, Speaks speaks, Objects objects) const {
    PathSet rest = q.target;
    for (const Rule& rule : domain_.rules) {
      if (!holds(rule.condition, values_) || !speaks(rule)) continue;
      const PathSet said = objects(rule);
      if (rule.effect == Effect::allow) {
        if (rest.meets(said)) rest = rest - said;
      } else if (auto example = (said & q.target).example()) {
        return Finding{q.word + " " + *example, &rule};
      }
    }
    if (q.always_on_entry) {
      for (const Entry& entry : domain_.entries) rest = rest - meaning_.objects(Verb::read, entry.paths);
    }
    if (auto example = rest.example()) return Finding{q.word + " " + *example, nullptr};
    return std::nullopt;
  }

 private:
  const Meaning& meaning_;
  const Domain& domain_;
  const Assignment& values_;
};

// ---- everything else: split into atoms, each of which a rule covers, overlaps or does not concern ----

std::vector<Access> atoms_of(const NetworkAccess& asked, const Domain& domain) {
  std::set<std::uint32_t> cuts;  // first port of each piece
  for (const PortRange& r : asked.ports) cuts.insert({r.first, static_cast<std::uint32_t>(r.last) + 1});
  for (const Rule& rule : domain.rules) {
    const auto* a = std::get_if<NetworkAccess>(&rule.access);
    if (a == nullptr) continue;
    for (const PortRange& r : a->ports) cuts.insert({r.first, static_cast<std::uint32_t>(r.last) + 1});
  }
  std::vector<Access> out;
  for (const PortRange& r : asked.ports) {
    std::uint32_t first = r.first;
    for (auto it = cuts.upper_bound(first); first <= r.last && it != cuts.end(); ++it) {
      NetworkAccess piece = asked;
      const std::uint32_t last = std::min<std::uint32_t>(*it - 1, r.last);
      piece.ports = {{static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last)}};
      out.emplace_back(piece);
      first = last + 1;
    }
  }
  return out;
}

std::vector<Peer> peers_of(const Peer& peer, const Policy& policy) {
  if (peer.kind != Peer::Kind::any) return {peer};
  std::vector<Peer> out;
  for (std::size_t i = 0; i < policy.domains.size(); ++i) out.push_back({Peer::Kind::domain, static_cast<DomainId>(i)});
  return out;
}

std::vector<Access> atoms_of(const SignalAccess& asked, const Policy& policy) {
  std::vector<Signal> signals = asked.signals;
  if (asked.any) {
    for (const std::string& w : signal_words()) signals.push_back(*signal_of(w));
    std::sort(signals.begin(), signals.end());
  }
  std::vector<Access> out;
  for (const Peer& p : peers_of(asked.peer, policy)) {
    for (Signal s : signals) out.emplace_back(SignalAccess{false, {s}, p});
  }
  return out;
}

/// What is asked by each file system and each set of options: those that rules name have an answer of their own, and a
/// piece that leaves one open is about all others.
std::vector<Access> atoms_of(const MountAccess& asked, const Domain& domain) {
  std::set<std::string> fstypes(asked.fstypes.begin(), asked.fstypes.end());
  std::set<std::vector<std::string>> options;
  for (const Rule& rule : domain.rules) {
    const auto* a = std::get_if<MountAccess>(&rule.access);
    if (a == nullptr) continue;
    if (asked.fstypes.empty()) fstypes.insert(a->fstypes.begin(), a->fstypes.end());
    if (asked.options.empty() && is_left_open(asked, a->options)) options.insert(normal_options(a->options));
  }
  if (asked.fstypes.empty()) fstypes.insert("");
  options.insert(asked.options);
  std::vector<Access> out;
  for (const std::vector<std::string>& some : options) {
    for (const std::string& fstype : fstypes) {
      MountAccess piece = asked;
      piece.options = some;
      if (!fstype.empty()) piece.fstypes = {fstype};
      out.emplace_back(std::move(piece));
    }
  }
  return out;
}

/// Pieces small enough that a rule either has all of one or none, but for path sets and open fields.
std::vector<Access> atoms(const Access& asked, const Policy& policy, const Domain& domain) {
  return std::visit(
      [&](const auto& a) -> std::vector<Access> {
        using T = std::decay_t<decltype(a)>;
        if constexpr (std::is_same_v<T, NetworkAccess>) {
          return atoms_of(a, domain);
        } else if constexpr (std::is_same_v<T, SignalAccess>) {
          return atoms_of(a, policy);
        } else if constexpr (std::is_same_v<T, ProcessAccess>) {
          std::vector<Access> out;
          for (const Peer& p : peers_of(a.peer, policy)) out.emplace_back(ProcessAccess{a.kind, p});
          return out;
        } else if constexpr (std::is_same_v<T, CapabilityAccess>) {
          std::vector<Access> out;
          for (Capability c : a.capabilities) out.emplace_back(CapabilityAccess{{c}, a.in_userns});
          return out;
        } else if constexpr (std::is_same_v<T, MountAccess>) {
          return atoms_of(a, domain);
        } else if constexpr (std::is_same_v<T, UseAccess>) {
          std::vector<Access> out;
          const auto one = [&](bool UseAccess::*kind) {
            if (!(a.*kind)) return;
            UseAccess u;
            u.*kind = true;
            u.from = a.from;
            out.emplace_back(u);
          };
          for (auto kind :
               {&UseAccess::tcp, &UseAccess::udp, &UseAccess::unix, &UseAccess::pipe, &UseAccess::terminal}) {
            one(kind);
          }
          if (!a.paths.include.empty()) {
            UseAccess u;
            u.paths = a.paths;
            u.from = a.from;
            out.emplace_back(u);
          }
          return out;
        } else {
          return {asked};
        }
      },
      asked);
}

/// How a rule stands to an atom.
enum class Relation { none, overlaps, covers };

class Compare {
 public:
  Compare(const Meaning& meaning, DomainId self) : meaning_(meaning), self_(self) {}

  Relation operator()(const Access& rule, const Access& atom) const {
    if (rule.index() != atom.index()) return Relation::none;
    return std::visit(
        [&](const auto& a) {
          using T = std::decay_t<decltype(a)>;
          return relate(a, std::get<T>(atom));
        },
        rule);
  }

 private:
  static Relation all(bool yes) { return yes ? Relation::covers : Relation::none; }
  /// An empty field of a rule stands for any value; an empty field of the question asks for any value.
  static Relation field(const std::string& rule, const std::string& asked) {
    if (rule.empty() || rule == asked) return Relation::covers;
    return asked.empty() ? Relation::overlaps : Relation::none;
  }
  Relation sets(const PathExpr& rule, const PathExpr& asked) const {
    const PathSet r = meaning_.set(rule);
    const PathSet q = meaning_.set(asked);
    if (!r.meets(q)) return Relation::none;
    return r.contains(q) ? Relation::covers : Relation::overlaps;
  }
  static Relation both(std::initializer_list<Relation> parts) { return std::min(parts); }

  bool reaches(const Peer& rule, const Peer& asked) const {
    if (rule.kind == Peer::Kind::any) return true;
    const DomainId a = rule.kind == Peer::Kind::self ? self_ : rule.domain;
    const DomainId b = asked.kind == Peer::Kind::self ? self_ : asked.domain;
    return a == b;
  }

  Relation relate(const FileAccess&, const FileAccess&) const { return Relation::none; }  // PathJudge's
  Relation relate(const ExecAccess&, const ExecAccess&) const { return Relation::none; }
  Relation relate(const NetworkAccess& r, const NetworkAccess& q) const {
    if (r.listen != q.listen || r.protocol != q.protocol) return Relation::none;
    const PortRange want = q.ports.at(0);
    return all(std::any_of(r.ports.begin(), r.ports.end(),
                           [&](const PortRange& p) { return p.first <= want.first && want.last <= p.last; }));
  }
  Relation relate(const UnixAccess& r, const UnixAccess& q) const {
    if (r.listen != q.listen || r.abstract_name.empty() != q.abstract_name.empty()) return Relation::none;
    if (!r.abstract_name.empty()) return all(r.abstract_name == q.abstract_name);
    return sets(r.paths, q.paths);
  }
  Relation relate(const SocketAccess& r, const SocketAccess& q) const {
    return r.family == q.family ? field(r.type, q.type) : Relation::none;
  }
  Relation relate(const UseAccess& r, const UseAccess& q) const {
    if (r.from != q.from) return Relation::none;
    if (!q.paths.include.empty()) return r.paths.include.empty() ? Relation::none : sets(r.paths, q.paths);
    return all((q.tcp && r.tcp) || (q.udp && r.udp) || (q.unix && r.unix) || (q.pipe && r.pipe) ||
               (q.terminal && r.terminal));
  }
  Relation relate(const SignalAccess& r, const SignalAccess& q) const {
    return all(reaches(r.peer, q.peer) &&
               (r.any || std::binary_search(r.signals.begin(), r.signals.end(), q.signals.at(0))));
  }
  Relation relate(const ProcessAccess& r, const ProcessAccess& q) const {
    return all(r.kind == q.kind && reaches(r.peer, q.peer));
  }
  Relation relate(const CapabilityAccess& r, const CapabilityAccess& q) const {
    return all(r.in_userns == q.in_userns &&
               std::binary_search(r.capabilities.begin(), r.capabilities.end(), q.capabilities.at(0)));
  }
  Relation relate(const MountAccess& r, const MountAccess& q) const {
    const auto is_asked = [&](const std::string& fstype) { return !q.fstypes.empty() && q.fstypes.front() == fstype; };
    if (!r.fstypes.empty() && std::none_of(r.fstypes.begin(), r.fstypes.end(), is_asked)) return Relation::none;
    const bool options =
        r.options.empty() ? is_left_open(r, q.options) : normal_options(r.options) == normal_options(q.options);
    if (!options) return Relation::none;
    Relation source = Relation::covers;
    if (!r.from.include.empty()) source = q.from.include.empty() ? Relation::overlaps : sets(r.from, q.from);
    return both({source, sets(r.on, q.on)});
  }
  Relation relate(const PathsAccess& r, const PathsAccess& q) const {
    return r.kind == q.kind ? sets(r.paths, q.paths) : Relation::none;
  }
  Relation relate(const PlainAccess& r, const PlainAccess& q) const { return all(r.kind == q.kind); }
  Relation relate(const DbusAccess& r, const DbusAccess& q) const {
    if (r.own != q.own || r.session_bus != q.session_bus || r.name != q.name) return Relation::none;
    return both({field(r.interface, q.interface), field(r.member, q.member)});
  }

  const Meaning& meaning_;
  DomainId self_;
};

}  // namespace

std::optional<Finding> Meaning::some_allowed(DomainId id, const Access& access, bool owned,
                                             const Assignment& values) const {
  const Domain& domain = policy_.domain(id);
  const PathJudge judge(*this, domain, values);
  if (const auto* file = std::get_if<FileAccess>(&access)) {
    for (Verb verb : file->verbs.list()) {
      const PathQuestion q{std::string(word(verb)), objects(verb, file->paths),
                           verb == Verb::read || verb == Verb::load};
      auto found = judge.allowed(
          q, [&](const Rule& r) { return file_rule_speaks(r, verb, owned); },
          [&](const Rule& r) { return objects(verb, std::get<FileAccess>(r.access).paths, q.target); });
      if (found) return found;
    }
    return std::nullopt;
  }
  if (const auto* exec = std::get_if<ExecAccess>(&access)) {
    const PathQuestion q{"exec", objects(Verb::load, exec->paths), false};
    for (const ExecAccess& way : ways_of(*exec, domain)) {
      auto found = judge.allowed(
          q, [&](const Rule& r) { return exec_rule_speaks(r, way); },
          [&](const Rule& r) { return objects(Verb::load, std::get<ExecAccess>(r.access).paths, q.target); });
      if (!found) continue;
      found->example += way_text(policy_, way);
      return found;
    }
    return std::nullopt;
  }
  const Compare compare(*this, id);
  for (const Access& atom : atoms(access, policy_, domain)) {
    if (is_always_there(atom, id)) return Finding{describe(policy_, atom), nullptr};
    const Rule* allow = nullptr;
    bool denied = false;
    for (const Rule& rule : domain.rules) {
      if (!holds(rule.condition, values)) continue;
      const Relation relation = compare(rule.access, atom);
      if (rule.effect == Effect::deny) denied = denied || relation == Relation::covers;
      if (rule.effect == Effect::allow && relation != Relation::none && allow == nullptr) allow = &rule;
    }
    if (allow != nullptr && !denied) return Finding{describe(policy_, atom), allow};
  }
  return std::nullopt;
}

std::optional<Finding> Meaning::some_denied(DomainId id, const Access& access, bool owned,
                                            const Assignment& values) const {
  const Domain& domain = policy_.domain(id);
  const PathJudge judge(*this, domain, values);
  if (const auto* file = std::get_if<FileAccess>(&access)) {
    for (Verb verb : file->verbs.list()) {
      const PathQuestion q{std::string(word(verb)), objects(verb, file->paths),
                           verb == Verb::read || verb == Verb::load};
      auto found = judge.denied(
          q, [&](const Rule& r) { return file_rule_speaks(r, verb, owned); },
          [&](const Rule& r) { return objects(verb, std::get<FileAccess>(r.access).paths, q.target); });
      if (found) return found;
    }
    return std::nullopt;
  }
  if (const auto* exec = std::get_if<ExecAccess>(&access)) {
    const PathQuestion q{"exec", objects(Verb::load, exec->paths), false};
    const auto objects_of = [&](const Rule& r) {
      return objects(Verb::load, std::get<ExecAccess>(r.access).paths, q.target);
    };
    const std::vector<ExecAccess> ways = ways_of(*exec, domain);
    PathSet rest = q.target;
    for (const ExecAccess& way : ways)
      rest = judge.not_allowed(
          rest, [&](const Rule& r) { return exec_rule_speaks(r, way); }, objects_of);
    const auto speaks = [&](const Rule& r) {
      return std::any_of(ways.begin(), ways.end(), [&](const ExecAccess& way) { return exec_rule_speaks(r, way); });
    };
    auto found = judge.first_deny(q, rest, speaks, objects_of);
    if (found) found->example += way_text(policy_, *exec);
    return found;
  }
  const Compare compare(*this, id);
  for (const Access& atom : atoms(access, policy_, domain)) {
    const Rule* deny = nullptr;
    bool allowed = is_always_there(atom, id);
    for (const Rule& rule : domain.rules) {
      if (!holds(rule.condition, values)) continue;
      const Relation relation = compare(rule.access, atom);
      if (rule.effect == Effect::deny && relation != Relation::none) deny = &rule;
      if (rule.effect == Effect::allow && relation == Relation::covers) allowed = true;
    }
    if (deny != nullptr || !allowed) return Finding{describe(policy_, atom), deny};
  }
  return std::nullopt;
}

// ---- never and test ----

namespace {

/// Booleans on which the answer about `access` can depend, in the domain's rules.
std::vector<BooleanId> relevant_booleans(const Domain& domain, const Access& access) {
  std::set<BooleanId> found;
  for (const Rule& rule : domain.rules) {
    if (rule.access.index() == access.index()) add_booleans(rule.condition, found);
  }
  return {found.begin(), found.end()};
}

/// More than this many switches in one question are not enumerated (2^12 assignments).
constexpr std::size_t kMaxSwitches = 12;

void point_at(Diagnostic& d, const Provenance& where) {
  for (auto it = where.includes.rbegin(); it != where.includes.rend(); ++it) {
    d.note(fmt::format("through `include {}`", it->abstraction), it->at);
  }
}

std::string when_text(const Policy& policy, const std::vector<BooleanId>& switches, const Assignment& values) {
  std::string out;
  for (BooleanId b : switches) {
    const bool on = values[static_cast<std::size_t>(b)];
    if (on == policy.boolean(b).value) continue;
    out += (out.empty() ? " when " : " and ") + std::string(on ? "" : "not ") + policy.boolean(b).name;
  }
  return out;
}

void check_obligation(const Meaning& meaning, DomainId id, const Obligation& never, Diagnostics& diagnostics) {
  const Policy& policy = meaning.policy();
  const Domain& domain = policy.domain(id);
  const std::vector<BooleanId> switches = relevant_booleans(domain, never.access);
  if (switches.size() > kMaxSwitches) {
    diagnostics.report(Code::E0504, never.where.span,
                       fmt::format("this promise about `{}` depends on {} booleans, at most {} can be proved",
                                   domain.name, switches.size(), kMaxSwitches));
    return;
  }
  for (std::size_t bits = 0; bits < (std::size_t{1} << switches.size()); ++bits) {
    Assignment values = declared_values(policy);
    // The declared values come first, so that the simplest counterexample is shown.
    for (std::size_t i = 0; i < switches.size(); ++i) {
      const auto index = static_cast<std::size_t>(switches[i]);
      values[index] = values[index] != (((bits >> i) & 1U) != 0);
    }
    auto found = meaning.some_allowed(id, never.access, true, values);
    if (!found) found = meaning.some_allowed(id, never.access, false, values);
    if (!found) continue;
    Diagnostic& d = diagnostics.report(Code::E0501, never.where.span,
                                       fmt::format("`{}` may {}{}, which this promise rules out", domain.name,
                                                   printable(found->example), when_text(policy, switches, values)));
    d.label("promised here");
    point_at(d, never.where);
    if (found->rule != nullptr) {
      d.also(found->rule->where.span, fmt::format("allowed by `{}`", printable(describe(policy, found->rule->access))));
      point_at(d, found->rule->where);
    } else {
      d.note("it needs no rule: a domain always has its own program, signals, pipes and IPC");
    }
    return;
  }
}

void run_expectation(const Meaning& meaning, const Test& test, const TestExpectation& e, Diagnostics& diagnostics) {
  const Policy& policy = meaning.policy();
  const auto assignments = assignments_of(policy, e);
  if (!assignments) {
    diagnostics.report(
        Code::E0504, e.span,
        fmt::format("this expectation depends on more than {} booleans, so they cannot all be tried", kMaxSwitches));
    return;
  }
  const auto* file = std::get_if<FileAccess>(&e.access);
  const bool owned = file != nullptr && file->owner;
  for (const Assignment& values : *assignments) {
    const auto wrong = e.allow ? meaning.some_denied(e.domain, e.access, owned, values)
                               : meaning.some_allowed(e.domain, e.access, owned, values);
    if (!wrong) continue;
    Diagnostic& d = diagnostics.report(
        Code::E0502, e.span,
        fmt::format("test \"{}\": `{}` {} {}", printable(test.name, 80), policy.domain(e.domain).name,
                    e.allow ? "may not" : "may", printable(wrong->example)));
    d.label(e.allow ? "expected to be allowed" : "expected to be denied");
    if (wrong->rule != nullptr) {
      d.also(wrong->rule->where.span,
             fmt::format("{} by `{}`", wrong->rule->effect == Effect::deny ? "denied" : "allowed",
                         printable(describe(policy, wrong->rule->access))));
      point_at(d, wrong->rule->where);
    } else if (e.allow) {
      d.note(fmt::format("no rule of `{}` allows it", policy.domain(e.domain).name));
    }
    return;
  }
}

}  // namespace

std::optional<std::vector<Assignment>> assignments_of(const Policy& policy, const TestExpectation& e) {
  std::set<BooleanId> named;
  add_booleans(e.when, named);
  const std::vector<BooleanId> switches(named.begin(), named.end());
  if (switches.size() > kMaxSwitches) return std::nullopt;
  std::vector<Assignment> out;
  Assignment values = declared_values(policy);
  for (std::size_t bits = 0; bits < (std::size_t{1} << switches.size()); ++bits) {
    for (std::size_t i = 0; i < switches.size(); ++i) {
      values[static_cast<std::size_t>(switches[i])] = ((bits >> i) & 1U) != 0;
    }
    if (holds(e.when, values)) out.push_back(values);
  }
  return out;
}

void check_promises(const Meaning& meaning, Diagnostics& diagnostics) {
  const Policy& policy = meaning.policy();
  for (std::size_t i = 0; i < policy.domains.size(); ++i) {
    for (const Obligation& never : policy.domains[i].never) {
      check_obligation(meaning, static_cast<DomainId>(i), never, diagnostics);
    }
  }
}

void run_test(const Meaning& meaning, const Test& test, Diagnostics& diagnostics) {
  for (const TestExpectation& e : test.expectations) run_expectation(meaning, test, e, diagnostics);
}

void run_tests(const Meaning& meaning, Diagnostics& diagnostics) {
  for (const Test& test : meaning.policy().tests) run_test(meaning, test, diagnostics);
}

}  // namespace macc::ir
