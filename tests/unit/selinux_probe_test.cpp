// What the compiled artifacts answer, against the meaning of the policy that they were made from.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <sstream>

#include "tests/support/selinux_target.h"

using namespace macc;
using namespace macc::test;
using backends::Probe;
using backends::ProbeAnswer;

namespace {

constexpr const char* kSystem =
    "external domain init { selinux type init_t; }\n"
    "external resource etc { \"/etc/**\"; selinux type etc_t; }\n"
    "external resource bins { \"/usr/bin/*\"; selinux type bin_t; }\n";

std::string domain(const std::string& statements, const std::string& others = "") {
  return "macc 1;\nmodule m;\n" + std::string(kSystem) + others + "domain d {\n  entry \"/usr/lib/x/d\";\n" +
         statements + "\n}\n";
}

/// Answers about the accesses of the policy's tests, in order, with the booleans as declared.
struct Probed {
  std::unique_ptr<SelinuxTarget> target;
  std::vector<ProbeAnswer> answers;
};

std::vector<Probe> probes_of(const SelinuxTarget& target, const ir::Assignment& values) {
  std::vector<Probe> probes;
  for (const ir::Test& test : target.analyzed->policy.tests)
    for (const ir::TestExpectation& e : test.expectations) probes.push_back({e.domain, &e.access, values});
  return probes;
}

std::vector<ProbeAnswer> ask(const SelinuxTarget& target, const ir::Assignment& values) {
  return backends::selinux_backend().probe(target.input(), target.lowered, probes_of(target, values));
}

/// Each question is an access of `d`: "read \"/etc/x\"".
Probed probe(const std::string& policy, const std::vector<std::string>& questions) {
  std::string text = policy + "test \"all\" {\n";
  for (const std::string& question : questions) text += "  expect deny d " + question + ";\n";
  Probed probed;
  probed.target = lower_only(text + "}\n");
  CAPTURE(probed.target->messages());
  REQUIRE(!probed.target->diagnostics.has_errors());
  probed.answers = ask(*probed.target, ir::declared_values(probed.target->analyzed->policy));
  REQUIRE(probed.answers.size() == questions.size());
  return probed;
}

ProbeAnswer probe_one(const std::string& policy, const std::string& question) {
  return probe(policy, {question}).answers[0];
}

bool all(const ProbeAnswer& answer) { return answer.answered && !answer.allowed.empty() && answer.denied.empty(); }
bool none(const ProbeAnswer& answer) { return answer.answered && answer.allowed.empty() && !answer.denied.empty(); }

}  // namespace

TEST_CASE("a probe of files: what is allowed, what is not, and which rule says so") {
  const std::string policy =
      domain("  resource data : state { \"/srv/d/**\" }\n  allow read, write data;\n  allow read \"/etc/d/*\";");
  const auto answers = probe(policy, {"read \"/srv/d/x\"", "delete \"/srv/d/x\"", "read \"/etc/d/x\"",
                                      "write \"/etc/d/x\"", "read \"/srv/{d/x,e/y}\""})
                           .answers;
  CHECK(all(answers[0]));
  CHECK(answers[0].allowed == "read /srv/d/x");
  CHECK(answers[0].by == "allow d_t d_data_t file { read open }");
  CHECK(none(answers[1]));
  CHECK(answers[1].denied == "delete /srv/d/x");
  CHECK(answers[1].by == "no rule allows d_t d_data_t file { unlink }");
  CHECK(all(answers[2]));
  CHECK(none(answers[3]));
  CHECK(answers[4].allowed == "read /srv/d/x");
}

TEST_CASE("a probe sees that a type is shared, where the meaning does not") {
  const ProbeAnswer answer = probe_one(domain("  allow read \"/etc/d.conf\";"), "read \"/etc/other.conf\"");
  CHECK(all(answer));
  CHECK(answer.by == "allow d_t etc_t file { read open }");
}

