// Lints against the meaning: what they say about paths is checked path by path with the decision function.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>

#include "compiler/lint/fingerprint.h"
#include "compiler/lint/fold.h"
#include "compiler/lint/lint.h"
#include "compiler/lint/reach.h"
#include "compiler/lint/score.h"
#include "tests/support/analyzed.h"

using namespace macc;
using ir::Verb;

namespace {

struct Linted {
  std::unique_ptr<test::Analyzed> a;
  lint::Result result;

  [[nodiscard]] std::size_t count(Code lint) const {
    return static_cast<std::size_t>(std::count_if(result.findings.begin(), result.findings.end(),
                                                  [&](const auto& f) { return f.diagnostic.code == lint; }));
  }
};

Linted look(const std::string& text, lint::Settings settings = {}, bool whole_project = false) {
  Linted out;
  out.a = test::analyze(text, {}, true, false, {lint::kSensitiveModule});
  REQUIRE(out.a->messages() == "");
  const ir::Meaning meaning(out.a->policy);
  lint::Input input{meaning, out.a->sources, settings, {}, whole_project};
  for (const ir::Domain& domain : out.a->policy.domains) {
    if (!domain.external) input.files.insert(domain.where.span.file);
  }
  out.result = lint::run(input);
  return out;
}

std::string policy(const std::string& statements, const std::string& before = "") {
  return "module m;\n" + before + "\ndomain d {\n  entry \"/usr/sbin/d\";\n" + statements + "\n}\n";
}

/// Paths of a small world, in which rules of random policies lie.
const std::vector<std::string>& world() {
  static const std::vector<std::string> paths = [] {
    std::vector<std::string> out;
    for (const char* top : {"/a", "/b"}) {
      for (const char* middle : {"", "/x", "/y"}) {
        for (const char* name : {"/p", "/q", "/p.so"}) out.push_back(std::string(top) + middle + name);
      }
    }
    return out;
  }();
  return paths;
}

class RandomPolicy {
 public:
  explicit RandomPolicy(unsigned seed) : random_(seed) {}

  std::string text() {
    std::string body;
    const int rules = 2 + pick(5);
    for (int i = 0; i < rules; ++i) body += conditional(rule());
    return policy(body, "boolean one = false;\nboolean two = true;");
  }

 private:
  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  std::string pattern() {
    static const char* kPatterns[] = {"/a/**", "/b/**",  "/a/x/**", "/b/y/**", "/a/*",     "/b/*.so",
                                      "/a/p",  "/b/x/p", "/a/**/p", "/?/x/*",  "/{a,b}/p", "/a/[p-q]"};
    return '"' + std::string(kPatterns[pick(12)]) + '"';
  }

  std::string rule() {
    static const char* kVerbs[] = {"write", "append", "create", "rename", "load", "read", "change", "manage"};
    const std::string except = pick(4) == 0 ? " except " + pattern() : "";
    if (pick(3) == 0) return "allow exec " + pattern() + except + ";";
    if (pick(4) == 0) return std::string("deny ") + (pick(3) == 0 ? "exec" : kVerbs[pick(8)]) + " " + pattern() + ";";
    return std::string("allow ") + kVerbs[pick(8)] + " " + pattern() + except + ";";
  }

  std::string conditional(const std::string& text) {
    static const char* kConditions[] = {"one", "two", "not one", "one and two"};
    if (pick(3) != 0) return "  " + text + "\n";
    return std::string("  if ") + kConditions[pick(4)] + " { " + text + " }\n";
  }

  std::mt19937 random_;
};

/// Whether some path can be written and run, asked path by path and for all values of the booleans.
bool can_write_and_run(const test::Analyzed& a) {
  const ir::Meaning meaning(a.policy);
  const ir::DomainId domain = a.domain("d");
  for (unsigned bits = 0; bits < 4; ++bits) {
    const ir::Assignment values = {(bits & 1U) != 0, (bits & 2U) != 0};
    const auto file = [&](Verb verb, const std::string& path) {
      return meaning.decide(domain, ir::FileQuestion{verb, path}, values).allowed;
    };
    for (const std::string& path : world()) {
      const auto writing = lint::writing_verbs().list();
      const bool written = std::any_of(writing.begin(), writing.end(), [&](Verb v) { return file(v, path); });
      const bool run = meaning.decide(domain, ir::ExecQuestion{path}, values).allowed || file(Verb::load, path);
      if (written && run) return true;
    }
  }
  return false;
}

/// The text between the first backticks behind `after`.
std::string quoted(const std::string& text, const std::string& after) {
  const std::size_t begin = text.find('`', text.find(after) + after.size()) + 1;
  return text.substr(begin, text.find('`', begin) - begin);
}

}  // namespace

