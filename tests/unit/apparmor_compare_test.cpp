// Policies whose profiles are as they should be, and yet once were taken for others: the comparison with what the
// parser compiled has to accept them.
#include <doctest/doctest.h>

#include "tests/support/apparmor_target.h"

using namespace macc;
using namespace macc::test;

namespace {

/// "" when the compiled profiles are found to be as the policy asks, or what is said against them.
std::string said_against(const std::string& policy, const std::string& features) {
  const ApparmorTarget target("module m;\n" + policy, features);
  Diagnostics diagnostics;
  const auto out = backends::apparmor_backend().verify(target.input(), target.lowered, diagnostics);
  std::string said = out.status == backends::Verification::Status::passed ? "" : "not passed: " + out.reason;
  for (const auto& d : diagnostics.all()) said += d.message + '\n';
  return said;
}

/// The same where a text in the profile of `d` is replaced by hand.
std::string said_of_changed(const std::string& policy, const std::string& from, const std::string& to,
                            const std::string& features = "debian12") {
  ApparmorTarget target("module m;\n" + policy, features);
  bool changed = false;
  for (auto& artifact : target.lowered.artifacts) {
    const std::size_t at = artifact.content.find(from);
    if (artifact.path != "apparmor.d/d" || at == std::string::npos) continue;
    artifact.content.replace(at, from.size(), to);
    changed = true;
  }
  REQUIRE_MESSAGE(changed, target.artifact("apparmor.d/d"));
  Diagnostics diagnostics;
  (void)backends::apparmor_backend().verify(target.input(), target.lowered, diagnostics);
  std::string said;
  for (const auto& d : diagnostics.all()) said += d.message + '\n';
  return said;
}

}  // namespace

TEST_CASE("sources of mounts: several slashes are as one") {
  for (const char* rule :
       {"allow mount options bind from \"/srv/**/\" on \"/b/\";", "allow mount from \"/dev/**\" on \"/mnt/**\";",
        "allow mount ext4 from \"/{a,b/}c/**/d*\" on \"/mnt/\";",
        "allow mount on \"/mnt/\"; deny mount from \"/srv/**\" on \"/mnt/\";"}) {
    CAPTURE(rule);
    CHECK(said_against(std::string("domain d { entry \"/usr/sbin/d\"; ") + rule + " }", "debian12") == "");
  }
}

TEST_CASE("denied names of unix sockets: nothing is sent to them either") {
  const std::string server = "domain s { entry \"/usr/sbin/s\"; allow listen unix \"@x\"; ";
  const std::string client = "domain c { entry \"/usr/sbin/c\"; allow connect unix \"@x\"; ";
  CHECK(said_against(server + "deny listen unix \"@x\"; }", "ubuntu22.04") == "");
  CHECK(said_against(server + "}\n" + client + "deny connect unix \"@x\"; }", "ubuntu22.04") == "");
}

TEST_CASE("profiles may have names with pattern characters, and keep them") {
  const std::string other =
      "domain c { entry \"/usr/sbin/c\"; exec \"/usr/sbin/dhclient\" to d; allow signal hup to d; allow trace d; "
      "allow become d; }";
  for (const char* name : {"/{,usr/}sbin/dhclient", "a name [1]", "what?", "star*", "a^b,c"}) {
    CAPTURE(name);
    const std::string policy = std::string("domain d { entry \"/usr/sbin/dhclient\"; replaces apparmor \"") + name +
                               "\"; allow signal term to self; }\n" + other;
    CHECK(said_against(policy, "debian12") == "");
    const ApparmorTarget target("module m;\n" + policy);
    for (const auto& artifact : target.lowered.artifacts) {
      if (artifact.what == std::string("profile of ") + name)
        CHECK(target.compile(artifact.path.substr(std::string("apparmor.d/").size())).name == name);
    }
    CHECK(target.compile("c").exec("/usr/sbin/dhclient") == std::string("-> ") + name);
  }
}

