// Accesses looked up in compiled profiles, and where the lines of profiles come from.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tests/support/apparmor_policies.h"
#include "tests/support/apparmor_target.h"
#include "tests/support/artifact_origins.h"

using namespace macc;
using namespace macc::test;
using backends::ProbeAnswer;

namespace {

/// The first expectation of each test, by the declared values of the booleans or by others.
std::vector<ProbeAnswer> answers(const ApparmorTarget& target, const ir::Assignment& values) {
  std::vector<backends::Probe> probes;
  for (const ir::Test& test : target.analyzed->policy.tests) {
    for (const ir::TestExpectation& e : test.expectations) probes.push_back({e.domain, &e.access, values});
  }
  return backends::apparmor_backend().probe(target.input(), target.lowered, probes);
}

std::string text_of(const ProbeAnswer& a) {
  return a.answered
             ? fmt::format("may {}; may not {}", a.allowed.empty() ? "-" : a.allowed, a.denied.empty() ? "-" : a.denied)
             : "not answered: " + a.reason;
}

/// What is found of one phrase in the profile of `d`, with these statements in it.
class Asked {
 public:
  Asked(const std::string& statements, const std::string& phrase, const std::string& features = "debian12",
        const std::map<std::string, std::string>& settings = {})
      : target_("module m;\nboolean busy = false;\ndomain d {\n  entry \"/usr/bin/d\";\n" + statements +
                    "\n}\ndomain e { entry \"/usr/bin/e\"; allow listen unix \"@e\"; }\n"
                    "external domain init { apparmor label \"unconfined\"; }\n"
                    "test \"t\" { expect allow d " +
                    phrase + "; }\n",
                features, false, settings) {}

  /// Replaces a text in an artifact, as by hand.
  Asked& change(const std::string& path, const std::string& from, const std::string& to) {
    for (auto& artifact : target_.lowered.artifacts) {
      const std::size_t at = artifact.content.find(from);
      if (artifact.path != path || at == std::string::npos) continue;
      artifact.content.replace(at, from.size(), to);
      return *this;
    }
    FAIL(target_.artifact(path));
    return *this;
  }
  [[nodiscard]] ProbeAnswer answer(bool busy = false) const { return answers(target_, {busy}).at(0); }
  [[nodiscard]] std::string text(bool busy = false) const { return text_of(answer(busy)); }

 private:
  ApparmorTarget target_;
};

}  // namespace

TEST_CASE("probe: files by verb, with an example of what is allowed and of what is not") {
  const std::string rules = "allow read \"/t/**\" except \"/t/s/**\";\nallow write \"/w\";\nallow read \"/o/*\" owner;";
  CHECK(Asked(rules, "read \"/t/a\"").text() == "may read /t/a; may not -");
  CHECK(Asked(rules, "read \"/t/s/a\"").text() == "may -; may not read /t/s/a");
  CHECK(Asked(rules, "read \"/t/**\"").text() == "may read /t/a; may not read /t/s/a");
  CHECK(Asked(rules, "write \"/t/a\"").text() == "may -; may not write /t/a");
  CHECK(Asked(rules, "read \"/o/a\"").text() == "may -; may not read /o/a");
  CHECK(Asked(rules, "read \"/o/a\" owner").text() == "may read /o/a; may not -");
  // `w` is more than writing: the target is wider than the policy.
  CHECK(Asked(rules, "delete \"/w\"").text() == "may delete /w; may not delete /w/");
  CHECK(Asked(rules, "delete \"/w\"").answer().by == "profile d: \"/w\" w; profile d: nothing on \"/w/\"");
  CHECK(Asked(rules, "read, write \"/t/a\"").text() == "may read /t/a; may not write /t/a");
  CHECK(Asked(rules, "load \"/usr/bin/d\"").text() == "may load /usr/bin/d; may not -");
}

