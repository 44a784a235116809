// What is asked of a policy, and two policies compared. Every claim of a comparison is held against the meaning of
// both.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>

#include "compiler/query/answers.h"
#include "compiler/query/coverage.h"
#include "compiler/query/difference.h"
#include "compiler/query/flow.h"
#include "compiler/query/reach.h"
#include "tests/support/analyzed.h"

using namespace macc;
using query::Direction;
using test::analyze;

namespace {

/// A comparison as lines: "d + read "/etc/x"".
std::vector<std::string> differences(const std::string& before, const std::string& after) {
  const auto a = analyze(before);
  const auto b = analyze(after);
  CHECK(a->messages() == "");
  CHECK(b->messages() == "");
  const auto found = query::compare(ir::Meaning(a->policy), ir::Meaning(b->policy));
  std::vector<std::string> out;
  for (const auto& domain : found.domains) {
    for (const auto& change : domain.changes) {
      const char* sign = change.direction == Direction::gained ? "+" : change.direction == Direction::lost ? "-" : "?";
      std::string line = fmt::format("{} {} {}", domain.domain, sign, change.what);
      if (change.part) line += ", in part";
      if (!change.when.empty()) line += ", " + change.when;
      out.push_back(line);
    }
  }
  for (const auto& one : found.resources) out.push_back(fmt::format("{} ? {}", one.resource, one.change.what));
  for (const auto& one : found.promises)
    out.push_back(fmt::format("given up: {} ({})", one.promise, fmt::join(one.domains, ", ")));
  for (const auto& one : found.defaults) out.push_back(fmt::format("default: {} {}", one.boolean, one.value));
  return out;
}

/// Compared as one text, so that a failure shows it.
std::string all(const std::vector<std::string>& lines) { return fmt::format("{}", fmt::join(lines, "\n")); }

using Lines = std::vector<std::string>;

std::string domain(const std::string& statements, const std::string& before = "") {
  return "module m;\n" + before + "\ndomain d { entry \"/usr/bin/d\";\n" + statements +
         "\n}\n domain e { entry \"/usr/bin/e\"; }\n";
}

Lines changed(const std::string& before, const std::string& after) {
  return differences(domain(before), domain(after));
}

/// What the only change says of paths: "/a/**, /b except /a/c".
std::string told(const std::string& before, const std::string& after,
                 const std::vector<paths::PathPattern>& sensitive = {}) {
  const auto a = analyze(domain(before));
  const auto b = analyze(domain(after));
  const auto found = query::compare(ir::Meaning(a->policy), ir::Meaning(b->policy), sensitive);
  REQUIRE(found.domains.size() == 1);
  REQUIRE(found.domains[0].changes.size() == 1);
  const query::Change& change = found.domains[0].changes[0];
  std::string out = fmt::format("{}{}", change.exact ? "" : "some of ", fmt::join(change.paths, ", "));
  if (!change.except.empty()) out += fmt::format(" except {}", fmt::join(change.except, ", "));
  return change.example.empty() ? out : out + ": " + change.example;
}

std::vector<paths::PathPattern> patterns(const std::vector<std::string>& texts) {
  std::vector<paths::PathPattern> out;
  for (const std::string& text : texts) {
    paths::PatternError error;
    for (paths::PathPattern& p : paths::PathPattern::parse(text, error)) out.push_back(std::move(p));
  }
  return out;
}

}  // namespace

TEST_CASE("which paths changed is told in patterns, sensitive ones first") {
  const std::string old = "resource c : config { \"/etc/g/**\" } allow read c;";
  CHECK(told(old,
             "resource c : config { \"/etc/g/**\", \"/etc/g.d/**\", \"/etc/shadow\", \"/root/.ssh/**\" } allow read c;",
             patterns({"/etc/shadow"})) == "/etc/shadow, /etc/g.d/**, /root/.ssh/**: read /etc/shadow");
  CHECK(told("allow read \"/x/*\";", "allow read \"/x/**\";") == "/x/** except /x/*: read /x/a/a");
  CHECK(told("allow read \"/x/**\"; deny read \"/x/tmp/**\";", "allow read \"/x/**\";") == "/x/tmp/**: read /x/tmp/a");
  CHECK(told("allow read \"/x/**\";", "allow read \"/x/**\"; deny read \"/x/own/**\" owner;") ==
        "/x/own/**: read /x/own/a, of its own user");
  CHECK(told("allow mount tmpfs on \"/mnt/**\";", "allow mount tmpfs on \"/mnt/x/**\";") ==
        "/mnt/** except /mnt/x/**: mount tmpfs on /mnt/a");
  // A plain file is nothing to list, but it belongs to the same change.
  CHECK(told("resource c : config { \"/a/**\" } allow read, list c;",
             "resource c : config { \"/a/**\", \"/b\", \"/c/**\" } allow read, list c;") == "/b, /c/**: read /b");
}

TEST_CASE("a rule that gives more or less is not said to give or take all of it") {
  const auto with_e = [](const std::string& before, const std::string& after) { return all(changed(before, after)); };
  CHECK(with_e("allow inspect any;", "allow inspect any; deny inspect e;") == "m.d - inspect e");
  CHECK(with_e("allow inspect any;", "allow inspect e;") == "m.d - inspect any, in part");
  CHECK(with_e("allow use pipe, tcp from e;", "allow use pipe, tcp from e; deny use tcp from e;") ==
        "m.d - use tcp from e");
  CHECK(with_e("allow signal term, hup to any;", "allow signal term, hup to any; deny signal hup to e;") ==
        "m.d - signal hup to e");
  CHECK(with_e("allow mount ext4, tmpfs on \"/m\";", "allow mount ext4, tmpfs on \"/m\"; deny mount ext4 on \"/m\";") ==
        "m.d - mount ext4 on \"/m\"");
  CHECK(with_e("", "allow signal any to any;") == "m.d + signal any to any");
}

TEST_CASE("what is always there is no news") {
  CHECK(all(changed("", "allow keyring;")) == "");
  CHECK(all(changed("", "allow inspect self; allow ipc self; allow signal any to self;")) == "");
  CHECK(all(changed("", "allow trace self;")) == "m.d + trace self");
}

