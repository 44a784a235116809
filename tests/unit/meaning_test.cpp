// The meaning function: decisions, promises and tests.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/support/analyzed.h"

using namespace macc;
using ir::Verb;
using test::analyze;

namespace {

struct Judge {
  std::unique_ptr<test::Analyzed> a;
  ir::Meaning meaning;
  ir::Assignment values;

  explicit Judge(const std::string& text)
      : a(analyze(text)), meaning(a->policy), values(ir::declared_values(a->policy)) {
    CHECK(a->messages() == "");
  }
  bool file(Verb verb, const std::string& path, bool owned = false, ir::ObjectClass object = ir::ObjectClass::file) {
    if (path.back() == '/') object = ir::ObjectClass::directory;
    const bool one = meaning.decide(a->domain("d"), ir::FileQuestion{verb, path, object, owned}, values).allowed;
    // The set must say the same.
    if (object == ir::ObjectClass::file || object == ir::ObjectClass::directory) {
      CHECK(meaning.allowed_paths(a->domain("d"), verb, owned, values).contains(path) == one);
    }
    return one;
  }
  bool net(bool listen, std::uint16_t port) {
    return meaning.decide(a->domain("d"), ir::NetworkQuestion{listen, ir::Protocol::tcp, port}, values).allowed;
  }
};

std::string policy(const std::string& statements, const std::string& before = "") {
  return "module m;\n" + before + "\ndomain d {\n  entry \"/usr/bin/d\";\n" + statements + "\n}\n";
}

std::string promises(const std::string& text) {
  const auto a = analyze(text);
  CHECK(a->messages() == "");
  const ir::Meaning meaning(a->policy);
  ir::check_promises(meaning, a->diagnostics);
  ir::run_tests(meaning, a->diagnostics);
  return a->messages();
}

}  // namespace

TEST_CASE("nothing is allowed that no rule allows, but for the own program") {
  Judge j(policy(""));
  CHECK(!j.file(Verb::read, "/etc/passwd"));
  CHECK(j.file(Verb::read, "/usr/bin/d"));
  CHECK(!j.file(Verb::write, "/usr/bin/d"));
  CHECK(!j.net(true, 80));
}

TEST_CASE("a rule on a resource does not reach the resource inside it") {
  Judge j(
      policy("resource config : config { \"/etc/d/**\" }\nresource keys : secret { \"/etc/d/keys/**\" }\n"
             "allow read, list config;"));
  CHECK(j.file(Verb::read, "/etc/d/a"));
  CHECK(j.file(Verb::list, "/etc/d/"));
  CHECK(!j.file(Verb::read, "/etc/d/keys/k"));
  CHECK(!j.file(Verb::list, "/etc/d/keys/"));
  CHECK(j.file(Verb::read, "/etc/d/keysX"));
  Judge written(
      policy("resource config : config { \"/etc/d/**\" }\nresource keys : secret { \"/etc/d/keys/**\" }\n"
             "allow read \"/etc/d/**\";"));
  CHECK(written.file(Verb::read, "/etc/d/keys/k"));
}

TEST_CASE("create, delete and rename in a tree are about its entries") {
  Judge j(policy("allow create, delete, setattr \"/x/**\";"));
  CHECK(!j.file(Verb::create, "/x/"));
  CHECK(j.file(Verb::create, "/x/y/"));
  CHECK(j.file(Verb::delete_, "/x/y"));
  CHECK(j.file(Verb::setattr, "/x/"));
  Judge top(policy("allow create \"/x/\";"));
  CHECK(top.file(Verb::create, "/x/"));
  CHECK(!top.file(Verb::create, "/x"));
}

TEST_CASE("deny subtracts wherever it stands, and owner is a condition") {
  Judge j(policy("deny change \"/x/k/**\";\nallow manage \"/x/**\";\nallow write \"/t/**\" owner;"));
  CHECK(j.file(Verb::write, "/x/a"));
  CHECK(!j.file(Verb::write, "/x/k/a"));
  CHECK(j.file(Verb::read, "/x/k/a"));
  CHECK(j.file(Verb::write, "/t/a", true));
  CHECK(!j.file(Verb::write, "/t/a", false));
}

TEST_CASE("device nodes are covered under /dev and by resources of kind device only") {
  Judge j(policy("resource nodes : device { \"/srv/dev/**\" }\nallow read \"/dev/x\", \"/srv/y\";\nallow read nodes;"));
  const auto dev = ir::ObjectClass::char_device;
  CHECK(j.file(Verb::read, "/dev/x", false, dev));
  CHECK(!j.file(Verb::read, "/srv/y", false, dev));
  CHECK(j.file(Verb::read, "/srv/dev/z", false, dev));
}

TEST_CASE("booleans switch rules") {
  Judge j(policy("if mail { allow connect tcp 25; } else { allow connect tcp 587; }", "boolean mail = false;"));
  CHECK(!j.net(false, 25));
  CHECK(j.net(false, 587));
  j.values = {true};
  CHECK(j.net(false, 25));
  CHECK(!j.net(false, 587));
}

