// The SELinux lowering, read back from the binary policy that libsepol links, and from libselinux's own lookups.
#include <doctest/doctest.h>

#include <algorithm>

#include "backends/backend.h"
#include "backends/selinux/cil.h"
#include "backends/selinux/file_context.h"
#include "backends/selinux/link/access.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/link/lookup.h"
#include "backends/selinux/vocabulary.h"
#include "backends/selinux/walks.h"
#include "tests/support/selinux_target.h"

using namespace macc;
using namespace macc::backends;
using macc::test::build;
using macc::test::lower_only;
namespace se = macc::backends::selinux;

namespace {

std::string domain(const std::string& body, const std::string& before = "") {
  return "macc 1;\nmodule m;\n" + before + "\ndomain d {\n  entry \"/usr/lib/d/d\";\n" + body + "\n}\n";
}

constexpr const char* kTree = "  resource data : state { \"/var/lib/d/**\" }\n";

}  // namespace

TEST_CASE("each file verb gives its own permissions and no other verb's") {
  struct Row {
    const char *verb, *class_name, *permission;
  };
  const Row rows[] = {{"read", "file", "read"},       {"list", "dir", "read"},      {"write", "file", "write"},
                      {"append", "file", "append"},   {"create", "file", "create"}, {"delete", "file", "unlink"},
                      {"rename", "file", "rename"},   {"link", "file", "link"},     {"lock", "file", "lock"},
                      {"setattr", "file", "setattr"}, {"load", "file", "execute"},  {"watch", "file", "watch"},
                      {"ioctl", "file", "ioctl"}};
  for (const Row& row : rows) {
    CAPTURE(row.verb);
    const auto b = build(domain(std::string(kTree) + "allow " + row.verb + " data;"));
    CHECK(b->condition("d_t", "d_data_t", row.class_name, row.permission) == "");
    for (const Row& other : rows) {
      if (std::string(other.verb) == row.verb) continue;
      const std::string pair = std::string(row.verb) + "+" + other.verb;
      if (pair == "write+append" || pair == "load+read" || pair == "watch+read" || pair == "watch+list") continue;
      CAPTURE(other.verb);
      CHECK_FALSE(b->may("d_t", "d_data_t", other.class_name, other.permission));
    }
  }
}

TEST_CASE("directories above a path can be searched and no more") {
  const auto b = build(domain(std::string(kTree) + "allow read data;"));
  CHECK(b->may("d_t", "var_lib_t", "dir", "search"));
  CHECK(b->may("d_t", "d_data_t", "dir", "search"));
  CHECK_FALSE(b->may("d_t", "var_lib_t", "dir", "write"));
  CHECK_FALSE(b->may("d_t", "var_lib_t", "file", "read"));
}

TEST_CASE("what changes a directory is asked on the directory") {
  const auto b = build(domain(std::string(kTree) + "allow create, delete data;"));
  for (const char* permission : {"write", "add_name", "remove_name", "search"})
    CHECK(b->may("d_t", "d_data_t", "dir", permission));
  CHECK_FALSE(b->may("d_t", "var_lib_t", "dir", "add_name"));
}

TEST_CASE("a resource inside another has its own type, and a rule on the outer one does not reach it") {
  const auto b =
      build(domain("  resource config : config { \"/etc/d/**\" }\n"
                   "  resource keys : secret { \"/etc/d/keys/**\" }\n"
                   "allow read config;"));
  CHECK(b->label("/etc/d/app.conf") == "d_config_t");
  CHECK(b->label("/etc/d/keys/root.key") == "d_keys_t");
  CHECK(b->label("/etc/d/keys", se::ObjectKind::directory) == "d_keys_t");
  CHECK(b->may("d_t", "d_config_t", "file", "read"));
  CHECK_FALSE(b->may("d_t", "d_keys_t", "file", "read"));
}

TEST_CASE("a deny on part of a tree gives it a type, and the rest keeps what was allowed") {
  const auto b = build(domain(std::string(kTree) + "allow read data; deny read \"/var/lib/d/private/**\";"));
  CHECK(b->label("/var/lib/d/x") == "d_data_t");
  const std::string inner = b->label("/var/lib/d/private/x");
  CHECK(inner != "d_data_t");
  CHECK(b->may("d_t", "d_data_t", "file", "read"));
  CHECK_FALSE(b->may("d_t", inner, "file", "read"));
}

TEST_CASE("a deny takes verbs away, whatever else is granted") {
  const auto b = build(domain(std::string(kTree) + "allow manage data; deny write data;"));
  CHECK(b->may("d_t", "d_data_t", "file", "append"));
  CHECK_FALSE(b->may("d_t", "d_data_t", "file", "write"));
  CHECK(b->cil().find("(neverallow d_t d_data_t (file (write)))") != std::string::npos);
}

TEST_CASE("what an except leaves out keeps the system's label") {
  const auto b =
      build(domain("  resource data : state { \"/var/lib/d/**\" except \"/var/lib/d/old/**\" }\nallow read data;"));
  CHECK(b->label("/var/lib/d/x") == "d_data_t");
  CHECK(b->label("/var/lib/d/old/x") == "var_lib_t");
}