TEST_CASE("a probe asks the folder, too, where an entry of it is made or removed") {
  const std::string trees =
      "  resource near : state { \"/srv/d/in/**\" }\n  resource far : state { \"/srv/d/out/**\" }\n";
  const auto answers =
      probe(domain(trees + "  allow create, delete near;\n  allow read, write, list far;"),
            {"create \"/srv/d/in/x\"", "delete \"/srv/d/in/x\"", "create \"/srv/d/out/x\"", "rename \"/srv/d/in/x\""})
          .answers;
  CHECK(all(answers[0]));
  CHECK(all(answers[1]));
  CHECK(none(answers[2]));
  CHECK(none(answers[3]));
}

TEST_CASE(
    "what is made has the label of its folder, or of a transition, and not the one that is planned for its path") {
  const auto answers = probe(domain("  resource data : state { \"/srv/d/**\" except \"/srv/d/raw/**\" }\n"
                                    "  resource keys : secret { \"/srv/d/keys\" }\n  allow create data;"),
                             {"create \"/srv/d/raw/\"", "create \"/srv/d/raw/x\"", "create \"/srv/d/keys\""})
                           .answers;
  CHECK(all(answers[0]));
  CHECK(answers[0].by == "allow d_t d_data_t dir { create }");
  CHECK(none(answers[1]));
  CHECK(all(answers[2]));
}

TEST_CASE("a probe follows the booleans") {
  const std::string policy =
      domain("  resource data : state { \"/srv/d/**\" }\n  if sw { allow read data; }", "boolean sw = false;\n") +
      "test \"all\" { expect deny d read \"/srv/d/x\"; }\n";
  const auto target = lower_only(policy);
  REQUIRE(!target->diagnostics.has_errors());
  CHECK(none(ask(*target, {false})[0]));
  CHECK(all(ask(*target, {true})[0]));
}

TEST_CASE("a probe of programs: inside, into another domain, with its environment") {
  const std::string policy =
      domain("  exec \"/usr/bin/dash\";\n  exec \"/usr/lib/x/e\" to e;\n  exec \"/usr/lib/x/f\" to f keep environment;",
             "domain e { entry \"/usr/lib/x/e\"; }\ndomain f { entry \"/usr/lib/x/f\"; }\n");
  const auto answers =
      probe(policy, {"exec \"/usr/bin/dash\"", "exec \"/usr/lib/x/e\" to e", "exec \"/usr/lib/x/e\"",
                     "exec \"/usr/lib/x/e\" to e keep environment", "exec \"/usr/lib/x/f\" to f keep environment",
                     "exec \"/usr/lib/x/e\" to f", "exec \"/etc/x\"", "exec \"/usr/lib/x/e\" keep environment",
                     "exec \"/usr/lib/x/f\" keep environment", "exec \"/usr/bin/dash\" keep environment"})
          .answers;
  CHECK(all(answers[0]));
  CHECK(all(answers[1]));
  // It can be executed, and then runs as e.
  CHECK(answers[2].allowed == "exec /usr/lib/x/e");
  CHECK(answers[2].denied == "");
  CHECK(none(answers[3]));
  CHECK(all(answers[4]));
  CHECK(none(answers[5]));
  CHECK(none(answers[6]));
  // Whatever becomes of it, with the environment as it is.
  CHECK(none(answers[7]));
  CHECK(answers[8].allowed == "exec /usr/lib/x/f");
  CHECK(all(answers[9]));
}

