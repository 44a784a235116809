// What constraints on users, roles and levels leave of an access, as a build finds it and as libsepol decides it.
#include <doctest/doctest.h>

#include <set>

#include "backends/selinux/constraints.h"
#include "backends/selinux/link/decision.h"
#include "tests/support/selinux_base.h"
#include "tests/support/selinux_target.h"

using namespace macc;
using namespace macc::test;

namespace {

/// "LINE: text" of each report about a policy on a base with one more constraint.
std::vector<std::string> refused(const std::string& constraint, const std::string& policy) {
  const auto base = base_of(skeleton_text() + constraint);
  const auto built = lower_on(base, "macc 1;\nmodule m;\n" + policy);
  link_on(*built, *base);
  Diagnostics diagnostics;
  se::check_constraints(built->input(), dynamic_cast<const se::Planned&>(*built->lowered.plan), *base,
                        built->linked.image, diagnostics);
  std::vector<std::string> list;
  for (const Diagnostic& d : diagnostics.all()) {
    CHECK(d.code == Code::E1051);
    const std::string place = built->analyzed->sources.describe(d.primary.span);
    list.push_back(place.substr(place.find(':') + 1) + ": " + d.message);
  }
  return list;
}

constexpr const char* kReader =
    "boolean b = false;\nresource conf : config level \"s0:c7\" { \"/etc/d/**\" }\n"
    "domain d {\n  entry \"/usr/lib/d/d\" from unit \"d.service\" level \"s0:c1\";\n"
    "  if b { allow read conf; }\n  allow signal term to self;\n}\n";

}  // namespace

TEST_SUITE("selinux constraints") {
  TEST_CASE("what no constraint refuses is not reported") {
    CHECK(refused("",
                  "domain d {\n  entry \"/usr/lib/d/d\";\n  resource conf : config { \"/etc/d/**\" }\n"
                  "  allow read conf;\n}\n")
              .empty());
  }

  TEST_CASE("a constraint on a type, a user or a role is found, under a condition, too") {
    const std::string policy =
        "boolean b = false;\ndomain d {\n  entry \"/usr/lib/d/d\";\n  resource state : state { \"/var/lib/d/**\" }\n"
        "  allow read state;\n  if not b { allow change state; }\n}\n";
    for (const char* constraint :
         {"(constrain (file (write)) (eq t1 init_t))", "(constrain (file (write)) (eq u1 user_u))",
          "(constrain (file (write)) (eq r1 r2))"}) {
      CAPTURE(constraint);
      const auto found = refused(constraint, policy);
      REQUIRE(found.size() == 1);
      CHECK(found[0].starts_with("8:"));
      CHECK(found[0].find("`d_t` do `file { write }` on `d_state_t`") != std::string::npos);
    }
    CHECK(refused("(constrain (file (write)) (eq u1 u2))", policy).empty());
  }

  TEST_CASE("levels that never meet are found") {
    const auto found = refused("", kReader);
    REQUIRE(found.size() == 1);
    CHECK(found[0].starts_with("7:"));
    CHECK(found[0].find(" { open read }` on `m_conf_t`") != std::string::npos);
  }

  TEST_CASE("on the installed policy, instances of a service are kept apart by categories") {
    const se::BaseOrReason installed = se::Base::installed();
    if (!installed.base) return;
    const auto built = lower_on(
        installed.base,
        "macc 1;\nmodule m;\ndomain worker {\n"
        "  entry \"/usr/lib/w/worker\" from unit \"worker@a.service\" level \"s0:c1\";\n"
        "  entry \"/usr/lib/w/worker\" from unit \"worker@b.service\" level \"s0:c2\";\n"
        "  resource state : state { \"/var/lib/w/**\" }\n  allow manage state;\n  allow signal term to self;\n}\n");
    link_on(*built, *installed.base);
    Diagnostics diagnostics;
    se::check_constraints(built->input(), dynamic_cast<const se::Planned&>(*built->lowered.plan), *installed.base,
                          built->linked.image, diagnostics);
    CHECK(diagnostics.all().empty());
    const std::string one = "system_u:system_r:worker_t:s0:c1", two = "system_u:system_r:worker_t:s0:c2";
    const std::string file = "system_u:object_r:worker_state_t:";
    const auto decided = se::decide(built->linked.image, {{one, file + "s0:c1", "file", "read"},
                                                          {one, file + "s0:c1", "dir", "add_name"},
                                                          {one, file + "s0:c2", "file", "read"},
                                                          {one, file + "s0:c2", "file", "unlink"},
                                                          {two, file + "s0:c1", "dir", "search"},
                                                          {two, file + "s0:c2", "file", "write"},
                                                          {one, two, "process", "signal"},
                                                          {one, one, "process", "signal"}});
    REQUIRE(decided.reason == "");
    CHECK(decided.allowed == std::vector<bool>{true, true, false, false, false, true, false, true});
  }
}