TEST_CASE("conditions become conditional rules, with else and with a conditional deny") {
  const auto b = build(domain(std::string(kTree) + "if mail { allow connect tcp 8025; } else { allow lock data; }\n"
                                                   "allow read data; if quiet { deny read data; }",
                              "boolean mail = false;\nboolean quiet = false;"));
  CHECK(b->condition("d_t", "tcp_8025_port_t", "tcp_socket", "name_connect") == "mail");
  CHECK(b->condition("d_t", "d_data_t", "file", "lock") == "not mail");
  CHECK(b->condition("d_t", "d_data_t", "file", "read") == "not quiet");
}

TEST_CASE("init enters a domain by its executable") {
  const auto b = build(domain(""));
  CHECK(b->label("/usr/lib/d/d") == "d_exec_t");
  CHECK(b->may("d_t", "d_exec_t", "file", "entrypoint"));
  CHECK(b->may("init_t", "d_t", "process", "transition"));
  bool found = false;
  for (const auto& t : b->policy->transitions_of("init_t"))
    found |= t.target == "d_exec_t" && t.class_name == "process" && t.result == "d_t";
  CHECK(found);
}

TEST_CASE("a program that runs in its own domain") {
  const auto b = build(domain("exec \"/usr/lib/d/helper\" to helper;", "domain helper { allow capability chown; }"));
  CHECK(b->label("/usr/lib/d/helper") == "helper_exec_t");
  CHECK(b->may("d_t", "helper_t", "process", "transition"));
  CHECK_FALSE(b->may("d_t", "helper_exec_t", "file", "execute_no_trans"));
  CHECK(b->may("helper_t", "d_t", "process", "sigchld"));
}

TEST_CASE("capabilities are in the class that the kernel asks") {
  const auto b = build(domain("allow capability chown, bpf;"));
  CHECK(b->may("d_t", "d_t", "capability", "chown"));
  CHECK(b->may("d_t", "d_t", "capability2", "bpf"));
  CHECK_FALSE(b->may("d_t", "d_t", "capability", "setuid"));
}

TEST_CASE("signals are told apart as far as SELinux does") {
  const auto b = build(domain("allow signal kill to p;", "domain p { entry \"/usr/lib/d/p\"; }"));
  CHECK(b->may("d_t", "p_t", "process", "sigkill"));
  CHECK_FALSE(b->may("d_t", "p_t", "process", "signal"));
  CHECK_FALSE(b->may("d_t", "p_t", "process", "sigstop"));
}

TEST_CASE("two domains share the type of a port, and ranges are cut where they cross") {
  const auto b =
      build(domain("allow listen tcp 18000-18010;", "domain p { entry \"/usr/lib/d/p\"; allow connect tcp 18005; }"));
  CHECK(b->may("d_t", "tcp_18005_port_t", "tcp_socket", "name_bind"));
  CHECK(b->may("d_t", "tcp_18000_18004_port_t", "tcp_socket", "name_bind"));
  CHECK(b->may("p_t", "tcp_18005_port_t", "tcp_socket", "name_connect"));
  CHECK_FALSE(b->may("p_t", "tcp_18000_18004_port_t", "tcp_socket", "name_connect"));
}

TEST_CASE("what is created outside the own trees gets its own type by a transition") {
  const auto b = build(domain("  resource pid : runtime { \"/run/d.pid\" }\nallow create, write pid;"));
  bool found = false;
  for (const auto& t : b->policy->transitions_of("d_t"))
    found |= t.target == "var_run_t" && t.class_name == "file" && t.name == "d.pid" && t.result == "d_pid_t";
  CAPTURE(b->cil());
  CHECK(found);
  CHECK(b->may("d_t", "var_run_t", "dir", "add_name"));
}

TEST_CASE("a type that only a wildcard tells apart cannot hold where files are created") {
  const auto b = lower_only(domain(std::string(kTree) + "  resource keys : secret { \"/var/lib/d/*.key\" }\n"
                                                        "allow create, write data; allow create, write keys;"));
  CHECK(b->has(Code::E1011));
}

TEST_CASE("generated names that collide are an error with both places") {
  const auto b = lower_only(domain("", "resource p : state { \"/srv/d/**\" }\ndomain m_p { entry \"/usr/lib/d/m\"; }"));
  CHECK(b->has(Code::E1001));
}

TEST_CASE("a path that nobody labels is an error that shows the declaration") {
  const auto b = lower_only(domain("allow read \"/tmp/somebody/x\";"));
  REQUIRE(b->has(Code::E1003));
  CHECK(b->diagnostics.all()[0].notes.at(0).text.find("external resource") != std::string::npos);
}

TEST_CASE("a binding that is no name is refused before it is written") {
  const auto b = lower_only(domain("allow read x;", "external resource x { \"/opt/x/**\"; selinux type \"a_t (b\"; }"));
  CHECK(b->has(Code::E1025));
}