TEST_CASE("writable-and-executable finds what the decision function allows, and nothing else") {
  const char* more = std::getenv("MACC_SEEDS");
  const unsigned last = more == nullptr ? 120 : static_cast<unsigned>(std::strtoul(more, nullptr, 10));
  unsigned found_some = 0;
  for (unsigned seed = 1; seed <= last; ++seed) {
    const std::string text = RandomPolicy(seed).text();
    const auto a = test::analyze(text, {}, true, false, {lint::kSensitiveModule});
    if (a->diagnostics.has_errors()) continue;  // two ways to execute one path, say
    CAPTURE(seed);
    CAPTURE(text);
    const Linted linted = look(text);
    const bool expected = can_write_and_run(*a);
    const bool found = linted.count(Code::L0301) != 0;
    // A pattern may reach further than the world, so a finding is checked by its own example.
    if (expected) CHECK(found);
    for (const lint::Finding& finding : linted.result.findings) {
      if (finding.diagnostic.code != Code::L0301) continue;
      // Whole folders that are moved are more than a question about one path.
      if (finding.diagnostic.message.find("put another folder there") != std::string::npos) continue;
      ++found_some;
      const std::string path = quoted(finding.diagnostic.message, "` may");
      const ir::Meaning meaning(a->policy);
      bool really = false;
      for (unsigned bits = 0; bits < 4; ++bits) {
        const ir::Assignment values = {(bits & 1U) != 0, (bits & 2U) != 0};
        const auto writing = lint::writing_verbs().list();
        const bool written = std::any_of(writing.begin(), writing.end(), [&](Verb v) {
          return meaning.decide(a->domain("d"), ir::FileQuestion{v, path}, values).allowed;
        });
        const bool run = meaning.decide(a->domain("d"), ir::ExecQuestion{path}, values).allowed ||
                         meaning.decide(a->domain("d"), ir::FileQuestion{Verb::load, path}, values).allowed;
        really = really || (written && run);
      }
      CHECK(really);
    }
  }
  CHECK(found_some > 10);
}

TEST_CASE("a redundant rule changes nothing when it is removed, and its removal is offered") {
  unsigned checked = 0;
  for (unsigned seed = 1; seed <= 80; ++seed) {
    const std::string text = RandomPolicy(seed).text();
    const auto a = test::analyze(text);
    if (a->diagnostics.has_errors()) continue;
    const Linted linted = look(text);
    for (const lint::Finding& finding : linted.result.findings) {
      const Diagnostic& d = finding.diagnostic;
      if (d.code != Code::L0102 && d.code != Code::L0101) continue;
      REQUIRE(d.fix);
      CHECK(d.fix->safe);
      std::string fixed = text;
      const Edit& edit = d.fix->edits.front();
      fixed.replace(edit.span.begin, edit.span.end - edit.span.begin, edit.replacement);
      CAPTURE(text);
      CAPTURE(fixed);
      const auto b = test::analyze(fixed);
      CHECK(!b->diagnostics.has_errors());
      const ir::Meaning before(a->policy), after(b->policy);
      for (unsigned bits = 0; bits < 4; ++bits) {
        const ir::Assignment values = {(bits & 1U) != 0, (bits & 2U) != 0};
        for (std::size_t v = 0; v < ir::kVerbCount; ++v) {
          const auto verb = static_cast<Verb>(v);
          CHECK(before.allowed_paths(a->domain("d"), verb, true, values)
                    .equals(after.allowed_paths(b->domain("d"), verb, true, values)));
        }
      }
      ++checked;
    }
  }
  CHECK(checked > 2);
}

TEST_CASE("branches that exclude each other are not put together") {
  CHECK(look(policy("if s { allow write \"/srv/d/**\"; } else { exec \"/srv/d/**\"; }", "boolean s = false;"))
            .count(Code::L0301) == 0);
  CHECK(look(policy("if s { allow write \"/srv/d/**\"; } exec \"/srv/d/tool\";", "boolean s = false;"))
            .count(Code::L0301) == 1);
}

