// The meaning of random policies against the automaton that the parser made of their profiles, over every path: the
// product of both is walked, so that a difference is found with a path that shows it.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <functional>
#include <map>
#include <set>

#include "tests/support/apparmor_policies.h"
#include "tests/support/apparmor_target.h"

using namespace macc;
using namespace macc::test;
using ir::Verb;
using paths::PathSet;

namespace {

constexpr unsigned kHalf = 14;  // bits of one half of an accept word
constexpr std::uint32_t kNowhere = 0xffffffff;
constexpr std::uint32_t kWhole = kRead | kWrite | kAppend | kLock | kMap | kExec;

PathSet set_of(const char* pattern) {
  paths::PatternError error;
  return PathSet::of(paths::PathPattern::parse(pattern, error));
}

// ---- what the meaning asks for ----

/// Paths that want permission bits, or a way of executing.
struct Wanted {
  std::uint32_t bits = 0;
  std::string exec;
  PathSet set;
};

class Expectation {
 public:
  Expectation(const ApparmorTarget& target, ir::DomainId domain, bool owned, ir::Assignment values)
      : meaning_(target.meaning),
        domain_(target.analyzed->policy.domain(domain)),
        id_(domain),
        owned_(owned),
        values_(std::move(values)) {}

  [[nodiscard]] std::vector<Wanted> all() const {
    const PathSet inside = executed(ir::ExecAccess::Mode::inside, ir::DomainId::none, false);
    const PathSet sent = sockets(false) | handed_over();
    std::vector<Wanted> out = {
        {kRead, "", any({Verb::read, Verb::list, Verb::rename, Verb::load}) | inside | sent},
        {kWrite | kAppend, "",
         any({Verb::write, Verb::append, Verb::create, Verb::delete_, Verb::rename, Verb::setattr, Verb::mknod}) |
             sockets(true) | sent},
        {kLock, "", any({Verb::lock})},
        {kMap, "", any({Verb::load}) | inside},
        {kExec, "ix", inside},
    };
    for (const bool keep : {false, true}) add_transitions(out, keep);
    return out;
  }

  [[nodiscard]] PathSet any(std::initializer_list<Verb> verbs) const {
    PathSet out;
    for (Verb verb : verbs) out = out | meaning_.allowed_paths(id_, verb, owned_, values_);
    return out;
  }

 private:
  /// What rules of one kind of access allow and no deny takes away. `concerns` gives the paths of an access that is
  /// spoken of.
  template <class Access>
  PathSet by_rules(Verb verb, const std::function<bool(const Access&, bool deny)>& concerns) const {
    PathSet allowed, denied;
    for (const ir::Rule& rule : domain_.rules) {
      const auto* access = std::get_if<Access>(&rule.access);
      const bool deny = rule.effect == ir::Effect::deny;
      if (access == nullptr || !ir::holds(rule.condition, values_) || !concerns(*access, deny)) continue;
      const PathSet objects = meaning_.objects(verb, access->paths);
      (deny ? denied : allowed) = (deny ? denied : allowed) | objects;
    }
    return allowed - denied;
  }

  PathSet executed(ir::ExecAccess::Mode mode, ir::DomainId target, bool keep) const {
    return by_rules<ir::ExecAccess>(Verb::load, [&](const ir::ExecAccess& a, bool deny) {
      if (deny && a.mode == ir::ExecAccess::Mode::inside) return true;
      const bool environment = deny || mode == ir::ExecAccess::Mode::inside || a.keep_environment == keep;
      return a.mode == mode && a.target == target && environment;
    });
  }

  void add_transitions(std::vector<Wanted>& out, bool keep) const {
    const std::string end = keep ? " unsafe" : "";
    out.push_back({kExec, "ux" + end, executed(ir::ExecAccess::Mode::unconfined, ir::DomainId::none, keep)});
    std::set<ir::DomainId> targets;
    for (const ir::Rule& rule : domain_.rules) {
      const auto* a = std::get_if<ir::ExecAccess>(&rule.access);
      if (a != nullptr && a->mode == ir::ExecAccess::Mode::transition) targets.insert(a->target);
    }
    for (ir::DomainId target : targets) {
      const std::string name = meaning_.policy().domain(target).name;
      out.push_back({kExec, "-> " + name + end, executed(ir::ExecAccess::Mode::transition, target, keep)});
    }
  }

  PathSet sockets(bool listen) const {
    return by_rules<ir::UnixAccess>(
        Verb::read, [&](const ir::UnixAccess& a, bool) { return a.listen == listen && a.abstract_name.empty(); });
  }
  PathSet handed_over() const {
    return by_rules<ir::UseAccess>(Verb::read, [](const ir::UseAccess&, bool) { return true; });
  }