TEST_CASE("a unit's drop-in, and no automatic entry") {
  const auto b =
      build("macc 1;\nmodule m;\ndomain d { entry \"/usr/bin/redis-server\" from unit \"redis@a.service\"; }\n");
  CHECK(b->cil("units/redis@a.service.d/50-selinux.conf") == "[Service]\nSELinuxContext=system_u:system_r:d_t:s0\n");
  for (const auto& t : b->policy->transitions_of("init_t")) CHECK(t.result != "d_t");
}

TEST_CASE("roles, output and terminals of who started a domain reach what it starts") {
  const auto b = build(
      "macc 1;\nmodule m;\n"
      "domain tool { entry \"/usr/bin/tool\" from user; exec \"/usr/lib/tool/a\" to first; }\n"
      "domain first { exec \"/usr/lib/tool/b\" to second; allow become third; }\n"
      "domain second { allow memory execute; }\n"
      "domain third { allow memory execute; }\n");
  for (const char* type : {"first_t", "second_t", "third_t"}) {
    CAPTURE(type);
    CHECK(b->cil().find("(roletype staff_r " + std::string(type) + ")") != std::string::npos);
    CHECK(b->cil().find("(roletype system_r " + std::string(type) + ")") == std::string::npos);
  }
  CHECK(b->may("second_t", "user_devpts_t", "chr_file", "write"));
  CHECK(b->cil().find("(allow second_t userdomain (fd (use)))") != std::string::npos);
  CHECK_FALSE(b->may("second_t", "init_t", "fd", "use"));

  const auto service = build(
      "macc 1;\nmodule m;\n"
      "domain server { entry \"/usr/sbin/server\"; exec \"/usr/lib/server/a\" to first; }\n"
      "domain first { exec \"/usr/lib/server/b\" to second; }\n"
      "domain second { allow memory execute; }\n");
  CHECK(service->may("second_t", "init_t", "unix_stream_socket", "write"));
  CHECK(service->cil().find("(roletype system_r second_t)") != std::string::npos);
  CHECK_FALSE(service->may("second_t", "user_devpts_t", "chr_file", "write"));
}

TEST_CASE("a level holds whoever starts the domain") {
  const auto b = build(
      "macc 1;\nmodule m;\n"
      "domain tool { entry \"/usr/bin/tool\" from user; level \"s0-s0:c0.c3\"; exec \"/usr/lib/tool/a\" to first; }\n"
      "domain first { level \"s0:c1\"; allow memory execute; }\n");
  CHECK(b->cil().find("(rangetransition userdomain tool_exec_t process ((s0) (s0 ((range c0 c3)))))") !=
        std::string::npos);
  CHECK(b->cil().find("(rangetransition tool_t first_exec_t process ((s0 (c1)) (s0 (c1))))") != std::string::npos);
}

TEST_CASE("symlinks of the system on the way to a path can be followed") {
  const auto b = build(domain("exec \"/usr/bin/dash\";\nallow read \"/usr/share/doc/d/x\";"));
  CHECK(b->may("d_t", "bin_t", "lnk_file", "read"));  // /bin, and /usr/bin/sh
  const auto own = build(domain("resource data : state { \"/var/lib/d/**\" }\nallow list data;"));
  CHECK_FALSE(own->may("d_t", "d_data_t", "lnk_file", "read"));
}

TEST_CASE("paths of mounts and queues can be reached, and what shares their type is said") {
  const auto b = build(
      domain("allow mount options bind from \"/var/lib/x/src/\" on \"/srv/x/\";\nallow unmount \"/var/spool/y/z/\";\n"
             "allow mqueue \"/dev/mqueue/q\";"));
  CHECK(b->may("d_t", "var_lib_t", "dir", "search"));
  CHECK(b->may("d_t", "var_spool_t", "dir", "search"));
  CHECK(b->may("d_t", "device_t", "dir", "search"));
  CHECK(b->may("d_t", "tmpfs_t", "file", "unlink"));
  const auto said = b->fidelity("allow mqueue \"/dev/mqueue/q\"");
  CHECK(std::find(said.begin(), said.end(), "wider shared-type") != said.end());
}

TEST_CASE("a rule on mounts with any options is about remounting too, where it names no file system") {
  const auto any = build(domain("allow mount on \"/srv/x/\";"));
  CHECK(any->may("d_t", "tmpfs_t", "filesystem", "mount"));
  CHECK(any->may("d_t", "tmpfs_t", "filesystem", "remount"));
  const auto named = build(domain("allow mount tmpfs on \"/srv/x/\";"));
  CHECK(named->may("d_t", "tmpfs_t", "filesystem", "mount"));
  CHECK_FALSE(named->may("d_t", "tmpfs_t", "filesystem", "remount"));
  const auto bound = build(domain("allow mount options remount, bind, ro on \"/srv/x/\";"));
  CHECK(bound->may("d_t", "tmpfs_t", "filesystem", "remount"));
}

