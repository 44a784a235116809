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