TEST_CASE("fingerprints stay when the source is laid out otherwise, and change with what is reached") {
  const auto print = [](const std::string& statements, const std::string& before = "") {
    const Linted linted = look(policy(statements, before));
    for (const lint::Finding& finding : linted.result.findings) {
      if (finding.diagnostic.code == Code::L0301) return finding.diagnostic.fingerprint;
    }
    return std::string("none");
  };
  const std::string first = print("allow write \"/srv/d/**\";\nexec \"/srv/d/bin/*\";");
  CHECK(first.size() == 16);
  CHECK(print("exec   \"/srv/d/bin/*\";\n\n// moved\nallow write \"/srv/d/**\";") == first);
  CHECK(print("include both;", "abstraction both { allow write \"/srv/d/**\"; exec \"/srv/d/bin/*\"; }") == first);
  CHECK(print("allow write \"/srv/d/**\";\nexec \"/srv/d/**\";") != first);
}

TEST_CASE("an annotation excuses its own statement; one of a locked lint excuses nothing") {
  const std::string text =
      policy("@expect(\"exec-shell\", reason = \"a script\")\n  exec \"/usr/bin/dash\";\n  exec \"/usr/bin/bash\";");
  const Linted linted = look(text);
  CHECK(linted.count(Code::L0305) == 1);
  CHECK(linted.result.expected == 1);
  lint::Settings locked;
  locked.locked.insert(Code::L0305);
  CHECK(look(text, locked).count(Code::L0305) == 2);
}

TEST_CASE("what several findings say about one matter is told once") {
  const auto codes = [](const Linted& linted, const std::set<Code>& locked = {}) {
    std::vector<Code> out;
    for (const lint::Finding& finding : lint::fold(linted.result.findings, locked))
      out.push_back(finding.diagnostic.code);
    return out;
  };
  const std::string shell = "allow listen tcp 8443;\n exec \"/usr/bin/dash\";";
  CHECK(codes(look(policy(shell))) == std::vector{Code::L0313});
  // The graver lint is off, or less grave than the other: nothing is lost.
  lint::Settings settings;
  settings.levels[Code::L0313] = std::nullopt;
  CHECK(codes(look(policy(shell), settings)) == std::vector{Code::L0305});
  settings.levels[Code::L0313] = Severity::note;
  CHECK(codes(look(policy(shell), settings)).size() == 2);
  CHECK(codes(look(policy(shell)), {Code::L0305}).size() == 2);
  // One lint about one statement; what it is about adds up.
  const Linted cron = look(policy("allow write \"/etc/crontab\", \"/etc/passwd\";"));
  REQUIRE(cron.count(Code::L0204) == 2);
  const auto folded = lint::fold(cron.result.findings, {});
  REQUIRE(folded.size() == 1);
  CHECK(folded.front().subjects == std::vector<std::string>{"write /etc/crontab", "write /etc/passwd"});
  CHECK(folded.front().diagnostic.fingerprint == lint::fingerprint(folded.front()));
  // The second rule of a pair has nothing of its own to say; another capability has.
  const std::string two = "allow capability setuid;\n allow capability dac_override;\n allow capability sys_time;";
  CHECK(codes(look(policy(two))) == std::vector{Code::L0503, Code::L0502});
  // All of a tree, then what is in it.
  CHECK(codes(look(policy("allow write \"/etc/**\";"))) == std::vector{Code::L0201});
  CHECK(codes(look(policy("allow read \"/etc/**\"; allow connect tcp 443;"))) == std::vector{Code::L0405});
}

TEST_CASE("no row of the table of folds leads back") {
  const std::vector<std::pair<Code, Code>> rows = {
#define MACC_FOLD(kept, folded) {Code::kept, Code::folded},
#include "compiler/lint/folds.def"
  };
  for (const auto& [kept, folded] : rows) {
    if (kept == folded) continue;  // adds up what one lint says
    std::set<Code> above{kept};
    for (std::size_t before = 0; before != above.size();) {
      before = above.size();
      for (const auto& row : rows) {
        if (above.contains(row.second)) above.insert(row.first);
      }
    }
    CAPTURE(info(folded).id);
    CHECK(!above.contains(folded));
  }
}