TEST_CASE("probe: hard links, device nodes, and what is not mediated of files") {
  const std::string rules = "allow link \"/l/*\";\nallow mknod \"/dev/x\";\nallow read \"/t\";";
  CHECK(Asked(rules, "link \"/l/a\"").text() == "may link /l/a; may not -");
  CHECK(Asked(rules, "link \"/m/a\"").text() == "may -; may not link /m/a");
  CHECK(Asked(rules, "mknod \"/dev/x\"").text() == "may mknod /dev/x; may not -");
  CHECK(Asked("allow create \"/dev/x\";", "mknod \"/dev/x\"").text() == "may -; may not mknod /dev/x");
  const ProbeAnswer watch = Asked(rules, "watch \"/etc/x\"").answer();
  CHECK(text_of(watch) == "may watch /etc/x; may not -");
  CHECK(watch.by.find("not mediated") != std::string::npos);
}

TEST_CASE("probe: programs by how they are executed") {
  const std::string rules = "exec \"/opt/i\";\nexec \"/usr/bin/e\" to e;\nexec \"/opt/u\" unconfined keep environment;";
  CHECK(Asked(rules, "exec \"/opt/i\"").text() == "may exec /opt/i; may not -");
  CHECK(Asked(rules, "exec \"/usr/bin/e\" to e").text() == "may exec /usr/bin/e; may not -");
  CHECK(Asked(rules, "exec \"/usr/bin/e\"").text() == "may exec /usr/bin/e; may not -");
  CHECK(Asked(rules, "exec \"/usr/bin/e\" to e keep environment").text() == "may -; may not exec /usr/bin/e");
  CHECK(Asked(rules, "exec \"/opt/u\" unconfined").text() == "may exec /opt/u; may not -");
  CHECK(Asked(rules, "exec \"/opt/u\" unconfined keep environment").text() == "may exec /opt/u; may not -");
  CHECK(Asked(rules, "exec \"/opt/i\" unconfined").text() == "may -; may not exec /opt/i");
  // Any way of executing will do that leaves the environment as it is.
  CHECK(Asked(rules, "exec \"/usr/bin/e\" keep environment").text() == "may -; may not exec /usr/bin/e");
  CHECK(Asked(rules, "exec \"/opt/u\" keep environment").text() == "may exec /opt/u; may not -");
  CHECK(Asked(rules, "exec \"/opt/i\" keep environment").text() == "may exec /opt/i; may not -");
}

TEST_CASE("probe: sockets") {
  CHECK(Asked("allow connect tcp 80;", "connect tcp 80").text() == "may connect tcp 80; may not -");
  const ProbeAnswer other = Asked("allow connect tcp 80;", "listen tcp 81").answer();
  CHECK(text_of(other) == "may listen tcp 81; may not -");
  CHECK(other.by == "profile d: network inet stream, network inet6 stream (for every port, connecting and listening)");
  CHECK(Asked("", "connect udp 53").text() == "may -; may not connect udp 53");
  CHECK(Asked("allow socket netlink.route;", "socket netlink.route").text() == "may socket netlink.route; may not -");
  CHECK(Asked("", "socket packet").text() == "may -; may not socket packet");
  // As a family on one target, by name and peer on another.
  CHECK(Asked("allow connect unix \"@e\";", "connect unix \"@x\"").text() == "may connect unix \"@x\"; may not -");
  CHECK(Asked("allow connect unix \"@e\";", "connect unix \"@x\"", "ubuntu22.04").text() ==
        "may -; may not connect unix \"@x\"");
  CHECK(Asked("allow connect unix \"@e\";", "connect unix \"@e\"", "ubuntu22.04").text() ==
        "may connect unix \"@e\"; may not -");
  CHECK(Asked("allow listen unix \"@d\";", "listen unix \"@d\"", "ubuntu22.04").text() ==
        "may listen unix \"@d\"; may not -");
  CHECK(Asked("", "listen unix \"@d\"", "ubuntu22.04").text() == "may -; may not listen unix \"@d\"");
  CHECK(Asked("", "connect unix \"/run/x\"").text() == "may -; may not connect unix \"/run/x\"");
  CHECK(Asked("allow listen unix \"/run/d\";", "connect unix \"/run/x\"").text() ==
        "may connect unix \"/run/x\"; may not -");
  CHECK(Asked("allow listen unix \"/run/d\";", "listen unix \"/run/d\"").text() == "may listen unix /run/d; may not -");
  CHECK(Asked("", "use tcp from init").answer().by.find("unconfined") != std::string::npos);
}