TEST_CASE("how files are labelled, and who serves them, is uncertain") {
  const auto resource = [](const std::string& words) {
    return domain("resource keys : " + words + " { \"/etc/k/**\" } allow read keys;");
  };
  CHECK(all(differences(resource("secret"), resource("device"))) == "m.d.keys ? kind device, before secret");
  CHECK(all(differences(resource("secret"), resource("secret adopt"))) == "m.d.keys ? adopt");
  CHECK(all(differences(resource("secret level \"s0:c5\""), resource("secret"))) ==
        "m.d.keys ? level none, before \"s0:c5\"");
  CHECK(all(changed("", "replaces selinux \"chronyd\";")) == "m.d ? replaces selinux \"chronyd\"");
  // Another name is no difference, and hides none.
  CHECK(all(differences(resource("secret"), domain("resource mine : secret { \"/etc/k/**\" } allow read mine;"))) ==
        "");
  CHECK(all(differences(resource("secret"), domain("resource mine : content { \"/etc/k/**\" } allow read mine;"))) ==
        "m.d.mine ? kind content, before secret");
}

TEST_CASE("how a policy is written makes no difference") {
  const std::string plain = domain(
      "allow read, list \"/etc/x/**\"; allow connect tcp 80, 443; allow signal term, hup to e; exec \"/usr/bin/a\", "
      "\"/usr/bin/b\"; allow capability chown, setuid; deny read \"/etc/x/key\"; never write \"/etc/**\";");
  SUBCASE("the order") {
    CHECK(all(differences(plain,
                          domain("never write \"/etc/**\"; deny read \"/etc/x/key\"; exec \"/usr/bin/b\", "
                                 "\"/usr/bin/a\"; allow capability setuid, chown; allow signal hup, term to e; allow "
                                 "connect tcp 443, 80; allow list, read \"/etc/x/**\";"))) == all(Lines()));
  }
  SUBCASE("a rule for each verb, port and name") {
    CHECK(
        all(differences(plain, domain("allow read \"/etc/x/**\"; allow list \"/etc/x/**\"; allow connect tcp 80; allow "
                                      "connect tcp 443; allow signal term to e; allow signal hup to e; exec "
                                      "\"/usr/bin/{a,b}\"; allow capability chown; allow capability setuid; deny read "
                                      "\"/etc/x/key\"; never write \"/etc/**\";"))) == all(Lines()));
  }
  SUBCASE("an abstraction, a value and a resource") {
    const std::string refactored =
        "module m;\n let PLACE = \"/etc/x\";\n abstraction client(port: ports) { allow connect tcp port; }\n"
        "abstraction reader(where: path) { allow read, list where; }\n"
        "domain d { entry \"/usr/bin/d\";\n include reader(\"${PLACE}/**\"); include client(80); include client(443);\n"
        "exec \"/usr/bin/a\"; exec \"/usr/bin/b\"; allow capability chown, setuid; resource key : secret { "
        "\"/etc/x/key\" } deny read key; allow signal term, hup to e; never write \"/etc/**\"; }\n domain e { entry "
        "\"/usr/bin/e\"; }\n";
    CHECK(all(differences(plain, refactored)) == all(Lines()));
  }
  SUBCASE("what is allowed and denied at once") {
    CHECK(all(differences(plain,
                          domain("allow read, list \"/etc/x/**\" except \"/etc/x/key\"; allow list \"/etc/x/key\"; "
                                 "allow connect tcp 80, 443; allow signal term, hup to e; exec \"/usr/bin/a\", "
                                 "\"/usr/bin/b\"; allow capability chown, setuid; never write \"/etc/**\";"))) ==
          all(Lines()));
  }
  SUBCASE("conditions that say the same") {
    const char* mail = "boolean mail = false; boolean loud = true;";
    CHECK(all(differences(domain("if mail { allow connect tcp 25; } if mail and loud { allow connect tcp 26; }", mail),
                          domain("if mail { if loud { allow connect tcp 25, 26; } else { allow connect tcp 25; } }",
                                 mail))) == all(Lines()));
  }
  SUBCASE("mounts, one after the other") {
    CHECK(all(changed(
              "allow mount ext4, tmpfs options ro, nosuid on \"/m/**\", \"/n\";",
              "allow mount ext4 options ro, nosuid on \"/m/**\"; allow mount tmpfs options nosuid, ro on \"/m/**\"; "
              "allow mount ext4, tmpfs options nosuid, dev, ro on \"/n\";")) == all(Lines()));
  }
}

TEST_CASE("what is newly allowed and what no longer is") {
  CHECK(all(changed("", "allow read \"/etc/passwd\";")) == all(Lines{"m.d + read \"/etc/passwd\""}));
  CHECK(all(changed("allow manage \"/x/**\";", "allow read, list, lock \"/x/**\";")) ==
        all(Lines{"m.d - change \"/x/**\""}));
  CHECK(all(changed("allow read \"/x/*\";", "allow read \"/x/**\";")) == all(Lines{"m.d + read \"/x/**\", in part"}));
  CHECK(all(changed("allow read \"/x/**\" owner;", "allow read \"/x/**\";")) == all(Lines{"m.d + read \"/x/**\""}));
  CHECK(all(changed("allow connect tcp 80-90;", "allow connect tcp 80-84, 88-95;")) ==
        all(Lines{"m.d + connect tcp 91-95", "m.d - connect tcp 85-87"}));
  CHECK(all(changed("allow signal term to e;", "allow signal any to e;")) ==
        all(Lines{"m.d + signal any to e, in part"}));
  CHECK(all(changed("allow signal any to any;", "allow signal term to e;")) ==
        all(Lines{"m.d - signal any to any, in part"}));
  CHECK(all(changed("exec \"/p\" to e;", "exec \"/p\" to e keep environment;")) ==
        all(Lines{"m.d + exec \"/p\" to e keep environment"}));
  CHECK(all(changed("exec \"/p\";", "exec \"/p\" unconfined;")) ==
        all(Lines{"m.d + exec \"/p\" unconfined", "m.d - exec \"/p\""}));
  CHECK(all(changed("allow capability chown;", "allow capability chown in userns;")) ==
        all(Lines{"m.d + capability chown in userns", "m.d - capability chown"}));
  CHECK(all(changed("allow socket netlink.route raw;", "allow socket netlink.route;")) ==
        all(Lines{"m.d + socket netlink.route, in part"}));
  CHECK(all(changed("allow dbus talk \"a.b\" interface \"i\" on system;", "allow dbus talk \"a.b\" on system;")) ==
        all(Lines{"m.d + dbus talk \"a.b\" on system, in part"}));
  CHECK(all(changed("allow mount ext4 on \"/m\";", "allow mount on \"/m\";")) ==
        all(Lines{"m.d + mount on \"/m\", in part"}));
  CHECK(all(changed("allow mount options ro, nosuid on \"/m\";", "allow mount options ro on \"/m\";")) ==
        all(Lines{"m.d + mount options ro on \"/m\"", "m.d - mount options nosuid, ro on \"/m\""}));
  CHECK(all(changed("allow mount on \"/m\";", "allow mount from \"/**\" on \"/m\";")) ==
        all(Lines{"m.d - mount on \"/m\", in part"}));
  CHECK(all(changed("allow mount from \"/**\" on \"/m\";",
                    "allow mount from \"/**\" on \"/m\"; allow mount options rslave on \"/m\";")) ==
        all(Lines{"m.d + mount options rslave on \"/m\""}));
  CHECK(
      all(changed("allow mount ext4 on \"/m\";", "allow mount ext4 on \"/m\"; allow mount options bind on \"/m\";")) ==
      all(Lines{"m.d + mount options bind on \"/m\""}));
  CHECK(all(changed("allow read \"/x\"; mode complain;", "allow read \"/x\";")) ==
        all(Lines{"m.d - everything that is not allowed: mode complain"}));
}