TEST_CASE("ports that several rules open are added up, as far as they are open at once") {
  CHECK(look(policy("allow listen tcp 1-32767; allow listen tcp 32768-65535;")).count(Code::L0401) == 1);
  CHECK(look(policy("allow connect udp 1-32767; allow connect udp 32768-65535;")).count(Code::L0402) == 1);
  CHECK(look(policy("allow listen tcp 1-32767; allow listen udp 32768-65535;")).count(Code::L0401) == 0);
  CHECK(look(policy("if s { allow listen tcp 1-32767; } else { allow listen tcp 32768-65535; }", "boolean s = false;"))
            .count(Code::L0401) == 0);
  CHECK(look(policy("allow listen tcp 1-32767; if s { allow listen tcp 32768-65535; }", "boolean s = false;"))
            .count(Code::L0401) == 1);
  CHECK(look(policy("allow listen tcp any; allow listen tcp 443;")).count(Code::L0401) == 1);
  CHECK(look(policy("allow connect tcp 1-32767; allow connect tcp 32768-65535; allow read \"/etc/shadow\";"))
            .count(Code::L0405) == 1);
}

TEST_CASE("secrets leave by all sockets that reach other hosts") {
  const std::string hashes = "allow read \"/etc/shadow\";";
  CHECK(look(policy(hashes + "allow socket raw;")).count(Code::L0405) == 1);
  CHECK(look(policy(hashes + "allow socket packet;")).count(Code::L0405) == 1);
  CHECK(look(policy(hashes + "allow connect sctp any;")).count(Code::L0405) == 1);
  CHECK(look(policy(hashes + "allow socket netlink.route;")).count(Code::L0405) == 0);
  CHECK(look(policy(hashes + "allow socket raw; deny socket raw;")).count(Code::L0405) == 0);
  CHECK(look(policy(hashes + "allow listen tcp 443;")).count(Code::L0405) == 0);
  CHECK(look(policy("include hashes; allow connect tcp 443;", "abstraction hashes { " + hashes + " }"))
            .count(Code::L0405) == 1);
}

TEST_CASE("a secret of another domain that is sent to servers anywhere") {
  const std::string owner =
      "domain keeper { entry \"/usr/sbin/o\"; resource keys : secret { \"/srv/o/keys/**\" } "
      "allow read keys; allow connect tcp 443; }";
  const Linted linted = look(policy("allow read \"/srv/o/keys/*\"; allow connect tcp 443;", owner));
  CHECK(linted.count(Code::L0405) == 1);  // the owner's own key is for its own server
}

TEST_CASE("sockets and mounts on whole trees") {
  CHECK(look(policy("allow listen unix \"/run/**\";")).count(Code::L0411) == 1);
  CHECK(look(policy("allow listen unix \"/run/d/**\";")).count(Code::L0411) == 0);
  CHECK(look(policy("allow listen unix \"/run/**\"; deny listen unix \"/run/**\";")).count(Code::L0411) == 0);
  CHECK(look(policy("allow listen unix \"/run/d/**\"; allow connect unix \"/run/**\";")).count(Code::L0411) == 1);
  CHECK(look(policy("allow unmount \"/**\";")).count(Code::L0711) == 1);
  CHECK(look(policy("allow unmount \"/media/**\";")).count(Code::L0711) == 0);
  CHECK(look(policy("allow unmount \"/srv/d/\";")).count(Code::L0711) == 0);
}

TEST_CASE("a promise about no path") {
  CHECK(look(policy("never write \"/a/**\" except \"/a/**\";")).count(Code::L0107) == 1);
  CHECK(look(policy("never exec \"/a/*\" except \"/a/**\";")).count(Code::L0107) == 1);
  CHECK(look(policy("never write \"/a/**\" except \"/a/b\";")).count(Code::L0107) == 0);
}

TEST_CASE("capabilities under conditions") {
  const std::string before = "boolean s = false;";
  const std::string few = "allow capability chown, fowner, kill, setuid, setgid;";
  const std::string more = "allow capability sys_nice, sys_time, net_admin, net_raw;";
  const std::string s = "if s { ", n = "} if not s { ";
  CHECK(look(policy(few + more)).count(Code::L0505) == 1);
  CHECK(look(policy(s + few + n + more + "}", before)).count(Code::L0505) == 0);
  CHECK(look(policy(few + s + more + "}", before)).count(Code::L0505) == 1);
  const std::string low = "allow listen tcp 80;", bind = "allow capability net_bind_service;";
  CHECK(look(policy(s + low + "}" + bind, before)).count(Code::L0504) == 0);
  CHECK(look(policy(s + low + n + bind + "}", before)).count(Code::L0504) == 1);
  CHECK(look(policy(s + low + n + bind + "}" + s + bind + "}", before)).count(Code::L0504) == 0);
}