TEST_CASE("probe: signals and tracing take both profiles") {
  const std::string rule = "allow signal term to e;";
  CHECK(Asked(rule, "signal term to e").text() == "may signal term to e; may not -");
  CHECK(Asked(rule, "signal kill to e").text() == "may -; may not signal kill to e");
  CHECK(Asked(rule, "signal term to self").text() == "may signal term to d; may not -");
  CHECK(Asked(rule, "signal term to e")
            .change("apparmor.d/e", "signal receive set=(term) peer=\"d\"", "signal receive set=(hup) peer=\"d\"")
            .text() == "may -; may not signal term to e");
  CHECK(Asked("allow trace e;", "inspect e").text() == "may inspect e; may not -");
  CHECK(Asked("allow inspect e;", "trace e").text() == "may -; may not trace e");
  CHECK(Asked("allow become e;", "become e").text() == "may become e; may not -");
  CHECK(Asked("", "become e").text() == "may -; may not become e");
  const ProbeAnswer ipc = Asked("", "ipc e").answer();
  CHECK(text_of(ipc) == "may ipc e; may not -");
  CHECK(ipc.by.starts_with("not mediated: "));
}

TEST_CASE("probe: capabilities, mounts, and operations of the kernel") {
  CHECK(Asked("allow capability chown;", "capability chown, net_raw").text() ==
        "may capability chown; may not capability net_raw");
  CHECK(Asked("allow bpf;", "capability bpf").text() == "may capability bpf; may not -");
  CHECK(Asked("", "perf").text() == "may -; may not perf");
  CHECK(Asked("", "memory execute").answer().by.starts_with("not mediated: "));
  CHECK(Asked("", "userns create").text() == "may userns create; may not -");
  const std::string rule = "allow mount ext4 options ro from \"/dev/sda\" on \"/mnt/**\";\nallow unmount \"/mnt/**\";";
  const ProbeAnswer mount = Asked(rule, "mount ext4 options ro from \"/dev/sda\" on \"/mnt/a/\"").answer();
  CHECK(mount.denied == "");
  CHECK(mount.allowed != "");
  CHECK(Asked(rule, "mount ext4 from \"/dev/sda\" on \"/mnt/a/\"").answer().denied != "");
  CHECK(Asked(rule, "mount xfs options ro from \"/dev/sda\" on \"/mnt/a/\"").answer().allowed == "");
  CHECK(Asked(rule, "unmount \"/mnt/a/\"").text() == "may unmount `/mnt/a/`; may not -");
  CHECK(Asked(rule, "unmount \"/srv/\"").text() == "may -; may not unmount `/srv/`");
  // No kernel that knows no queues lets one be opened; removing one is nobody's business.
  const ProbeAnswer queue = Asked("", "mqueue \"/dev/mqueue/x\"").answer();
  CHECK(queue.allowed != "");
  CHECK(queue.denied != "");
}

TEST_CASE("probe: the bus, where it is mediated and where it is not") {
  const std::string rule = "allow dbus talk \"a.b\" interface \"a.I\" on system;";
  CHECK(Asked(rule, "dbus talk \"x.y\" on system").answer().by.starts_with("not mediated: "));
  const auto on_ubuntu = [&](const char* phrase) { return Asked(rule, phrase, "ubuntu22.04").answer(); };
  CHECK(on_ubuntu("dbus talk \"a.b\" interface \"a.I\" on system").denied == "");
  CHECK(on_ubuntu("dbus talk \"a.b\" on system").denied != "");
  CHECK(on_ubuntu("dbus talk \"a.b\" on system").allowed != "");
  CHECK(on_ubuntu("dbus talk \"x.y\" on system").allowed == "");
  CHECK(on_ubuntu("dbus own \"a.b\" on system").allowed == "");
}