TEST_CASE("changes by hand: what is logged of links, and of capabilities that are refused") {
  const std::string links = "domain d { entry \"/usr/sbin/d\"; audit allow link \"/l/*\"; allow link \"/m/*\"; }";
  CHECK(said_against(links, "debian12") == "");
  CHECK(said_of_changed(links, "audit link subset \"/l/*\" -> \"/l/*\"", "link subset \"/l/*\" -> \"/l/*\"") ==
        "in the compiled profile, that `d` makes a hard link `/l/a` to `/l/a` is not logged\n");
  CHECK(said_of_changed(links, "link subset \"/m/*\" -> \"/m/*\"", "audit link subset \"/m/*\" -> \"/m/*\"") ==
        "in the compiled profile, that `d` makes a hard link `/m/a` to `/m/a` is logged\n");

  const std::string capabilities =
      "domain d { entry \"/usr/sbin/d\"; deny capability kill; audit deny capability chown; }";
  CHECK(said_against(capabilities, "debian12") == "");
  for (const char* instead : {"", "audit deny capability kill,"}) {
    CHECK(said_of_changed(capabilities, "deny capability kill,", instead) ==
          "that the capabilities kill are refused is logged\n");
  }
  CHECK(said_of_changed(capabilities, "audit deny capability chown,", "deny capability chown,") ==
        "that the capabilities chown are refused is not logged\n");
  CHECK(said_against("boolean b = true; domain d { entry \"/usr/sbin/d\"; deny capability kill; deny capability mknod; "
                     "if b { allow capability kill in userns; allow mknod \"/dev/x\"; } }",
                     "debian12") == "");
}

TEST_CASE("changes by hand: denies of inspecting and of mounting again that are missing") {
  const std::string inspects =
      "domain d { entry \"/usr/sbin/d\"; allow inspect any; deny inspect e; } domain e { entry \"/usr/sbin/e\"; }";
  CHECK(said_against(inspects, "debian12") == "");
  CHECK(said_of_changed(inspects, "deny ptrace (read) peer=\"e\",", "") ==
        "the compiled profile lets `d` inspect `e`\n");
  CHECK(said_against("domain d { entry \"/usr/sbin/d\"; allow inspect any; allow trace e; deny inspect e; } "
                     "domain e { entry \"/usr/sbin/e\"; }",
                     "debian12") == "");

  const std::string mounts =
      "domain d { entry \"/usr/sbin/d\"; allow mount options remount on \"/m/*/\"; "
      "deny mount options remount on \"/m/x/\"; }";
  CHECK(said_against(mounts, "debian12") == "");
  CHECK(said_of_changed(mounts, "deny mount options=(remount)", "mount options=(remount)").find("mount") !=
        std::string::npos);
}

TEST_CASE("changes by hand: listening to a whole bus") {
  const std::string policy = "domain d { entry \"/usr/sbin/d\"; allow dbus talk \"a.b\" on system; }";
  CHECK(said_against(policy, "ubuntu22.04") == "");
  CHECK(said_of_changed(policy, "dbus receive", "dbus eavesdrop,\n  dbus receive", "ubuntu22.04") ==
        "the compiled profile lets `d` listen to all of the bus `a`\n");
}

TEST_CASE("a profile that is entered from a unit and has a path for a name holds for that path, too") {
  const std::string entered = "module m;\ndomain d { entry \"/usr/sbin/d\" from unit \"d.service\"; ";
  CHECK(ApparmorTarget(entered + "replaces apparmor \"/usr/sbin/d\"; }").topic("path-name"));
  CHECK_FALSE(ApparmorTarget(entered + "replaces apparmor \"d\"; }").topic("path-name"));
  CHECK_FALSE(ApparmorTarget("module m;\ndomain d { entry \"/usr/sbin/d\"; replaces apparmor \"/usr/sbin/d\"; }")
                  .topic("path-name"));
}

TEST_CASE("changes by hand: what is logged of signals, tracing, networks, mounts and the bus") {
  const std::string policy =
      "domain d { entry \"/usr/sbin/d\"; audit allow signal hup to e; deny signal kill to e; audit allow trace e; "
      "audit allow socket packet; audit allow mount options bind from \"/a/\" on \"/b/\"; deny unmount \"/c/\"; "
      "audit allow dbus own \"org.D\" on system; }\ndomain e { entry \"/usr/sbin/e\"; }";
  const std::string features = "ubuntu22.04";
  REQUIRE(said_against(policy, features) == "");
  const std::pair<std::string, std::string> changes[] = {{"audit signal send", "signal send"},
                                                         {"deny signal send", "audit deny signal send"},
                                                         {"deny signal send set=(kill) peer=\"e\",", ""},
                                                         {"audit ptrace", "ptrace"},
                                                         {"audit network", "network"},
                                                         {"audit mount", "mount"},
                                                         {"deny umount", "audit deny umount"},
                                                         {"audit dbus bind", "dbus bind"}};
  for (const auto& [from, to] : changes) {
    CAPTURE(from);
    const std::string said = said_of_changed(policy, from, to, features);
    CHECK_MESSAGE(said.find("logged when it is") != std::string::npos, said);
  }
}
