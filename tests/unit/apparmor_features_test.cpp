// AppArmor targets: what a system mediates, features files, and what an older parser than the target's can be given.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "backends/apparmor/features_tree.h"
#include "backends/apparmor/parser_version.h"
#include "backends/apparmor/ports.h"
#include "backends/apparmor/target.h"
#include "backends/apparmor/writer.h"
#include "tests/support/apparmor_target.h"

using namespace macc;
using namespace macc::test;
namespace aa = macc::backends::apparmor;
using aa::Class;

namespace {

std::string page() {
  std::ifstream in(std::filesystem::path(MACC_SOURCE_DIR) / "docs/apparmor.md");
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A features file of a kernel that has everything.
std::string whole_text() { return aa::abi_features(*aa::find_features("ubuntu24.04")); }

/// What choosing the features of these settings says; the codes of errors, in order.
struct Chosen {
  std::optional<aa::Features> features;
  std::string codes;
};
Chosen choose(const std::map<std::string, std::string>& settings) {
  backends::Target target;
  target.settings = settings;
  Diagnostics diagnostics;
  Chosen out{aa::choose_features(target, diagnostics), ""};
  for (const Diagnostic& d : diagnostics.all()) out.codes += std::string(info(d.code).id) + ' ';
  return out;
}

constexpr const char* kNewRules =
    "module m; boolean b = true;\n"
    "domain d { entry \"/usr/bin/d\"; allow read \"/etc/d.conf\"; allow userns create; if b { allow io_uring; }\n"
    "  allow mqueue \"/dev/mqueue/a\", \"/dev/mqueue/b-*\"; deny mqueue \"/dev/mqueue/b-1\"; }\n"
    "domain plain { entry \"/usr/bin/plain\"; allow read \"/etc/plain.conf\"; }\n";

}  // namespace

TEST_CASE("the page on targets has a row for each system and each class, as the tables say") {
  const std::string text = page();
  for (const aa::Features& f : aa::all_features()) {
    const std::string row = "\n| `" + f.name + "` | " + f.doc + " | " + f.abi + " | " + f.parser + " |\n";
    CHECK_MESSAGE(text.find(row) != std::string::npos, row);
  }
  std::string head = "\n| class |";
  for (const aa::Features& f : aa::all_features()) head += ' ' + f.name + " |";
  CHECK(text.find(head + " feature |\n") != std::string::npos);
  for (const aa::ClassInfo& c : aa::all_classes()) {
    std::string row = "\n| `" + std::string(c.word) + "` |";
    for (const aa::Features& f : aa::all_features()) row += f.mediates(c.id) ? " yes |" : " no |";
    row += " `" + std::string(c.feature) + "` |\n";
    CHECK_MESSAGE(text.find(row) != std::string::npos, row);
  }
}

TEST_CASE("features: what macc writes down for a system says the same when it is read") {
  for (const aa::Features& f : aa::all_features()) {
    CAPTURE(f.name);
    const auto kernel = aa::read_features(aa::kernel_features(f));
    REQUIRE_MESSAGE(kernel.tree, kernel.error);
    CHECK(kernel.tree->classes() == f.kernel);
    const auto abi = aa::read_features(aa::abi_features(f));
    REQUIRE_MESSAGE(abi.tree, abi.error);
    CHECK(abi.tree->classes() == aa::find_abi(f.abi)->classes);
    CHECK(aa::Version::of(f.parser) >= aa::Version::of(aa::find_abi(f.abi)->first_parser));
  }
}

TEST_CASE("features: the files of the distribution are read") {
  for (const char* path : {"/usr/share/apparmor-features/features", "/etc/apparmor.d/abi/3.0"}) {
    const auto found = aa::read_features_at(path);
    REQUIRE_MESSAGE(found.tree, path << ": " << found.error);
  }
  CHECK(aa::read_features_at("/usr/share/apparmor-features/features").tree->classes() ==
        aa::find_features("debian12")->kernel);
  CHECK(aa::read_features_at("/etc/apparmor.d/abi/3.0").tree->classes() == aa::find_abi("3.0")->classes);
}

TEST_CASE("features: a folder like that of the kernel is read as the text that libapparmor makes of it") {
  const ScratchFolder folder;
  folder.write("k/mount/mask", "mount umount pivot_root\n");
  folder.write("k/network/af_unix", "yes\n");
  folder.write("k/network_v8/af_inet", "no\n");
  folder.write("k/namespaces/mask", "userns_create\n");
  folder.write("k/capability", "0xffffff\n");
  folder.write("k/.hidden", "{");
  const auto found = aa::read_features_at(folder.path("k"));
  REQUIRE_MESSAGE(found.tree, found.error);
  CHECK(found.tree->text ==
        "capability {0xffffff\n}\nmount {mask {mount umount pivot_root\n}\n}\nnamespaces {mask {userns_create\n}\n}\n"
        "network {af_unix {yes\n}\n}\nnetwork_v8 {af_inet {no\n}\n}\n");
  CHECK(found.tree->classes() == aa::Classes{Class::mount, Class::unix_sockets, Class::userns});

  folder.write("deep/1/2/3/4/5/6/7/8/9/10", "x");
  CHECK(!aa::read_features_at(folder.path("deep")).tree);
  folder.write("large/a", std::string(aa::kMostFeaturesText, 'a'));
  CHECK(!aa::read_features_at(folder.path("large")).tree);
  CHECK(!aa::read_features_at(folder.path("absent")).tree);
  CHECK(!aa::read_features_at("/dev/null").tree);
}

TEST_CASE("features: a text that is none is refused with its line") {
  const auto error = [](std::string_view text) { return aa::read_features(text).error; };
  CHECK(error("") == "it is empty");
  CHECK(error(" \n") == "it is empty");
  CHECK(error("a {b\n} }") == "line 2: a `}` has no `{` before it");
  CHECK(error("a {\nb {c} ") == "`a` is not closed");
  CHECK(error("a {\n{b}}") == "line 2: a `{` has no name before it");
  CHECK(error("a b {}") == "line 1: `a` stands in no feature");
  CHECK(error("a {}\na {}") == "line 2: `a` is there twice");
  CHECK(error("a {b/c}") == "line 1: a character is none of a features file");
  CHECK(error(std::string("a {b\0c}", 7)) == "line 1: a character is none of a features file");
  CHECK(error("a {\xc3\xa9}") == "line 1: a character is none of a features file");
  CHECK(error("a {a {a {a {a {a {a {a {a {}}}}}}}}}") == "line 1: features are nested too deep");
  CHECK(error("a {" + std::string(65, 'x') + "}") == "line 1: a word is too long");
  CHECK(error(std::string(8192, ' ')) == "it is longer than 8191 bytes");
  CHECK(error("a{b}c{d e}").empty());
}

TEST_CASE("features: libapparmor takes what macc takes") {
  // The real parser compiles a profile with the file, and enforces what macc says that it mediates.
  const ScratchFolder folder;
  const std::string text = whole_text();
  REQUIRE(aa::read_features(text).tree);
  folder.write("apparmor.d/abi/4.0", text);
  const std::string profile =
      folder.write("apparmor.d/p", "abi <abi/4.0>,\nprofile p { unix type=stream, dbus bus=system, }\n");
  const auto result =
      run_process({apparmor_parser(), "--config-file=" + folder.write("parser.conf", ""), "-QKS",
                   "--kernel-features=" + folder.write("features", text), "--base=" + folder.path("apparmor.d"),
                   "--warn=rule-not-enforced", "--Werror=rule-not-enforced", profile},
                  std::chrono::minutes(1));
  CHECK_MESSAGE(result.status == 0, result.err);
}

TEST_CASE("settings: a name says the abi and the parser") {
  CHECK(choose({}).features->name == "debian12");
  CHECK(choose({{"features", "ubuntu24.04"}, {"abi", ""}, {"parser", ""}}).features->abi == "4.0");
  CHECK(choose({{"features", "ubuntu24.04"}, {"abi", "4.0"}, {"parser", "4.0.1"}}).codes.empty());
  CHECK(choose({{"features", "ubuntu24.04"}, {"abi", "3.0"}}).codes == "MACC-E2013 ");
  CHECK(choose({{"features", "debian12"}, {"parser", "4.0"}}).codes == "MACC-E2013 ");
}

TEST_CASE("settings: a features file needs to be told the abi and the parser") {
  const ScratchFolder folder;
  const std::string file = folder.write("site.features", whole_text());
  const auto plain = choose({{"features", file}});
  REQUIRE(plain.features);
  CHECK(plain.features->name == "site.features");
  CHECK(plain.features->abi == "3.0");
  CHECK(plain.features->parser == "3.0");
  CHECK(plain.features->mediates(Class::dbus));
  CHECK(!plain.features->mediates(Class::userns));  // abi 3.0 does not know it
  CHECK(plain.features->doc.find(folder.path()) == std::string::npos);
  CHECK(aa::kernel_features(*plain.features) == whole_text());

  const auto four = choose({{"features", file}, {"abi", "4.0"}});
  CHECK(four.features->parser == "4.0");
  for (const aa::ClassInfo& c : aa::all_classes()) CHECK(four.features->mediates(c.id));

  CHECK(choose({{"features", file}, {"abi", "4.0"}, {"parser", "3.1.7"}}).codes == "MACC-E2013 ");
  CHECK(choose({{"features", file}, {"parser", "4.0.1-rc"}}).codes == "MACC-E2013 ");
  CHECK(choose({{"features", file + ".not"}}).codes == "MACC-E2015 ");
  CHECK(choose({{"features", folder.write("old", "file {mask {read}} caps {mask {chown}}")}}).codes == "MACC-E2015 ");
}

TEST_CASE("settings: the running kernel says itself what it mediates, or the build says that it does not") {
  const auto chosen = choose({{"features", "running"}});
  if (std::filesystem::exists(aa::kRunningFeatures)) {
    CHECK(chosen.features.has_value() == chosen.codes.empty());
  } else {
    CHECK(chosen.codes == "MACC-E2014 ");
  }
}

TEST_CASE("the report says of every class whether the target mediates it") {
  const ScratchFolder folder;
  const auto features = choose({{"features", folder.write("f", whole_text())}}).features;
  REQUIRE(features);
  const auto all = aa::mediation_of(*features);
  REQUIRE(all.size() > aa::all_classes().size());
  for (std::size_t i = 0; i < aa::all_classes().size(); ++i) {
    CHECK(all[i].what == aa::all_classes()[i].word);
    CHECK(all[i].mediated == features->mediates(aa::all_classes()[i].id));
    CHECK(!all[i].text.empty());
  }
  // What AppArmor never asks about, rule or not (seen in a kernel) is in the report of every target.
  const auto watch = std::find_if(all.begin(), all.end(), [](const auto& m) { return m.what == "watch"; });
  REQUIRE(watch != all.end());
  CHECK(!watch->mediated);
  CHECK(!watch->varies);
  CHECK(all[static_cast<std::size_t>(Class::userns)].text ==
        "creating user namespaces is open to all; the kernel would ask, but abi 3.0 does not know it");
}

TEST_CASE("versions of the parser are read and compared by their numbers") {
  using aa::Version;
  CHECK(Version::of("3.0.8") == Version{3, 0, 8});
  CHECK(Version::of("4.1") == Version{4, 1, 0});
  CHECK(*Version::of("3.0.10") > *Version::of("3.0.8"));
  CHECK(*Version::of("4.0") > *Version::of("3.99.99"));
  for (const char* text : {"", ".", "3.", "3..1", "3.0.8.1", " 3", "3 ", "99999", "three", "3.0-1"})
    CHECK(!Version::of(text));
  CHECK(Version::at_start_of("4.1.0~beta5") == Version{4, 1, 0});
  CHECK(Version::at_start_of("4.0.1really4.0.1") == Version{4, 0, 1});
  CHECK(!Version::at_start_of("unknown"));
}

TEST_CASE("newer rules are written where the target has them, and said where it has not") {
  const ApparmorTarget debian(kNewRules), ubuntu(kNewRules, "ubuntu24.04"), suse(kNewRules, "opensuse");
  for (const char* topic : {"userns-create", "mqueue", "io-uring"}) CHECK(debian.topic(topic));
  const std::string old = debian.artifact("apparmor.d/d");
  for (const char* word : {"userns", "mqueue (", "io_uring ("})
    CHECK(old.find(std::string("\n  ") + word) == std::string::npos);

  const std::string text = ubuntu.artifact("apparmor.d/d");
  CHECK(text.find("\nabi <abi/4.0>,\n") != std::string::npos);
  CHECK(text.find("\n  userns create,  #") != std::string::npos);
  CHECK(text.find("\n  io_uring (override_creds, sqpoll),  #") != std::string::npos);
  CHECK(text.find("\n  mqueue (create, open, read, write, delete, getattr, setattr) \"/a\",") != std::string::npos);
  CHECK(text.find("\n  deny mqueue (create, open, read, write, delete, getattr, setattr) \"/b-1\",") !=
        std::string::npos);
  for (const char* topic : {"userns-create", "mqueue", "io-uring"}) CHECK(!ubuntu.topic(topic));
  CHECK(ubuntu.topic("io-uring-rings"));
  CHECK(suse.topic("mqueue"));
  CHECK(!suse.topic("userns-create"));
}

TEST_CASE("names of message queues are quoted, and lie below the folder of the queues") {
  const auto queues = [](const std::string& paths) {
    const ApparmorTarget t("module m; domain d { entry \"/usr/bin/d\"; allow mqueue " + paths + "; }", "ubuntu24.04");
    std::vector<std::string> out;
    std::istringstream in(t.artifact("apparmor.d/d"));
    for (std::string line; std::getline(in, line);) {
      const std::size_t name = line.find(") \"");
      if (line.starts_with("  mqueue")) out.push_back(line.substr(name + 2, line.find("\",") - name - 1));
    }
    return out;
  };
  CHECK(queues("\"/dev/mqueue/a b\"") == std::vector<std::string>{"\"/a b\""});
  CHECK(queues("\"/dev/mqueue/x\\\\\"") == std::vector<std::string>{"\"/x\\134\""});
  CHECK(queues("\"/dev/mqueue/**\"") == std::vector<std::string>{"\"/*\""});
  CHECK(queues("\"/**\"") == std::vector<std::string>{"\"/*\""});
  CHECK(queues("\"/dev/*/q\"") == std::vector<std::string>{"\"/q\""});
  CHECK(queues("\"/dev/mqueue/{a,b}\"").size() >= 1);
  CHECK(queues("\"/dev/mqueue/*\" except \"/dev/mqueue/no\"").size() >= 1);
}

TEST_CASE("where the installed parser is too old for a target, what it can read is compiled") {
  const std::string installed = run_process({apparmor_parser(), "--version"}, std::chrono::seconds(60)).out;
  const ApparmorTarget target(kNewRules, "ubuntu24.04");
  Diagnostics found;
  const auto verify = [&](const backends::Lowered& lowered) {
    found = {};
    return backends::apparmor_backend().verify(target.input(), lowered, found);
  };
  using Status = backends::Verification::Status;
  if (installed.find("version 3.") == std::string::npos) {
    CHECK(verify(target.lowered).status == Status::passed);
    return;
  }
  const auto as_written = verify(target.lowered);
  CHECK(as_written.status == Status::not_checked);
  CHECK(!found.has_errors());
  CHECK(as_written.reason.find("rules of `io_uring`, `mqueue`, `userns`") != std::string::npos);
  CHECK(as_written.reason.find("4.0.1") != std::string::npos);

  // A profile with such rules has to be what was written, byte for byte.
  const auto changed = [&](const std::string& path, const std::string& from, const std::string& to) {
    backends::Lowered lowered = target.lowered;
    for (backends::Artifact& a : lowered.artifacts) {
      const std::size_t at = a.path == path ? a.content.find(from) : std::string::npos;
      if (at != std::string::npos) a.content.replace(at, from.size(), to);
    }
    const auto status = verify(lowered).status;
    std::string code = found.all().empty() ? "" : std::string(info(found.all().front().code).id);
    return std::pair(status, code);
  };
  const std::pair refused(Status::failed, std::string("MACC-E2017"));
  CHECK(changed("apparmor.d/d", "  userns create,", "  userns,") == refused);
  CHECK(changed("apparmor.d/d", "deny mqueue", "mqueue") == refused);
  CHECK(changed("apparmor.d/d", "/etc/d.conf", "/etc/shadow") == refused);
  CHECK(changed("apparmor.d/d", "abi <abi/4.0>,", "") == refused);
  // One without them is compiled as it is.
  CHECK(changed("apparmor.d/plain", "/etc/plain.conf\" r", "/etc/plain.conf\" z") ==
        std::pair(Status::failed, std::string("MACC-E2008")));
  CHECK(changed("apparmor.d/plain", "}\n", "  userns,\n}\n") == std::pair(Status::failed, std::string("MACC-E2008")));

  const ApparmorTarget plain(
      "module m; domain d { entry \"/usr/bin/d\"; allow read \"/etc/x\"; allow dbus own \"a.b\" on system; }",
      "ubuntu24.04");
  found = {};
  CHECK(backends::apparmor_backend().verify(plain.input(), plain.lowered, found).status == Status::passed);
}

TEST_CASE("ports: what denies leave of an allow, and when") {
  using aa::Guard;
  const auto b = Guard::when(static_cast<ir::BooleanId>(0), true);
  const auto ranges = [](const std::vector<std::pair<Guard, ir::PortRange>>& list) {
    std::string out;
    for (const auto& [guard, range] : list) {
      out += std::to_string(range.first) + "-" + std::to_string(range.last);
      out += guard.is_always() ? " " : guard == !Guard::when(static_cast<ir::BooleanId>(0), true) ? "! " : "? ";
    }
    return out;
  };
  CHECK(ranges(aa::remaining_ports({Guard::always(), {{10, 20}}}, {})) == "10-20 ");
  CHECK(ranges(aa::remaining_ports({Guard::always(), {{10, 20}}}, {{Guard::always(), {{12, 12}, {20, 30}}}})) ==
        "10-11 13-19 ");
  CHECK(ranges(aa::remaining_ports({Guard::always(), {{10, 20}}}, {{b, {{0, 10}}}})) == "10-10! 11-20 ");
  CHECK(ranges(aa::remaining_ports({b, {{0, 65535}}}, {{b, {{0, 65535}}}})).empty());
  CHECK(ranges(aa::remaining_ports({Guard::always(), {{0, 65535}}}, {{Guard::always(), {{65535, 65535}}}})) ==
        "0-65534 ");
}

TEST_CASE("ports are named where the features announce them, and never believed") {
  const ScratchFolder folder;
  const std::string file = folder.write("f.features", whole_text());
  const auto built = [&](const std::string& statements) {
    return ApparmorTarget("module m; boolean b = true;\ndomain d { entry \"/usr/bin/d\"; " + statements + " }", file,
                          false, {{"abi", "4.0"}});
  };
  const auto web =
      built("allow listen tcp 80, 8000-8010; allow connect tcp 5432; allow connect udp any; deny listen tcp 8005;");
  const std::string text = web.artifact("apparmor.d/d");
  const auto has = [](const std::string& in, const std::string& rule) {
    return in.find("\n  " + rule + ",  #") != std::string::npos;
  };
  CHECK(has(text, "network (create, getattr, setattr, getopt, setopt, shutdown) inet stream"));
  CHECK(has(text, "network (bind, listen, accept, send, receive) inet stream port=80"));
  CHECK(has(text, "network (bind, listen, accept, send, receive) inet6 stream port=8000-8004"));
  CHECK(has(text, "network (bind, listen, accept, send, receive) inet stream port=8006-8010"));
  CHECK(has(text, "network (connect, send, receive) inet stream peer=(port=5432)"));
  CHECK(has(text, "network (connect, send, receive) inet dgram"));
  CHECK(!has(text, "network inet stream"));
  CHECK(web.topics() == std::vector<std::string>{"always-there", "network-ports-announced"});

  // Somebody else opens the sockets: the ports hold nothing.
  const auto both = built("allow listen udp 53; deny listen udp 54; allow socket icmp;");
  CHECK(both.topic("network-deny"));
  // A range that would be a rule for each port.
  const auto wide = built("allow listen tcp 1-60000;");
  CHECK(has(wide.artifact("apparmor.d/d"), "network inet stream"));
  CHECK(wide.topics() == std::vector<std::string>{"always-there", "network-ports"});
  // Nothing is allowed: the deny is one of the family.
  CHECK(has(built("deny listen tcp 80;").artifact("apparmor.d/d"), "deny network inet stream"));
}