TEST_CASE("a deny that goes, a condition that falls away, a boolean that is on") {
  const auto a = analyze(domain("allow read \"/x/**\"; deny read \"/x/key\";"));
  const auto b = analyze(domain("allow read \"/x/**\";"));
  const auto found = query::compare(ir::Meaning(a->policy), ir::Meaning(b->policy));
  REQUIRE(found.domains.size() == 1);
  REQUIRE(found.domains[0].changes.size() == 1);
  const query::Change& change = found.domains[0].changes[0];
  CHECK(change.what == "read \"/x/**\"");
  CHECK(change.part);
  CHECK(change.example == "read /x/key");
  CHECK(change.why == "no longer denied by `read \"/x/key\"`");

  const char* off = "boolean mail = false;";
  CHECK(all(differences(domain("if mail { allow connect tcp 25; }", off), domain("allow connect tcp 25;", off))) ==
        all(Lines{"m.d + connect tcp 25, when not m.mail"}));
  CHECK(all(differences(domain("if mail { allow connect tcp 25; }", off),
                        domain("if mail { allow connect tcp 25; }", "boolean mail = true;"))) ==
        all(Lines{"m.d + connect tcp 25, by default: `m.mail` is declared otherwise", "default: m.mail true"}));
}

TEST_CASE("domains that come and go, promises that are given up, raw texts") {
  CHECK(all(differences("module m; domain d { entry \"/p\"; allow read \"/x\"; }",
                        "module m; domain f { entry \"/p\"; allow read \"/x\"; }")) ==
        all(Lines{"m.d ? its programs are no longer confined by it", "m.d - entry \"/p\" from init",
                  "m.d - read \"/x\"", "m.f + entry \"/p\" from init", "m.f + read \"/x\""}));
  CHECK(all(changed("never write \"/etc/**\";", "never write \"/etc/ssl/**\";")) ==
        all(Lines{"given up: never write \"/etc/**\" (m.d)"}));
  CHECK(all(changed("never write \"/etc/ssl/**\";", "never write \"/etc/**\";")) == all(Lines()));
  CHECK(all(changed("", "raw apparmor \"\"\"/x r,\"\"\";")) == all(Lines{"m.d ? raw apparmor"}));
  CHECK(all(differences("module m; domain d { entry \"/a\"; }", "module m; domain d { entry \"/a\", \"/b\"; }")) ==
        all(Lines{"m.d + entry \"/a\", \"/b\" from init, in part"}));
}

namespace {

/// Random policies about a few paths, ports and peers, and rewritings of them that mean the same.
class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  Lines statements() {
    Lines out;
    for (std::size_t i = 2 + below(6); i-- > 0;) out.push_back(statement());
    return out;
  }

  std::string statement() {
    static constexpr std::array kVerbs = {"read", "read, list", "write, create", "manage", "change", "delete, rename"};
    const std::string effect = below(4) == 0 ? "deny " : "allow ";
    switch (below(8)) {
      case 0:
        return effect + "connect tcp " + pick(std::array{"80", "443", "80-90", "any", "85-100, 443"}) + ";";
      case 1:
        return effect + "signal " + pick(std::array{"term", "any", "hup, kill"}) + " to " +
               pick(std::array{"e", "any"}) + ";";
      case 2:
        return effect + "exec " + place() + ";";
      case 3:
        return effect + "capability " + pick(std::array{"chown", "chown, setuid", "kill"}) + ";";
      default:
        return effect + pick(kVerbs) + " " + place() + (below(4) == 0 ? " owner" : "") + ";";
    }
  }

  /// The same rules in another order, some twice, some with a condition that always holds.
  Lines rewritten(Lines statements) {
    std::shuffle(statements.begin(), statements.end(), random_);
    if (below(2) == 0) statements.push_back(statements[below(statements.size())]);
    const std::size_t one = below(statements.size());
    if (below(2) == 0) statements[one] = "if loud or not loud { " + statements[one] + " }";
    return statements;
  }

  std::string text(const Lines& statements) {
    std::string all;
    for (const std::string& s : statements) all += s + "\n";
    return domain(all, "boolean loud = false;");
  }

  template <typename List>
  std::string pick(const List& list) {
    return list[below(list.size())];
  }
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

 private:
  std::string place() {
    static constexpr std::array kPlaces = {"/a/**", "/a/b/**", "/a/b", "/a/*", "/a/*.x", "/b/**", "/a/{b,c}/**", "/c"};
    return '"' + pick(kPlaces) + '"';
  }
  std::mt19937 random_;
};

/// All small questions about d.
std::vector<ir::Question> questions(const ir::DomainId other) {
  std::vector<ir::Question> out;
  for (const char* path : {"/a/", "/a/b", "/a/b/", "/a/b/z", "/a/b/c/d", "/a/q", "/a/q.x", "/a/c/z", "/b/x", "/c"}) {
    const std::string text = path;
    const auto object = text.back() == '/' ? ir::ObjectClass::directory : ir::ObjectClass::file;
    for (const ir::Verb verb : {ir::Verb::read, ir::Verb::list, ir::Verb::write, ir::Verb::create, ir::Verb::delete_,
                                ir::Verb::rename, ir::Verb::setattr})
      for (const bool owned : {false, true}) out.emplace_back(ir::FileQuestion{verb, text, object, owned});
    if (object == ir::ObjectClass::file) out.emplace_back(ir::ExecQuestion{text});
  }
  for (const std::uint16_t port : {79, 80, 85, 90, 95, 443, 444})
    out.emplace_back(ir::NetworkQuestion{false, ir::Protocol::tcp, port});
  for (const char* signal : {"term", "hup", "kill", "usr1"})
    out.emplace_back(ir::SignalQuestion{*ir::signal_of(signal), other});
  for (const char* name : {"chown", "setuid", "kill"})
    out.emplace_back(ir::CapabilityQuestion{*ir::capability_of(name)});
  return out;
}

}  // namespace