TEST_CASE("a probe of ports, sockets, signals, capabilities and what has no object") {
  const std::string policy = domain(
      "  allow connect tcp 8443; allow listen udp 7000; allow listen unix \"/run/d.sock\"; allow signal term to e;\n"
      "  resource run : runtime { \"/run/d.sock\" }\n"
      "  allow trace e; allow capability chown; allow bpf; allow socket netlink.route; allow become e;",
      "domain e { entry \"/usr/lib/x/e\"; allow connect unix \"/run/d.sock\"; }\n");
  const auto probed = probe(policy, {"connect tcp 8443",
                                     "connect tcp 8444",
                                     "listen tcp 8443",
                                     "listen udp 7000",
                                     "listen udp 40000",
                                     "listen unix \"/run/d.sock\"",
                                     "signal term to e",
                                     "signal kill to e",
                                     "signal term to self",
                                     "trace e",
                                     "inspect e",
                                     "ipc e",
                                     "capability chown",
                                     "capability kill",
                                     "bpf",
                                     "perf",
                                     "socket netlink.route",
                                     "socket netlink.audit",
                                     "become e",
                                     "memory execute",
                                     "keyring"});
  const auto& answers = probed.answers;
  CHECK(all(answers[0]));
  CHECK(none(answers[1]));
  CHECK(none(answers[2]));
  CHECK(all(answers[3]));
  CHECK(all(answers[4]));  // the kernel gives such ports away itself
  CHECK(all(answers[5]));
  CHECK(all(answers[6]));
  CHECK(none(answers[7]));
  CHECK(all(answers[8]));
  CHECK(all(answers[9]));
  CHECK(all(answers[10]));  // who traces inspects
  CHECK(none(answers[11]));
  CHECK(all(answers[12]));
  CHECK(none(answers[13]));
  CHECK(all(answers[14]));
  CHECK(none(answers[15]));
  CHECK(all(answers[16]));
  CHECK(none(answers[17]));
  CHECK(all(answers[18]));
  CHECK(none(answers[19]));
  CHECK(all(answers[20]));
}

TEST_CASE("a probe of unix sockets asks the file and who listens") {
  const std::string server =
      "domain s { entry \"/usr/lib/x/s\"; resource run : runtime { \"/run/s/**\" } allow listen unix run; }\n";
  const std::string question = "connect unix \"/run/s/a\"";
  CHECK(all(probe_one(domain("  allow connect unix \"/run/s/a\";", server), question)));
  CHECK(none(probe_one(domain("", server), question)));
  const auto own =
      probe_one(domain("  resource run : runtime { \"/run/d/**\" }\n  allow listen unix run; allow write run;"),
                "connect unix \"/run/d/a\"");
  CHECK(all(own));  // the report says `own-sockets`
}

TEST_CASE("what the kernel does not ask about is open to all") {
  const ProbeAnswer answer = probe_one(domain(""), "pivot \"/mnt/new/\"");
  CHECK(all(answer));
  CHECK(answer.by == "not mediated");
}

TEST_CASE("a domain that only complains may do everything") {
  const ProbeAnswer answer = probe_one(domain("  mode complain;"), "read \"/etc/shadow\"");
  CHECK(all(answer));
  CHECK(answer.by == "d_t is permissive: nothing is refused to it");
}

TEST_CASE("a probe says why it has no answer") {
  const ProbeAnswer nobody = probe_one(domain(""), "dbus talk \"org.nobody\" on system");
  CHECK_FALSE(nobody.answered);
  CHECK(nobody.reason == "nothing says which domain owns `org.nobody` on the bus");
  const ProbeAnswer silent = probe_one(domain(""), "connect unix \"@nobody\"");
  CHECK_FALSE(silent.answered);
  CHECK(silent.reason == "nothing says who listens on `@nobody`");
  const ProbeAnswer numbered = probe_one(domain(""), "read \"/proc/1/environ\"");
  CHECK_FALSE(numbered.answered);
  CHECK(numbered.reason == "which process has a number is not known before it runs");
  const ProbeAnswer unstarted =
      probe_one("macc 1;\nmodule m;\ndomain d { allow capability chown; }\n", "capability chown");
  CHECK_FALSE(unstarted.answered);
  CHECK(unstarted.reason == "nothing starts `d`, so that it runs in no role");
}