TEST_CASE("ports of clear text belong to their protocol") {
  lint::Settings settings;
  settings.levels[Code::L0409] = Severity::note;
  CHECK(look(policy("allow connect udp 69;"), settings).count(Code::L0409) == 1);
  CHECK(look(policy("allow connect tcp 69;"), settings).count(Code::L0409) == 0);
  CHECK(look(policy("allow connect tcp 80;"), settings).count(Code::L0409) == 1);
  CHECK(look(policy("allow connect udp 80;"), settings).count(Code::L0409) == 0);
  CHECK(look(policy("allow connect udp 514;"), settings).count(Code::L0409) == 1);
}

TEST_CASE("redundant rules of every kind") {
  const auto redundant = [](const std::string& text) {
    const std::string peer = "domain peer { entry \"/usr/sbin/p\"; }";
    return look(policy(text, peer)).count(Code::L0102);
  };
  CHECK(redundant("allow listen unix \"/run/d/a\"; allow listen unix \"/run/d/**\";") == 1);
  CHECK(redundant("allow listen unix \"/run/d/a\"; allow listen unix \"/run/e/**\";") == 0);
  CHECK(redundant("allow listen unix \"@a\"; allow listen unix \"/run/d/**\";") == 0);
  CHECK(redundant("allow signal term to peer; allow signal term, hup to any;") == 1);
  CHECK(redundant("allow inspect peer; allow inspect any;") == 1);
  CHECK(redundant("allow trace peer; allow inspect any;") == 0);
  CHECK(redundant("allow dbus talk \"org.a\" interface \"org.a.I\" on system; allow dbus talk \"org.a\" on system;") ==
        1);
  CHECK(redundant("allow unmount \"/srv/d/a/\"; allow unmount \"/srv/d/**\";") == 1);
  CHECK(redundant("deny write \"/srv/d/a\"; deny write \"/srv/d/**\";") == 1);
  CHECK(redundant("deny write \"/srv/d/**\"; deny read \"/srv/d/a\";") == 0);
  CHECK(redundant("deny write \"/srv/d/**\"; audit deny write \"/srv/d/a\";") == 0);
  CHECK(redundant("deny capability kill; deny capability kill, chown;") == 1);
  CHECK(redundant("deny write \"/srv/d/a\"; allow write \"/srv/d/**\";") == 0);
}

TEST_CASE("settings that lie in /etc without a resource") {
  CHECK(look(policy("allow read \"/etc/d/**\"; allow write \"/etc/d/d.conf\";")).count(Code::L0207) == 1);
  CHECK(look(policy("allow read \"/etc/d/**\"; allow write \"/var/lib/d/d.conf\";")).count(Code::L0207) == 0);
  CHECK(look(policy("resource s : state { \"/etc/d/**\" } allow manage s;")).count(Code::L0207) == 0);
  const std::string reader = "domain reader { entry \"/usr/sbin/r\"; allow read \"/etc/r/**\"; }";
  CHECK(look(policy("allow write \"/etc/r/r.conf\";", reader)).count(Code::L0314) == 1);
  CHECK(look(policy("allow write \"/etc/r.conf\";", reader)).count(Code::L0314) == 0);
}

TEST_CASE("code beside a script is the script's own") {
  const auto script = [](const std::string& rules) {
    return look("module m;\ndomain d { entry \"/opt/d/main.py\"; exec \"/usr/bin/python3.11\"; " + rules + "}");
  };
  CHECK(script("allow write \"/opt/d/**\";").count(Code::L0311) == 1);
  CHECK(script("allow write \"/opt/d/plugins/a.py\";").count(Code::L0311) == 1);
  CHECK(script("allow write \"/opt/d/data/*.db\";").count(Code::L0311) == 0);
  CHECK(script("allow write \"/var/lib/d/**\";").count(Code::L0311) == 0);
}

TEST_CASE("exposures add up to a share of what is left") {
  CHECK(lint::combine({}) == 0.0);
  CHECK(lint::combine({100, 5}) == 10.0);
  CHECK(lint::combine({50, 50}) == 7.5);
  CHECK(lint::grade(1.9) == "safe");
  CHECK(lint::grade(8.0) == "unsafe");
}