  const ir::Meaning& meaning_;
  const ir::Domain& domain_;
  ir::DomainId id_;
  bool owned_;
  ir::Assignment values_;
};

// ---- walking both ----

std::uint32_t step(const PathSet::Automaton& a, std::uint32_t state, unsigned char byte) {
  if (state == kNowhere) return kNowhere;
  for (const auto& e : a.states[state].edges) {
    if (e.first <= byte && byte <= e.last) return e.target;
  }
  return kNowhere;
}

/// A tuple of states, the compiled automaton's first.
using States = std::vector<std::uint32_t>;

class Walk {
 public:
  /// The first set is the one whose members are compared.
  Walk(const Automaton& compiled, const std::vector<PathSet>& sets) : compiled_(compiled) {
    for (const PathSet& set : sets) automata_.push_back(set.automaton());
    find_bytes();
  }

  /// The first path on which `differs` finds something to say, with what it says; "" when there is none.
  [[nodiscard]] std::string run(const std::function<std::string(const States&, const Walk&)>& differs,
                                std::uint32_t start = 1) const {
    States first(automata_.size() + 1, 0);
    first[0] = start;
    std::map<States, std::size_t> seen = {{first, 0}};
    std::vector<std::pair<States, std::string>> todo = {{first, ""}};
    for (std::size_t at = 0; at < todo.size(); ++at) {
      const auto [states, path] = todo[at];
      if (in(states, 0)) {
        if (const std::string what = differs(states, *this); !what.empty()) return printable(path, 200) + ": " + what;
      }
      for (const unsigned char byte : bytes_) {
        States next = stepped(states, byte);
        if (next[1] == kNowhere || !seen.emplace(next, todo.size()).second) continue;
        todo.emplace_back(std::move(next), path + static_cast<char>(byte));
      }
    }
    return "";
  }

  [[nodiscard]] bool in(const States& states, std::size_t set) const {
    return states[set + 1] != kNowhere && automata_[set].states[states[set + 1]].accepting;
  }

 private:
  States stepped(const States& states, unsigned char byte) const {
    States next(states.size());
    next[0] = states[0] == 0 ? 0 : compiled_.step(states[0], byte);
    for (std::size_t i = 0; i < automata_.size(); ++i) next[i + 1] = step(automata_[i], states[i + 1], byte);
    return next;
  }

  /// One byte of each class that no automaton tells apart.
  void find_bytes() {
    std::set<States> kinds;
    std::string order = "abcxyz";
    for (int c = 1; c < 256; ++c) order += static_cast<char>(c);
    for (const char c : order) {
      const auto byte = static_cast<unsigned char>(c);
      States kind;
      for (std::uint32_t s = 1; s < compiled_.size(); ++s) kind.push_back(compiled_.step(s, byte));
      for (const auto& a : automata_) {
        for (std::uint32_t s = 0; s < a.states.size(); ++s) kind.push_back(step(a, s, byte));
      }
      if (kinds.insert(std::move(kind)).second) bytes_.push_back(byte);
    }
  }

  const Automaton& compiled_;
  std::vector<PathSet::Automaton> automata_;
  std::vector<unsigned char> bytes_;
};

/// Paths on which the meaning alone decides: in /proc each domain may read more, and says so.
PathSet compared() { return PathSet::all() - set_of("/proc/**"); }

std::string difference(const CompiledProfile& p, std::uint32_t got, std::uint32_t bits, const std::string& exec,
                       bool may_be_wider) {
  const std::uint32_t more = got & kWhole & ~bits, less = bits & ~got;
  const std::string way = p.exec_of(got);
  if (less == 0 && (more == 0 || may_be_wider) && (way == exec || (may_be_wider && exec.empty()))) return "";
  return fmt::format("has {:#x} {}, wanted {:#x} {}", got & kWhole, way, bits, exec);
}

std::string compare_files(const ApparmorTarget& t, const CompiledProfile& p, const ir::Assignment& values, bool owned) {
  const auto wanted = Expectation(t, t.analyzed->domain("d"), owned, values).all();
  std::vector<PathSet> sets = {compared()};
  for (const Wanted& w : wanted) sets.push_back(w.set);
  const bool may_be_wider = t.topic("deny-residue");
  const Walk walk(*p.files, sets);
  return walk.run([&](const States& states, const Walk& w) {
    std::uint32_t bits = 0;
    std::string exec;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!w.in(states, i + 1)) continue;
      bits |= wanted[i].bits;
      exec += wanted[i].exec;
    }
    const std::uint32_t accept = states[0] == 0 ? 0 : p.files->accept(states[0]);
    const std::uint32_t got = (owned ? accept : accept >> kHalf) & ((1U << kHalf) - 1);
    return difference(p, got, bits, exec, may_be_wider);
  });
}