TEST_CASE("levels keep a probe out as they keep the domain out") {
  const std::string trees =
      "  level \"s0:c1\";\n  resource mine : state level \"s0:c1\" { \"/srv/d/mine/**\" }\n"
      "  resource theirs : state level \"s0:c2\" { \"/srv/d/theirs/**\" }\n  allow read mine; allow read theirs;";
  const auto answers = probe(domain(trees), {"read \"/srv/d/mine/x\"", "read \"/srv/d/theirs/x\""}).answers;
  CHECK(all(answers[0]));
  CHECK(none(answers[1]));
  CHECK(answers[1].by.starts_with("constraints refuse d_t d_theirs_t file"));
}

TEST_CASE("what is made has the user and the level of who makes it") {
  const std::string trees =
      "  level \"s0:c1\";\n  resource mine : state level \"s0:c1\" { \"/srv/d/mine/**\" }\n"
      "  resource theirs : state level \"s0:c2\" { \"/srv/d/theirs/**\" }\n  allow create mine; allow create theirs;";
  const auto answers = probe(domain(trees), {"create \"/srv/d/mine/x\"", "create \"/srv/d/theirs/x\""}).answers;
  CHECK(all(answers[0]));
  CHECK(none(answers[1]));
  CHECK(answers[1].by.starts_with("constraints refuse d_t d_theirs_t dir"));

  // There, files are made with the user that their maker has, unless it may change the identity of objects.
  if (!backends::selinux::Base::installed().base) return;
  const auto started = target_of(
      "macc 1;\nmodule m;\ndomain d {\n  entry \"/usr/bin/d\" from user;\n"
      "  resource o : state { \"/var/lib/uo/**\" }\n  resource s : state { \"/var/lib/uo.sock\" }\n"
      "  allow create, write o; allow listen unix s;\n}\n"
      "test \"all\" { expect allow d create \"/var/lib/uo/b\"; expect allow d create \"/var/lib/uo/b/\";\n"
      "  expect allow d listen unix \"/var/lib/uo.sock\"; expect allow d delete \"/var/lib/uo/b\"; }\n");
  started->lowered = backends::selinux_backend().lower(started->input(), started->diagnostics);
  REQUIRE(!started->diagnostics.has_errors());
  const auto found = ask(*started, {});
  CHECK(all(found[0]));
  CHECK(all(found[1]));
  CHECK(all(found[2]));
  CHECK(none(found[3]));
}

// ---- random policies

