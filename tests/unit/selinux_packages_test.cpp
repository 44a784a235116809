// Modules in the module language and as packages, and levels: read back from what libsepol links and decides.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

#include "backends/selinux/checkmodule.h"
#include "backends/selinux/levels.h"
#include "backends/selinux/link/decision.h"
#include "backends/selinux/link/package.h"
#include "backends/selinux/module_language.h"
#include "compiler/base/process.h"
#include "compiler/base/temporary_folder.h"
#include "tests/support/folder.h"
#include "tests/support/selinux_target.h"

using namespace macc;
using macc::test::build;
using macc::test::lower_only;
namespace se = macc::backends::selinux;

TEST_CASE("ranges of levels are read, ordered and written back") {
  const std::map<std::string, std::string> good = {{"s0", "s0"},
                                                   {"s0-s0", "s0"},
                                                   {"s0:c1", "s0:c1"},
                                                   {"s0:c3,c1,c2", "s0:c1.c3"},
                                                   {"s0:c1,c2", "s0:c1,c2"},
                                                   {"s0:c1.c1", "s0:c1"},
                                                   {"s0-s0:c0.c1023", "s0-s0:c0.c1023"},
                                                   {"s0:c5-s2:c5,c7", "s0:c5-s2:c5,c7"}};
  for (const auto& [text, written] : good) {
    CAPTURE(text);
    std::string problem;
    const auto range = se::Range::parse(text, problem);
    REQUIRE(range);
    CHECK(range->text() == written);
    CHECK(range->high.dominates(range->low));
  }
  for (const char* text : {"", "s", "0", "s0:", "s0:c", "s0:c1024", "s0:c5.c1", "s0:c1-s0", "s1-s0", "s0-", "s0:c1,",
                           "s0 :c1", "s00", "s0:c01", "s99999999999", "s0:c0-s0:c1", "top secret"}) {
    CAPTURE(text);
    std::string problem;
    CHECK_FALSE(se::Range::parse(text, problem));
    CHECK_FALSE(problem.empty());
  }
}

TEST_CASE("two instances of one service cannot read each other's state") {
  const auto b = build(
      "macc 1;\nmodule m;\ndomain worker {\n"
      "  entry \"/usr/lib/w/worker\" from unit \"worker@a.service\" level \"s0:c1\";\n"
      "  entry \"/usr/lib/w/worker\" from unit \"worker@b.service\" level \"s0:c2\";\n"
      "  resource state : state { \"/var/lib/w/**\" }\n"
      "  allow manage state;\n  allow signal term to self;\n}\n");
  std::map<std::string, std::string> drop_ins;
  for (const auto& artifact : b->lowered.artifacts) drop_ins[artifact.path] = artifact.content;
  CHECK(drop_ins["units/worker@a.service.d/50-selinux.conf"].find("worker_t:s0:c1\n") != std::string::npos);
  CHECK(drop_ins["units/worker@b.service.d/50-selinux.conf"].find("worker_t:s0:c2\n") != std::string::npos);
  const std::string one = "system_u:system_r:worker_t:s0:c1", two = "system_u:system_r:worker_t:s0:c2";
  const std::string file = "system_u:object_r:worker_state_t:";
  const auto decided = se::decide(b->linked.image, {{one, file + "s0:c1", "file", "read"},
                                                    {one, file + "s0:c1", "file", "create"},
                                                    {one, file + "s0:c2", "file", "read"},
                                                    {one, file + "s0:c2", "file", "write"},
                                                    {two, file + "s0:c2", "file", "read"},
                                                    {two, file + "s0:c1", "dir", "search"},
                                                    {one, file + "s0", "dir", "search"},
                                                    {one, two, "process", "signal"},
                                                    {one, one, "process", "signal"}});
  REQUIRE(decided.reason == "");
  CHECK(decided.allowed == std::vector<bool>{true, true, false, false, true, false, true, false, true});
  CHECK(b->fidelity("allow manage state") == std::vector<std::string>{"narrower levels"});
}