/// Hard links: a pair of names that both have the verb.
std::string compare_links(const ApparmorTarget& t, const CompiledProfile& p, const ir::Assignment& values, bool owned) {
  const PathSet linked = Expectation(t, t.analyzed->domain("d"), owned, values).any({Verb::link});
  const std::uint32_t pair = owned ? kLink : kLink << kHalf;
  std::map<std::pair<std::uint32_t, bool>, bool> seen;
  const Walk walk(*p.files, {compared(), linked});
  return walk.run([&](const States& states, const Walk& w) -> std::string {
    const std::uint32_t between = states[0] == 0 ? 0 : p.files->step(states[0], '\0');
    const bool named = w.in(states, 1);
    if (!seen.emplace(std::pair(between, named), true).second) return "";
    const std::string found = walk.run(
        [&](const States& target, const Walk& v) -> std::string {
          const bool got = target[0] != 0 && (p.files->accept(target[0]) & pair) != 0;
          return got == (named && v.in(target, 1)) ? "" : got ? "may be linked to" : "may not be linked to";
        },
        between);
    return found.empty() ? "" : "link " + found;
  });
}

// ---- random policies ----

/// What is wrong with a seed's policy. `compiled` counts those that were not refused.
std::string try_seed(unsigned seed, int& compiled, std::map<std::string, int>& refused) {
  const std::string text = Generator(seed).policy();
  if (!analyze(text)->messages().empty()) return "";  // a rule that can never apply, and its like
  ApparmorTarget t(text);
  for (const Diagnostic& d : t.analyzed->diagnostics.all()) ++refused[std::string(info(d.code).id)];
  if (t.analyzed->diagnostics.has_errors()) return "";
  ++compiled;
  const bool links = t.artifact("apparmor.d/d").find("link subset") != std::string::npos;
  for (unsigned bits = 0; bits < 4; ++bits) {
    const bool one = (bits & 1) != 0, two = (bits & 2) != 0;
    const CompiledProfile p = t.compile("d", {{"$macc_m_one", one}, {"$macc_m_two", two}});
    for (const bool owned : {false, true}) {
      std::string found = compare_files(t, p, {one, two}, owned);
      if (found.empty() && links) found = compare_links(t, p, {one, two}, owned);
      if (found.empty()) continue;
      return fmt::format("seed {}{} one={} two={}: {}\n{}{}", seed, owned ? " owned" : "", one, two, found, text,
                         t.artifact("apparmor.d/d"));
    }
    if (text.find("if ") == std::string::npos) break;
  }
  return "";
}

/// What macc's own verification has to say about a seed's policy for a target; "" when it is content.
std::string verify_seed(unsigned seed, const std::string& features, int& compiled) {
  const std::string text = Generator(seed, true).policy();
  if (!analyze(text)->messages().empty()) return "";
  ApparmorTarget t(text, features);
  if (t.analyzed->diagnostics.has_errors()) return "";
  ++compiled;
  Diagnostics found;
  const auto result = backends::apparmor_backend().verify(t.input(), t.lowered, found);
  if (result.status == backends::Verification::Status::passed && !found.has_errors()) return "";
  std::string out = fmt::format("seed {} for {}: {}", seed, features, result.reason);
  for (const Diagnostic& d : found.all()) {
    out += fmt::format("\n{} {}", info(d.code).id, d.message);
    for (const auto& note : d.notes) out += "\n  " + note.text;
  }
  return out + "\n" + text + t.artifact("apparmor.d/d") + t.artifact("apparmor.d/e");
}

}  // namespace

TEST_CASE("random policies: every path has the permissions in the compiled profile that the meaning asks for") {
  const auto [first, count] = seeds(150);
  int compiled = 0;
  std::map<std::string, int> refused;
  for (unsigned seed = first; seed < first + count; ++seed) {
    const std::string wrong = try_seed(seed, compiled, refused);
    CHECK_MESSAGE(wrong.empty(), wrong);
  }
  std::string codes;
  for (const auto& [code, times] : refused) codes += fmt::format(" {}x{}", code, times);
  MESSAGE(compiled << " of " << count << " compiled;" << codes);
  CHECK(compiled * 3 > static_cast<int>(count));
}

TEST_CASE("random policies with accesses of all kinds: what the parser compiled is what the policy says") {
  const auto [first, count] = seeds(150);
  int compiled = 0;
  for (unsigned seed = first; seed < first + count; ++seed) {
    const std::string wrong = verify_seed(seed, seed % 2 == 0 ? "debian12" : "ubuntu22.04", compiled);
    CHECK_MESSAGE(wrong.empty(), wrong);
  }
  MESSAGE(compiled << " of " << count << " compiled");
  CHECK(compiled * 3 > static_cast<int>(count));
}