namespace {

/// Rules of a small vocabulary, each there or not, so that their grants meet on types.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::string policy() {
    std::string text = beginning();
    for (unsigned i = 0, count = 2 + below(6); i < count; ++i) text += rule();
    text += "}\ntest \"all\" {\n";
    for (const std::string& question : questions()) text += "  expect deny d " + question + ";\n";
    return text + "}\n";
  }

  /// Rules that share permissions, so that most denies meet an allow.
  std::string close_policy() {
    std::string text = beginning();
    const std::vector<std::string> family = families()[below(static_cast<unsigned>(families().size()))];
    for (unsigned i = 0, count = 4 + below(4); i < count; ++i) {
      const std::string effect = below(5) < 2 ? "deny " : "allow ";
      const std::string line = effect + one_of(family) + ";";
      text += "  " + (below(3) == 0 ? "if sw { " + line + " }" : line) + "\n";
    }
    return text + "}\n";
  }

 private:
  std::string beginning() {
    std::string text =
        "macc 1;\nmodule m;\nboolean sw = false;\n" + std::string(kSystem) +
        "domain e { entry \"/usr/lib/x/e\"; resource run : runtime { \"/run/e/**\" } allow listen unix run;\n"
        "  allow listen unix \"@e\"; allow listen unix \"@e2\"; allow dbus own \"org.m.E\" on system; allow dbus own "
        "\"org.m.E2\" on system; }\n"
        "domain f { entry \"/usr/lib/x/f\"; allow listen unix \"@f\"; }\n"
        "domain d {\n  entry \"/usr/lib/x/d\";\n  resource all : state { \"/srv/t/**\" }\n"
        "  resource tool : program { \"/usr/lib/x/tool\" }\n";
    if (below(2) == 0) text += "  resource part : content { \"/srv/t/a/**\" }\n";
    return text;
  }

  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  std::string one_of(const std::vector<std::string>& list) { return list[below(static_cast<unsigned>(list.size()))]; }

  static std::vector<std::string> verbs() {
    return {"read", "list", "write",   "append", "create", "delete", "rename",
            "link", "lock", "setattr", "load",   "watch",  "ioctl"};
  }
  static std::vector<std::string> paths() {
    return {"/srv/t/x", "/srv/t/a/x", "/srv/t/a/b/", "/srv/t/a/b/x", "/etc/d/x", "/usr/bin/dash", "/usr/lib/x/tool"};
  }
  static std::vector<std::string> phrases() {
    return {"connect tcp 8443",
            "connect tcp 8444",
            "listen tcp 7000",
            "connect udp 53",
            "listen udp 40000",
            "signal term to e",
            "signal kill to e",
            "signal hup to e",
            "trace e",
            "inspect e",
            "ipc e",
            "become e",
            "capability chown",
            "capability bpf",
            "capability perfmon",
            "capability syslog",
            "bpf",
            "perf",
            "io_uring",
            "keyring",
            "memory execute",
            "socket netlink.route",
            "socket packet",
            "use pipe from e",
            "use tcp from e",
            "use unix from e",
            "connect unix \"/run/e/a\"",
            "mount tmpfs on \"/srv/t/a/\"",
            "unmount \"/srv/t/a/\"",
            "capability chown in userns",
            "capability mknod",
            "signal kill to f",
            "signal stop, term to f",
            "trace f",
            "inspect f",
            "ipc f",
            "connect unix \"@e\"",
            "connect unix \"@f\"",
            "listen unix \"@d\"",
            "dbus own \"org.m.D\" on system",
            "dbus talk \"org.m.E\" on system",
            "dbus talk \"org.m.E2\" on system",
            "userns create"};
  }
  static std::vector<std::vector<std::string>> families() {
    return {{"signal any to any", "signal term to e", "signal hup, term to e", "signal kill to e", "signal kill to any",
             "signal any to f", "signal term, hup to any"},
            {"trace any", "trace e", "inspect any", "inspect e", "inspect f", "ipc any", "ipc e", "ipc f"},
            {"connect unix \"@e\"", "connect unix \"@e2\"", "connect unix \"/run/e/a\"", "listen unix \"@d\"",
             "listen unix \"/srv/t/a/x\"", "create \"/srv/t/a/x\""},
            {"dbus talk \"org.m.E\" on system", "dbus talk \"org.m.E2\" on system", "dbus own \"org.m.D\" on system",
             "dbus own \"org.m.D2\" on system"},
            {"connect udp 53", "connect udp any", "listen udp 5353", "listen udp 40000", "connect tcp 8443",
             "connect tcp any", "listen tcp 7000", "listen tcp 40000"},
            {"exec tool", "read tool", "load tool", "exec \"/usr/bin/dash\"", "read \"/usr/bin/dash\"",
             "load \"/usr/bin/dash\"", "exec \"/usr/lib/x/e\" to e"},
            {"watch, write all", "read all", "append all", "write all", "read \"/srv/t/x\"", "load all", "list all"},
            {"bpf", "perf", "capability bpf", "capability perfmon", "capability mknod", "mknod all", "userns create",
             "memory execute", "io_uring", "socket packet", "socket netlink.route"}};
  }
  /// Rules that are about more than a question is.
  static std::vector<std::string> wide_phrases() {
    return {"signal any to any", "signal term, kill to any", "signal hup to any", "inspect any",    "trace any",
            "ipc any",           "signal any to e",          "connect tcp any",   "connect udp any"};
  }

  static std::vector<std::string> questions() {
    std::vector<std::string> list = phrases();
    for (const std::string& verb : verbs())
      for (const std::string& path : paths()) {
        const bool folder = path.ends_with('/');
        if (folder ? verb == "read" || verb == "write" || verb == "append" || verb == "link" || verb == "load"
                   : verb == "list")
          continue;
        list.push_back(verb + " \"" + path + "\"");
      }
    for (const std::string& way : {std::string("exec \"/usr/bin/dash\""), std::string("exec \"/usr/lib/x/e\" to e")})
      list.push_back(way);
    return list;
  }

  std::string rule() {
    std::string text = (below(4) == 0 ? "deny " : "allow ") + one_of(below(5) == 0 ? wide_phrases() : phrases());
    if (below(2) == 0) {
      text = (below(5) == 0 ? "deny " : "allow ") + one_of(verbs());
      text += below(3) == 0 ? " \"" + one_of({"/srv/t/a/b/**", "/srv/t/a/**", "/etc/d/x", "/etc/d/**"}) + "\"" : " all";
    } else if (below(4) == 0) {
      text = one_of({"exec \"/usr/bin/dash\"", "exec \"/usr/lib/x/e\" to e", "exec tool"});
    }
    text += ";";
    return "  " + (below(4) == 0 ? "if sw { " + text + " }" : text) + "\n";
  }

  std::mt19937 random_;
};