TEST_CASE("random policies: rewritten they mean the same, and each difference of others is one of the meaning") {
  Generator generate(7);
  int compared = 0;
  for (int round = 0; round < 150; ++round) {
    const Lines first = generate.statements();
    CAPTURE(generate.text(first));
    const auto a = analyze(generate.text(first));
    if (a->diagnostics.has_errors()) continue;
    const auto same = analyze(generate.text(generate.rewritten(first)));
    const ir::Meaning before(a->policy);
    ++compared;
    if (!same->diagnostics.has_errors()) CHECK(query::compare(before, ir::Meaning(same->policy)).empty());

    Lines other = first;
    if (generate.below(2) == 0) other.erase(other.begin() + static_cast<std::ptrdiff_t>(generate.below(other.size())));
    if (generate.below(3) != 0) other.push_back(generate.statement());
    CAPTURE(generate.text(other));
    const auto b = analyze(generate.text(other));
    if (b->diagnostics.has_errors()) continue;
    const ir::Meaning after(b->policy);
    const auto found = query::compare(before, after);
    bool gained = false;
    bool lost = false;
    for (const auto& one : found.domains) {
      for (const auto& change : one.changes) (change.direction == Direction::gained ? gained : lost) = true;
    }
    // Any question that has another answer shows in the comparison.
    for (const ir::Question& question : questions(a->domain("e"))) {
      const bool then = before.decide(a->domain("d"), question, {false}).allowed;
      const bool now = after.decide(b->domain("d"), question, {false}).allowed;
      if (now && !then) CHECK(gained);
      if (then && !now) CHECK(lost);
    }
    // And what it gives as an example has another answer.
    for (const auto& one : found.domains) {
      for (const auto& change : one.changes) {
        if (change.area != query::Area::files || change.example.empty()) continue;
        const std::size_t blank = change.example.find(' ');
        const ir::Verb verb = ir::verbs_of(change.example.substr(0, blank))->list().front();
        const std::string path = change.example.substr(blank + 1, change.example.find(',') - blank - 1);
        const auto object = path.back() == '/' ? ir::ObjectClass::directory : ir::ObjectClass::file;
        bool differs = false;
        for (const bool owned : {false, true}) {
          const ir::FileQuestion q{verb, path, object, owned};
          differs = differs || before.decide(a->domain("d"), q, {false}).allowed !=
                                   after.decide(b->domain("d"), q, {false}).allowed;
        }
        CHECK_MESSAGE(differs, change.example);
        // What is told is what changed, for each of its operations: a gate relies on it.
        const auto told = paths::PathSet::of(patterns(change.paths), patterns(change.except));
        for (const auto& set : change.sets) CHECK(told.contains(set));
      }
    }
  }
  CHECK(compared > 100);  // rules that an `exec` of another way, or an empty set, refuses are left out
}

TEST_CASE("a decision tells both sides, and what a boolean would change") {
  const auto a = analyze(
      domain("allow read \"/x/**\"; deny read \"/x/key\"; if mail { allow connect tcp 25; }", "boolean mail = false;"));
  const ir::Meaning meaning(a->policy);
  const auto ask = [&](const std::string& phrase) {
    const auto q = analyze(domain("allow " + phrase + ";", "boolean mail = false;"));
    REQUIRE(q->messages() == "");
    return query::decide(meaning, a->domain("d"), q->policy.domain(q->domain("d")).rules.front().access);
  };
  const query::Verdict partly = ask("read \"/x/**\"");
  CHECK(partly.answer == query::Answer::partly);
  CHECK(partly.denied == "read /x/key");
  REQUIRE(partly.against != nullptr);
  CHECK(partly.against->effect == ir::Effect::deny);
  CHECK(ask("read \"/x/y\"").answer == query::Answer::yes);
  const query::Verdict mail = ask("connect tcp 25");
  CHECK(mail.answer == query::Answer::no);
  CHECK(mail.otherwise == "yes when mail");
}

namespace {

query::Verdict decided(const std::string& rules, const std::string& phrase, const std::string& booleans = "") {
  const auto a = analyze(domain(rules, booleans) + "test \"q\" { expect deny d " + phrase + "; }");
  CHECK(a->messages() == "");
  const ir::TestExpectation& e = a->policy.tests.at(0).expectations.at(0);
  query::Verdict out = query::decide(ir::Meaning(a->policy), e.domain, e.access, e.when);
  // The policy is gone when it is looked at.
  out.by = nullptr;
  out.against = nullptr;
  return out;
}

std::string ways(const query::Verdict& v) {
  std::string out;
  for (const auto& way : v.ways)
    out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", way.how, query::word(way.answer));
  return out;
}

}  // namespace

TEST_CASE("a decision about a program names the ways in which it is executed") {
  const std::string rules =
      "exec \"/opt/i\"; exec \"/opt/e\" to e; exec \"/opt/k\" to e keep environment; exec \"/opt/u\" unconfined;";
  const query::Verdict to_e = decided(rules, "exec \"/opt/e\"");
  CHECK(to_e.answer == query::Answer::yes);
  CHECK(to_e.allowed == "exec /opt/e to e");
  CHECK(ways(to_e) == "inside this domain: no; to m.e: yes");
  const query::Verdict unconfined = decided(rules, "exec \"/opt/u\"");
  CHECK(unconfined.allowed == "exec /opt/u unconfined");
  CHECK(ways(unconfined) == "inside this domain: no; unconfined: yes");
  CHECK(ways(decided(rules, "exec \"/opt/i\"")) == "inside this domain: yes");
  const query::Verdict several = decided(rules, "exec \"/opt/{i,e,k,u}\"");
  CHECK(several.answer == query::Answer::yes);
  CHECK(ways(several) == "inside this domain: partly; to m.e: partly; unconfined: partly");
  CHECK(decided(rules, "exec \"/opt/*\"").answer == query::Answer::partly);
  const query::Verdict wrong = decided(rules, "exec \"/opt/e\" unconfined");
  CHECK(wrong.answer == query::Answer::no);
  CHECK(wrong.denied == "exec /opt/e unconfined");
  CHECK(wrong.ways.empty());
  CHECK(decided(rules, "exec \"/opt/k\" keep environment").answer == query::Answer::yes);
  CHECK(decided(rules, "exec \"/opt/e\" keep environment").answer == query::Answer::no);
  CHECK(decided("exec \"/opt/e\" to e; deny exec \"/opt/*\";", "exec \"/opt/e\"").answer == query::Answer::no);
}