TEST_CASE("own signals are always there, others are asked for") {
  Judge j(policy("allow signal term to other;", "domain other { entry \"/o\"; }"));
  const auto signal = [&](ir::Signal s, const char* to) {
    return j.meaning.decide(j.a->domain("d"), ir::SignalQuestion{s, j.a->domain(to)}, j.values).allowed;
  };
  CHECK(signal(9, "d"));
  CHECK(signal(15, "other"));
  CHECK(!signal(9, "other"));
}

TEST_CASE("a start that keeps the environment is allowed by the rules that say so, any start by both") {
  const auto a = analyze(R"(module m;
  domain d {
    entry "/d";
    exec "/clean" to other;
    exec "/keep" to other keep environment;
    never exec "/clean" to other keep environment;
  }
  domain other { }
  test "environments" {
    expect allow d exec "/clean" to other;
    expect deny d exec "/clean" to other keep environment;
    expect allow d exec "/keep" to other;
    expect allow d exec "/keep" to other keep environment;
  })");
  const ir::Meaning meaning(a->policy);
  ir::check_promises(meaning, a->diagnostics);
  ir::run_tests(meaning, a->diagnostics);
  CHECK(a->diagnostics.all().empty());
  const auto start = [&](const char* path, bool keep) {
    const ir::ExecQuestion question{path, ir::ExecAccess::Mode::transition, a->domain("other"), keep};
    return meaning.decide(a->domain("d"), question, {}).allowed;
  };
  CHECK(start("/clean", false));
  CHECK(!start("/clean", true));
  CHECK(start("/keep", false));
  CHECK(start("/keep", true));
}

TEST_CASE("a broken promise names an example and both rules") {
  const std::string text = policy("allow write \"/etc/**\";\nnever change \"/etc/shadow\";");
  const auto a = analyze(text);
  const ir::Meaning meaning(a->policy);
  ir::check_promises(meaning, a->diagnostics);
  REQUIRE(a->diagnostics.all().size() == 1);
  const Diagnostic& d = a->diagnostics.all()[0];
  CHECK(d.code == Code::E0501);
  CHECK(d.message.find("write /etc/shadow") != std::string::npos);
  REQUIRE(d.secondary.size() == 1);
  CHECK(a->sources.text(d.secondary[0].span) == "allow write \"/etc/**\";");
}

TEST_CASE("promises hold for every value of the booleans") {
  CHECK(promises(policy("if a { allow read \"/x\"; }\nnever read \"/x\";", "boolean a = false;")).find("when a") !=
        std::string::npos);
  CHECK(promises(policy("if a { allow read \"/x\"; deny read \"/x\"; }\nnever read \"/x\";", "boolean a = false;")) ==
        "");
  CHECK(promises(policy("allow connect tcp 1-100;\ndeny connect tcp 25;\nnever connect tcp 25;")) == "");
  CHECK(promises(policy("allow connect tcp 1-100;\ndeny connect tcp 25;\nnever connect tcp 24-25;")).find("tcp 24") !=
        std::string::npos);
  CHECK(promises(policy("allow capability sys_admin;\nnever capability sys_admin, kill;")).find("sys_admin") !=
        std::string::npos);
  CHECK(promises("module m;\nresource k : secret { \"/k/**\" }\ndomain a { entry \"/a\"; allow write k; }\n"
                 "domain b { entry \"/b\"; allow write k; }\nnever any change k except a;")
            .find("`b` may write") != std::string::npos);
}

TEST_CASE("tests: allow means each path, deny none") {
  const std::string rules = "allow read \"/x/**\" except \"/x/secret\";\nexec \"/bin/sh\";\nexec \"/bin/t\" to t;";
  const auto with = [&](const std::string& expectation) {
    return promises("module m;\nboolean mail = false;\ndomain d { entry \"/d\"; " + rules +
                    " if mail { allow connect tcp 25; } }\ndomain t { allow read \"/y\"; }\ntest \"t\" { " +
                    expectation + " }");
  };
  CHECK(with("expect allow d read \"/x/a\";") == "");
  CHECK(with("expect allow d read \"/x/**\";").find("/x/secret") != std::string::npos);
  CHECK(with("expect deny d read \"/x/secret\";") == "");
  CHECK(with("expect deny d read \"/x/**\";") != "");
  CHECK(with("expect deny d connect tcp 25; expect allow d connect tcp 25 when mail;") == "");
  CHECK(
      with("expect allow d exec \"/bin/sh\"; expect deny d exec \"/bin/bash\"; expect allow d exec \"/bin/t\" to t;") ==
      "");
  CHECK(with("expect deny d exec \"/bin/t\";").find("may exec /usr/bin/t to t") != std::string::npos);
  CHECK(with("expect allow d exec \"/bin/t\"; expect allow d exec \"/bin/{sh,t}\";") == "");
  CHECK(with("expect allow d exec \"/bin/*\";").find("may not exec /usr/bin/") != std::string::npos);
  CHECK(with("expect allow d exec \"/bin/sh\" to t;").find("may not exec /usr/bin/sh to t") != std::string::npos);
  CHECK(with("expect deny d exec \"/bin/t\" unconfined;") == "");
  CHECK(with("expect allow d signal any to self; expect deny d trace t;") == "");
}