TEST_CASE("the level of a resource is that of its files, and narrows what others may do") {
  const auto b = build(
      "macc 1;\nmodule m;\n"
      "resource vault : secret level \"s0:c7\" { \"/var/lib/vault/**\" }\n"
      "domain keeper {\n  entry \"/usr/lib/v/keeper\";\n  level \"s0-s0:c7\";\n  allow read vault;\n}\n"
      "domain other {\n  entry \"/usr/lib/v/other\";\n  allow read vault;\n}\n");
  CHECK(b->cil().find("((s0 (c7)) (s0 (c7)))") != std::string::npos);
  CHECK(b->linked.file_contexts.find("m_vault_t:s0:c7") != std::string::npos);
  const auto decided = se::decide(
      b->linked.image, {{"system_u:system_r:keeper_t:s0-s0:c7", "system_u:object_r:m_vault_t:s0:c7", "file", "read"},
                        {"system_u:system_r:other_t:s0", "system_u:object_r:m_vault_t:s0:c7", "file", "read"}});
  REQUIRE(decided.reason == "");
  CHECK(decided.allowed == std::vector<bool>{true, false});
  bool said = false;
  for (const auto& entry : b->lowered.fidelity.entries)
    said |= entry.fidelity == backends::Fidelity::narrower &&
            entry.what == std::vector<std::string>{"m_vault_t at s0:c7 from s0"};
  CHECK(said);
}

TEST_CASE("users whose own range does not hold a domain's level cannot start it, and the report says so") {
  const auto policy = [](const std::string& level) {
    return "macc 1;\nmodule m;\ndomain tool { entry \"/usr/bin/tool\" from user; level \"" + level + "\"; }\n";
  };
  const auto b = build(policy("s0:c1"));
  std::vector<std::string> what;
  for (const auto& entry : b->lowered.fidelity.entries)
    if (entry.rule == "entry from user") what = entry.what;
  CHECK(what == std::vector<std::string>{"start by user_u, whose range is s0"});
  CHECK(build(policy("s0"))->fidelity("entry from user").empty());
}

TEST_CASE("levels that no system has are reported") {
  for (const char* level : {"s1", "s0:c2000", "s0:c5.c2", "s0:c1-s0"}) {
    CAPTURE(level);
    const auto b = lower_only(std::string("macc 1;\nmodule m;\ndomain d {\n  entry \"/usr/lib/d/d\";\n  level \"") +
                              level + "\";\n}\n");
    CHECK(b->has(Code::E1015));
  }
}

TEST_CASE("sets of types are written out where the module language has no expression") {
  using se::cil::form;
  CHECK(se::type_set(form("or", "a", form("or", "b", "c"))) == "{ a b c }");
  CHECK(se::type_set(form("and", "a", form("not", se::cil::Node::symbols(std::vector<std::string>{"b", "c"})))) ==
        "{ a -b -c }");
  CHECK_THROWS_AS((void)se::type_set(form("xor", "a", form("not", "b"))), std::logic_error);
}

TEST_CASE("a package has the bytes of semodule_package") {
  const std::string packer = find_program("semodule_package");
  if (packer.empty() || find_program("checkmodule").empty()) {
    MESSAGE("not run: checkmodule and semodule_package are not installed");
    return;
  }
  se::ModuleText text;
  text.text = "module pack 1.0;\nrequire {\n\tattribute file_type;\n}\ntype pack_t, file_type;\n";
  const se::CompiledModule compiled = se::compile_module("pack", text);
  REQUIRE(compiled.trouble == "");
  REQUIRE_FALSE(compiled.bytes.empty());
  for (const std::string contexts : {"", "/srv/pack(/.*)?\tsystem_u:object_r:pack_t:s0\n"}) {
    const se::PackageResult made = se::make_package(compiled.bytes, contexts);
    REQUIRE(made.reason == "");
    const TemporaryFolder folder("macc-test");
    const auto at = [&](const char* name) { return (folder.path() / name).string(); };
    REQUIRE(write_file(at("pack.mod"), compiled.bytes));
    std::vector<std::string> arguments = {packer, "-o", at("pack.pp"), "-m", at("pack.mod")};
    if (!contexts.empty()) {
      REQUIRE(write_file(at("pack.fc"), contexts));
      arguments.insert(arguments.end(), {"-f", at("pack.fc")});
    }
    REQUIRE(run_process(arguments, std::chrono::seconds(30)).status == 0);
    std::ifstream in(at("pack.pp"), std::ios::binary);
    CHECK(made.bytes == std::string(std::istreambuf_iterator<char>(in), {}));
    CHECK(se::package_text(made.bytes).bytes.find("(type pack_t)") != std::string::npos);
  }
  CHECK_FALSE(se::make_package("junk", "").reason.empty());
  CHECK_FALSE(se::package_text("junk").reason.empty());
}