TEST_CASE("any port but a denied one: ports without a type of their own stay") {
  const auto b = build(domain("allow connect tcp any;\ndeny connect tcp 70;\nallow listen tcp any;"));
  CHECK_FALSE(b->may("d_t", "gopher_port_t", "tcp_socket", "name_connect"));
  CHECK(b->cil().find("(typeattributeset d_ports (and port_type (not (gopher_port_t))))") != std::string::npos);
  CHECK(b->may("d_t", "gopher_port_t", "tcp_socket", "name_bind"));
  const auto part = build(domain("allow connect tcp any;\ndeny connect tcp 25, 40000;"));
  CHECK(part->fidelity("deny connect tcp 25, 40000") == std::vector<std::string>{"wider port-type"});
}

TEST_CASE("sockets of other families do all that their family can") {
  const auto b =
      build(domain("allow socket vsock;\nallow socket packet;\nallow socket raw;\nallow socket netlink.route;\n"
                   "allow connect udp 53;"));
  CHECK(b->may("d_t", "d_t", "vsock_socket", "accept"));
  CHECK(b->may("d_t", "d_t", "packet_socket", "map"));
  CHECK(b->may("d_t", "node_t", "rawip_socket", "node_bind"));
  CHECK_FALSE(b->may("d_t", "d_t", "netlink_route_socket", "listen"));
  CHECK(b->may("d_t", "d_t", "udp_socket", "ioctl"));
}

TEST_CASE("asking a file whether it is a terminal makes no noise, unless that is wanted") {
  const auto b = build(domain(std::string(kTree) + "allow read data;"));
  CHECK(b->cil().find("(dontaudit d_t d_data_t (file (ioctl)))") != std::string::npos);
  const auto recorded = build(domain(std::string(kTree) + "allow read data;\naudit deny ioctl data;"));
  CHECK(recorded->cil().find("(dontaudit d_t d_data_t (file (ioctl)))") == std::string::npos);
  const auto asked = build(domain(std::string(kTree) + "allow read, ioctl data;"));
  CHECK(asked->cil().find("(dontaudit d_t d_data_t") == std::string::npos);
}

TEST_CASE("a socket unit can open what a domain listens on") {
  const auto b =
      build(domain("resource run : runtime { \"/run/d/**\" }\nallow listen tcp 8443;\nallow listen unix run;"));
  CHECK(b->may("init_t", "d_t", "tcp_socket", "listen"));
  CHECK(b->may("init_t", "d_t", "unix_stream_socket", "bind"));
  CHECK(b->may("init_t", "d_run_t", "sock_file", "create"));
  CHECK(b->may("d_t", "init_t", "tcp_socket", "accept"));
  CHECK_FALSE(b->may("init_t", "d_t", "udp_socket", "create"));
}

TEST_CASE("talking to a name on the bus reaches its owner, the system's too") {
  const auto b = build(domain("allow dbus talk \"org.freedesktop.login1\" on system;"));
  CHECK(b->may("d_t", "systemd_logind_t", "dbus", "send_msg"));
  CHECK(b->may("systemd_logind_t", "d_t", "dbus", "send_msg"));
  CHECK_FALSE(b->may("d_t", "init_t", "dbus", "send_msg"));
}

TEST_CASE("a denied port that shares its type with an allowed one is said to be reached") {
  const auto b = build(domain("allow connect tcp 465;\ndeny connect tcp 25;"));
  CHECK(b->fidelity("deny connect tcp 25") == std::vector<std::string>{"wider port-type"});
  const auto other = build(domain("allow connect tcp 465;\ndeny connect tcp 70;"));
  CHECK(other->fidelity("deny connect tcp 70") == std::vector<std::string>{"exact "});
}

TEST_CASE("complain mode") {
  const auto b = build(domain("mode complain;"));
  CHECK(b->cil().find("(typepermissive d_t)") != std::string::npos);
}

TEST_CASE("hostile paths never change the structure of what is written") {
  for (const char* path :
       {"/srv/a\\\")(allow d_t self (process (execmem)))(filecon \\\"/b", "/srv/;;* lme", "/srv/a b\\\\nc",
        "/srv/\\xff\\xfe", "/srv/(.*)+[x]{2}|^$", "/srv/USER/ROLE/HOME_DIR", "/srv/<<none>>"}) {
    CAPTURE(path);
    const auto analyzed =
        test::analyze(domain(std::string("resource x : state { \"") + path + "\" }\nallow read x;"), {}, true);
    if (analyzed->diagnostics.has_errors()) continue;  // refused as a pattern
    const auto b = build(domain(std::string("resource x : state { \"") + path + "\" }\nallow read x;"));
    CHECK(b->may("d_t", "d_x_t", "file", "read"));
    CHECK_FALSE(b->may("d_t", "d_t", "process", "execmem"));
    const auto example = b->meaning->set(b->analyzed->policy.resources.front().paths).example();
    for (const auto& resource : b->analyzed->policy.resources)
      if (resource.name == "x")
        CHECK(b->label(*(b->meaning->set(resource.paths) & paths::PathSet::non_directories()).example()) == "d_x_t");
  }
}

TEST_CASE("a promise stands as neverallow on what the system has there too") {
  const auto b = build(domain(std::string(kTree) + "allow manage data; never change \"/etc/**\";"));
  const std::string cil = b->cil();
  CHECK(cil.find("(neverallow d_t macc_never_d_t_1 ") != std::string::npos);
  CHECK(cil.find("shadow_t") != std::string::npos);
}