TEST_CASE("probe: what counts is the artifact, with the booleans as they are asked about") {
  const std::string rules = "allow read \"/t/a\";\nif busy { allow write \"/t/b\"; }";
  CHECK(Asked(rules, "read \"/t/a\"").change("apparmor.d/d", "\"/t/a\" r,", "\"/t/x\" r,").text() ==
        "may -; may not read /t/a");
  CHECK(Asked(rules, "write \"/t/b\"").text(false) == "may -; may not write /t/b");
  CHECK(Asked(rules, "write \"/t/b\"").text(true) == "may write /t/b; may not -");
  const ProbeAnswer raw = Asked("raw apparmor \"\"\"/r/** rw,\"\"\";", "write \"/r/a\"").answer();
  CHECK(text_of(raw) == "may write /r/a; may not -");
  CHECK(raw.by.find("raw text") != std::string::npos);
  const ProbeAnswer refused =
      Asked(rules, "read \"/t/a\"").change("apparmor.d/d", "\"/t/a\" r,", "\"/t/a\" nonsense").answer();
  CHECK(!refused.answered);
  CHECK(refused.reason.starts_with("apparmor_parser does not compile the profile of d: "));
}

TEST_CASE("probe: what cannot be answered says why") {
  CHECK(Asked("", "userns create", "ubuntu24.04").text() ==
        "not answered: macc does not read what apparmor_parser makes of rules on user namespaces");
  CHECK(Asked("", "mqueue \"/dev/mqueue/x\"", "ubuntu24.04").text() ==
        "not answered: macc does not read what apparmor_parser makes of rules on message queues");
  const ApparmorTarget target("module m;\nexternal domain x { apparmor label \"x\"; }\n");
  const ir::Access access = ir::CapabilityAccess{{ir::Capability::chown}, false};
  const auto found =
      backends::apparmor_backend().probe(target.input(), target.lowered, {{ir::DomainId{0}, &access, {}}});
  CHECK(text_of(found.at(0)) == "not answered: `x` has no profile of this build");
  CHECK(Asked("", "use \"/t/\" from e").text() ==
        "not answered: AppArmor is asked nothing of this kind about these paths");
}