TEST_CASE("what only CIL can say is refused in other formats") {
  const char* policy =
      "macc 1;\nmodule m;\nboolean level_x = false;\nboolean range = true;\n"
      "domain d {\n  entry \"/usr/lib/d/d\";\n  if range { allow connect tcp 80; }\n"
      "  raw selinux \"\"\"(allow d_t self (process (execmem)))\"\"\";\n}\n";
  auto b = lower_only(policy);
  CHECK_FALSE(b->diagnostics.has_errors());
  b->target.settings["format"] = "te";
  b->diagnostics = Diagnostics();
  b->lowered = backends::selinux_backend().lower(b->input(), b->diagnostics);
  CHECK(b->has(Code::E1041));
}

namespace {

/// A policy, lowered as module packages.
std::unique_ptr<macc::test::SelinuxTarget> lower_as_packages(const std::string& text) {
  auto b = lower_only(text);
  b->target.settings["format"] = "pp";
  b->diagnostics = Diagnostics();
  b->lowered = backends::selinux_backend().lower(b->input(), b->diagnostics);
  return b;
}

constexpr const char* kSmall = "macc 1;\nmodule m;\ndomain d {\n  entry \"/usr/lib/d/d\";\n}\n";

}  // namespace

TEST_CASE("without checkmodule there are no packages, and the message says what to install") {
  const std::string path = std::getenv("PATH") == nullptr ? "" : std::getenv("PATH");
  setenv("PATH", "/nonexistent", 1);
  const auto b = lower_as_packages(kSmall);
  setenv("PATH", path.c_str(), 1);
  CHECK(b->has(Code::E1042));
  CHECK(info(Code::E1042).blame == Blame::environment);
}

TEST_CASE("a name that checkmodule refuses is reported at its line") {
  if (find_program("checkmodule").empty()) return;
  const auto b = lower_as_packages(
      "macc 1;\nmodule m;\nexternal resource odd {\n  \"/opt/odd/**\";\n  selinux type role;\n}\n"
      "domain d {\n  entry \"/usr/lib/d/d\";\n  allow read odd;\n}\n");
  CHECK(b->has(Code::E1043));
}

namespace {

/// What verification says of packages that are built for the base in a file.
struct Packages {
  backends::Verification verification;
  Diagnostics found;
  std::string messages;
};
Packages verified_packages(const std::shared_ptr<const se::Base>& base) {
  const macc::test::Folder folder;
  folder.write("system.base", base->to_bytes());
  auto b = lower_only(kSmall);
  b->target.settings = {{"format", "pp"}, {"base", (folder.path() / "system.base").string()}};
  b->diagnostics = Diagnostics();
  b->lowered = backends::selinux_backend().lower(b->input(), b->diagnostics);
  CAPTURE(b->messages());
  REQUIRE_FALSE(b->diagnostics.has_errors());
  Packages result;
  result.verification = backends::selinux_backend().verify(b->input(), b->lowered, b->diagnostics);
  result.messages = b->messages();
  result.found = std::move(b->diagnostics);
  return result;
}

std::shared_ptr<const se::Base> imported(const std::string& place) {
  const se::BaseOrReason made = se::Base::import({place, "", ""});
  CAPTURE(made.reason);
  REQUIRE(made.base != nullptr);
  return made.base;
}

}  // namespace

