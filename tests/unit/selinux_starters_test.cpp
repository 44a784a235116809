// Who starts a domain: what a kernel would answer to users, cron, init and other domains, on the skeleton and on the
// installed policy.
#include <doctest/doctest.h>

#include "backends/selinux/lower.h"
#include "tests/support/selinux_decision.h"
#include "tests/support/selinux_target.h"

namespace macc::test {
namespace {

std::vector<std::shared_ptr<const se::Base>> bases() {
  std::vector<std::shared_ptr<const se::Base>> list = {se::Base::skeleton()};
  if (se::BaseOrReason installed = se::Base::installed(); installed.base) list.push_back(installed.base);
  return list;
}

std::unique_ptr<SelinuxTarget> build_on(const std::shared_ptr<const se::Base>& base, const std::string& text) {
  auto built = lower_on(base, text);
  se::LinkOptions options;
  options.whole_base = true;  // the starters' own rules are asked, too
  link_on(*built, *base, options);
  return built;
}

struct Login {
  std::string user, role, type;
  std::string context() const { return user + ":" + role + ":" + type + ":s0"; }
};

/// Those of a default installation, confined ones and not.
const std::vector<Login> kLogins = {{"user_u", "user_r", "user_t"},
                                    {"staff_u", "staff_r", "staff_t"},
                                    {"root", "sysadm_r", "sysadm_t"},
                                    {"unconfined_u", "unconfined_r", "unconfined_t"}};

std::string object(const std::string& type) { return "system_u:object_r:" + type + ":s0"; }

}  // namespace

TEST_CASE("each login user comes into a program of users, in the user's own role") {
  for (const auto& base : bases()) {
    CAPTURE(base->description());
    const auto b = build_on(base, "macc 1;\nmodule m;\ndomain tool { entry \"/usr/bin/tool\" from user; }\n");
    const SecurityServer server(b->linked.image);
    for (const Login& login : kLogins) {
      CAPTURE(login.context());
      const std::string tool = login.user + ":" + login.role + ":tool_t:s0";
      REQUIRE(server.valid(login.context()));
      CHECK(server.after_exec(login.context(), object("tool_exec_t")) == tool);
      CHECK(server.allows(login.context(), object("tool_exec_t"), "file", "execute"));
      CHECK(server.allows(login.context(), tool, "process", "transition"));
      CHECK(server.allows(tool, object("tool_exec_t"), "file", "entrypoint"));
      CHECK(server.allows(tool, login.context(), "fd", "use"));
      CHECK(server.allows(tool, login.context(), "fifo_file", "write"));
      CHECK(server.allows(tool, login.user + ":object_r:user_devpts_t:s0", "chr_file", "write"));
      CHECK(server.allows(login.context(), tool, "process", "sigkill"));
    }
    CHECK_FALSE(server.valid("system_u:system_r:tool_t:s0"));
    CHECK_FALSE(server.allows("system_u:system_r:crond_t:s0", object("tool_exec_t"), "file", "execute"));
  }
}

TEST_CASE("cron's daemon and its jobs come into a job") {
  for (const auto& base : bases()) {
    CAPTURE(base->description());
    const auto b = build_on(base,
                            "macc 1;\nmodule m;\nimport std.system;\n"
                            "domain job { entry \"/usr/local/bin/job\" from system.cron; }\n");
    const SecurityServer server(b->linked.image);
    const std::string job = "system_u:system_r:job_t:s0";
    for (const std::string type : {"crond_t", "system_cronjob_t"}) {
      const std::string source = "system_u:system_r:" + type + ":s0";
      CAPTURE(source);
      CHECK(server.after_exec(source, object("job_exec_t")) == job);
      CHECK(server.allows(source, object("job_exec_t"), "file", "execute"));
      CHECK(server.allows(source, job, "process", "transition"));
      CHECK(server.allows(job, source, "fifo_file", "write"));
      CHECK(server.allows(job, source, "process", "sigchld"));
    }
    CHECK_FALSE(server.valid("user_u:user_r:job_t:s0"));
  }
}

TEST_CASE("a domain that a user's program starts keeps the user's role, terminal and output") {
  for (const auto& base : bases()) {
    CAPTURE(base->description());
    const auto b = build_on(base,
                            "macc 1;\nmodule m;\n"
                            "domain tool { entry \"/usr/bin/tool\" from user; exec \"/usr/lib/tool/h\" to helper; }\n"
                            "domain helper { }\n");
    const SecurityServer server(b->linked.image);
    for (const Login& login : kLogins) {
      CAPTURE(login.context());
      const std::string tool = login.user + ":" + login.role + ":tool_t:s0";
      const std::string helper = login.user + ":" + login.role + ":helper_t:s0";
      CHECK(server.after_exec(tool, object("helper_exec_t")) == helper);
      CHECK(server.allows(tool, helper, "process", "transition"));
      CHECK(server.allows(helper, tool, "fifo_file", "write"));
      CHECK(server.allows(helper, login.context(), "fd", "use"));
      CHECK(server.allows(helper, login.user + ":object_r:user_devpts_t:s0", "chr_file", "write"));
    }
  }
}

TEST_CASE("roles that do not hold the domain that a program leads to are named") {
  for (const auto& base : bases()) {
    CAPTURE(base->description());
    const auto b =
        build_on(base,
                 "macc 1;\nmodule m;\n"
                 "domain tool { entry \"/usr/bin/tool\" from user; exec \"/usr/lib/tool/h\" unconfined; }\n");
    CHECK(b->has(Code::E1072));
    const SecurityServer server(b->linked.image);
    const std::string file = object(b->label("/usr/lib/tool/h"));
    CHECK(server.after_exec("unconfined_u:unconfined_r:tool_t:s0", file) ==
          "unconfined_u:unconfined_r:unconfined_t:s0");
    CHECK_FALSE(server.valid("staff_u:staff_r:unconfined_t:s0"));  // no role is widened
    const auto service = build_on(base,
                                  "macc 1;\nmodule m;\n"
                                  "domain serv { entry \"/usr/sbin/serv\"; exec \"/usr/lib/serv/h\" unconfined; }\n");
    CHECK_FALSE(service->has(Code::E1072));
    const SecurityServer other(service->linked.image);
    CHECK(other.after_exec("system_u:system_r:serv_t:s0", file) == "system_u:system_r:unconfined_t:s0");
  }
}

TEST_CASE("what init opened for one service is handed on to those that it starts") {
  for (const auto& base : bases()) {
    CAPTURE(base->description());
    const auto b = build_on(base,
                            "macc 1;\nmodule m;\nexternal domain starter { selinux type initrc_t; apparmor profile "
                            "unconfined; }\ndomain serv { entry \"/usr/sbin/serv\" from starter; }\n");
    const SecurityServer server(b->linked.image);
    const std::string serv = "system_u:system_r:serv_t:s0", init = "system_u:system_r:init_t:s0";
    CHECK(server.allows(serv, init, "fd", "use"));
    CHECK(server.allows(serv, init, "unix_stream_socket", "write"));
    CHECK_FALSE(server.allows(serv, init, "unix_stream_socket", "connectto"));
  }
}

TEST_CASE("a server takes connections of every level, unless it has one of its own") {
  // The kernel gives an accepted connection the type of the server and the level of whoever connects.
  const std::string text = "resource run : runtime { \"/run/serv/**\" } allow listen unix run; }\n";
  for (const auto& base : bases()) {
    CAPTURE(base->description());
    const auto b = build_on(base, "macc 1;\nmodule m;\ndomain serv { entry \"/usr/sbin/serv\"; " + text +
                                      "domain other { entry \"/usr/sbin/other\"; }\n");
    const SecurityServer server(b->linked.image);
    const std::string serv = "system_u:system_r:serv_t:", other = "system_u:system_r:other_t:";
    CHECK(server.allows(serv + "s0", serv + "s0-s0:c0.c1023", "unix_stream_socket", "read"));
    CHECK_FALSE(server.allows(other + "s0", other + "s0-s0:c0.c1023", "unix_stream_socket", "read"));
    const auto held =
        build_on(base, "macc 1;\nmodule m;\ndomain serv { entry \"/usr/sbin/serv\"; level \"s0:c1\"; " + text);
    const SecurityServer strict(held->linked.image);
    CHECK(strict.allows(serv + "s0:c1", serv + "s0:c1", "unix_stream_socket", "read"));
    CHECK_FALSE(strict.allows(serv + "s0:c1", serv + "s0:c2", "unix_stream_socket", "read"));
  }
}

}  // namespace macc::test
