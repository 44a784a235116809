// Names of a system's policy: alternatives, what a policy lacks, and a policy that calls things otherwise.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "backends/selinux/link/base_rules.h"
#include "backends/selinux/lower.h"
#include "backends/selinux/planned.h"
#include "backends/selinux/platform.h"
#include "backends/selinux/walk.h"
#include "tests/support/selinux_base.h"
#include "tests/support/selinux_target.h"

namespace macc::test {
namespace {

namespace fs = std::filesystem;

void replace_word(std::string& text, const std::string& word, const std::string& with) {
  auto is_part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const bool starts = at == 0 || !is_part(text[at - 1]);
    const bool ends = at + word.size() >= text.size() || !is_part(text[at + word.size()]);
    if (starts && ends) text.replace(at, word.size(), with);
  }
}

/// The skeleton with the names that Fedora's policy and older ones have.
std::string other_names() {
  std::string text = skeleton_text();
  replace_word(text, "init_runtime_t", "init_var_run_t");
  replace_word(text, "system_dbusd_runtime_t", "system_dbusd_var_run_t");
  return text;
}

std::string domain(const std::string& body, const std::string& before = "") {
  return "macc 1;\nmodule m;\n" + before + "domain d {\n  entry \"/usr/bin/d\";\n  " + body + "\n}\n";
}

std::string missing_required(const se::Base& base) {
  std::string list;
  for (const auto& finding : se::check_platform(base))
    if (finding.required && finding.found.empty()) list += finding.what + ", ";
  return list;
}

}  // namespace

TEST_CASE("the skeleton and an installed policy have all names that are needed") {
  CHECK(missing_required(*se::Base::skeleton()) == "");
  const se::BaseOrReason installed = se::Base::installed();
  if (installed.base) CHECK(missing_required(*installed.base) == "");
}

TEST_CASE("another policy's names are found and used") {
  const auto base = base_of(other_names());
  CHECK(missing_required(*base) == "");
  const auto built = lower_on(base, domain("allow dbus own \"org.d\"; allow mount tmpfs on \"/var/lib/\";"));
  link_on(*built, *base);
  CHECK(built->may("d_t", "init_var_run_t", "sock_file", "write"));
  CHECK(built->may("d_t", "system_dbusd_var_run_t", "sock_file", "write"));
  CHECK(built->may("d_t", "system_dbusd_t", "dbus", "acquire_svc"));
  CHECK(built->may("d_t", "tmpfs_t", "filesystem", "mount"));
}

TEST_CASE("a name that is needed and missing is an error, a name that is not is a warning; a target may give names") {
  std::string text = skeleton_text();
  replace_word(text, "init_runtime_t", "my_init_runtime_t");
  replace_word(text, "system_dbusd_runtime_t", "my_bus_runtime_t");
  const auto base = base_of(text);
  const std::string policy = domain("allow dbus own \"org.d\";");
  const auto bare = lower_on(base, policy);
  CHECK(bare->has(Code::E1070));
  CHECK(bare->has(Code::E1071));
  const auto silent = lower_on(base, domain(""));  // the bus is not spoken of
  CHECK_FALSE(silent->has(Code::E1070));
  const auto named = lower_on(base, policy, "init_runtime=my_init_runtime_t, system_bus_runtime=my_bus_runtime_t");
  link_on(*named, *base);
  CHECK(named->diagnostics.all().empty());
  CHECK(named->may("d_t", "my_bus_runtime_t", "sock_file", "write"));
  CHECK(lower_on(base, domain(""), "init_runtime=no_such_t")->has(Code::E1070));
  CHECK(lower_on(base, domain(""), "nothing=init_t")->has(Code::E1070));
}

TEST_CASE("file systems without a type of their own are said to be any") {
  const auto built = lower_on(se::Base::skeleton(), domain("allow mount reiserfs on \"/var/lib/\";"));
  link_on(*built, *se::Base::skeleton());
  bool said = false;
  for (const auto& entry : built->lowered.fidelity.entries)
    for (const auto& what : entry.what) said |= what.find("reiserfs") != std::string::npos;
  CHECK(said);
  CHECK(built->may("d_t", "tmpfs_t", "filesystem", "mount"));
}

TEST_CASE("a class that the policy has is used; one that it lacks is said to be out of reach") {
  const std::string policy = domain("allow userns create; allow io_uring;");
  const auto without = lower_on(se::Base::skeleton(), policy);
  CHECK(without->fidelity("allow userns create") == std::vector<std::string>{"not enforced not-mediated"});
  std::string text = skeleton_text();
  replace_word(text, "(class io_uring (override_creds sqpoll))",
               "(class io_uring (override_creds sqpoll))\n(class user_namespace (create))\n");
  replace_word(text, "lockdown anon_inode io_uring", "lockdown user_namespace io_uring");
  text.erase(text.find("(class anon_inode ())"),
             std::string("(class anon_inode ()) (classcommon anon_inode file)").size());
  const auto base = base_of(text);
  REQUIRE(base->has_permission("user_namespace", "create"));
  const auto with = lower_on(base, policy);
  link_on(*with, *base);
  CHECK(with->may("d_t", "d_t", "user_namespace", "create"));
  CHECK(with->fidelity("allow userns create") == std::vector<std::string>{"exact "});
}

