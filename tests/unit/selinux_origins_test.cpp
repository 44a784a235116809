// Where the lines of SELinux artifacts come from: each has a reason, and goes with the statements that it names.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "compiler/base/process.h"
#include "tests/support/artifact_origins.h"
#include "tests/support/selinux_target.h"

using namespace macc;
using namespace macc::backends;
using macc::test::lines_of;
using macc::test::SelinuxTarget;

namespace {

/// What each format has words for.
constexpr const char* kPolicy =
    "macc 1;\n"                                                                                 // 1
    "module m;\n"                                                                               // 2
    "boolean mail = false; /// Is mail sent?\n"                                                 // 3
    "public domain d {\n"                                                                       // 4
    "  entry \"/usr/lib/d/d\";\n"                                                               // 5
    "  entry \"/usr/lib/d/u\" from unit \"d.service\";\n"                                       // 6
    "  public read resource data : state { \"/var/lib/d/**\" except \"/var/lib/d/old/**\" }\n"  // 7
    "  allow read data;\n"                                                                      // 8
    "  allow list, write data;\n"                                                               // 9
    "  deny write \"/var/lib/d/keys/**\";\n"                                                    // 10
    "  if mail { allow connect tcp 8025; }\n"                                                   // 11
    "  allow listen tcp 8020-8030;\n"                                                           // 12
    "  allow read \"/etc/shadow\";\n"                                                           // 13
    "  never write \"/etc/**\";\n"                                                              // 14
    "  exec \"/usr/lib/d/tool\" to tool;\n"                                                     // 15
    "  mode complain;\n"                                                                        // 16
    "  allow signal term to tool;\n"                                                            // 17
    "}\n"                                                                                       // 18
    "domain tool {\n"                                                                           // 19
    "  level \"s0:c1\";\n"                                                                      // 20
    "  resource made : state { \"/var/lib/tool/**\" }\n"                                        // 21
    "  allow create, write made;\n"                                                             // 22
    "}\n";

std::optional<std::string> text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// nullptr for a policy with errors.
std::unique_ptr<SelinuxTarget> lowered(const std::string& text, const std::string& format = "cil") {
  auto built = std::make_unique<SelinuxTarget>();
  built->analyzed = test::analyze(text, {}, true);
  if (built->analyzed->diagnostics.has_errors()) return nullptr;
  built->meaning = std::make_unique<ir::Meaning>(built->analyzed->policy);
  built->target.name = "t";
  built->target.backend = "selinux";
  built->target.settings = {{"base", "skeleton"}, {"format", format}};
  built->lowered = selinux_backend().lower(built->input(), built->diagnostics);
  return built->diagnostics.has_errors() ? nullptr : std::move(built);
}

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t") == std::string::npos; }

/// Lines of an artifact about which nothing is said, and what is said wrongly.
std::string complaints(const Artifact& artifact) {
  std::string out;
  const auto lines = lines_of(artifact.content);
  std::set<std::uint32_t> known;
  std::uint32_t before = 0;
  for (const ArtifactOrigin& origin : artifact.origins) {
    if (origin.line <= before || origin.line >= lines.size())
      out += fmt::format("line {} is out of order\n", origin.line);
    if (origin.reason.empty()) out += "no reason: " + lines.at(origin.line) + "\n";
    if (!std::is_sorted(origin.places.begin(), origin.places.end())) out += "places are not sorted\n";
    before = origin.line;
    known.insert(origin.line);
  }
  for (std::uint32_t i = 1; i < lines.size(); ++i)
    if (known.contains(i) == is_blank(lines[i])) out += fmt::format("{}: {}\n", i, lines[i]);
  return out;
}

/// Of all artifacts but those that are no text.
void check_every_line(const SelinuxTarget& target) {
  for (const Artifact& artifact : target.lowered.artifacts) {
    if (artifact.path.ends_with(".pp")) continue;
    CAPTURE(artifact.path);
    CHECK(complaints(artifact) == "");
  }
}

std::string origin_of(const SelinuxTarget& target, const std::string& path, const std::string& text) {
  return test::origin_of(target.lowered, target.analyzed->sources, path, text);
}

std::vector<std::filesystem::path> policies() {
  std::vector<std::filesystem::path> list;
  for (const char* folder : {"/examples", "/tests/cases/targets"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(MACC_SOURCE_DIR) + folder))
      if (entry.path().extension() == ".macc") list.push_back(entry.path());
  std::sort(list.begin(), list.end());
  return list;
}

}  // namespace