TEST_CASE("a rule on everything goes through attributes, leaves out what is denied and passes the guarded types") {
  const auto b =
      build(domain("  resource keys : secret { \"/etc/d/keys/**\" }\n"
                   "allow read \"/**\"; deny read keys; deny read \"/etc/gshadow\", \"/etc/shadow*\";"));
  CHECK(b->may("d_t", "etc_t", "file", "read"));
  CHECK(b->may("d_t", "bin_t", "file", "read"));
  CHECK_FALSE(b->may("d_t", "d_keys_t", "file", "read"));
  const auto all = build(domain("allow read \"/**\";"));
  CHECK(all->may("d_t", "shadow_t", "file", "read"));
  CHECK(all->cil().find("(typeattributeset can_read_shadow_passwords (d_t))") != std::string::npos);
}

TEST_CASE("a program that runs inside or in its own domain, by a switch") {
  const auto b = build(domain("if apart { exec \"/usr/lib/d/h\" to h; }", "boolean apart = false;\ndomain h { }"));
  CHECK(b->condition("d_t", "h_t", "process", "transition") == "apart");
  bool found = false;
  for (const auto& t : b->policy->transitions_of("d_t")) found |= t.target == "h_exec_t" && t.condition == "apart";
  CHECK(found);
}

TEST_CASE("CIL atoms cannot be broken out of") {
  CHECK_THROWS_AS((void)se::cil::Node::symbol("a b"), std::invalid_argument);
  CHECK_THROWS_AS((void)se::cil::Node::symbol(""), std::invalid_argument);
  CHECK_THROWS_AS((void)se::cil::Node::quoted("a\"b"), std::invalid_argument);
  CHECK_THROWS_AS((void)se::cil::Node::quoted("a\nb"), std::invalid_argument);
  CHECK(se::cil::mark_name("a\"\n;b.macc") == "a__;b.macc");
  CHECK(se::cil::check_raw("(allow a b (file (read)))") == "");
  CHECK(se::cil::check_raw("(allow a b") != "");
  CHECK(se::cil::check_raw("))((") != "");
  CHECK(se::cil::check_raw(";;* lmx 1 \"x\"") != "");
}

TEST_CASE("raw text knows resources by name and stays within its bounds") {
  const auto b = build(domain(std::string(kTree) + "raw selinux \"\"\"(allow d_t ${data} (file (execmod)))\"\"\";"));
  CHECK(b->may("d_t", "d_data_t", "file", "execmod"));
  const auto broken =
      lower_only(domain(std::string(kTree) + "raw selinux \"\"\"(allow d_t ${data} (file (execmod))\"\"\";"));
  CHECK(broken->has(Code::E1013));
}

TEST_CASE("the same policy gives the same bytes") {
  const std::string text = domain(std::string(kTree) + "allow manage data; allow listen tcp 8443;");
  const auto a = lower_only(text), b = lower_only(text);
  REQUIRE(a->lowered.artifacts.size() == b->lowered.artifacts.size());
  for (std::size_t i = 0; i < a->lowered.artifacts.size(); ++i)
    CHECK(a->lowered.artifacts[i].content == b->lowered.artifacts[i].content);
}

TEST_CASE("fidelity says what is wider") {
  const auto b = build(domain("allow listen tcp 8443; allow read \"/etc/hostname\" owner;"));
  const auto listen = b->fidelity("allow listen tcp 8443");
  CHECK(std::find(listen.begin(), listen.end(), "wider ephemeral-ports") != listen.end());
}

TEST_CASE("verification names the base and finds what the platform refuses") {
  const auto b = build(domain(std::string(kTree) + "allow read data;"));
  Diagnostics diagnostics;
  const Verification good = selinux_backend().verify(b->input(), b->lowered, diagnostics);
  CHECK(good.status == Verification::Status::passed);
  CHECK(good.against == se::Base::skeleton()->description());
  const auto bad =
      lower_only(domain(std::string(kTree) + "raw selinux \"\"\"(allow d_t no_such_t (file (read)))\"\"\";"));
  const Verification refused = selinux_backend().verify(bad->input(), bad->lowered, diagnostics);
  CHECK(refused.status == Verification::Status::failed);
  REQUIRE(diagnostics.has_errors());
  CHECK(diagnostics.all()[0].code == Code::E1022);
  CHECK(bad->analyzed->sources.position(diagnostics.all()[0].primary.span).line == 7);
}

TEST_CASE("file contexts are sorted by stem, then length; padding moves an entry back") {
  CHECK(se::context_order("/etc/x(/.*)?").stem == 6);
  CHECK(se::context_order("/etc/x").exact);
  CHECK(se::sorted_behind("/a/[^/]*", se::context_order("/a/(.*/)?[^/]*")) == "/a/[^/]*()()()()");
  CHECK(se::sorted_behind("/a(/.*)?", se::context_order("/abc/.*")) == "");
}