TEST_CASE("a decision tells when it is another one on one's own files") {
  const std::string up = "allow write \"/srv/up/**\" owner;";
  CHECK(decided(up, "write \"/srv/up/a\"").answer == query::Answer::no);
  CHECK(decided(up, "write \"/srv/up/a\"").owned == "yes");
  CHECK(decided(up, "write \"/srv/**\"").owned == "partly");
  CHECK(decided(up, "write \"/srv/up/a\" owner").owned.empty());
  CHECK(decided(up, "write \"/etc/a\"").owned.empty());
  CHECK(decided("allow read \"/srv/**\"; deny read \"/srv/own/**\" owner;", "read \"/srv/own/a\"").owned == "no");
  CHECK(decided("if mail { " + up + " }", "write \"/srv/up/a\"", "boolean mail = false;").owned == "yes when mail");
  CHECK(decided("if mail { " + up + " }", "write \"/srv/up/a\" when mail", "boolean mail = false;").owned == "yes");
}

TEST_CASE("the condition of a question counts beside more booleans than are tried") {
  std::string booleans = "boolean mail = false;";
  std::string rules = "if mail { allow connect tcp 25; }";
  for (int i = 0; i < 12; ++i) {
    booleans += fmt::format(" boolean b{} = false;", i);
    rules += fmt::format(" if b{} {{ allow connect tcp {}; }}", i, 1000 + i);
  }
  const auto a = analyze(domain(rules, booleans));
  REQUIRE(a->messages() == "");
  ir::Condition mail;
  mail.kind = ir::Condition::Kind::boolean;
  mail.boolean = static_cast<ir::BooleanId>(0);
  const ir::Access connect = ir::NetworkAccess{false, ir::Protocol::tcp, {{25, 25}}, {}};
  CHECK(query::decide(ir::Meaning(a->policy), a->domain("d"), connect, mail).answer == query::Answer::yes);
  CHECK(query::decide(ir::Meaning(a->policy), a->domain("d"), connect).answer == query::Answer::no);
}

namespace {

/// What a decision about `connect tcp 25` says of other values of twelve booleans b0 to b11.
query::Verdict with_twelve(const std::string& rules) {
  std::string booleans;
  for (int i = 0; i < 12; ++i) booleans += fmt::format(" boolean b{} = false;", i);
  const auto a = analyze(domain(rules, booleans));
  CHECK(a->messages() == "");
  const ir::Access connect = ir::NetworkAccess{false, ir::Protocol::tcp, {{25, 25}}, {}};
  return query::decide(ir::Meaning(a->policy), a->domain("d"), connect);
}

}  // namespace

TEST_CASE("what other values of many booleans would give is said where it is found, and else that it is not known") {
  std::string each;
  std::string elsewhere;
  std::string joined = "b0";
  for (int i = 0; i < 12; ++i) {
    each += fmt::format("if b{} {{ allow connect tcp 20-30; }} ", i);
    elsewhere += fmt::format("if b{} {{ allow connect tcp {}; }} ", i, 1000 + i);
    if (i > 0) joined += fmt::format(" and b{}", i);
  }
  SUBCASE("one of them is enough") {
    CHECK(with_twelve(each).otherwise == "yes when b0");
    CHECK(with_twelve(each).untried == 0);
  }
  SUBCASE("two are needed") {
    CHECK(with_twelve(each + "if not b11 { deny connect tcp 25; }").otherwise == "yes when b11");
    std::string without = each;
    without.replace(without.find("if b11"), std::string::npos, "if not b11 { deny connect tcp 25; }");
    CHECK(with_twelve(without).otherwise == "yes when b0 and b11");
  }
  SUBCASE("those of other rules do not matter") {
    CHECK(with_twelve(elsewhere + "if b3 and b4 and b5 { allow connect tcp 25; }").otherwise ==
          "yes when b3 and b4 and b5");
    CHECK(with_twelve(elsewhere).otherwise == "");
    CHECK(with_twelve(elsewhere).untried == 0);
  }
  SUBCASE("one condition on all of them") {
    std::string either = joined;
    for (std::size_t at = either.find("and"); at != std::string::npos; at = either.find("and"))
      either.replace(at, 3, "or");
    CHECK(with_twelve("if " + joined + " { allow connect tcp 25; }").otherwise == "yes when " + joined);
    CHECK(with_twelve("if " + either + " { allow connect tcp 25; }").otherwise == "yes when b0");
    CHECK(with_twelve("if b0 and (" + either + ") { allow connect tcp 25; }").otherwise == "yes when b0");
    CHECK(with_twelve("if not (b0 or not (" + either + ")) { allow connect tcp 25; }").otherwise == "yes when b1");
    CHECK(with_twelve("allow connect tcp 25; if not (" + joined + ") { deny connect tcp 25; }").otherwise ==
          "yes when " + joined);
  }
  SUBCASE("none is found") {
    const query::Verdict none =
        with_twelve("if b11 and not (" + joined + ") and (" + joined + ") { allow connect tcp 25; }");
    CHECK(none.answer == query::Answer::no);
    CHECK(none.otherwise == "");
    CHECK(none.untried == 12);
  }
}