TEST_CASE("every line of every artifact says where it comes from") {
  for (const char* format : {"cil", "te", "pp"}) {
    if (std::string(format) == "pp" && find_program("checkmodule").empty()) continue;
    CAPTURE(format);
    const auto target = lowered(kPolicy, format);
    REQUIRE(target);
    check_every_line(*target);
  }
}

TEST_CASE("every line of the examples and of the cases for targets says where it comes from") {
  int built = 0;
  for (const auto& path : policies()) {
    CAPTURE(path.string());
    for (const char* format : {"cil", "te"})
      if (const auto target = lowered(*text_of(path), format)) {
        check_every_line(*target);
        ++built;
      }
  }
  CHECK(built > 40);
}

TEST_CASE("lines of CIL lead to the statements and the baselines that they come from") {
  const auto target = lowered(kPolicy);
  REQUIRE(target);
  const auto origin = [&](const std::string& text) { return origin_of(*target, "m.cil", text); };
  CHECK(origin("; SELinux policy module of m") == "every file: what it is |");
  CHECK(origin("; rules") == "every file: a title of what follows |");
  CHECK(origin("(type d_t)") == "domain m.d | 4");
  CHECK(origin("(type d_data_t)") == "resource m.d.data | 7");
  CHECK(origin("(type d_data_keys_t)") == "resource m.d.data (/var/lib/d/keys/**) | 7 10");
  CHECK(origin("(type d_exec_t)") == "the executable of domain m.d | 5");
  CHECK(origin("(roletype object_r d_data_t)") == "resource m.d.data: the role that every type has in labels | 7");
  CHECK(origin("(roletype system_r d_t)") ==
        "a role that it runs in: entry \"/usr/lib/d/d\" [entry: the program is executed and the domain entered]; "
        "entry \"/usr/lib/d/u\" [entry] | 5 6");
  CHECK(origin("(typeattributeset can_read_shadow_passwords") ==
        "the system's policy guards this by the attribute: allow read \"/etc/shadow\" | 13");
  CHECK(origin("; Is mail sent?") == "boolean mail | 3");
  CHECK(origin("(boolean mail") == "boolean mail | 3");
  CHECK(origin("(allow d_t d_data_t (file (") == "allow read data; allow list, write data | 8 9");
  CHECK(origin("(allow d_t var_lib_t (dir (getattr search)))") ==
        "allow read data [search-above: search in the directories above the paths]; allow list, write data "
        "[search-above] | 8 9");
  CHECK(origin("(booleanif mail (true (allow d_t tcp_8025_port_t") == "allow connect tcp 8025 | 11");
  CHECK(origin("(dontaudit d_t d_data_t (file (ioctl)))").starts_with("allow read data [terminal-question: "));
  CHECK(origin("(typeattribute macc_never_d_t_1)") ==
        "the types that a promise is about: never write \"/etc/**\" | 14");
  CHECK(origin("(typetransition d_t tool_exec_t process tool_t)").ends_with(" | 15"));
  CHECK(origin("(rangetransition d_t tool_exec_t process") ==
        "the level that it runs at: allow exec \"/usr/lib/d/tool\" to tool; entry \"/usr/lib/d/tool\" | 15");
  CHECK(origin("(filecon \"/var/lib/d(/.*)?\"") == "resource m.d.data | 7");
  CHECK(origin("(filecon \"/var/lib/d/keys") ==
        "resource m.d.data (/var/lib/d/keys/**): deny write \"/var/lib/d/keys/**\" | 7 10");
  CHECK(origin("(filecon \"/var/lib/d/old") ==
        "what is left out keeps the label that the system gives it: resource data | 7");
  CHECK(origin_of(*target, "m.fc", "/var/lib/d(/.*)?") == "resource m.d.data | 7");
  CHECK(origin_of(*target, "m_ports.cil", "(portcon tcp 8025 ") ==
        "allow connect tcp 8025; allow listen tcp 8020-8030 | 11 12");
  CHECK(origin_of(*target, "m_ports.cil", "(type tcp_8026_8030_port_t)") ==
        "port tcp 8026-8030: allow listen tcp 8020-8030 | 12");
  CHECK(origin_of(*target, "units/d.service.d/50-selinux.conf", "SELinuxContext=") == "entry from unit d.service | 6");
  CHECK(origin_of(*target, "INSTALL.txt", "semodule -i") == "every build: how it is installed and removed |");
}