TEST_CASE("members of a set that hang in given directories") {
  paths::PatternError error;
  auto set = [&](const char* text) { return paths::PathSet::of(paths::PathPattern::parse(text, error)); };
  const auto literal = se::children_in(set("/a/{x,y}.pid").automaton(), set("/a/").automaton());
  CHECK(literal.any);
  CHECK_FALSE(literal.wildcard);
  CHECK(literal.names == std::set<std::string>{"x.pid", "y.pid"});
  CHECK(se::children_in(set("/a/*.pid").automaton(), set("/a/").automaton()).wildcard);
  CHECK_FALSE(se::children_in(set("/a/b/c").automaton(), set("/a/").automaton()).any);
}

TEST_CASE("what is moved keeps its label: that may not undo a secret, a deny or a promise") {
  const std::string two =
      "  resource a : state { \"/var/lib/d/a/**\" }\n  resource b : state { \"/var/lib/d/b/**\" }\n"
      "  resource s : secret { \"/var/lib/d/s/**\" }\n";
  const auto moves = [&](const std::string& rules) { return lower_only(domain(two + rules))->has(Code::E1027); };
  CHECK_FALSE(moves("allow manage a, b;"));
  CHECK_FALSE(moves("allow manage a; allow read, write s;"));
  CHECK(moves("allow manage a; allow create s;"));
  CHECK(moves("allow link a; allow link s;"));
  CHECK_FALSE(moves("allow read, write, create, delete a, s;"));
  CHECK(moves("allow manage a; allow read, create b; deny write b;"));
  CHECK_FALSE(moves("allow manage a; allow read b; deny change b;"));
  CHECK_FALSE(
      moves("allow rename a; allow read, create b; deny write b;"));  // nothing may be written with either label
  CHECK(moves("allow manage a; allow create b; never read b;"));
  CHECK(moves("allow manage a, b; deny delete b;"));
  CHECK_FALSE(moves("allow manage a, b; deny delete, rename b;"));  // nothing leaves its directories
}

TEST_CASE("a move to another own directory drifts, by name") {
  const auto b =
      build(domain("  resource a : state { \"/var/lib/d/a/**\" }\n  resource b : state { \"/var/lib/d/b/**\" }\n"
                   "allow read, rename a; allow read, create b;"));
  CHECK(b->fidelity("moving entries between own directories") ==
        std::vector<std::string>{"wider moved-across", "drifts label-drift"});
}

TEST_CASE("several labels of the system in one folder do not take an own file's transition away") {
  const auto b =
      build(domain("  resource mine : log { \"/var/log/d.log\" }\n"
                   "allow append, create \"/var/log/**\"; allow append, create mine;"));
  CHECK(b->cil().find("(typetransition d_t var_log_t file \"d.log\" d_mine_t)") != std::string::npos);
}

// Seen in a kernel, where the report called these exact.
TEST_CASE("what a rule lets through beside itself is said: reading what is loaded, inspecting what is traced") {
  const auto b = build(domain("  resource a : library { \"/usr/lib/d/**\" }\n  allow load a;\n  allow trace self;"));
  CHECK(b->fidelity("allow load a") == std::vector<std::string>{"wider load"});
  CHECK(b->fidelity("allow trace self") == std::vector<std::string>{"wider trace"});
  const auto both = build(domain("  resource a : library { \"/usr/lib/d/**\" }\n  allow read, load a;"));
  CHECK(both->fidelity("allow read, load a") == std::vector<std::string>{"exact "});
}

TEST_CASE("a label that a wildcard name gives in a folder of the system lets any name be made there: it is said") {
  const auto any = build(domain("  resource a : state { \"/var/lib/d-*\" }\n  allow create, write a;"));
  const auto found = any->fidelity("allow write, create a");
  CHECK(std::find(found.begin(), found.end(), "wider created-names") != found.end());
  const auto one = build(domain("  resource a : state { \"/var/lib/d-file\" }\n  allow create, write a;"));
  CHECK(one->fidelity("allow write, create a") == std::vector<std::string>{"wider write"});
}

TEST_CASE("the log of the kernel is asked for beside the capability") {
  const auto b = build(domain("  allow capability syslog;"));
  for (const char* permission : {"syslog_read", "syslog_mod", "syslog_console"})
    CHECK(b->may("d_t", "kernel_t", "system", permission));
  CHECK_FALSE(build(domain("  allow capability sys_boot;"))->may("d_t", "kernel_t", "system", "syslog_read"));
}

TEST_CASE("the report says what SELinux cannot ask about") {
  const auto b = build(domain(""));
  const auto& all = b->lowered.fidelity.mediation;
  const auto userns = std::find_if(all.begin(), all.end(), [](const auto& m) { return m.what == "userns"; });
  REQUIRE(userns != all.end());
  CHECK_FALSE(userns->mediated);
}

TEST_CASE("a domain that may write a socket of its own can connect to itself, which is said") {
  const std::string run = "  resource run : runtime { \"/run/d/**\" }\n";
  CHECK(build(domain(run + "allow listen unix run;"))->fidelity("allow listen unix run") ==
        std::vector<std::string>{"exact "});
  CHECK(build(domain(run + "allow listen unix run; allow write run;"))->fidelity("allow listen unix run") ==
        std::vector<std::string>{"wider own-sockets"});
  CHECK(build(domain(run + "allow listen unix run; allow connect unix run;"))->fidelity("allow listen unix run") ==
        std::vector<std::string>{"exact "});
  CHECK(build(domain("allow listen unix \"@d\";"))->fidelity("allow listen unix \"@d\"") ==
        std::vector<std::string>{"wider own-sockets", "wider abstract-name"});
}