TEST_CASE("a deny of one way of executing leaves the others") {
  const auto with = [&](const std::string& rules) {
    return promises("module m;\ndomain d { entry \"/d\"; " + rules + " }\ndomain t { entry \"/t\"; }\n" +
                    "test \"t\" { expect allow d exec \"/bin/x\"; expect deny d exec \"/bin/x\" to t; }");
  };
  CHECK(with("exec \"/bin/x\"; deny exec \"/bin/x\" to t;") == "");
  CHECK(with("exec \"/bin/x\"; deny exec \"/bin/*\" to t; never exec \"/bin/x\" to t;") == "");
  CHECK(with("exec \"/bin/x\"; deny exec \"/bin/x\" to t; never exec \"/bin/x\";").find("may exec /usr/bin/x") !=
        std::string::npos);
  CHECK(with("exec \"/bin/x\"; deny exec \"/bin/x\";").find("may not exec /usr/bin/x") != std::string::npos);
}

TEST_CASE("mounts are made with exactly the options that a rule has") {
  const auto with = [](const std::string& rules, const std::string& expectation) {
    return promises(policy(rules) + "test \"t\" { expect " + expectation + "; }\n");
  };
  const std::string exact = "allow mount ext4 options ro, nosuid on \"/m/\";";
  CHECK(with(exact, "allow d mount ext4 options nosuid, ro on \"/m/\"") == "");
  CHECK(with(exact, "allow d mount ext4 options dev, nosuid, ro on \"/m/\"") == "");
  CHECK(with(exact, "deny d mount ext4 options ro on \"/m/\"") == "");
  CHECK(with(exact, "deny d mount ext4 options ro, nosuid, nodev on \"/m/\"") == "");
  CHECK(with(exact, "deny d mount ext4 on \"/m/\"").find("may mount ext4 options nosuid, ro on") != std::string::npos);
  CHECK(with("allow mount on \"/m/\"; deny mount options ro on \"/m/\";", "deny d mount options ro on \"/m/\"") == "");
  CHECK(with("allow mount on \"/m/\"; deny mount options ro on \"/m/\";",
             "allow d mount options ro, nodev on \"/m/\"") == "");
  CHECK(with("allow mount options ro on \"/m/\"; deny mount on \"/m/\";", "deny d mount on \"/m/\"") == "");
  CHECK(with("allow mount options ro on \"/m/\"; deny mount options ro on \"/m/\";", "deny d mount on \"/m/\"") == "");
  CHECK(with("allow mount ext4 on \"/m/\"; allow mount xfs on \"/m/\";", "allow d mount ext4, xfs on \"/m/\"") == "");
  CHECK(with("allow mount options rw, suid on \"/m/\";", "allow d mount options dev on \"/m/\"") == "");
  CHECK(with("allow mount options bind, rbind, ro on \"/m/\";", "allow d mount options rbind on \"/m/\"") == "");
}

TEST_CASE("a mount that names no file system or source is no part of a rule that names one, but by its options") {
  const auto denied = [](const std::string& rule, const std::string& asked) {
    return promises(policy(rule) + "test \"t\" { expect deny d " + asked + "; }\n") == "";
  };
  for (const char* options : {"bind", "rbind", "move"}) {
    const std::string asked = fmt::format("mount options {} from \"/a/\" on \"/m/\"", options);
    CHECK(denied("allow mount ext4 on \"/m/\";", asked));
    CHECK_FALSE(denied("allow mount from \"/a/\" on \"/m/\";", asked));
    CHECK_FALSE(denied("allow mount on \"/m/\";", asked));
  }
  for (const char* options : {"remount", "remount, bind, ro", "rslave", "private"}) {
    const std::string asked = fmt::format("mount options {} on \"/m/\"", options);
    CHECK(denied("allow mount ext4 on \"/m/\";", asked));
    CHECK(denied("allow mount from \"/**\" on \"/m/\";", asked));
    CHECK_FALSE(denied("allow mount on \"/m/\";", asked));
    CHECK_FALSE(denied(fmt::format("allow mount options {} on \"/m/\";", options), asked));
  }
}

TEST_CASE("promises about mounts speak of exactly their options too") {
  CHECK(promises(policy("allow mount options ro on \"/m/\"; never mount options ro, nosuid on \"/m/\";")) == "");
  CHECK(promises(policy("allow mount options ro on \"/m/\"; never mount on \"/m/\";")).find("mount options ro on") !=
        std::string::npos);
  CHECK(promises(policy("allow mount on \"/m/\"; never mount options ro on \"/m/\";")).find("mount options ro on") !=
        std::string::npos);
  CHECK(promises(policy(
            "allow mount on \"/m/\"; deny mount options ro on \"/m/\"; never mount options ro on \"/m/\";")) == "");
}