TEST_CASE("lines of raw text lead to their places in it") {
  const auto target = lowered(
      "macc 1;\nmodule m;\ndomain d {\n  entry \"/usr/lib/d/d\";\n  resource data : state { \"/var/lib/d/**\" }\n"
      "  raw selinux \"\"\"\n"                       // 6
      "    ; by hand\n"                              // 7
      "\n"                                           // 8
      "    (allow d_t ${data} (file (read)))\n"      // 9
      "    (allow d_t self (capability (chown)))\n"  // 10
      "  \"\"\";\n}\n");
  REQUIRE(target);
  CHECK(origin_of(*target, "m.cil", "; by hand") == "raw selinux | 7");
  CHECK(origin_of(*target, "m.cil", "    (allow d_t d_data_t (file (read)))") == "raw selinux | 9");
  CHECK(origin_of(*target, "m.cil", "    (allow d_t self (capability (chown)))") == "raw selinux | 10");
  check_every_line(*target);
}

TEST_CASE("an abstraction's statements lead to the includes of the domain that the line is about") {
  const auto target = lowered(
      "macc 1;\nmodule m;\n"
      "abstraction port(number: ports) {\n"  // 3
      "  allow listen tcp number;\n"         // 4
      "}\n"
      "domain a {\n  entry \"/usr/lib/d/a\";\n"
      "  include port(28001);\n"  // 8
      "}\n"
      "domain b {\n  entry \"/usr/lib/d/b\";\n"
      "  include port(28002);\n"  // 12
      "}\n");
  REQUIRE(target);
  CHECK(origin_of(*target, "m.cil", "(allow a_t tcp_28001_port_t (tcp_socket (name_bind)))") ==
        "allow listen tcp 28001 | 4 8");
  CHECK(origin_of(*target, "m.cil", "(allow b_t tcp_28002_port_t (tcp_socket (name_bind)))") ==
        "allow listen tcp 28002 | 4 12");
  CHECK(origin_of(*target, "m_ports.cil", "(portcon tcp 28002 ") == "allow listen tcp 28002 | 4 12");
}

TEST_CASE("lines of the module language lead to the statements that they come from") {
  const auto target = lowered(kPolicy, "te");
  REQUIRE(target);
  for (const std::string path : {"m.te", "checkmodule/m.te"}) {
    CAPTURE(path);
    const auto origin = [&](const std::string& text) { return origin_of(*target, path, text); };
    CHECK(origin("allow d_t d_data_t:file ") == "allow read data; allow list, write data | 8 9");
    CHECK(
        origin("if (mail) {") ==
        "allow connect tcp 8025; allow connect tcp 8025 [packets: labelled packets pass the node and the interface] | "
        "11");
    CHECK(origin("type d_data_keys_t") == "resource m.d.data (/var/lib/d/keys/**) | 7 10");
    CHECK(origin("\ttype etc_t;") == "every module: the names of the system's policy that it uses |");
    CHECK(origin("# test.macc:15").ends_with(" | 15"));
  }
  CHECK(origin_of(*target, "m.fc", "/var/lib/d/keys") ==
        "resource m.d.data (/var/lib/d/keys/**): deny write \"/var/lib/d/keys/**\" | 7 10");
  CHECK(origin_of(*target, "m.if", "interface(`m_read_d_data'") ==
        "what is public, as an interface for other modules: Allow read on m.d.data. | 7");
  CHECK(origin_of(*target, "m.if", "allow $1 d_data_t:file") ==
        "what is public, as an interface for other modules: Allow read on m.d.data. | 7");
}