TEST_CASE("a capability that comes with bpf or perf is said, unless it is allowed, and kept out where it is denied") {
  const auto alone = build(domain("allow bpf; allow perf;"));
  CHECK(alone->may("d_t", "d_t", "capability2", "bpf"));
  CHECK(alone->fidelity("allow bpf") == std::vector<std::string>{"wider with-capability"});
  CHECK(alone->fidelity("allow perf") == std::vector<std::string>{"wider with-capability"});
  const auto both = build(domain("allow bpf; allow capability bpf;"));
  CHECK(both->fidelity("allow bpf") == std::vector<std::string>{"exact "});
  const auto denied = build(domain("allow bpf; deny capability bpf;"));
  CHECK_FALSE(denied->may("d_t", "d_t", "capability2", "bpf"));
  CHECK(denied->may("d_t", "d_t", "bpf", "prog_load"));
}

TEST_CASE("a move into a tree without the verb there is wider, and with it only drifts") {
  const std::string trees =
      "  resource a : state { \"/srv/d/a/**\" }\n  resource b : state { \"/srv/d/b/**\" }\nallow rename a;\n";
  const std::string moves = "moving entries between own directories";
  CHECK(build(domain(trees + "allow rename b;"))->fidelity(moves) == std::vector<std::string>{"drifts label-drift"});
  for (const char* other : {"allow create b;", "allow link b;"}) {
    CAPTURE(other);
    const auto list = build(domain(trees + other))->fidelity(moves);
    CHECK(std::find(list.begin(), list.end(), "wider moved-across") != list.end());
  }
}

TEST_CASE("folders of devices keep their label, which is said where a rule is about them") {
  const std::string nodes = "  resource nodes : device { \"/dev/d/**\" }\n";
  const auto inside = build(domain(nodes + "allow read nodes; allow list nodes;"));
  CHECK(inside->fidelity("allow read nodes") == std::vector<std::string>{"exact "});
  CHECK(inside->fidelity("allow list nodes") == std::vector<std::string>{"narrower device-folders"});
  const auto making = build(domain(nodes + "allow mknod nodes;"));
  const auto list = making->fidelity("allow mknod nodes");
  CHECK(std::find(list.begin(), list.end(), "narrower device-folders") != list.end());
}

TEST_CASE("queues that the system's programs made are out of reach, which is said") {
  const auto list = build(domain("allow mqueue \"/dev/mqueue/q\";"))->fidelity("allow mqueue \"/dev/mqueue/q\"");
  CHECK(std::find(list.begin(), list.end(), "narrower queues-of-others") != list.end());
}

TEST_CASE("what is watched and opened by another verb can be read, which is said") {
  const std::string tree = "  resource t : state { \"/srv/d/**\" }\n";
  const auto said = [&](const std::string& rules) {
    const auto list = build(domain(tree + rules))->fidelity("allow watch t");
    return std::find(list.begin(), list.end(), "wider watch") != list.end();
  };
  CHECK_FALSE(said("allow watch t;"));
  CHECK(said("allow watch t; allow write t;"));
  CHECK_FALSE(said("allow watch t; allow write t; allow read t;"));
}

TEST_CASE("a domain that listens over UDP can send anywhere, which is said") {
  const auto said = [&](const std::string& rules) {
    const auto list = build(domain(rules))->fidelity("allow listen udp 7000");
    return std::find(list.begin(), list.end(), "wider udp-send") != list.end();
  };
  CHECK(said("allow listen udp 7000;"));
  CHECK_FALSE(said("allow listen udp 7000; allow connect udp any;"));
  CHECK_FALSE(build(domain("allow listen tcp 7000;"))->fidelity("allow listen tcp 7000") ==
              std::vector<std::string>{"wider udp-send"});
}

TEST_CASE("a program that is executed can be read, which is said unless it may be read") {
  const std::string tool = "  resource tool : program { \"/usr/lib/x/tool\" }\n";
  const auto only = build(domain(tool + "exec tool;"));
  CHECK(only->may("d_t", "d_tool_t", "file", "read"));
  CHECK(only->fidelity("allow exec tool") == std::vector<std::string>{"wider exec-read"});
  CHECK(build(domain(tool + "exec tool; allow read, load tool;"))->fidelity("allow exec tool") ==
        std::vector<std::string>{"exact "});
}

TEST_CASE("a program that is executed can be mapped as code, which is said where it may only be read") {
  const std::string tool = "  resource tool : program { \"/usr/lib/x/tool\" }\n";
  const auto said = [&](const std::string& rules) { return build(domain(tool + rules))->fidelity("allow exec tool"); };
  CHECK(said("exec tool; allow read tool;") == std::vector<std::string>{"wider exec-load"});
  CHECK(said("exec tool; allow read, load tool;") == std::vector<std::string>{"exact "});
  CHECK(said("exec tool; allow read, load tool; deny load tool;") == std::vector<std::string>{"wider exec-load"});
  CHECK(said("exec tool; allow read tool; deny read tool;") == std::vector<std::string>{"wider exec-read"});
}