namespace {

/// Topics that say of each domain what it is wider by.
bool is_general(const std::string& topic) {
  static const std::set<std::string> topics = {"always-there", "unit-entry", "path-name"};
  return topics.contains(topic);
}

bool says(const ApparmorTarget& t, ir::DomainId id, std::initializer_list<backends::Fidelity> kinds) {
  return std::any_of(t.lowered.fidelity.entries.begin(), t.lowered.fidelity.entries.end(), [&](const auto& entry) {
    const bool kind = std::find(kinds.begin(), kinds.end(), entry.fidelity) != kinds.end();
    return entry.domain == id && kind && !is_general(entry.topic);
  });
}

/// Whether a rule denies something of the kind that is asked about.
bool denies(const ApparmorTarget& t, const backends::Probe& probe) {
  const auto& rules = t.analyzed->policy.domain(probe.domain).rules;
  return std::any_of(rules.begin(), rules.end(), [&](const ir::Rule& rule) {
    return rule.effect == ir::Effect::deny && rule.access.index() == probe.access->index();
  });
}

/// What is wrong with an answer, measured by the meaning: less than that, or more without a word in the report.
std::string wrong_with(const ApparmorTarget& t, const backends::Probe& probe, const ProbeAnswer& answer) {
  using backends::Fidelity;
  if (!answer.answered) return answer.reason.starts_with("AppArmor is asked nothing") ? "" : answer.reason;
  const auto* file = std::get_if<ir::FileAccess>(probe.access);
  const bool owned = file != nullptr && file->owner;
  const auto allowed = t.meaning.some_allowed(probe.domain, *probe.access, owned, probe.values);
  const auto denied = t.meaning.some_denied(probe.domain, *probe.access, owned, probe.values);
  const bool narrower = says(t, probe.domain, {Fidelity::narrower});
  // Of a rule that gives some of the options that are asked for, the meaning says that they overlap; so it does where
  // directories alone are handed over, which AppArmor asks nothing about.
  const bool coarse =
      std::holds_alternative<ir::MountAccess>(*probe.access) || std::holds_alternative<ir::UseAccess>(*probe.access);
  const bool overlaps = coarse && denied;
  // What is always there: a deny of it holds on the target.
  const bool own = allowed && allowed->rule == nullptr && denies(t, probe);
  if (allowed && answer.allowed.empty() && !narrower && !overlaps && !own)
    return "allows none of it; the policy: " + allowed->example;
  if (!denied && !answer.denied.empty() && !narrower && !own) return "does not allow " + answer.denied;
  // Only what is a directory can be mounted on, but for binds.
  const bool directories =
      std::holds_alternative<ir::MountAccess>(*probe.access) || std::holds_alternative<ir::PathsAccess>(*probe.access);
  const bool whole = denied && answer.denied.empty() && !directories;
  const bool wider = (!allowed && !answer.allowed.empty()) || whole;
  const bool open = answer.by.find("not mediated") != std::string::npos;
  // What is executed inside is read and mapped.
  const bool runs = file != nullptr && answer.by.find(" ix") != std::string::npos;
  const bool processes = answer.allowed.find("/proc/") != std::string::npos;  // those are always there
  if (wider && !open && !runs && !processes && !says(t, probe.domain, {Fidelity::wider, Fidelity::not_enforced}))
    return "allows " + answer.allowed + ", and no entry of the report is about that: " + answer.by;
  return "";
}

std::string probe_seed(unsigned seed, const std::string& features, int& asked) {
  Generator generator(seed, seed % 3 != 0);
  std::string text = generator.policy();
  text += generator.test(8);
  if (!analyze(text)->messages().empty()) return "";
  ApparmorTarget t(text, features);
  if (t.analyzed->diagnostics.has_errors()) return "";
  const ir::Policy& policy = t.analyzed->policy;
  std::vector<backends::Probe> probes;
  for (unsigned bits = 0; bits < 4; ++bits) {
    const ir::Assignment values = {(bits & 1) != 0, (bits & 2) != 0};
    for (const ir::Rule& rule : policy.domain(t.analyzed->domain("d")).rules)
      probes.push_back({t.analyzed->domain("d"), &rule.access, values});
    for (const auto& e : policy.tests.at(0).expectations) probes.push_back({e.domain, &e.access, values});
    if (text.find("if ") == std::string::npos) break;
  }
  const auto found = backends::apparmor_backend().probe(t.input(), t.lowered, probes);
  for (std::size_t i = 0; i < probes.size(); ++i) {
    ++asked;
    const std::string wrong = wrong_with(t, probes[i], found.at(i));
    if (wrong.empty()) continue;
    return fmt::format("seed {} for {}, one={} two={}: `{}`: {}\n{}{}{}", seed, features, probes[i].values[0] ? 1 : 0,
                       probes[i].values[1] ? 1 : 0, ir::describe(policy, *probes[i].access), wrong, text,
                       t.artifact("apparmor.d/d"), t.artifact("apparmor.d/e"));
  }
  return "";
}

}  // namespace

TEST_CASE("probe: random policies allow on the target what they mean, and more only where the report says so") {
  const auto [first, count] = seeds(100);
  int asked = 0;
  for (unsigned seed = first; seed < first + count; ++seed) {
    const std::string wrong = probe_seed(seed, seed % 2 == 0 ? "debian12" : "ubuntu22.04", asked);
    CHECK_MESSAGE(wrong.empty(), wrong);
  }
  MESSAGE(asked << " accesses of " << count << " policies");
  CHECK(asked > static_cast<int>(count));
}

// ---- where lines come from ----

namespace {

std::string origin_of(const ApparmorTarget& target, const std::string& path, const std::string& text) {
  return test::origin_of(target.lowered, target.analyzed->sources, path, text);
}

}  // namespace

