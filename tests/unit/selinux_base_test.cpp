#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "backends/selinux/link/base_file.h"
#include "backends/selinux/link/cil_reader.h"
#include "backends/selinux/link/file_order.h"
#include "backends/selinux/link/homes.h"
#include "backends/selinux/link/label_aliases.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/link/lookup.h"
#include "compiler/base/process.h"

#include "tests/support/folder.h"

using namespace macc::backends::selinux;

namespace {

std::string skeleton_text() {
  std::ifstream in(std::filesystem::path(MACC_SOURCE_DIR) / "backends/selinux/link/skeleton.cil");
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The types that libselinux finds for files.
std::vector<std::string> types_of(const std::vector<std::string>& paths, const std::vector<LabelAlias>& aliases) {
  const std::string contexts =
      "/a(/.*)?\tsystem_u:object_r:a_t:s0\n/b(/.*)?\tsystem_u:object_r:b_t:s0\n/c(/.*)?\tsystem_u:object_r:c_t:s0\n"
      "/lib(/.*)?\tsystem_u:object_r:lib_t:s0\n";
  std::vector<LookupQuery> queries;
  for (const std::string& path : paths) queries.push_back({path, ObjectKind::file});
  const LookupResult found = lookup(contexts, queries, aliases);
  CHECK(found.error.empty());
  std::vector<std::string> types;
  for (const FoundContext& context : found.contexts) types.push_back(context ? type_of_context(*context) : "none");
  return types;
}

}  // namespace

TEST_SUITE("selinux base") {
  TEST_CASE("label aliases are tried as libselinux tries them") {
    const std::vector<LabelAlias> wide_first =
        take_label_aliases("", "# a comment\n/x /a\n  /x/y   /b  # more\n\n/bad\n");
    REQUIRE(wide_first.size() == 2);
    CHECK(as_looked_up("/x/y/z", wide_first) == "/b/z");
    CHECK(types_of({"/x/1", "/x/y/1", "/x/yz"}, wide_first) == std::vector<std::string>{"a_t", "b_t", "a_t"});
    const std::vector<LabelAlias> narrow_first = take_label_aliases("", "/x/y /b\n/x /a\n");
    CHECK(as_looked_up("/x/y/z", narrow_first) == "/a/y/z");
    CHECK(types_of({"/x/1", "/x/y/1"}, narrow_first) == std::vector<std::string>{"a_t", "a_t"});
  }

  TEST_CASE("the administrator's aliases are applied before the distribution's") {
    const std::vector<LabelAlias> both = take_label_aliases("/srv/x /lib\n/srv/y /b\n", "/lib /a\n/lib/deep /c\n");
    CHECK(as_looked_up("/srv/x/1", both) == "/a/1");
    CHECK(as_looked_up("/srv/x/deep/1", both) == "/c/1");
    CHECK(as_looked_up("/srv/y", both) == "/b");
    CHECK(as_looked_up("/lib/1", both) == "/a/1");
    CHECK(types_of({"/srv/x/1", "/srv/x/deep/1", "/srv/y", "/lib/1"}, both) ==
          std::vector<std::string>{"a_t", "c_t", "b_t", "a_t"});
  }

  TEST_CASE("what stands in the bundled base") {
    const Base& base = *Base::skeleton();
    CHECK(base.label_aliases() == default_label_aliases());
    const auto users = base.users();
    const auto system = std::find_if(users.begin(), users.end(), [](const auto& u) { return u.name == "system_u"; });
    REQUIRE(system != users.end());
    CHECK(system->level == "s0");
    CHECK(system->low == "s0");
    CHECK(system->high == "s0:c0.c1023");
    CHECK(std::count(system->roles.begin(), system->roles.end(), "system_r") == 1);
    CHECK(base.sensitivities() == std::vector<std::string>{"s0"});
    CHECK(base.categories().size() == 1024);
    CHECK(base.categories()[10] == "c10");
    CHECK_FALSE(base.neverallows().empty());
    CHECK(base.neverallows()[0].starts_with("(neverallow "));
    const auto& genfs = base.genfs_contexts();
    CHECK(std::any_of(genfs.begin(), genfs.end(),
                      [](const GenfsContext& c) { return c.fstype == "proc" && c.path == "/" && c.type == "proc_t"; }));
    const auto& uses = base.fs_uses();
    CHECK(std::any_of(uses.begin(), uses.end(),
                      [](const FsUse& u) { return u.kind == "xattr" && u.fstype == "ext4" && u.type == "fs_t"; }));
  }

  TEST_CASE("file contexts are sorted as the linker sorts them") {
    const auto line = [](const std::string& start) { return start + "\tsystem_u:object_r:a_t:s0\n"; };
    std::string sorted;
    for (const char* start :
         {"/.*", "/a(/.*)?", "/b(/.*)?", "/a(/.*)?\t--", "/a(/.*)?\t-d", "/a(/.*)?\t-c", "/a(/.*)?\t-b", "/a(/.*)?\t-s",
          "/a(/.*)?\t-p", "/a(/.*)?\t-l", "/a/.*", "/a", "/a\t-d", "/a/b"})
      sorted += line(start);
    CHECK(in_linker_order(sorted));
    CHECK_FALSE(in_linker_order(line("/a") + line("/.*")));
    CHECK(merge_file_contexts(sorted, "") == sorted);
    CHECK(merge_file_contexts(sorted, line("/a/.*")) == sorted);
    CHECK(merge_file_contexts(line("/a") + line("/a/b"), line("/.*") + line("/a\t-d")) ==
          line("/.*") + line("/a") + line("/a\t-d") + line("/a/b"));
    CHECK(in_linker_order(Base::skeleton()->file_contexts()));
    if (const BaseOrReason installed = Base::installed(); installed.base != nullptr)
      CHECK(in_linker_order(installed.base->file_contexts()));
  }

  TEST_CASE("a base comes back from its file, with the same bytes") {
    const std::string bytes = Base::skeleton()->to_bytes();
    const BaseOrReason again = Base::from_bytes(bytes);
    CAPTURE(again.reason);
    REQUIRE(again.base != nullptr);
    CHECK(again.base->to_bytes() == bytes);
    CHECK(again.base->description() == Base::skeleton()->description());
    CHECK(again.base->types() == Base::skeleton()->types());
    CHECK(again.base->types_in("domain") == Base::skeleton()->types_in("domain"));
    CHECK(again.base->label_aliases() == Base::skeleton()->label_aliases());
    CHECK(again.base->categories() == Base::skeleton()->categories());
    CHECK(again.base->port_type("tcp", 22) == "ssh_port_t");
    const CilModule module{"m", "(type own_t) (roletype object_r own_t) (allow own_t etc_t (file (read)))"};
    CHECK(link(*again.base, {module}).image == link(*Base::skeleton(), {module}).image);
  }

  TEST_CASE("bytes that are no base have a reason") {
    const std::string good = Base::skeleton()->to_bytes();
    const auto reason = [](const std::string& bytes) {
      const BaseOrReason opened = Base::from_bytes(bytes);
      CHECK(opened.base == nullptr);
      return opened.reason;
    };
    CHECK(reason("") == "it is no base of macc");
    CHECK(reason("(type a_t)") == "it is no base of macc");
    CHECK(reason(good.substr(0, 20)) == "it is damaged (its end is missing)");
    CHECK(reason(good.substr(0, good.size() - 1)) == "it is damaged (its end is missing)");
    CHECK(reason(good + "x") == "it is damaged (there is more behind its end)");
    std::string changed = good;
    changed[changed.size() / 2] ^= 1;
    CHECK(reason(changed) == "it is damaged (its checksum does not fit)");
    std::string newer = good;
    newer[8] = 77;
    CHECK(reason(newer) == "it is of version 77, newer than this macc, which reads version 2");
    CHECK(reason(seal_base("")) == "it is damaged (section `about` is missing)");
    CHECK(reason(seal_base("nonsense")) == "it is damaged (its list of sections)");
    for (std::size_t size : {100U, 5000U, 100000U})
      CHECK(reason(seal_base(good.substr(32, size))).starts_with("it is damaged"));
  }

  TEST_CASE("each byte of a base may be wrong") {
    const std::string sections = Base::skeleton()->to_bytes().substr(32);
    std::mt19937 random(7);
    for (int i = 0; i < 300; ++i) {
      std::string bytes = sections;
      for (int k = 0; k < 3; ++k) bytes[random() % bytes.size()] = static_cast<char>(random());
      (void)Base::from_bytes(seal_base(bytes));  // a base or a reason
    }
  }

  TEST_CASE("deep lists of CIL are passed over") {
    const std::string deep = "(a " + std::string(1'000'000, '(') + ")) (b)";
    int count = 0;
    for_each_statement(deep, [&](CilExpression&) { ++count; });
    CHECK(count == 1);
    std::vector<std::string> seen;
    for_each_statement("(a " + std::string(300, '(') + "x" + std::string(300, ')') + " y) (b)",
                       [&](CilExpression& statement) { seen.emplace_back(statement.items.back().atom); });
    CHECK(seen == std::vector<std::string>{"y", "b"});
  }

  TEST_CASE("a module store is read as semanage left it") {
    const macc::test::Folder folder;
    const auto module = [&](const std::string& place, const std::string& text) {
      folder.write("var/lib/selinux/shop/active/modules/" + place, text);
    };
    module("100/base/cil", skeleton_text());
    module("100/till/cil", "(type till_t)(roletype object_r till_t)(boolean till_open false)");
    module("400/till/cil",
           "(type better_t)(roletype object_r better_t)(boolean till_open false)\n"
           "(portcon tcp 9100 (system_u object_r better_t ((s0) (s0))))");
    module("100/off/cil", "(type off_t)");
    module("disabled/off", "");
    folder.write("var/lib/selinux/shop/active/ports.local",
                 "# made by semanage\nportcon tcp 9100 system_u:object_r:etc_t:s0\n"
                 "portcon tcp 9200-9300 system_u:object_r:better_t:s0\nportcon tcp 99999 nonsense\n");
    folder.write("var/lib/selinux/shop/active/booleans.local", "till_open=1\n");
    folder.write("etc/selinux/shop/contexts/files/file_contexts.local",
                 "/etc/shadow\t--\tsystem_u:object_r:better_t:s0\n");
    folder.write("etc/selinux/shop/contexts/files/file_contexts.subs", "/shop /etc\n");
    folder.write("etc/selinux/config", "SELINUX=enforcing\nSELINUXTYPE=shop\n");

    const BaseOrReason made = Base::import({"", "", folder.path().string()});
    CAPTURE(made.reason);
    REQUIRE(made.base != nullptr);
    const Base& base = *made.base;
    CHECK(base.modules() == std::vector<std::string>{"base", "till"});
    CHECK(base.has_type("better_t"));
    CHECK_FALSE(base.has_type("till_t"));
    CHECK_FALSE(base.has_type("off_t"));
    CHECK(base.port_type("tcp", 9100) == "etc_t");
    CHECK(base.port_type("tcp", 9250) == "better_t");
    CHECK(base.label_aliases() == std::vector<LabelAlias>{{"/shop", "/etc"}});
    CHECK(base.notices().empty());
    for (const PolicyBoolean& boolean : base.booleans()) {
      if (boolean.name == "till_open") CHECK(boolean.value);
    }
    const LookupResult found = lookup(base, {{"/etc/shadow", ObjectKind::file}, {"/shop/shadow", ObjectKind::file}});
    REQUIRE(found.error.empty());
    CHECK(type_of_context(found.contexts[0].value_or("")) == "better_t");
    CHECK(type_of_context(found.contexts[1].value_or("")) == "better_t");
    const DecidingEntries entries = deciding_entries(base, {{"/etc/shadow", ObjectKind::file}});
    CHECK(entries.lines.at(0).value_or("") == "/etc/shadow\t--\tsystem_u:object_r:better_t:s0");
    CHECK(Base::import({"", "nosuch", folder.path().string()}).reason.starts_with("there is no policy `nosuch`"));
    CHECK(Base::import({"", "../x", folder.path().string()}).reason == "`../x` is no name of a policy");

    SUBCASE("a module is left out, and its types are remembered") {
      const BaseOrReason rest = Base::import({"", "", folder.path().string()}, {"till"});
      CAPTURE(rest.reason);
      REQUIRE(rest.base != nullptr);
      const BaseOrReason again = Base::from_bytes(rest.base->to_bytes());
      REQUIRE(again.base != nullptr);
      CHECK_FALSE(again.base->has_type("better_t"));
      CHECK(again.base->left_out() == std::vector<std::string>{"till"});
      CHECK(again.base->left_out_types() == std::vector<std::string>{"better_t"});
      CHECK(Base::import({"", "", folder.path().string()}, {"tlil"}).reason ==
            "the policy has no module `tlil`: did you mean `till`?");
    }
    SUBCASE("what semanage changed and a base does not take up is said") {
      folder.write("var/lib/selinux/shop/active/nodes.local", "# nothing\n");
      CHECK(Base::import({"", "", folder.path().string()}).base->notices().empty());
      folder.write("var/lib/selinux/shop/active/nodes.local",
                   "nodecon ipv4 10.0.0.0 255.0.0.0 system_u:object_r:etc_t:s0\n");
      CHECK(Base::import({"", "", folder.path().string()}).base->notices().size() == 1);
    }
    SUBCASE("a policy of another name is offered") {
      folder.write("etc/selinux/config", "SELINUX=enforcing\n");
      CHECK(
          Base::import({"", "", folder.path().string()}).reason.ends_with("there is `shop`: name it with `--policy`"));
    }
    SUBCASE("what is no policy is told from one") {
      folder.write("shop.base", base.to_bytes());
      CHECK(Base::import({(folder.path() / "shop.base").string(), "", ""}).reason.find("is a base already") !=
            std::string::npos);
      folder.write("till.cil", "(type till_t)");
      CHECK(Base::import({(folder.path() / "till.cil").string(), "", ""}).reason.find("is one module") !=
            std::string::npos);
    }
    SUBCASE("its binary policy says the same but for what it does not hold") {
      const LinkResult whole = link(base, {}, {.whole_base = true});
      REQUIRE(whole.ok);
      folder.write("binary/policy/policy.33", whole.image);
      folder.write("binary/contexts/files/file_contexts", split_contexts(base.file_contexts()).system);
      folder.write("binary/contexts/files/file_contexts.homedirs", split_contexts(base.file_contexts()).homes);
      const BaseOrReason binary = Base::import({(folder.path() / "binary").string(), "", ""});
      CAPTURE(binary.reason);
      REQUIRE(binary.base != nullptr);
      CHECK(binary.base->types() == base.types());
      CHECK(binary.base->neverallows().empty());
      CHECK(binary.base->notices().size() == 3);
      CHECK(binary.base->port_type("tcp", 9100) == "etc_t");
      const std::vector<LookupQuery> queries = {{"/etc/passwd", ObjectKind::file},
                                                {"/home/joe/.ssh/id", ObjectKind::file},
                                                {"/home", ObjectKind::directory},
                                                {"/var/log/messages", ObjectKind::file}};
      const LookupResult here = lookup(base.file_contexts(), queries),
                         there = lookup(binary.base->file_contexts(), queries);
      CHECK(here.contexts == there.contexts);
      CHECK(binary.base->label_aliases().empty());
      const BaseOrReason said = Base::import({(folder.path() / "binary").string(), "", ""}, {"till"});
      REQUIRE(said.base != nullptr);
      CHECK(said.base->left_out() == std::vector<std::string>{"till"});
      CHECK(said.base->notices().size() == 4);
      // Built as one piece, a policy has its template of homes beside the file contexts.
      folder.write("binary/contexts/files/homedir_template", "HOME_DIR/\\.till\t--\tsystem_u:object_r:better_t:s0\n");
      const BaseOrReason in_one_piece = Base::import({(folder.path() / "binary").string(), "", ""});
      REQUIRE(in_one_piece.base != nullptr);
      const LookupResult home = lookup(*in_one_piece.base, {{"/home/joe/.till", ObjectKind::file}});
      CHECK(type_of_context(home.contexts.at(0).value_or("")) == "better_t");
      CHECK(in_one_piece.base->notices().size() == 2);
      // What does not fit together is named.
      const auto with_contexts = [&](const std::string& more) {
        folder.write("binary/contexts/files/file_contexts", split_contexts(base.file_contexts()).system + more);
        return Base::import({(folder.path() / "binary").string(), "", ""}).reason;
      };
      CHECK(with_contexts("/srv/till\tsystem_u:object_r:nosuch_t:s0\n").ends_with("`nosuch_t` is declared nowhere"));
      CHECK(with_contexts("/srv/till\tsystem_u:object_r:etc_t:s0\n/srv/till\tsystem_u:object_r:usr_t:s0\n")
                .ends_with("`/srv/till` has two contexts (etc_t, usr_t)"));
      folder.write("broken/policy/policy.33", whole.image.substr(0, whole.image.size() / 2));
      CHECK(Base::import({(folder.path() / "broken").string(), "", ""}).base == nullptr);
    }
  }

  TEST_CASE("a policy without levels") {
    const macc::test::Folder folder;
    std::string text;
    for_each_statement(skeleton_text(), [&](CilExpression& statement) {
      const std::string_view head = statement.head();
      if (head != "mls" && !head.starts_with("mls") && head != "rangetransition") text += to_text(statement) + "\n";
    });
    folder.write("policy/base.cil", "(mls false)\n" + text);
    const auto read = [&](const std::string& from) {
      BaseOrReason made = Base::import({(folder.path() / from).string(), "", ""});
      CAPTURE(made.reason);
      REQUIRE(made.base != nullptr);
      return made.base;
    };
    const auto check = [](const Base& base) {
      CHECK_FALSE(base.has_levels());
      const LookupResult found = lookup(base, {{"/etc/shadow", ObjectKind::file}});
      REQUIRE(found.error.empty());
      CHECK(found.contexts.at(0).value_or("") == "system_u:object_r:shadow_t");
      const LinkResult linked = link(
          base,
          {{"shop.cil",
            "(allow init_t etc_t (file (read)))\n(filecon \"/srv/shop\" file (system_u object_r etc_t ((s0) (s0))))"}});
      REQUIRE(linked.ok);
      CHECK(linked.file_contexts.find("/srv/shop\t--\tsystem_u:object_r:etc_t\n") != std::string::npos);
    };
    const std::shared_ptr<const Base> of_modules = read("policy");
    check(*of_modules);
    CHECK(Base::skeleton()->has_levels());
    folder.write("binary/policy/policy.33", link(*of_modules, {}, {.whole_base = true}).image);
    folder.write("binary/contexts/files/file_contexts", split_contexts(of_modules->file_contexts()).system);
    check(*read("binary"));
  }

  TEST_CASE("a binary policy of a version that does not name the attributes of constraints") {
    const std::string compiler = macc::find_program("secilc");
    if (compiler.empty()) {
      MESSAGE("secilc is not installed");
      return;
    }
    const macc::test::Folder folder;
    folder.write("base.cil", skeleton_text());
    const std::string policy = (folder.path() / "policy.28").string();
    const auto made = macc::run_process(
        {compiler, "-c", "28", "-o", policy, "-f", "/dev/null", (folder.path() / "base.cil").string()},
        std::chrono::seconds(60));
    REQUIRE(made.status == 0);
    const BaseOrReason base = Base::import({policy, "", ""});
    CAPTURE(base.reason);
    REQUIRE(base.base != nullptr);
    const auto count = [](const Base& of, std::string_view kind) {
      for (const auto& [keyword, number] : of.rule_counts()) {
        if (keyword == kind) return number;
      }
      return std::size_t{0};
    };
    CHECK(count(*base.base, "mlsconstrain") >= count(*Base::skeleton(), "mlsconstrain"));
    const LinkResult linked = link(*base.base, {{"shop.cil", "(allow init_t etc_t (file (read)))"}});
    CHECK(linked.ok);
  }
}