// ---- what is named is what it depends on

namespace {

/// The policy without the statements at these places.
std::string without(std::string text, const std::vector<Span>& places) {
  for (const Span place : places) {
    std::size_t end = std::min<std::size_t>(place.end, text.size());
    const std::size_t next = text.find_first_not_of(" \t\n", end);
    if (next != std::string::npos && text[next] == ';') end = next + 1;
    for (std::size_t i = place.begin; i < end; ++i)
      if (text[i] != '\n') text[i] = ' ';
  }
  return text;
}

struct NamedLine {
  std::string path, line;
};

/// Lines of CIL by what they name in the policy itself.
std::map<std::vector<Span>, std::vector<NamedLine>> by_places(const SelinuxTarget& target, FileId file) {
  std::map<std::vector<Span>, std::vector<NamedLine>> all;
  for (const Artifact& artifact : target.lowered.artifacts) {
    if (!artifact.path.ends_with(".cil")) continue;
    const auto lines = lines_of(artifact.content);
    for (const ArtifactOrigin& origin : artifact.origins) {
      const std::string& line = lines[origin.line];
      // Groups of promises are numbered, so another one takes the name.
      if (line.front() != '(' || line.starts_with("(typeattribute macc_never_")) continue;
      std::vector<Span> places;
      std::copy_if(origin.places.begin(), origin.places.end(), std::back_inserter(places),
                   [&](Span place) { return place.file == file; });
      CAPTURE(line);
      CHECK(!places.empty());
      all[places].push_back({artifact.path, line});
    }
  }
  return all;
}

struct Removals {
  int gone = 0, refused = 0;
};

/// Takes out what lines name and looks whether they are there all the same.
Removals check_removals(const std::string& text) {
  const auto target = lowered(text);
  REQUIRE(target);
  Removals removals;
  for (const auto& [places, lines] : by_places(*target, static_cast<FileId>(1))) {
    const auto rest = lowered(without(text, places));
    if (!rest) {
      removals.refused += static_cast<int>(lines.size());
      continue;
    }
    std::set<NamedLine, decltype([](const NamedLine& a, const NamedLine& b) {
               return std::tie(a.path, a.line) < std::tie(b.path, b.line);
             })>
        there;
    for (const Artifact& artifact : rest->lowered.artifacts)
      for (const std::string& line : lines_of(artifact.content)) there.insert({artifact.path, line});
    for (const NamedLine& named : lines) {
      CAPTURE(named.line);
      CAPTURE(target->analyzed->sources.describe(places.front()));
      CHECK_FALSE(there.contains(named));
      ++removals.gone;
    }
  }
  return removals;
}

}  // namespace

TEST_CASE("without the statements that a line names, it is gone or grants less") {
  const Removals small = check_removals(kPolicy);
  MESSAGE(small.gone << " lines gone, " << small.refused << " of policies that are none without");
  CHECK(small.gone > 100);
  const auto text = text_of(std::string(MACC_SOURCE_DIR) + "/examples/notes/policy/notes.macc");
  REQUIRE(text);
  const Removals removals = check_removals(*text);
  MESSAGE(removals.gone << " lines gone, " << removals.refused << " of policies that are none without");
  CHECK(removals.gone > 200);
}