TEST_CASE("who reaches a resource is what the meaning allows") {
  Generator generate(11);
  int compared = 0;
  for (int round = 0; round < 60; ++round) {
    const std::string text =
        "module m; boolean loud = false; resource tree : content { \"/a/**\" } resource part : "
        "content { \"/a/b/**\" } resource one : content { \"/c\" } resource own : program { "
        "\"/usr/bin/d\" }\n domain d { entry \"/usr/bin/d\";\n" +
        fmt::format("{}", fmt::join(generate.statements(), "\n")) + "\n}\n domain e { entry \"/usr/bin/e\";\n" +
        fmt::format("{}", fmt::join(generate.statements(), "\n")) + "\n}\n";
    CAPTURE(text);
    const auto a = analyze(text);
    if (a->diagnostics.has_errors()) continue;
    ++compared;
    const ir::Meaning meaning(a->policy);
    const query::Reaches reaches(meaning);
    for (std::size_t r = 0; r < a->policy.resources.size(); ++r) {
      const auto resource = static_cast<ir::ResourceId>(r);
      Lines expected;
      Lines found;
      for (const char* name : {"d", "e"}) {
        for (const ir::Verb verb : ir::VerbSet::all().list()) {
          const auto paths = meaning.allowed_paths(a->domain(name), verb, true, ir::declared_values(a->policy));
          if (paths.meets(meaning.region(resource))) expected.push_back(fmt::format("{} {}", name, ir::word(verb)));
        }
      }
      for (const query::Reach& reach : reaches.of(resource)) {
        for (const ir::Verb verb : reach.verbs.list())
          found.push_back(fmt::format("{} {}", a->policy.domain(reach.domain).name, ir::word(verb)));
      }
      CHECK(all(found) == all(expected));
    }
  }
  CHECK(compared > 30);
}

TEST_CASE("how one domain leads to another") {
  const auto a = analyze(
      "module m;\n"
      "domain web { entry \"/w\"; allow write \"/run/q/*\"; allow connect tcp 9000; }\n"
      "domain queue { entry \"/q\"; allow read \"/run/q/**\"; allow create, write \"/usr/lib/plug/*\"; }\n"
      "domain core { entry \"/c\"; allow load \"/usr/lib/plug/**\"; allow listen tcp 9000-9010; }\n"
      "domain alone { entry \"/a\"; }\n"
      "domain boss { entry \"/b\"; allow signal term to alone; exec \"/w\" to web; }\n");
  REQUIRE(a->messages() == "");
  const ir::Meaning meaning(a->policy);
  const query::Flows flows(meaning);
  const auto kinds = [&](const char* from, const char* to) {
    Lines out;
    for (const query::Hop& hop : flows.way(a->domain(from), a->domain(to)))
      out.push_back(a->policy.domain(hop.to).name + " by " + std::string(query::word(hop.kind)));
    return out;
  };
  CHECK(all(kinds("web", "queue")) == all(Lines{"queue by file"}));
  CHECK(all(kinds("queue", "core")) == all(Lines{"core by code"}));
  CHECK(all(kinds("web", "core")) == all(Lines{"core by network"}));
  CHECK(all(kinds("core", "web")) == all(Lines{"web by network"}));
  CHECK(all(kinds("boss", "core")) == all(Lines{"web by start", "core by network"}));
  CHECK(all(kinds("boss", "alone")) == all(Lines{"alone by signal"}));
  CHECK(all(kinds("alone", "boss")) == all(Lines()));

  const auto sinks = analyze(
      "module m; domain one { entry \"/1\"; allow read, write \"/dev/null\", \"/proc/self/**\"; }"
      "domain two { entry \"/2\"; allow read, write \"/dev/null\", \"/proc/self/**\"; }");
  const ir::Meaning apart(sinks->policy);
  CHECK(query::Flows(apart).way(sinks->domain("one"), sinks->domain("two")).empty());
}

namespace {

/// The steps from d to e, as "network: connects to tcp 80".
std::string steps(const std::string& of_d, const std::string& of_e) {
  const auto a = analyze("module m; boolean mail = false; boolean loud = false; domain d { entry \"/usr/bin/d\"; " +
                         of_d + " } domain e { entry \"/usr/bin/e\"; " + of_e + " }");
  CHECK(a->messages() == "");
  Lines out;
  for (const query::Hop& hop : query::Flows(ir::Meaning(a->policy)).all()) {
    if (hop.from == a->domain("d")) out.push_back(fmt::format("{}: {}", query::word(hop.kind), hop.how));
  }
  return all(out);
}

}  // namespace