/// Whether the report says that the target is wider there: with the type that the answer names, or what was asked;
/// else, where there is no path, about a rule with the same verb.
bool is_said(const SelinuxTarget& target, const Probe& probe, const std::string& question, const std::string& by) {
  const std::string verb = question.substr(0, question.find(' '));
  std::istringstream words(by);
  std::string type;
  for (int i = 0; i < 3; ++i) words >> type;
  // What every domain may, and what the kernel does not ask about, is said once for all.
  if (question == "keyring" || question == "userns create" || question.starts_with("listen unix \"@")) return true;
  const auto& entries = target.lowered.fidelity.entries;
  return std::any_of(entries.begin(), entries.end(), [&](const backends::FidelityEntry& entry) {
    const bool wider =
        entry.fidelity == backends::Fidelity::wider || entry.fidelity == backends::Fidelity::not_enforced;
    if (entry.domain != probe.domain || !wider) return false;
    const bool names = std::any_of(entry.what.begin(), entry.what.end(), [&](const std::string& what) {
      return what == type || what.starts_with(type + ":") || question.ends_with(" " + what);
    });
    const bool on_path = std::holds_alternative<ir::FileAccess>(*probe.access);
    const bool inspects = verb == "inspect" && entry.topic == "trace";
    const bool sends = question.starts_with("connect udp") && entry.topic == "udp-send";
    const bool reads = verb == "read" && entry.topic == "exec-read";
    const bool loads = verb == "load" && entry.rule.find(" exec ") != std::string::npos;
    return names || inspects || sends || reads || loads ||
           (!on_path && entry.rule.find(verb + " ") != std::string::npos);
  });
}

/// Who may write may append, and who loads code reads it; who traces inspects.
bool comes_with(const ir::Meaning& meaning, const Probe& probe) {
  const auto* file = std::get_if<ir::FileAccess>(probe.access);
  if (file == nullptr) return false;
  ir::FileAccess other = *file;
  if (file->verbs.has(ir::Verb::append))
    other.verbs = ir::VerbSet{ir::Verb::write};
  else if (file->verbs.has(ir::Verb::read))
    other.verbs = ir::VerbSet{ir::Verb::load};
  else
    return false;
  return meaning.some_allowed(probe.domain, other, false, probe.values).has_value();
}

}  // namespace

