#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

#include "backends/selinux/link/access.h"
#include "backends/selinux/link/bytes.h"
#include "backends/selinux/link/child.h"
#include "backends/selinux/link/cil_reader.h"
#include "backends/selinux/link/homes.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/link/lookup.h"
#include "backends/selinux/link/packages.h"
#include "backends/selinux/link/sepol.h"

using namespace macc::backends::selinux;
namespace fs = std::filesystem;

namespace {

/// The installed policy, read once; nothing when the machine has none.
const Base* debian() {
  static const BaseOrReason installed = Base::installed();
  if (installed.base == nullptr) MESSAGE("not tried with the installed policy: " << installed.reason);
  return installed.base.get();
}

std::vector<const Base*> bases() {
  std::vector<const Base*> list = {Base::skeleton().get()};
  if (debian() != nullptr) list.push_back(debian());
  return list;
}

/// A domain with an executable, a data type and rules; each statement is line 10, 20, ... of web.macc.
CilModule web(const std::string& more = {}) {
  return {"web", R"((type web_t) (roletype object_r web_t) (roletype system_r web_t)
(type web_exec_t) (roletype object_r web_exec_t)
(type web_data_t) (roletype object_r web_data_t)
(typeattributeset domain (web_t))
(typeattributeset file_type (web_exec_t web_data_t))
(boolean web_share false)
;;* lmx 10 web.macc
(allow web_t web_data_t (file (read open getattr)))
;;* lme
;;* lmx 20 web.macc
(booleanif web_share (true (allow web_t etc_t (file (read getattr)))) (false (allow web_t web_data_t (file (read write)))))
;;* lme
(typetransition init_t web_exec_t process web_t)
(filecon "/srv/web(/.*)?" any (system_u object_r web_data_t ((s0) (s0))))
)" + more};
}

LinkResult link_one(const Base& base, const std::string& text) { return link(base, {{"web", text}}); }

/// The only error; the test fails when there is another number of them.
LinkMessage only_error(const LinkResult& result) {
  CHECK_FALSE(result.ok);
  REQUIRE(result.messages.size() == 1);
  return result.messages.front();
}

const LinkPlace kLine7{"web.macc", 7, false};

std::string at_line_7(const std::string& statement) { return ";;* lmx 7 web.macc\n" + statement + "\n;;* lme\n"; }

const std::string kTypes = "(type a_t) (roletype object_r a_t) (type b_t) (roletype object_r b_t)\n";

std::vector<Access> only_target(std::vector<Access> list, const std::string& target) {
  std::erase_if(list, [&](const Access& access) { return access.target != target; });
  return list;
}

/// A folder that is gone afterwards.
struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "macc-link-test-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path / name) << text; }
  fs::path path;
};

/// Sets an environment variable for a while.
struct Setting {
  Setting(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    setenv(name, value.c_str(), 1);
  }
  ~Setting() { old_.empty() ? unsetenv(name_) : setenv(name_, old_.c_str(), 1); }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  const char* name_;
  std::string old_;
};

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string skeleton_text() { return read_text(fs::path(MACC_SOURCE_DIR) / "backends/selinux/link/skeleton.cil"); }

/// The names in `selinux type a_t, b_t;` of the standard library.
std::set<std::string> types_of_standard_library() {
  constexpr std::string_view kBinding = "selinux type ";
  std::set<std::string> types;
  for (const auto& file : fs::recursive_directory_iterator(fs::path(MACC_SOURCE_DIR) / "stdlib")) {
    if (file.path().extension() != ".macc") continue;
    const std::string text = read_text(file.path());
    for (std::size_t at = text.find(kBinding); at != std::string::npos; at = text.find(kBinding, at)) {
      at += kBinding.size();
      std::istringstream list(text.substr(at, text.find(';', at) - at));
      // Of alternatives, the first is what the reference policy says.
      for (std::string name; std::getline(list >> std::ws, name, ',');) types.insert(name.substr(0, name.find(' ')));
    }
  }
  return types;
}

}  // namespace

