#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "backends/selinux/link/file_order.h"
#include "backends/selinux/link/label_aliases.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/link/lookup.h"

using namespace macc::backends::selinux;

namespace {

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
    for (const char* start : {"/.*", "/a(/.*)?", "/b(/.*)?", "/a(/.*)?\t--", "/a(/.*)?\t-d", "/a(/.*)?\t-c", "/a(/.*)?\t-b",
                              "/a(/.*)?\t-s", "/a(/.*)?\t-p", "/a(/.*)?\t-l", "/a/.*", "/a", "/a\t-d", "/a/b"})
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
}