TEST_CASE("what may be written can be appended to, which is said unless it may be") {
  const std::string tree = "  resource t : state { \"/srv/d/**\" }\n";
  const auto said = [&](const std::string& rules, const std::string& rule = "allow write t") {
    return build(domain(tree + rules))->fidelity(rule);
  };
  const std::vector<std::string> wider = {"wider write"}, exact = {"exact "};
  CHECK(said("allow write t;") == wider);
  CHECK(said("allow write t; allow append t;") == exact);
  CHECK(said("allow write t; allow append t owner;") == wider);
  CHECK(said("allow write, append t;", "allow write, append t") == exact);
  CHECK(said("allow write t; allow append \"/srv/d/a/**\";") == wider);
  CHECK(said("allow write, append t; deny append t;", "deny append t") == wider);
  CHECK(said("allow write, append t; deny write, append t;", "deny write, append t") == exact);
}

TEST_CASE("a deny on the entries of a tree holds for its folders, although what heads it is not denied") {
  const std::string tree = "  resource q : state { \"/var/lib/d/**\" }\n";
  const std::string hold = "\"/var/lib/d/hold/**\"";
  const auto held = build(domain(tree + "allow delete q; allow rename " + hold + "; deny delete " + hold + ";"));
  CHECK_FALSE(held->may("d_t", "d_q_hold_t", "file", "unlink"));
  CHECK_FALSE(held->may("d_t", "d_q_hold_t", "dir", "rmdir"));
  CHECK(held->may("d_t", "d_q_hold_t", "dir", "remove_name"));  // of rename
  CHECK(held->may("d_t", "d_q_t", "dir", "rmdir"));
  CHECK(held->fidelity("allow delete q") == std::vector<std::string>{"narrower denied-beneath"});
  CHECK(held->fidelity("deny delete " + hold) == std::vector<std::string>{"exact "});

  // Nothing lets entries of the folders go, so that the permission on what heads the tree is one on that alone.
  const auto kept = build(domain(tree + "allow delete q; deny delete " + hold + ";"));
  CHECK(kept->may("d_t", "d_q_hold_t", "dir", "rmdir"));
  CHECK_FALSE(kept->may("d_t", "d_q_hold_t", "dir", "remove_name"));
  CHECK(kept->fidelity("allow delete q") == std::vector<std::string>{"exact "});

  const auto made = build(domain(tree + "allow create q; allow link " + hold + "; deny create " + hold + ";"));
  CHECK(made->may("d_t", "d_q_hold_t", "dir", "add_name"));  // of link
  CHECK_FALSE(made->may("d_t", "d_q_hold_t", "dir", "create"));

  // A deny that entries moved into the tree would slip through is refused, for files and for folders.
  CHECK(lower_only(domain(tree + "allow manage q; deny delete " + hold + ";"))->has(Code::E1027));
  CHECK_FALSE(lower_only(domain(tree + "allow manage q; deny delete, rename " + hold + ";"))->has(Code::E1027));
}

TEST_CASE("a deny on the entries of a tree under a condition holds while that does") {
  const auto b = build(
      "macc 1;\nmodule m;\nboolean sw = false;\n"
      "domain d {\n  entry \"/usr/lib/d/d\";\n  resource q : state { \"/var/lib/d/**\" }\n"
      "  allow manage q;\n  if sw { deny delete \"/var/lib/d/hold/**\"; }\n}\n");
  CHECK(b->condition("d_t", "d_q_hold_t", "file", "unlink") == "not sw");
  CHECK(b->condition("d_t", "d_q_hold_t", "dir", "rmdir") == "not sw");
  CHECK(b->fidelity("deny delete \"/var/lib/d/hold/**\"") == std::vector<std::string>{"exact "});
}

TEST_CASE("what heads a tree goes with what is beneath, where its folder lets entries go, which is said") {
  const std::string tree = "  resource q : state { \"/var/lib/d/q/**\" }\n  resource o : state { \"/var/lib/d/**\" }\n";
  const auto said = [&](const std::string& rules) { return build(domain(tree + rules))->fidelity("allow delete q"); };
  CHECK(said("allow delete q;") == std::vector<std::string>{"exact "});
  CHECK(said("allow delete q; allow delete \"/var/lib/d/x\";") == std::vector<std::string>{"wider directory-in-tree"});
  CHECK(said("allow delete q; allow create o;") == std::vector<std::string>{"exact "});
  CHECK(said("allow delete q; allow delete \"/var/lib/d/x\"; allow delete \"/var/lib/d/q/\";") ==
        std::vector<std::string>{"exact "});
  const auto hole =
      build(domain("  resource box : state { \"/var/lib/box/**\" except \"/var/lib/box/*.part\" }\n"
                   "allow delete box;"));
  CHECK(hole->fidelity("allow delete box") == std::vector<std::string>{"wider directory-in-tree"});
}