TEST_SUITE("selinux link") {
  TEST_CASE("a module links with every base, and its domain has exactly what was written and what `domain` brings") {
    for (const Base* base : bases()) {
      CAPTURE(base->description());
      const LinkResult result = link(*base, {web()});
      CHECK(result.messages.empty());
      REQUIRE(result.ok);
      const auto policy = CompiledPolicy::read(result.image);
      REQUIRE(policy != nullptr);
      CHECK(policy->has_type("web_t"));
      CHECK_FALSE(policy->has_type("domain"));
      const std::vector<Access> expected = {
          {"web_data_t", "file", "", {"getattr", "open", "read"}},
          {"web_data_t", "file", "not web_share", {"write"}},
      };
      CHECK(only_target(policy->access_of("web_t"), "web_data_t") == expected);
      const auto to_data = policy->access_to("web_data_t");
      CHECK(std::count_if(to_data.begin(), to_data.end(), [](const AccessTo& a) { return a.source == "web_t"; }) == 2);
      const auto transitions = policy->transitions_of("init_t");
      CHECK(std::count(transitions.begin(), transitions.end(),
                       Transition{"init_t", "web_exec_t", "process", "", "web_t", ""}) == 1);
      CHECK(result.file_contexts.find("/srv/web(/.*)?\tsystem_u:object_r:web_data_t:s0") != std::string::npos);
    }
  }

  TEST_CASE("only the skeleton's few rules come with `domain` there") {
    const LinkResult result = link(*Base::skeleton(), {web()});
    const auto policy = CompiledPolicy::read(result.image);
    REQUIRE(policy != nullptr);
    const std::vector<Access> expected = {
        {"etc_t", "file", "web_share", {"getattr", "read"}},     {"kernel_t", "fd", "", {"use"}},
        {"web_data_t", "file", "", {"getattr", "open", "read"}}, {"web_data_t", "file", "not web_share", {"write"}},
        {"web_t", "process", "", {"fork", "sigchld"}},
    };
    CHECK(policy->access_of("web_t") == expected);
    CHECK(policy->access_of("nosuch_t").empty());
  }

  TEST_CASE("the same input gives the same bytes, in any order") {
    const CilModule other{"other", "(type o_t) (roletype object_r o_t) (allow web_t o_t (file (read)))"};
    const LinkResult a = link(*Base::skeleton(), {web(), other});
    const LinkResult b = link(*Base::skeleton(), {other, web()});
    REQUIRE(a.ok);
    CHECK(a.image == b.image);
    CHECK(a.file_contexts == b.file_contexts);
  }

  TEST_CASE("problems are named, with the line of the policy that they come from") {
    const Base& base = *Base::skeleton();
    SUBCASE("a name that nobody declares") {
      const LinkMessage m = only_error(link_one(base, kTypes + at_line_7("(allow a_t nosuch_t (file (read)))")));
      CHECK(m.problem == LinkProblem::unresolved_name);
      CHECK(m.subject == "nosuch_t");
      CHECK(m.places == std::vector{kLine7});
      CHECK(m.text == "`nosuch_t` is declared neither in the policy nor in the bundled skeleton of a policy");
    }
    SUBCASE("a class, a permission, a boolean, a level") {
      CHECK(only_error(link_one(base, kTypes + "(allow a_t etc_t (filee (read)))")).subject == "filee");
      CHECK(only_error(link_one(base, kTypes + "(allow a_t etc_t (file (readd)))")).subject == "readd");
      CHECK(only_error(link_one(base, kTypes + "(booleanif nosuch (true (allow a_t a_t (file (read)))))")).subject ==
            "nosuch");
      CHECK(only_error(link_one(base, kTypes + "(filecon \"/a\" any (system_u object_r a_t ((s9) (s0))))")).subject ==
            "s9");
    }
    SUBCASE("a name that the base has") {
      for (const std::string statement :
           {"(type etc_t)", "(typeattribute etc_t)", "(typeattribute domain)", "(role system_r)", "(type domain)"}) {
        const LinkMessage m = only_error(link_one(base, at_line_7(statement)));
        CHECK(m.problem == LinkProblem::redeclared);
        CHECK(m.places == std::vector{kLine7});
        CHECK(m.text.find("already has the name `" + m.subject + '`') != std::string::npos);
      }
    }
    SUBCASE("a name that two modules declare") {
      const LinkMessage m = only_error(link(base, {{"one", "(type a_t)"}, {"two", at_line_7("(type a_t)")}}));
      CHECK(m.problem == LinkProblem::redeclared);
      CHECK(m.text == "the type `a_t` is declared twice");
    }
    SUBCASE("a file context that the base has otherwise") {
      const LinkMessage m = only_error(
          link_one(base, kTypes + at_line_7("(filecon \"/usr(/.*)?\" any (system_u object_r a_t ((s0) (s0))))")));
      CHECK(m.problem == LinkProblem::filecon);
      CHECK(m.subject == "/usr(/.*)?");
      CHECK(m.places == std::vector<LinkPlace>{kLine7, {"base", 0, true}});
      CHECK(m.text.find("(usr_t, a_t)") != std::string::npos);
    }
    SUBCASE("two file contexts of ours, of which the linker names only lines of CIL") {
      const std::string text = "(filecon \"/a\" any (system_u object_r a_t ((s0) (s0))))";
      const LinkMessage m = only_error(
          link_one(base, kTypes + at_line_7(text) + "(filecon \"/a\" any (system_u object_r b_t ((s0) (s0))))"));
      CHECK(m.problem == LinkProblem::filecon);
      CHECK(m.places == std::vector<LinkPlace>{kLine7, {"web", 5, false}});
    }
    SUBCASE("a port that has a type") {
      const LinkMessage m =
          only_error(link_one(base, kTypes + at_line_7("(portcon tcp 22 (system_u object_r a_t ((s0) (s0))))")));
      CHECK(m.problem == LinkProblem::portcon);
      CHECK(m.subject == "tcp 22");
      CHECK(m.places.front() == kLine7);
    }
    SUBCASE("two transitions") {
      const LinkMessage m = only_error(link_one(base, kTypes + "(typetransition init_t etc_t process a_t)\n" +
                                                          at_line_7("(typetransition init_t etc_t process b_t)")));
      CHECK(m.problem == LinkProblem::transition);
      CHECK(m.places == std::vector{kLine7});
    }
    SUBCASE("a context without its role") {
      const LinkMessage m = only_error(
          link_one(base, "(type a_t)\n" + at_line_7("(filecon \"/a\" any (system_u object_r a_t ((s0) (s0))))")));
      CHECK(m.problem == LinkProblem::context);
      CHECK(m.text.find("Type a_t is invalid for role object_r") != std::string::npos);
      CHECK(m.places == std::vector{kLine7});
    }
    SUBCASE("more than a bounding type has") {
      const LinkMessage m =
          only_error(link_one(base, kTypes + "(typebounds a_t b_t)\n" + at_line_7("(allow b_t etc_t (file (read)))")));
      CHECK(m.problem == LinkProblem::bounds);
      CHECK(m.subject == "b_t");
      CHECK(m.rules == std::vector<std::string>{"(allow b_t etc_t (file (read)))"});
      CHECK(m.places == std::vector{kLine7});
    }
    SUBCASE("what is no CIL") {
      const LinkMessage open = only_error(link_one(base, "(type a_t"));
      CHECK(open.problem == LinkProblem::syntax);
      CHECK(open.places == std::vector<LinkPlace>{{"web", 1, false}});
      const LinkMessage keyword = only_error(link_one(base, at_line_7("(frobnicate a_t)")));
      CHECK(keyword.problem == LinkProblem::syntax);
      CHECK(keyword.subject == "frobnicate");
      CHECK(keyword.places == std::vector{kLine7});
      const LinkMessage few = only_error(link_one(base, kTypes + at_line_7("(allow a_t)")));
      CHECK(few.problem == LinkProblem::syntax);
      CHECK(few.places == std::vector{kLine7});
      const LinkMessage nul = only_error(link_one(base, std::string("(type a_t)\0(", 12)));
      CHECK(nul.problem == LinkProblem::syntax);
    }
    SUBCASE("a pattern that is no regular expression") {
      const LinkMessage m =
          only_error(link_one(base, kTypes + at_line_7("(filecon \"/a(\" any (system_u object_r a_t ((s0) (s0))))")));
      CHECK(m.problem == LinkProblem::pattern);
      CHECK(m.subject == "/a(");
      CHECK(m.places == std::vector{kLine7});
    }
  }

  TEST_CASE("an optional block that vanishes is a warning") {
    const LinkResult result =
        link_one(*Base::skeleton(), kTypes + at_line_7("(optional extra (allow a_t nosuch_t (file (read))))"));
    CHECK(result.ok);
    REQUIRE(result.messages.size() == 1);
    CHECK(result.messages[0].problem == LinkProblem::optional_left_out);
    CHECK(result.messages[0].level == LinkMessage::Level::warning);
    CHECK(result.messages[0].subject == "extra");
    CHECK(result.messages[0].places == std::vector{kLine7});
  }

  TEST_CASE("neverallows of the base and of ours hold for rules of ours") {
    for (const Base* base : bases()) {
      CAPTURE(base->description());
      const LinkMessage of_base = only_error(link(*base, {web(at_line_7("(allow web_t shadow_t (file (read)))"))}));
      CHECK(of_base.problem == LinkProblem::neverallow);
      CHECK(of_base.rules == std::vector<std::string>{"(allow web_t shadow_t (file (read)))"});
      REQUIRE(of_base.places.size() == 2);
      CHECK(of_base.places[0] == kLine7);
      CHECK(of_base.places[1].in_base);

      const LinkMessage of_ours =
          only_error(link(*base, {web(at_line_7("(neverallow web_t web_data_t (file (write)))"))}));
      CHECK(of_ours.problem == LinkProblem::neverallow);
      CHECK(of_ours.places == std::vector<LinkPlace>{{"web.macc", 20, false}, kLine7});

      const std::string joins = "(typeattributeset can_read_shadow_passwords (web_t))\n";
      CHECK(link(*base, {web(joins + "(allow web_t shadow_t (file (read)))")}).ok);

      LinkOptions without;
      without.neverallow = false;
      CHECK(link(*base, {web("(allow web_t shadow_t (file (read)))")}, without).ok);
    }
  }

  TEST_CASE("a neverallow among types of the base alone is checked against all of its rules") {
    if (debian() == nullptr) return;
    const LinkResult result = link(*debian(), {{"never", at_line_7("(neverallow sshd_t sshd_key_t (file (read)))")}});
    CHECK(result.whole);
    const LinkMessage m = only_error(result);
    CHECK(m.problem == LinkProblem::neverallow);
    CHECK(m.places.front() == kLine7);
    CHECK(m.places.back() == LinkPlace{"ssh", 0, true});
  }

  TEST_CASE("what is odd in names and texts ends in messages, and nowhere else") {
    const Base& base = *Base::skeleton();
    const LinkResult odd = link(base, {{"ba\nd \"name\" at own-0:3", "(type a_t)\n(allow a_t no-such (file (read)))"}});
    const LinkMessage m = only_error(odd);
    CHECK(m.subject == "no-such");
    REQUIRE(m.places.size() == 1);
    CHECK(m.places[0].file.find('\n') == std::string::npos);
    CHECK(m.places[0].line == 2);
    for (const std::string text :
         {"\"", "(filecon \"/a\nb\" any ())", "((((", ")", ";;* lmx x y\n", ";;* lme\n", "\xff\xfe(",
          "(type \xc3\xa9_t)", "(allow)", "(type)", "(optional)", "(booleanif)", "()"}) {
      CAPTURE(text);
      const LinkResult result = link_one(base, text);
      CHECK((result.ok || !result.messages.empty()));
      for (const LinkMessage& message : result.messages) CHECK(message.text.find('\n') == std::string::npos);
    }
    const std::string deep(5000, '(');
    CHECK_FALSE(link_one(base, deep + std::string(5000, ')')).ok);
  }

  TEST_CASE("a crash, an exit or an endless loop of the linker is a result") {
    using Status = ChildResult::Status;
    const std::chrono::seconds limit{20};
    CHECK(run_in_child([] { return std::string("done"); }, limit).output == "done");
    CHECK(run_in_child([] { return std::string(1 << 20, 'x'); }, limit).output.size() == 1 << 20);
    CHECK(run_in_child([]() -> std::string { std::abort(); }, limit).status == Status::crashed);
    CHECK(run_in_child([]() -> std::string { _exit(1); }, limit).status == Status::exited);
    CHECK(run_in_child([]() -> std::string { throw std::bad_alloc(); }, limit).status == Status::exited);
    const auto forever = []() -> std::string {
      for (;;) pause();
    };
    CHECK(run_in_child(forever, std::chrono::seconds(1)).status == Status::timed_out);
  }

  TEST_CASE("every type of the standard library is in the skeleton, and in the Debian policy") {
    const std::set<std::string> types = types_of_standard_library();
    CHECK(types.size() > 100);
    for (const Base* base : bases()) {
      for (const std::string& type : types) {
        CAPTURE(base->description());
        CAPTURE(type);
        CHECK(base->has_type(type));
      }
    }
  }

  TEST_CASE("names of the skeleton stand for the same in the Debian policy") {
    if (debian() == nullptr) return;
    const Base& skeleton = *Base::skeleton();
    for (const std::string& type : skeleton.types()) {
      CAPTURE(type);
      CHECK(debian()->has_type(type));
      for (const std::string& attribute : skeleton.attributes_of(type)) {
        if (!debian()->has_attribute(attribute)) continue;  // the skeleton's own
        CAPTURE(attribute);
        const auto members = debian()->types_in(attribute);
        CHECK(std::binary_search(members.begin(), members.end(), debian()->canonical_type(type)));
      }
    }
    for (const PortContext& port : skeleton.ports()) {
      if (port.type.ends_with("reserved_port_t")) continue;  // a range for all ports that have no other type
      CAPTURE(port.low);
      CHECK(debian()->port_type(port.protocol, port.low) == port.type);
    }
  }

  TEST_CASE("what a base knows") {
    const Base& base = *Base::skeleton();
    CHECK(base.is_skeleton());
    CHECK(base.has_type("etc_t"));
    CHECK_FALSE(base.has_type("domain"));
    CHECK(base.has_attribute("domain"));
    CHECK(base.has_role("system_r"));
    CHECK(base.has_user("system_u"));
    CHECK(base.has_permission("file", "entrypoint"));
    CHECK(base.has_permission("file", "read"));
    CHECK_FALSE(base.has_permission("dir", "entrypoint"));
    CHECK(base.port_type("tcp", 22) == "ssh_port_t");
    CHECK(base.port_type("tcp", 40001) == "unreserved_port_t");
    CHECK_FALSE(base.port_type("dccp", 22).has_value());
    CHECK(base.canonical_type("nosuch_t").empty());
    const auto roles = base.roles_of("init_t");
    CHECK(std::count(roles.begin(), roles.end(), "system_r") == 1);
    if (debian() == nullptr) return;
    CHECK_FALSE(debian()->is_skeleton());
    CHECK(debian()->has_module("apache"));
    CHECK(debian()->has_boolean("httpd_enable_cgi"));
    CHECK(debian()->types_in("userdomain").size() == 11);
  }

  TEST_CASE("attributes that are expressions have the members that the linker gives them") {
    if (debian() == nullptr) return;
    LinkOptions whole;
    whole.whole_base = true;
    const LinkResult result = link(*debian(), {}, whole);
    REQUIRE(result.ok);
    const auto policy = CompiledPolicy::read(result.image);
    REQUIRE(policy != nullptr);
    for (const std::string type : {"init_t", "sshd_t", "etc_t", "shadow_t", "http_port_t", "unconfined_t"}) {
      CAPTURE(type);
      CHECK_FALSE(policy->attributes_of(type).empty());
      for (const std::string& attribute : policy->attributes_of(type)) {
        CAPTURE(attribute);
        CHECK(policy->types_in(attribute) == debian()->types_in(attribute));
      }
    }
  }

  TEST_CASE("modules that the system has switched off are no part of the installed base") {
    if (debian() == nullptr) return;
    std::error_code error;
    for (const auto& entry :
         std::filesystem::directory_iterator("/var/lib/selinux/default/active/modules/disabled", error)) {
      CAPTURE(entry.path());
      CHECK_FALSE(debian()->has_module(entry.path().filename().string()));
    }
  }

  TEST_CASE("a part of the base, all of it, and its modules as they are give our types the same access") {
    if (debian() == nullptr) return;
    const CilModule module =
        web("(typeattributeset daemon (web_t)) (typeattributeset nsswitch_domain (web_t))\n"
            "(typeattributeset non_auth_file_type (web_data_t)) (typeattributeset mcs_constrained_type (web_t))\n");
    LinkOptions options;
    const LinkResult part = link(*debian(), {module}, options);
    options.whole_base = true;
    const LinkResult whole = link(*debian(), {module}, options);
    REQUIRE(part.ok);
    REQUIRE(whole.ok);
    CHECK_FALSE(part.whole);
    CHECK(part.file_contexts == whole.file_contexts);

    const auto link_modules = [&module] {
      std::vector<std::string> texts;
      for (const PackageFile& package : packages_in("/usr/share/selinux/default"))
        if (debian()->has_module(package.name)) texts.push_back(read_package(package));
      texts.push_back(module.text);
      std::vector<sepol::Source> sources;
      for (const std::string& text : texts) sources.push_back({"source" + std::to_string(sources.size()), text});
      const sepol::Compiled compiled = sepol::compile(sources, {.neverallow = true, .merge_declarations = true});
      ByteWriter out;
      out.text(compiled.image);
      out.text(compiled.file_contexts);
      return out.take();
    };
    const ChildResult child = run_in_child(link_modules, std::chrono::seconds(200));
    REQUIRE(child.status == ChildResult::Status::finished);
    ByteReader in(child.output);
    const auto full_policy = CompiledPolicy::read(in.text());
    CHECK(in.text() == whole.file_contexts);
    const auto part_policy = CompiledPolicy::read(part.image);
    const auto whole_policy = CompiledPolicy::read(whole.image);
    REQUIRE(full_policy != nullptr);
    REQUIRE(part_policy != nullptr);
    REQUIRE(whole_policy != nullptr);
    CHECK(full_policy->access_of("web_t").size() > 200);
    for (const std::string type : {"web_t", "web_exec_t", "web_data_t"}) {
      CAPTURE(type);
      CHECK((part_policy->access_of(type) == full_policy->access_of(type)));
      CHECK((part_policy->access_to(type) == full_policy->access_to(type)));
    }
    for (const std::string type : {"init_t", "httpd_t", "unconfined_t", "sysadm_t", "etc_t"}) {
      CAPTURE(type);
      CHECK((whole_policy->access_of(type) == full_policy->access_of(type)));
      CHECK((whole_policy->transitions_of(type) == full_policy->transitions_of(type)));
    }
  }

  TEST_CASE("a folder of modules becomes a base, and comes out of the cache the same") {
    const Folder folder, cache;
    const Setting setting("XDG_CACHE_HOME", cache.path.string());
    folder.write("base.cil", skeleton_text());
    folder.write("shop.cil",
                 "(type shop_t) (roletype object_r shop_t) (boolean shop_open true)\n"
                 "(filecon \"/shop\" any (system_u object_r shop_t ((s0) (s0))))\n"
                 "(optional unknown (allow shop_t nosuch_t (file (read))))\n");
    folder.write("till.cil", "(type till_t) (roletype object_r till_t) (allow till_t shop_t (file (read)))\n");
    const auto open = [&] { return Base::from_folder(folder.path.string()); };
    const auto cached = [&] { return std::distance(fs::directory_iterator(cache.path / "macc"), {}); };

    const BaseOrReason fresh = open();
    CAPTURE(fresh.reason);
    REQUIRE(fresh.base != nullptr);
    CHECK(fresh.base->modules() == std::vector<std::string>{"base", "shop", "till"});
    CHECK(fresh.base->has_boolean("shop_open"));
    REQUIRE(cached() == 1);
    const BaseOrReason again = open();
    REQUIRE(again.base != nullptr);
    CHECK(again.base->description() == fresh.base->description());
    CHECK(again.base->file_contexts() == fresh.base->file_contexts());
    CHECK(link(*again.base, {web()}).image == link(*fresh.base, {web()}).image);

    SUBCASE("a damaged cache is not used") {
      const fs::path file = fs::directory_iterator(cache.path / "macc")->path();
      std::string bytes = read_text(file);
      bytes[bytes.size() / 2] ^= 1;
      std::ofstream(file, std::ios::binary) << bytes;
      REQUIRE(open().base != nullptr);
      CHECK(open().base->file_contexts() == fresh.base->file_contexts());
      std::ofstream(file, std::ios::binary) << "short";
      CHECK(open().base != nullptr);
    }
    SUBCASE("a changed module is seen, and its old cache replaced") {
      folder.write("shop.cil", "(type shop_t) (type stall_t)\n");
      REQUIRE(open().base != nullptr);
      CHECK(open().base->has_type("stall_t"));
      CHECK(cached() == 1);
    }
    SUBCASE("a module that nobody needs can be left out") {
      const BaseOrReason less = Base::from_folder(folder.path.string(), {"till"});
      REQUIRE(less.base != nullptr);
      CHECK_FALSE(less.base->has_type("till_t"));
      CHECK_FALSE(less.base->has_module("till"));
      CHECK(less.base->description().find("without till") != std::string::npos);
    }
    SUBCASE("a module that another one needs cannot, and neither can one that is not there") {
      CHECK(Base::from_folder(folder.path.string(), {"shop"}).reason ==
            "the module `shop` cannot be left out: `till` needs its `shop_t`");
      CHECK(Base::from_folder(folder.path.string(), {"stall"}).reason ==
            "the policy has no module `stall`: did you mean `till`?");
    }
    SUBCASE("a cache folder that cannot be written does not matter") {
      const Setting nowhere("XDG_CACHE_HOME", "/proc/nowhere");
      CHECK(open().base != nullptr);
    }
    SUBCASE("what the base breaks itself is not our fault, but what we break is") {
      folder.write("bad.cil", "(allow till_t shadow_t (file (write)))\n");
      const BaseOrReason broken = open();
      CAPTURE(broken.reason);
      REQUIRE(broken.base != nullptr);
      CHECK(link(*broken.base, {web()}).ok);
      const LinkMessage m = only_error(link(*broken.base, {web(at_line_7("(allow web_t shadow_t (file (write)))"))}));
      CHECK(m.rules == std::vector<std::string>{"(allow web_t shadow_t (file (write)))"});
      CHECK(m.places.front() == kLine7);
    }
  }

  TEST_CASE("without a policy there is a reason") {
    CHECK(Base::installed("nosuch-policy").reason == "there is no policy in /usr/share/selinux/nosuch-policy");
    CHECK(Base::installed("../../etc").reason == "`../../etc` is no name of a policy");
    const Folder folder;
    folder.write("base.cil", "(type a_t");
    const BaseOrReason broken = Base::from_folder(folder.path.string(), {}, false);
    CHECK(broken.base == nullptr);
    CHECK_FALSE(broken.reason.empty());
    folder.write("base.pp", "no package");
    CHECK(Base::from_folder(folder.path.string(), {}, false).base == nullptr);
  }

  TEST_CASE("labels are looked up as the system does") {
    const std::string contexts =
        "/.*\tsystem_u:object_r:default_t:s0\n"
        "/usr/lib(/.*)?\tsystem_u:object_r:lib_t:s0\n"
        "/srv/web(/.*)?\tsystem_u:object_r:web_data_t:s0\n"
        "/srv/web/socket\t-s\tsystem_u:object_r:web_socket_t:s0\n"
        "/run/.*\t<<none>>\n"
        "/run/web(/.*)?\tsystem_u:object_r:web_run_t:s0\n"
        "HOME_DIR\t-d\tsystem_u:object_r:user_home_dir_t:s0-s0:c0.c1023\n"
        "HOME_DIR/.+\tsystem_u:object_r:user_home_t:s0\n"
        "HOME_ROOT\t-d\tsystem_u:object_r:home_root_t:s0\n"
        "HOME_ROOT/lost\\+found/.*\t<<none>>\n"
        "/run/user/%{USERID}/bus\t-s\tsystem_u:object_r:bus_t:s0\n";
    const LookupResult found = lookup(contexts, {{"/srv/web/x", ObjectKind::file},
                                                 {"/srv/web/socket", ObjectKind::socket},
                                                 {"/srv/web/socket", ObjectKind::file},
                                                 {"/lib/x86_64-linux-gnu/libc.so.6", ObjectKind::file},
                                                 {"/var/run/web/pid", ObjectKind::file},
                                                 {"/run/other", ObjectKind::file},
                                                 {"/home/mary", ObjectKind::directory},
                                                 {"/home/mary/notes", ObjectKind::file},
                                                 {"/root/.profile", ObjectKind::file},
                                                 {"/home", ObjectKind::directory},
                                                 {"/home/lost+found/x", ObjectKind::file},
                                                 {"/run/user/1000/bus", ObjectKind::socket}});
    CHECK(found.error.empty());
    std::vector<std::string> types;
    for (const FoundContext& context : found.contexts) types.push_back(context ? type_of_context(*context) : "none");
    CHECK(types == std::vector<std::string>{"web_data_t", "web_socket_t", "web_data_t", "lib_t", "web_run_t", "none",
                                            "user_home_dir_t", "user_home_t", "user_home_t", "home_root_t", "none",
                                            "bus_t"});
    CHECK(found.contexts[7] == "unconfined_u:object_r:user_home_t:s0");
  }

  TEST_CASE("labels of a linked policy, and patterns that cannot be matched") {
    for (const Base* base : bases()) {
      CAPTURE(base->description());
      const LinkResult linked = link(*base, {web()});
      const LookupResult found = lookup(linked.file_contexts, {{"/srv/web/a", ObjectKind::file},
                                                               {"/etc/shadow", ObjectKind::file},
                                                               {"/home/joe/.ssh/id", ObjectKind::file}});
      REQUIRE(found.error.empty());
      CHECK(type_of_context(found.contexts[0].value_or("")) == "web_data_t");
      CHECK(type_of_context(found.contexts[1].value_or("")) == "shadow_t");
      CHECK(type_of_context(found.contexts[2].value_or("")) == "ssh_home_t");
    }
    CHECK_FALSE(lookup("/a(\tsystem_u:object_r:a_t:s0\n", {{"/a", ObjectKind::file}}).error.empty());
    const auto bad = bad_patterns({"/good(/.*)?", "/bad(", "/also[bad"});
    REQUIRE(bad.size() == 2);
    CHECK(bad[0].index == 1);
    CHECK(bad[1].index == 2);
    CHECK(type_of_context("no context").empty());
    CHECK(type_of_context("u:r:t_t") == "t_t");
  }

  TEST_CASE("marks give the line of the policy") {
    const LineMarks marks(
        "(a)\n;;* lmx 7 x.macc\n(b)\n(c)\n;;* lmx 9 y.macc\n(d)\n;;* lme\n(e)\n;;* lme\n(f)\n"
        ";;* lms 30 z.macc\n(g)\n(h)\n;;* lme\n");
    const auto line = [&](std::uint32_t number) {
      LinkPlace place;
      return marks.find(number, place) ? place.file + ":" + std::to_string(place.line) : "none";
    };
    CHECK(line(1) == "none");
    CHECK(line(3) == "x.macc:7");
    CHECK(line(4) == "x.macc:7");
    CHECK(line(6) == "y.macc:9");
    CHECK(line(8) == "x.macc:7");
    CHECK(line(10) == "none");
    CHECK(line(13) == "z.macc:31");
  }

  TEST_CASE("bytes come back as they went, or not at all") {
    ByteWriter out;
    out.number(0x0123456789abcdef);
    out.text(std::string_view("a\0b", 3));
    out.texts({"", "x"});
    const std::string bytes = out.take();
    ByteReader in(bytes);
    CHECK(in.number() == 0x0123456789abcdef);
    CHECK(in.text() == std::string("a\0b", 3));
    CHECK(in.texts() == std::vector<std::string>{"", "x"});
    CHECK(in.good());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      ByteReader cut(std::string_view(bytes).substr(0, size));
      (void)cut.number();
      (void)cut.text();
      (void)cut.texts();
      CHECK_FALSE(cut.good());
    }
    CHECK(checksum("abcdefgh1") != checksum("abcdefgh2"));
    CHECK(checksum("") != checksum(std::string_view("\0", 1)));
  }
}