TEST_CASE(
    "an external names alternatives: the first that the policy has; an unknown one is an error where it is used") {
  const std::string externals =
      "external resource bus_folder { \"/run/dbus/**\"; selinux type no_such_t or system_dbusd_runtime_t or "
      "system_dbusd_var_run_t; }\n"
      "external resource gone { \"/dev/shm/gone/**\"; selinux type gone_t or went_t; }\n"
      "external domain lost { selinux type lost_t or init_tt; }\n";
  const auto base = base_of(other_names());
  const auto used = lower_on(base, domain("allow read \"/run/dbus/x\";", externals));
  link_on(*used, *base);
  CHECK(used->may("d_t", "system_dbusd_var_run_t", "file", "read"));
  CHECK_FALSE(used->has(Code::E1022));
  const auto bad = lower_on(base, domain("allow read gone; allow signal term to lost;", externals));
  std::size_t count = 0;
  for (const auto& d : bad->diagnostics.all()) {
    if (d.code != Code::E1022) continue;
    ++count;
    CHECK(bad->analyzed->sources.position(d.primary.span).line == 8);
    CHECK(d.secondary.size() == 1);
  }
  CHECK(count == 2);
}

TEST_CASE(
    "what the standard library speaks of and a policy lacks is said and not granted; what a policy asks for is an "
    "error") {
  std::string text = skeleton_text();
  for (const char* name : {"nslcd_t", "nslcd_runtime_t", "nslcd_var_run_t"})
    replace_word(text, name, "other_" + std::string(name));
  const auto base = base_of(text);
  const std::string imports = "import std.nameservice;\nimport std.system;\n";
  const auto built = lower_on(base, domain("include nameservice.directory_accounts;", imports));
  link_on(*built, *base);
  bool said = false;
  for (const auto& entry : built->lowered.fidelity.entries)
    said |= entry.topic == "absent" && entry.fidelity == backends::Fidelity::narrower;
  CHECK(said);
  CHECK(built->may("d_t", "other_nslcd_runtime_t", "sock_file", "write"));  // by the path's own label
  CHECK_FALSE(built->may("d_t", "other_nslcd_t", "unix_stream_socket", "connectto"));
  CHECK(built->may("d_t", "sssd_var_lib_t", "sock_file", "write"));
  CHECK(lower_on(base, domain("allow connect unix system.ldap_lookup_socket;", imports))->has(Code::E1022));
}

TEST_CASE("where a policy has no domains of users, nobody starts a tool from a session") {
  std::string text = skeleton_text();
  const std::size_t members = text.find("(typeattributeset userdomain (");
  REQUIRE(members != std::string::npos);
  text.erase(members, text.find("))", members) + 2 - members);
  const auto base = base_of(text);
  REQUIRE(base->types_in("userdomain").empty());
  const auto built = lower_on(base, "macc 1;\nmodule m;\ndomain d { entry \"/usr/bin/acme-d\" from user; }\n");
  CHECK(built->has(Code::E1071));
  link_on(*built, *base);
  Diagnostics diagnostics;
  const se::BaseRules rules(*base);
  (void)se::walk({built->input(), dynamic_cast<const se::Planned&>(*built->lowered.plan), *base, rules, *built->policy},
                 diagnostics);
  CHECK(diagnostics.all().empty());
}

TEST_CASE("on a policy without levels those of a domain are not enforced") {
  std::string text;
  std::stringstream lines(skeleton_text());
  for (std::string line; std::getline(lines, line);) text += line == "(mls true)" ? "(mls false)\n" : line + "\n";
  const auto base = base_of(text);
  const auto built =
      lower_on(base, domain("level \"s0:c1\";\nresource f : state level \"s0:c1\" { \"/var/lib/d/**\" }\n"
                            "entry \"/usr/lib/d\" from unit \"d.service\";"));
  link_on(*built, *base);
  std::size_t said = 0;
  for (const auto& entry : built->lowered.fidelity.entries) said += entry.topic == "no-levels" ? 1 : 0;
  CHECK(said == 2);
  CHECK(built->cil().find("rangetransition") == std::string::npos);
  CHECK(built->cil("m.fc").find(":s0") == std::string::npos);
  CHECK(built->cil("units/d.service.d/50-selinux.conf").find("SELinuxContext=system_u:system_r:d_t\n") !=
        std::string::npos);
}

}  // namespace macc::test