TEST_CASE("origins: every line of every artifact says where it comes from") {
  const ApparmorTarget target(
      "module m;\n"                                                 // 1
      "/// Sends mail.\n"                                           // 2
      "boolean mail = false;\n"                                     // 3
      "domain d {\n"                                                // 4
      "  entry \"/usr/bin/d\" from unit \"d.service\";\n"           // 5
      "  allow read \"/etc/x\";\n"                                  // 6
      "  allow write \"/etc/x\";\n"                                 // 7
      "  if mail { allow connect tcp 25; }\n"                       // 8
      "  raw apparmor \"\"\"\n    # by hand\n    /r r,\n\"\"\";\n"  // 9
      "}\n");
  for (const auto& artifact : target.lowered.artifacts) {
    CAPTURE(artifact.path);
    const auto lines = lines_of(artifact.content);
    std::set<std::uint32_t> known;
    std::uint32_t before = 0;
    for (const auto& origin : artifact.origins) {
      CHECK(origin.line > before);
      CHECK(origin.line < lines.size());
      CHECK(origin.reason != "");
      before = origin.line;
      known.insert(origin.line);
    }
    for (std::uint32_t i = 1; i < lines.size(); ++i) {
      CAPTURE(lines[i]);
      CHECK(known.contains(i) == !lines[i].empty());
    }
  }
  CHECK(origin_of(target, "apparmor.d/d", "\"/etc/x\" rw,") == "allow read \"/etc/x\"; allow write \"/etc/x\" | 6 7");
  CHECK(origin_of(target, "apparmor.d/d", "profile \"d\"") == "domain m.d | 4");
  CHECK(origin_of(target, "apparmor.d/d", "abi <") == "every profile: the features that its rules are meant for |");
  CHECK(origin_of(target, "apparmor.d/d", "local/d") == "every profile: the rules that the site adds |");
  CHECK(origin_of(target, "apparmor.d/d", "/r r,") == "raw apparmor | 9");
  CHECK(origin_of(target, "apparmor.d/d", "include <macc.d/d/1>") ==
        "rules that hold where @{macc_m_mail_is_on} is defined | 8");
  CHECK(origin_of(target, "apparmor.d/macc.d/d/1", "network inet stream") == "allow connect tcp 25 | 8");
  CHECK(origin_of(target, "apparmor.d/tunables/macc.d/m", "macc_m_mail_is_on") == "boolean mail | 3");
  CHECK(origin_of(target, "systemd/system/d.service.d/50-macc.conf", "AppArmorProfile=d") ==
        "entry from unit d.service | 5");
}

TEST_CASE("probe: in complain mode, what no rule allows happens, and what is denied does not unless that is logged") {
  const std::string rules =
      "mode complain;\nallow read \"/t\";\ndeny read \"/s\";\naudit deny read \"/l\";\ndeny capability kill;\naudit "
      "deny "
      "capability chown;\ndeny signal hup to e;\nexec \"/usr/bin/e\" to e;";
  const char* mode = "profile d is in complain mode: nothing is refused there but what a `deny` without `audit` names";
  CHECK(Asked(rules, "read \"/t\"").text() == "may read /t; may not -");
  CHECK(Asked(rules, "read \"/u\"").text() == "may read /u; may not -");
  CHECK(Asked(rules, "read \"/u\"").answer().by == mode);
  CHECK(Asked(rules, "read \"/u\" owner").text() == "may read /u; may not -");
  CHECK(Asked(rules, "read \"/s\"").text() == "may -; may not read /s");
  CHECK(Asked(rules, "read \"/l\"").text() == "may read /l; may not -");
  CHECK(Asked(rules, "capability kill").text() == "may -; may not capability kill");
  CHECK(Asked(rules, "capability chown").text() == "may capability chown; may not -");
  CHECK(Asked(rules, "capability fowner").text() == "may capability fowner; may not -");
  CHECK(Asked(rules, "exec \"/usr/bin/x\"").text() == "may exec /usr/bin/x; may not -");
  CHECK(Asked(rules, "exec \"/usr/bin/e\" to e").text() == "may exec /usr/bin/e; may not -");
  CHECK(Asked(rules, "exec \"/usr/bin/x\" to e").text() == "may -; may not exec /usr/bin/x");
  CHECK(Asked(rules, "signal term to d").text() == "may signal term to d; may not -");
  // Both sides are asked, and the other one enforces.
  CHECK(Asked(rules, "signal term to e").text() == "may -; may not signal term to e");
}