TEST_CASE("packages are linked with a binary policy, which has lost what they require; one in CIL takes none") {
  if (find_program("checkmodule").empty()) return;
  const macc::test::Folder folder;
  // A policy that is compiled keeps the attributes that its rules use.
  std::string used;
  for (const std::string& attribute : se::Base::skeleton()->attributes())
    used += "(dontaudit init_t " + attribute + " (file (getattr)))\n";
  const se::LinkResult whole = se::link(*se::Base::skeleton(), {{"used.cil", used}}, {.whole_base = true});
  REQUIRE(whole.ok);
  folder.write("policy/policy.33", whole.image);
  const Packages binary = verified_packages(imported(folder.path().string()));
  CAPTURE(binary.messages);
  CHECK(binary.verification.status == backends::Verification::Status::passed);
  CHECK(binary.verification.notices.size() == 4);

  CHECK(verified_packages(se::Base::skeleton()).verification.status == backends::Verification::Status::passed);

  std::ifstream skeleton(std::filesystem::path(MACC_SOURCE_DIR) / "backends/selinux/link/skeleton.cil");
  folder.write("cil/base.cil", {std::istreambuf_iterator<char>(skeleton), {}});
  const Packages cil = verified_packages(imported((folder.path() / "cil").string()));
  CHECK(cil.verification.status == backends::Verification::Status::failed);
  CHECK(cil.messages.find("takes no module packages") != std::string::npos);
}

TEST_CASE("a module goes in where types are missing that only its promises and denials name") {
  const macc::test::Folder folder;
  std::ifstream skeleton(std::filesystem::path(MACC_SOURCE_DIR) / "backends/selinux/link/skeleton.cil");
  folder.write("cil/base.cil", std::string(std::istreambuf_iterator<char>(skeleton), {}) +
                                   "(type spare_conf_t)\n(roletype object_r spare_conf_t)\n"
                                   "(typeattributeset file_type (spare_conf_t))\n"
                                   "(filecon \"/etc/spare(/.*)?\" any (system_u object_r spare_conf_t ((s0) (s0))))\n");
  const auto fuller = imported((folder.path() / "cil").string());
  auto b = macc::test::lower_on(fuller,
                                "macc 1;\nmodule m;\ndomain d {\n  entry \"/usr/lib/d/d\";\n"
                                "  resource data : state { \"/var/lib/d/**\" }\n  allow manage data;\n"
                                "  deny read \"/etc/spare/**\";\n  never change \"/etc/**\";\n}\n");
  CAPTURE(b->messages());
  REQUIRE_FALSE(b->diagnostics.has_errors());
  const std::string start = "(optional macc_m_about_spare_conf_t (typeattributeset macc_never_d_t_1 (spare_conf_t)) ";
  CHECK(b->cil().find(start) != std::string::npos);
  CHECK(b->cil().find("(dontaudit d_t spare_conf_t (file ") != std::string::npos);
  const se::CilModule module{"m.cil", b->cil()};
  CHECK(se::link(*fuller, {module}).ok);
  CHECK(se::link(*se::Base::skeleton(), {module}).ok);

  // Where the type is there, the promise holds.
  const se::CilModule breaks{"breaks.cil", "(allow d_t spare_conf_t (file (write)))\n"};
  const se::LinkResult broken = se::link(*fuller, {module, breaks});
  CHECK_FALSE(broken.ok);
  REQUIRE_FALSE(broken.messages.empty());
  CHECK(broken.messages.front().problem == se::LinkProblem::neverallow);
}

TEST_CASE("the module language, too, has what may be missing in blocks of its own") {
  if (find_program("checkmodule").empty()) return;
  auto b = lower_as_packages(
      "macc 1;\nmodule m;\nboolean quiet = false;\ndomain d {\n  entry \"/usr/lib/d/d\";\n"
      "  if quiet { deny read \"/etc/shadow\"; }\n  never change \"/etc/**\";\n}\n");
  CAPTURE(b->messages());
  REQUIRE_FALSE(b->diagnostics.has_errors());
  const std::string te = b->cil("m.te"), block = "optional {\n\trequire {\n\t\ttype shadow_t;\n\t}\n";
  const std::size_t at = te.find(block);
  REQUIRE(at != std::string::npos);
  CHECK(te.find("type shadow_t;") == at + block.find("type shadow_t;"));
  CHECK(te.find("typeattribute shadow_t macc_never_d_t_1;", at) != std::string::npos);
  CHECK(te.find("\tif (quiet) {\n\t\tdontaudit d_t shadow_t:file ", at) != std::string::npos);
  CHECK(backends::selinux_backend().verify(b->input(), b->lowered, b->diagnostics).status ==
        backends::Verification::Status::passed);
}