namespace {

/// Whether something is said of a deny.
bool is_said(const SelinuxTarget& target, ir::DomainId id, const ir::Rule& rule) {
  const std::string text = ir::describe(target.analyzed->policy, rule);
  const auto& entries = target.lowered.fidelity.entries;
  return std::any_of(entries.begin(), entries.end(), [&](const backends::FidelityEntry& entry) {
    return entry.domain == id && entry.rule == text && entry.span == rule.where.span &&
           (entry.fidelity == backends::Fidelity::wider || entry.fidelity == backends::Fidelity::not_enforced);
  });
}

/// A deny about any peer is also about the domain itself, which may always send itself signals.
bool is_about_any_peer(const ir::Access& access) {
  const auto* signal = std::get_if<ir::SignalAccess>(&access);
  const auto* process = std::get_if<ir::ProcessAccess>(&access);
  return (signal != nullptr && signal->peer.kind == ir::Peer::Kind::any) ||
         (process != nullptr && process->peer.kind == ir::Peer::Kind::any);
}

/// Asks the artifacts what a domain's denies take away. What they still allow has to be said of that deny.
void check_denies(const SelinuxTarget& target, bool value) {
  const ir::Policy& policy = target.analyzed->policy;
  std::vector<Probe> probes;
  std::vector<const ir::Rule*> rules;
  for (std::size_t i = 0; i < policy.domains.size(); ++i)
    for (const ir::Rule& rule : policy.domains[i].rules)
      if (rule.effect == ir::Effect::deny && ir::holds(rule.condition, {value}) && !is_about_any_peer(rule.access)) {
        probes.push_back({static_cast<ir::DomainId>(i), &rule.access, {value}});
        rules.push_back(&rule);
      }
  const auto answers = backends::selinux_backend().probe(target.input(), target.lowered, probes);
  for (std::size_t i = 0; i < probes.size(); ++i) {
    const std::string text = ir::describe(policy, *rules[i]);
    const std::string& allowed = answers[i].allowed;
    const bool own_keys = text == "deny keyring";              // every domain has those
    const bool head_as_file = allowed.ends_with(" /srv/t/a");  // what heads a tree is a directory
    if (allowed.empty() || own_keys || head_as_file) continue;
    CAPTURE(text);
    CAPTURE(value);
    CAPTURE(answers[i].by);
    CHECK_MESSAGE(is_said(target, probes[i].domain, *rules[i]), "denied, allowed, and not said");
  }
}

}  // namespace

TEST_CASE("random policies: what is denied and allowed all the same is said of that deny") {
  int built = 0;
  for (unsigned seed = 1001; seed <= 1120; ++seed) {
    const std::string text = Generator(seed).close_policy();
    const auto target = lower_only(text);
    if (target->diagnostics.has_errors()) continue;  // a deny beside an allow that cannot be narrowed
    ++built;
    CAPTURE(seed);
    CAPTURE(text);
    check_denies(*target, false);
    check_denies(*target, true);
  }
  CHECK(built >= 100);
}

TEST_CASE("random policies: a probe allows what is meant, and where it allows more, the report says so") {
  int built = 0;
  for (unsigned seed = 1; seed <= 30; ++seed) {
    const std::string text = Generator(seed).policy();
    const auto target = lower_only(text);
    if (target->diagnostics.has_errors()) continue;  // labels cannot hold it
    ++built;
    CAPTURE(seed);
    CAPTURE(text.substr(0, text.find("test \"all\"")));
    for (const bool value : {false, true}) {
      const auto probes = probes_of(*target, {value});
      const auto answers = ask(*target, {value});
      for (std::size_t i = 0; i < probes.size(); ++i) {
        const std::string question = ir::describe(target->analyzed->policy, *probes[i].access);
        CAPTURE(value);
        CAPTURE(question);
        CAPTURE(answers[i].by);
        CHECK_MESSAGE(answers[i].answered, answers[i].reason);
        const bool meant = !target->meaning->some_denied(probes[i].domain, *probes[i].access, false, probes[i].values);
        if (meant) CHECK_MESSAGE(answers[i].denied == "", "narrower");
        if (!meant && !answers[i].allowed.empty() && !comes_with(*target->meaning, probes[i]))
          CHECK_MESSAGE(is_said(*target, probes[i], question, answers[i].by), "wider in silence");
      }
    }
  }
  CHECK(built >= 25);
}