TEST_CASE("no step leads through what is denied") {
  const char* writes = "allow write \"/srv/x/*\";";
  SUBCASE("files") {
    CHECK(steps(writes, "allow read \"/srv/x/a\";") == "file: may write /srv/x/a, which the other reads");
    CHECK(steps(writes, "allow read \"/srv/x/a\"; deny read \"/srv/**\";") == "");
    CHECK(steps("allow write \"/srv/x/*\"; deny write \"/srv/x/a\";", "allow read \"/srv/x/a\";") == "");
  }
  SUBCASE("programs") {
    CHECK(steps(writes, "exec \"/srv/x/a\";") == "code: may write /srv/x/a, which the other runs");
    CHECK(steps(writes, "exec \"/srv/x/a\"; deny exec \"/srv/x/**\";") == "");
    CHECK(steps(writes, "exec \"/srv/x/{a,b}\"; deny exec \"/srv/x/a\";") ==
          "code: may write /srv/x/b, which the other runs");
    CHECK(steps("exec \"/usr/bin/e\" to e;", "") ==
          "start: may exec \"/usr/bin/e\" to e\nhanded over: d starts e, which has its input and output");
    CHECK(steps("", "exec \"/usr/bin/d\" to d;") == "handed over: e starts d, which has its input and output");
    CHECK(steps("", "exec \"/usr/bin/d\" to d; deny exec \"/usr/bin/d\";") == "");
    CHECK(steps("exec \"/usr/bin/e\" to e; deny exec \"/usr/**\";", "") == "");
  }
  SUBCASE("one's own files") {
    CHECK(steps(writes, "allow read \"/srv/x/a\" owner; deny read \"/srv/**\" owner;") == "");
    CHECK(steps(writes, "allow read \"/srv/x/a\" owner; deny read \"/srv/**\";") == "");
    CHECK(steps(writes, "allow read \"/srv/x/a\"; deny read \"/srv/**\" owner;") ==
          "file: may write /srv/x/a, which the other reads");
  }
  SUBCASE("the network") {
    CHECK(steps("allow connect tcp 80-90;", "allow listen tcp any; deny listen tcp 80-84;") ==
          "network: connects to tcp 85");
    CHECK(steps("allow connect tcp 80-90; deny connect tcp 85-90;", "allow listen tcp any; deny listen tcp 80-84;") ==
          "");
  }
  SUBCASE("message queues") {
    const char* queue = "allow mqueue \"/q\";";
    CHECK(steps(queue, "allow mqueue \"/*\";") == "file: may mqueue /q, which the other uses");
    CHECK(steps(queue, "allow mqueue \"/*\"; deny mqueue \"/q\";") == "");
    CHECK(steps(queue, "allow mqueue \"/r\";") == "");
    CHECK(steps(queue, "allow read \"/q\";") == "");
  }
  SUBCASE("signals and processes") {
    CHECK(steps("allow signal term, hup to any; deny signal term to e;", "") == "signal: may signal hup, term to any");
    CHECK(steps("allow signal term to any; deny signal any to e;", "") == "");
    CHECK(steps("allow trace any;", "") == "process: may trace any");
    CHECK(steps("allow trace any; deny trace e;", "") == "");
    CHECK(steps("", "allow inspect d;") == "file: is seen by `inspect d` of the other");
    CHECK(steps("", "allow inspect d; deny inspect any;") == "");
  }
  SUBCASE("the bus and what is handed over") {
    const char* owns = "allow dbus own \"a.b\" on system;";
    CHECK(steps("allow dbus talk \"a.b\" on system;", owns) == "bus: \"a.b\" on the bus");
    CHECK(steps("allow dbus talk \"a.b\" on system; deny dbus talk \"a.b\" on system;", owns) == "");
    CHECK(steps("allow use pipe from e;", "") == "handed over: writes into what it was handed over");
    CHECK(steps("allow use pipe from e; deny use pipe from e;", "") == "");
  }
  SUBCASE("by denies that take turns") {
    const char* reads = "allow read \"/srv/x/a\";";
    const std::string file = "allow write \"/srv/x/a\";";
    CHECK(steps(file + "if mail { deny write \"/srv/x/a\"; } else { deny write \"/srv/**\"; }", reads) == "");
    CHECK(steps(file + "if mail { deny write \"/srv/x/a\"; } if loud { deny write \"/srv/**\"; }", reads) != "");
    CHECK(steps(file + "if mail { deny write \"/srv/x/a\"; } if loud or not mail { deny write \"/srv/**\"; }", reads) ==
          "");
    CHECK(steps("if loud { allow write \"/srv/x/a\"; } if mail and loud { deny write \"/srv/x/a\"; } "
                "if not mail { deny write \"/srv/x/a\"; }",
                reads) == "");
    CHECK(steps("allow write \"/srv/x/{a,b}\"; if mail { deny write \"/srv/x/a\"; } else { deny write \"/srv/x/b\"; }",
                "allow read \"/srv/x/b\";") != "");
    CHECK(steps("allow connect tcp 80-81; if mail { deny connect tcp 80; } else { deny connect tcp any; }",
                "allow listen tcp 80;") == "");
    CHECK(steps("allow connect tcp 80-81; if mail { deny connect tcp 80; } else { deny connect tcp any; }",
                "allow listen tcp 81;") == "network: connects to tcp 81");
    CHECK(steps("allow signal term to e; if mail { deny signal term to e; } else { deny signal any to any; }", "") ==
          "");
  }
  SUBCASE("sockets, on both sides") {
    const char* listens = "allow listen unix \"/run/a\", \"/run/b\"; deny listen unix \"/run/b\";";
    CHECK(steps("allow connect unix \"/run/*\";", listens) == "unix socket: may connect unix \"/run/*\"");
    CHECK(steps("allow connect unix \"/run/*\"; deny connect unix \"/run/a\";", listens) == "");
    CHECK(steps("allow connect unix \"/run/b\";", listens) == "");
    CHECK(steps("allow connect unix \"@x\";", "allow listen unix \"@x\";") == "unix socket: may connect unix \"@x\"");
    CHECK(steps("allow connect unix \"@x\";", "allow listen unix \"@x\"; deny listen unix \"@x\";") == "");
    CHECK(steps("allow connect unix \"/run/r\";", "} external resource r : socket { \"/run/r\"; by e;") != "");
  }
  SUBCASE("but what is denied at times only") {
    const char* reads = "allow read \"/srv/x/a\";";
    CHECK(steps("allow write \"/srv/x/a\"; if mail { deny write \"/srv/x/a\"; }", reads) != "");
    CHECK(steps("if mail { allow write \"/srv/x/a\"; } if mail or loud { deny write \"/srv/x/a\"; }", reads) == "");
    CHECK(steps("if mail { allow write \"/srv/x/a\"; } else { deny write \"/srv/x/a\"; }", reads) != "");
  }
}

TEST_CASE("what can be modified and run leaves out what is denied, each way of running for itself") {
  const auto found = [](const std::string& rules) {
    const auto a = analyze(domain("allow write \"/srv/**\"; " + rules, "boolean mail = false;"));
    CHECK(a->messages() == "");
    Lines out;
    for (const auto& one : query::modify_and_run(ir::Meaning(a->policy), a->domain("d"))) out.push_back(one.example);
    return all(out);
  };
  CHECK(found("exec \"/srv/a\" to e;") == "/srv/a");
  CHECK(found("exec \"/srv/a\" to e; deny exec \"/srv/a\";") == "");
  CHECK(found("exec \"/srv/a\" to e; deny exec \"/srv/*\" to e;") == "");
  CHECK(found("exec \"/srv/a\"; deny exec \"/srv/*\" to e;") == "/srv/a");
  CHECK(found("deny write \"/srv/**\" owner; exec \"/srv/a\";") == "/srv/a");
  CHECK(found("exec \"/srv/a\"; if mail { deny write \"/srv/a\"; } else { deny write \"/srv/a\"; }") == "");
}

TEST_CASE("what is moved away for another directory changes what is run in it") {
  const auto found = [](const std::string& rules) {
    const auto a = analyze(domain(rules));
    CHECK(a->messages() == "");
    Lines out;
    for (const auto& one : query::modify_and_run(ir::Meaning(a->policy), a->domain("d")))
      out.push_back(fmt::format("{} {} {}", ir::word(one.verb), query::word(one.how), one.example));
    return all(out);
  };
  CHECK(found("allow rename \"/srv/*\"; exec \"/srv/x/run\";") == "rename exec /srv/x/");
  CHECK(found("allow rename \"/srv/*\"; allow load \"/srv/x/**\";") == "rename load /srv/x/");
  CHECK(found("allow rename \"/srv/*\"; exec \"/srv/x/y/run\" to e;") == "rename exec /srv/x/");
  CHECK(found("allow rename \"/srv/*\"; exec \"/srv/run\";") == "rename exec /srv/run");
  CHECK(found("allow rename \"/srv/*\"; deny rename \"/srv/x\"; exec \"/srv/x/run\";") == "");
  CHECK(found("allow rename \"/srv/y\"; exec \"/srv/x/run\";") == "");
  CHECK(found("allow write, create \"/srv/*\"; exec \"/srv/x/run\";") == "");
  CHECK(found("allow write \"/usr/bin/d\";") == "write entry /usr/bin/d");
  CHECK(found("allow rename \"/usr/*\";") == "rename entry /usr/bin/");
  CHECK(steps("allow rename \"/srv/*\";", "exec \"/srv/x/run\";") ==
        "code: may rename /srv/x/, which holds what the other runs");
  CHECK(steps("allow rename \"/srv/*\";", "allow read \"/srv/x/**\";") ==
        "file: may rename /srv/x/, which holds what the other reads");
  CHECK(steps("allow rename \"/srv/*\"; deny rename \"/srv/x\";", "exec \"/srv/x/run\";") == "");
  CHECK(steps("allow signal exists to e;", "") == "");
}

namespace {

/// All that d may do, as "area: line".
std::string all_of_d(const std::string& rules, const std::string& before = "") {
  const auto a = analyze(domain(rules, before));
  CHECK(a->messages() == "");
  Lines out;
  for (const query::Line& line : query::all_of(ir::Meaning(a->policy), a->domain("d"))) {
    if (line.area == query::Area::entry) continue;
    out.push_back(fmt::format("{}: {}{}{}", query::heading(line.area), line.what,
                              line.when.empty() ? "" : " " + line.when, line.less.empty() ? "" : ", " + line.less));
  }
  return all(out);
}

}  // namespace

TEST_CASE("all that a domain may do, with what denies take out of each line") {
  CHECK(all_of_d("allow connect tcp any; deny connect tcp 25; deny connect udp 25; allow signal any to any;"
                 "deny signal kill to e; allow read \"/x/**\"; deny read \"/x/key\" owner; allow memory execute;") ==
        all(Lines{"files: read \"/x/**\", but not read \"/x/key\" owner",
                  "network: connect tcp any, but not connect tcp 25",
                  "processes: signal any to any, but not signal kill to e", "processes: memory execute"}));
}

TEST_CASE("of all that a domain may do, what is denied altogether is no line, in each kind of access") {
  CHECK(all_of_d("allow capability setuid, setgid; deny capability setgid;") ==
        "kernel: capability setgid, setuid, but not capability setgid");
  for (const char* rule : {"capability setgid",
                           "capability sys_admin in userns",
                           "memory execute",
                           "bpf",
                           "socket netlink.route",
                           "listen unix \"@x\"",
                           "listen unix \"/run/x\"",
                           "listen udp 53",
                           "connect tcp any",
                           "read, write \"/srv/w\"",
                           "write \"/srv/**\" owner",
                           "use tcp, pipe from e",
                           "signal term, kill to e",
                           "signal any to any",
                           "inspect any",
                           "trace e",
                           "mount tmpfs on \"/mnt/**\"",
                           "unmount \"/mnt/q\"",
                           "mqueue \"/s\"",
                           "dbus talk \"a.b\" on system",
                           "dbus own \"a.b\" on session",
                           "exec \"/usr/bin/x\"",
                           "exec \"/usr/bin/x\" unconfined"}) {
    CAPTURE(rule);
    CHECK(all_of_d(fmt::format("allow {0}; deny {0};", rule)) == "");
    CHECK(all_of_d(fmt::format("allow {};", rule)) != "");
  }
  CHECK(all_of_d("allow read \"/srv/x/*\"; deny read \"/srv/x/[a-m]*\"; deny read \"/srv/**/[^a-m]*\";") == "");
  CHECK(all_of_d("allow dbus talk \"a.b\" member \"M\" on system; deny dbus talk \"a.b\" on system;") == "");
  CHECK(all_of_d("allow socket packet raw; deny socket packet;") == "");
  CHECK(all_of_d("allow signal term to e; deny signal any to any;") == "");
}

TEST_CASE("of all that a domain may do, what is denied at times is there but then") {
  const char* booleans = "boolean b = false; boolean c = false;";
  CHECK(all_of_d("allow listen udp 53; if b { deny listen udp 53; }", booleans) ==
        "network: listen udp 53, but not listen udp 53 when b");
  CHECK(all_of_d("allow read \"/x/**\"; if b { deny read \"/x/a\"; } deny read \"/x/b\";", booleans) ==
        "files: read \"/x/**\", but not read \"/x/a\" when b, nor read \"/x/b\"");
  CHECK(all_of_d("if b { allow connect tcp any; deny connect tcp 25; }", booleans) ==
        "network: connect tcp any if b, but not connect tcp 25");
  CHECK(all_of_d("if b { allow connect tcp any; } else { deny connect tcp 25; }", booleans) ==
        "network: connect tcp any if b");
  CHECK(all_of_d("if b and c { allow bpf; } if b { deny bpf; }", booleans) == "");
}

TEST_CASE("what can be changed and run, and what no test touches") {
  const auto a = analyze(domain("allow create, write \"/srv/**\"; exec \"/srv/bin/*\"; allow load \"/lib/**\"; allow "
                                "connect tcp 80; deny create \"/srv/bin/safe\"; deny write \"/srv/bin/safe\";") +
                         "test \"one\" { expect allow d load \"/lib/x\"; expect deny d create \"/srv/bin/safe\"; }");
  REQUIRE(a->messages() == "");
  const ir::Meaning meaning(a->policy);
  const auto found = query::modify_and_run(meaning, a->domain("d"));
  REQUIRE(found.size() == 1);
  CHECK(found[0].example.starts_with("/srv/bin/"));
  CHECK(found[0].how == query::ModifyAndRun::Run::exec);
  Lines untouched;
  std::vector<const ir::Test*> tests;
  for (const ir::Test& test : a->policy.tests) tests.push_back(&test);
  CHECK(std::ranges::none_of(query::coverage(meaning, {}), &query::Covered::touched));
  for (const auto& one : query::coverage(meaning, tests))
    if (!one.touched) untouched.push_back(one.what);
  std::sort(untouched.begin(), untouched.end());
  CHECK(all(untouched) ==
        all(Lines{"allow connect tcp 80", "allow exec \"/srv/bin/*\"", "deny write \"/srv/bin/safe\""}));
}
