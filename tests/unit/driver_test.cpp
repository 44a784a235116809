#include <doctest/doctest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "compiler/driver/arguments.h"
#include "compiler/driver/build_report.h"
#include "compiler/driver/limits.h"
#include "compiler/driver/output.h"
#include "compiler/driver/run.h"
#include "compiler/driver/sha256.h"
#include "tests/support/folder.h"

using namespace macc;
using driver::OutputFile;
using test::Folder;
namespace fs = std::filesystem;

namespace {

driver::Outcome macc_in(const fs::path& folder, const std::vector<std::string>& arguments, std::string input = "") {
  std::istringstream in(std::move(input));
  return driver::run(arguments, {.current = folder, .input = in});
}

/// write_files with the codes that it reported.
struct Writing {
  bool done = false;
  std::vector<Code> codes;
};

Writing write(const fs::path& folder, const std::vector<OutputFile>& files) {
  Diagnostics diagnostics;
  Writing out;
  out.done = driver::write_files(
      folder, files, [](const fs::path& p) { return p.string(); }, diagnostics);
  for (const Diagnostic& d : diagnostics.all()) out.codes.push_back(d.code);
  return out;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

const std::string kManifest(driver::kManifestName);

}  // namespace

// ---- checksums ----

TEST_CASE("sha256 of the standard's examples, and around the ends of blocks") {
  CHECK(driver::sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(driver::sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(driver::sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(driver::sha256(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK(driver::sha256(std::string(64, 'a')) == "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

// ---- writing ----

TEST_CASE("files are written together with a manifest, and again without trouble") {
  const Folder f;
  CHECK(write(f.path() / "out", {{"a.txt", "a"}, {"d/b.txt", "b"}}).done);
  CHECK(f.read("out/d/b.txt") == "b");
  CHECK(f.files() == std::set<std::string>{"out/" + kManifest, "out/a.txt", "out/d/b.txt"});
  CHECK(write(f.path() / "out", {{"a.txt", "new"}, {"d/b.txt", "b"}}).done);
  CHECK(f.read("out/a.txt") == "new");
  CHECK(f.files().size() == 3);
}

TEST_CASE("what a build no longer makes is removed, with its empty folder") {
  const Folder f;
  CHECK(write(f.path(), {{"a.txt", "a"}, {"d/e/b.txt", "b"}}).done);
  f.write("mine.txt", "mine");
  CHECK(write(f.path(), {{"a.txt", "a"}}).done);
  CHECK(f.files() == std::set<std::string>{kManifest, "a.txt", "mine.txt"});
  CHECK_FALSE(f.has("d"));
}

TEST_CASE("an old file that was changed by hand stays, with a warning") {
  const Folder f;
  CHECK(write(f.path(), {{"a.txt", "a"}, {"b.txt", "b"}}).done);
  f.write("b.txt", "changed");
  const Writing w = write(f.path(), {{"a.txt", "a"}});
  CHECK(w.done);
  CHECK(w.codes == std::vector<Code>{Code::E9014});
  CHECK(f.read("b.txt") == "changed");
}

TEST_CASE("a file that macc did not write is not overwritten, and nothing else is written then") {
  const Folder f;
  f.write("b.txt", "mine");
  const Writing w = write(f.path(), {{"a.txt", "a"}, {"b.txt", "b"}});
  CHECK_FALSE(w.done);
  CHECK(w.codes == std::vector<Code>{Code::E9012});
  CHECK(f.files() == std::set<std::string>{"b.txt"});
  CHECK(f.read("b.txt") == "mine");
}

TEST_CASE("a symbolic link or a folder in a file's place is in the way") {
  const Folder f;
  f.write("target.txt", "mine");
  fs::create_symlink("target.txt", f.path() / "a.txt");
  CHECK(write(f.path(), {{"a.txt", "a"}}).codes == std::vector<Code>{Code::E9012});
  CHECK(f.read("target.txt") == "mine");
  fs::create_directory(f.path() / "b.txt");
  CHECK(write(f.path(), {{"b.txt", "b"}}).codes == std::vector<Code>{Code::E9012});
}

TEST_CASE("a folder that took the place of a written file is in the way, and keeps what is in it") {
  const Folder f;
  CHECK(write(f.path(), {{"a.txt", "old"}, {"b.txt", "old"}}).done);
  fs::remove(f.path() / "b.txt");
  f.write("b.txt/x", "mine");
  CHECK(write(f.path(), {{"a.txt", "new"}, {"b.txt", "new"}}).codes == std::vector<Code>{Code::E9012});
  CHECK(f.read("a.txt") == "old");
  CHECK(f.has("b.txt/x"));
}

TEST_CASE("a folder that can't be made is an error of the environment") {
  const Folder f;
  f.write("file", "");
  CHECK(write(f.path() / "file/out", {{"a.txt", "a"}}).codes == std::vector<Code>{Code::E9011});
  CHECK(write("/proc/nothing", {{"a.txt", "a"}}).codes == std::vector<Code>{Code::E9011});
  CHECK(write(f.path() / "file", {{"a.txt", "a"}}).codes == std::vector<Code>{Code::E9011});
  CHECK(f.files() == std::set<std::string>{"file"});
}

TEST_CASE("a damaged or hostile manifest removes nothing outside the folder") {
  const Folder f;
  f.write("victim.txt", "v");
  const std::string sum = driver::sha256("v");
  for (const std::string& text :
       {std::string("not json"), std::string("{}"), std::string("[1]"), std::string(R"({"version":1,"files":7})"),
        R"({"version":1,"files":[{"path":"../victim.txt","sha256":")" + sum + R"("},7,{"path":3,"sha256":"x"}]})",
        R"({"version":1,"files":[{"path":")" + (f.path() / "victim.txt").string() + R"(","sha256":")" + sum +
            R"("}]})"}) {
    f.write("out/" + kManifest, text);
    CHECK(write(f.path() / "out", {{"a.txt", "a"}}).done);
    CHECK(f.has("victim.txt"));
  }
}

TEST_CASE("an artifact outside its folder is a broken invariant") {
  const Folder f;
  CHECK_THROWS_AS((void)write(f.path(), {{"../a.txt", "a"}}), std::logic_error);
  CHECK_THROWS_AS((void)write(f.path(), {{"/a.txt", "a"}}), std::logic_error);
}

TEST_CASE("what a killed run left goes, also of files that are not made now; what others left stays") {
  const Folder f;
  f.write("a.txt.macc-tmp", "half");
  f.write("d/e/gone.txt.macc-tmp", "half");
  f.write("d/mine.txt", "mine");
  f.write(kManifest + ".macc-tmp", "half");
  fs::create_symlink("mine.txt", f.path() / "d/link.macc-tmp");
  CHECK(write(f.path(), {{"a.txt", "a"}}).done);
  CHECK(f.files() == std::set<std::string>{kManifest, "a.txt", "d/link.macc-tmp", "d/mine.txt"});
  CHECK(!fs::exists(f.path() / "d/e"));
}

TEST_CASE("two runs at once take turns: what is there is of one of them") {
  const Folder f;
  const auto files = [](int run) {
    std::vector<driver::OutputFile> out;
    for (int i = 0; i < 20; ++i) out.push_back({"d/" + std::to_string(i), std::to_string(run)});
    return out;
  };
  std::vector<std::thread> runs;
  for (int run = 0; run < 8; ++run) {
    runs.emplace_back([&, run] { (void)write(f.path(), files(run)); });
  }
  for (std::thread& run : runs) run.join();
  std::set<std::string> contents;
  for (int i = 0; i < 20; ++i) contents.insert(f.read("d/" + std::to_string(i)));
  CHECK(contents.size() == 1);
  CHECK(f.files().size() == 21);
}

TEST_CASE("create_files makes all or none and overwrites nothing") {
  const Folder f;
  Diagnostics d;
  const auto shown = [](const fs::path& p) { return p.string(); };
  CHECK(driver::create_files(f.path() / "new", {{"a", "1"}, {"d/b", "2"}}, shown, d));
  CHECK(f.read("new/d/b") == "2");
  f.write("other/d/b", "mine");
  CHECK_FALSE(driver::create_files(f.path() / "other", {{"a", "1"}, {"d/b", "2"}}, shown, d));
  CHECK(f.read("other/d/b") == "mine");
  CHECK_FALSE(f.has("other/a"));
}

TEST_CASE("replace_file keeps the mode and the link, and leaves alone what somebody else changed") {
  const Folder f;
  f.write("folder/real", "old");
  fs::permissions(f.path() / "folder/real", fs::perms(0640));
  fs::create_symlink("folder/real", f.path() / "link");
  const auto replaced = [&](const fs::path& path, const std::string& before, const std::string& after) {
    Diagnostics d;
    const bool done = driver::replace_file(
        f.path() / path, before, after, [](const fs::path& p) { return p.string(); }, d);
    CHECK(done == d.all().empty());
    for (const Diagnostic& one : d.all()) CHECK(one.code == Code::E9011);
    return done;
  };
  CHECK(replaced("link", "old", "new"));
  CHECK(f.read("folder/real") == "new");
  CHECK(fs::is_symlink(f.path() / "link"));
  CHECK(fs::status(f.path() / "folder/real").permissions() == fs::perms(0640));
  CHECK_FALSE(replaced("folder/real", "old", "newer"));  // it holds `new`
  CHECK(f.read("folder/real") == "new");
  CHECK_FALSE(replaced("nothing", "old", "new"));
  CHECK_FALSE(replaced("folder", "old", "new"));
  CHECK(f.files() == std::set<std::string>{"folder/real", "link"});
}

// ---- limits ----

namespace {

backends::FidelityEntry entry(backends::Fidelity fidelity, std::string topic) {
  backends::FidelityEntry e;
  e.fidelity = fidelity;
  e.rule = "read config";
  e.topic = std::move(topic);
  return e;
}

std::vector<Code> limits(const project::Target& target, const backends::FidelityReport& report,
                         backends::Verification verification = {}) {
  Diagnostics d;
  driver::check_limits(target, report, verification, d);
  std::vector<Code> codes;
  for (const Diagnostic& x : d.all()) codes.push_back(x.code);
  return codes;
}

}  // namespace

TEST_CASE("fail-on looks at the kind and the topic, accept takes topics out") {
  using backends::Fidelity;
  using Kind = project::Limit::Kind;
  const backends::FidelityReport report{
      {entry(Fidelity::exact, ""), entry(Fidelity::wider, "file-write"), entry(Fidelity::drifts, "move")}, {}};
  project::Target t;
  t.target.name = "t";
  CHECK(limits(t, report).empty());
  t.fail_on = {{Kind::not_enforced, "", {}}};
  CHECK(limits(t, report).empty());
  t.fail_on = {{Kind::wider, "", {}}, {Kind::drifts, "", {}}};
  CHECK(limits(t, report) == std::vector<Code>{Code::E0611, Code::E0611});
  t.accept = {{"file-write", {}}};
  CHECK(limits(t, report) == std::vector<Code>{Code::E0611});
  t.fail_on = {{Kind::wider, "file-wirte", {}}};
  CHECK(limits(t, report) == std::vector<Code>{Code::E0612});
  t.fail_on = {{Kind::not_checked, "", {}}};
  CHECK(limits(t, report) == std::vector<Code>{Code::E0614});
  backends::Verification passed;
  passed.status = backends::Verification::Status::passed;
  CHECK(limits(t, report, passed).empty());
}

// ---- the report of a target ----

TEST_CASE("report.json and the summary say the same") {
  using backends::Fidelity;
  SourceManager sources;
  const FileId file = sources.add("../policy/a.macc", "allow x;\n", "policy/a.macc");
  backends::Lowered lowered;
  lowered.artifacts = {{"a.txt", "abc", "profile of a"}};
  lowered.fidelity.entries = {entry(Fidelity::exact, ""), entry(Fidelity::wider, "file-write")};
  lowered.fidelity.entries[1].span = {file, 6, 7};
  lowered.fidelity.entries[1].what = {"delete"};
  lowered.fidelity.topics = {{"file-write", Fidelity::wider, "w covers delete"}};
  backends::Verification verification;
  verification.reason = "the parser is not installed";
  project::Target target;
  target.target = {"deb", "b", {{"features", "host"}}};
  const driver::TargetResult result{target, lowered, verification};

  const auto j = nlohmann::json::parse(driver::report_json(result, {}, sources));
  CHECK(j["version"] == 1);
  CHECK(j["target"]["settings"]["features"] == "host");
  CHECK(j["verification"]["status"] == "not-checked");
  CHECK(j["summary"]["wider"] == 1);
  CHECK(j["topics"][0]["rules"] == 1);
  CHECK(j["entries"][1]["place"]["file"] == "policy/a.macc");
  CHECK(j["entries"][1]["place"]["column"] == 7);
  CHECK(j["entries"][0]["place"].is_null());
  CHECK(j["artifacts"][0]["sha256"] == driver::sha256("abc"));
  CHECK(driver::report_text(result, "out/deb") ==
        "deb (b)\n"
        "  wrote     out/deb/a.txt: profile of a\n"
        "  checked   NOT CHECKED by the platform's compiler: the parser is not installed\n"
        "  fidelity  2 rules: 1 exact, 1 wider\n"
        "    wider [file-write], 1x: w covers delete\n"
        "  report    out/deb/report.json\n");
  verification = {backends::Verification::Status::passed, "parser 3.0", "features host", ""};
  CHECK(contains(driver::report_text(result, "o"), "  checked   by parser 3.0 with features host: accepted\n"));
}

// ---- the command line ----

TEST_CASE("the command line is parsed by the tables") {
  Diagnostics d;
  const auto a = driver::parse_arguments({"build", "a.macc", "-t", "x", "--target=y", "-", "--no-verify"}, d);
  CHECK_FALSE(d.has_errors());
  CHECK(a.command == driver::Command::build);
  CHECK(a.operands == std::vector<std::string>{"a.macc", "-"});
  CHECK(a.values.at(driver::Option::target) == std::vector<std::string>{"x", "y"});
  CHECK(a.has(driver::Option::no_verify));
  CHECK_FALSE(a.has(driver::Option::out));
}

TEST_CASE("mistakes on the command line say what may have been meant") {
  const Folder f;
  const auto said = [&](const std::vector<std::string>& arguments) {
    const driver::Outcome o = macc_in(f.path(), arguments);
    CHECK(o.exit_code == 2);
    CHECK(o.out.empty());
    return o.err;
  };
  CHECK(contains(said({"biuld"}), "did you mean `macc build`?"));
  CHECK(contains(said({"web.macc"}), "to check a file: `macc check web.macc`"));
  CHECK(contains(said({"check", "--fromat", "json"}), "did you mean `--format`?"));
  CHECK(contains(said({"check", "--out", "x"}), "it is an option of `macc build`"));
  CHECK(contains(said({"check", "--format", "jsno"}), "did you mean `json`?"));
  CHECK(contains(said({"check", "--color=sometimes"}), "`--color` can't be `sometimes`"));
  CHECK(contains(said({"build", "--target"}), "MACC-E0005"));
  CHECK(contains(said({"build", "--emit", "it"}), "`--emit` can't be `it`"));
  CHECK(contains(said({"build", "--out", "-"}), "goes with `--emit ir` only"));
  CHECK(contains(said({"explain", "usge"}), "did you mean `usage`?"));
  CHECK(contains(said({"explain", "usge"}), "error[MACC-E0008]"));
  CHECK(contains(said({"check"}), "error[MACC-E0006]"));
  CHECK(contains(said({"check", "nothing.macc"}), "`nothing.macc` cannot be read"));
  CHECK(contains(said({"check"}), "`macc init`"));
  CHECK(contains(said({"check", ""}), "an empty text is no file name"));
  CHECK(contains(said({"check", "."}), "no policy (*.macc) in `.`"));
  CHECK(contains(said({"--nonsense\x1b[2J"}), "\\x1b[2J"));
}

TEST_CASE("help and version answer on stdout") {
  const Folder f;
  const driver::Outcome help = macc_in(f.path(), {"--help"});
  CHECK(help.exit_code == 0);
  CHECK(contains(help.out, "Exit codes"));
  for (const driver::CommandInfo& row : driver::command_table()) {
    CHECK(contains(help.out, row.doc));
    const driver::Outcome own = macc_in(f.path(), {std::string(row.word), "--help"});
    CHECK(own.exit_code == 0);
    CHECK(contains(own.out, "Usage: macc " + std::string(row.word)));
  }
  CHECK(macc_in(f.path(), {"help"}).out == help.out);
  CHECK(macc_in(f.path(), {}).exit_code == 2);
  CHECK(macc_in(f.path(), {"--version"}).out.starts_with("macc "));
}

TEST_CASE("codes and names of the catalogue are unique") {
  std::set<std::string_view> words;
  for (const DiagnosticInfo& row : diagnostic_catalogue()) {
    CHECK_MESSAGE(words.insert(row.id).second, row.id);
    CHECK_MESSAGE(words.insert(row.name).second, row.name);
  }
}

TEST_CASE("explain knows every code by number and name") {
  const Folder f;
  const driver::Outcome list = macc_in(f.path(), {"explain"});
  CHECK(list.exit_code == 0);
  for (const DiagnosticInfo& row : diagnostic_catalogue()) {
    CHECK(contains(list.out, row.id));
    const driver::Outcome by_code = macc_in(f.path(), {"explain", std::string(row.id.substr(5))});
    CHECK(by_code.exit_code == 0);
    CHECK(contains(by_code.out, row.id));
    CHECK(macc_in(f.path(), {"explain", std::string(row.name)}).out == by_code.out);
  }
}

// ---- check and init ----

namespace {
const std::string kGood = "macc 1;\nmodule a;\ndomain d { entry \"/usr/sbin/d\"; }\n";
}

TEST_CASE("check reads files, folders and standard input") {
  const Folder f;
  f.write("p/a.macc", kGood);
  for (const char* operand : {"p/a.macc", "p", "-"}) {
    const driver::Outcome o = macc_in(f.path(), {"check", operand}, kGood);
    CHECK_MESSAGE(o.exit_code == 0, o.err);
    CHECK(o.out.starts_with("ok: 1 domain, "));
  }
  CHECK(macc_in(f.path(), {"check", "-"}, "domain {").exit_code == 2);
  CHECK(contains(macc_in(f.path(), {"check", "-"}, "domain {").err, "<stdin>:1:"));
}

TEST_CASE("a broken promise and a failed test are exit code 1") {
  const Folder f;
  f.write("a.macc",
          "macc 1;\nmodule a;\ndomain d { entry \"/usr/sbin/d\"; allow read \"/etc/d/x\"; never read \"/etc/d/**\"; }\n"
          "test \"t\" { expect deny d read \"/etc/d/x\"; }\n");
  const driver::Outcome o = macc_in(f.path(), {"check", "a.macc"});
  CHECK_MESSAGE(o.exit_code == 1, o.err);
  CHECK(contains(o.err, "MACC-E0501"));
  CHECK(contains(o.err, "MACC-E0502"));
}

TEST_CASE("json goes to stdout and nothing else does") {
  const Folder f;
  f.write("a.macc", kGood);
  const driver::Outcome good = macc_in(f.path(), {"check", "a.macc", "--format", "json"});
  CHECK(good.err.empty());
  CHECK(nlohmann::json::parse(good.out)["summary"]["exit_code"] == 0);
  const driver::Outcome bad = macc_in(f.path(), {"check", "b.macc", "--format=json"});
  CHECK(bad.err.empty());
  CHECK(nlohmann::json::parse(bad.out)["diagnostics"][0]["code"] == "MACC-E0002");
}

TEST_CASE("colour is for terminals, and --color overrules") {
  const Folder f;
  std::istringstream in;
  const auto colourful = [&](bool terminal, bool no_color, std::vector<std::string> arguments) {
    const driver::Environment e{.current = f.path(), .input = in, .error_is_terminal = terminal, .no_color = no_color};
    return contains(driver::run(arguments, e).err, "\x1b[");
  };
  CHECK(colourful(true, false, {"check"}));
  CHECK_FALSE(colourful(false, false, {"check"}));
  CHECK_FALSE(colourful(true, true, {"check"}));
  CHECK(colourful(false, true, {"check", "--color=always"}));
  CHECK_FALSE(colourful(true, false, {"check", "--color", "never"}));
}

TEST_CASE("fmt: a diff is coloured for a terminal on standard output") {
  const Folder f;
  f.write("a.macc", "module  a;\n");
  std::istringstream in;
  const auto colourful = [&](bool terminal, bool no_color, const std::string& color) {
    const driver::Environment e{.current = f.path(), .input = in, .output_is_terminal = terminal, .no_color = no_color};
    return contains(driver::run({"fmt", "--diff", "--color", color, "a.macc"}, e).out, "\x1b[");
  };
  CHECK(colourful(true, false, "auto"));
  CHECK_FALSE(colourful(true, true, "auto"));
  CHECK_FALSE(colourful(false, false, "auto"));
  CHECK(colourful(false, true, "always"));
  CHECK_FALSE(colourful(true, false, "never"));
}

TEST_CASE("fmt: from standard input to standard output, and nothing where there is an error") {
  const Folder f;
  const driver::Outcome good = macc_in(f.path(), {"fmt", "-"}, "module  a;");
  CHECK(good.exit_code == 0);
  CHECK(good.out == "module a;\n");
  CHECK(good.err.empty());
  const driver::Outcome json = macc_in(f.path(), {"fmt", "--format", "json", "-"}, "module  a;");
  CHECK(json.out == "module a;\n");
  const driver::Outcome bad = macc_in(f.path(), {"fmt", "-"}, "module");
  CHECK(bad.exit_code == 2);
  CHECK(bad.out.empty());
  const driver::Outcome check = macc_in(f.path(), {"fmt", "--check", "-"}, "module  a;");
  CHECK(check.exit_code == 1);
  CHECK(check.out.empty());
}

TEST_CASE("fmt: a file that is in macc's form is not touched") {
  const Folder f;
  f.write("a.macc", "module a;\n");
  struct stat before {};
  struct stat after {};
  REQUIRE(::stat((f.path() / "a.macc").c_str(), &before) == 0);
  CHECK(macc_in(f.path(), {"fmt", "a.macc"}).exit_code == 0);
  REQUIRE(::stat((f.path() / "a.macc").c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
  CHECK(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
}

TEST_CASE("init starts a project that checks clean, and never overwrites") {
  const Folder f;
  const driver::Outcome o = macc_in(f.path(), {"init", "My-Ledger"});
  CHECK(o.exit_code == 0);
  CHECK(f.files() == std::set<std::string>{"My-Ledger/macc.toml", "My-Ledger/policy/my_ledger.macc"});
  const driver::Outcome check = macc_in(f.path() / "My-Ledger", {"check"});
  CHECK_MESSAGE(check.exit_code == 0, check.err);
  CHECK(check.err.empty());
  const driver::Outcome again = macc_in(f.path(), {"init", "My-Ledger"});
  CHECK(again.exit_code == 2);
  CHECK(contains(again.err, "MACC-E0007"));
}

TEST_CASE("the project is found from below, and by --project") {
  const Folder f;
  f.write("macc.toml", "[project]\npolicy = [\"p\"]\n");
  f.write("p/sub/a.macc", kGood);
  CHECK(macc_in(f.path() / "p/sub", {"check"}).exit_code == 0);
  CHECK(macc_in("/", {"check", "--project", f.path().string()}).exit_code == 0);
  CHECK(macc_in("/", {"check", "-p", (f.path() / "macc.toml").string()}).exit_code == 0);
  CHECK(contains(macc_in("/", {"check", "-p", "/nowhere"}).err, "MACC-E0006"));
  CHECK(contains(macc_in(f.path(), {"build", "-t", "nothing"}).err, "error[MACC-E0610]: there is no target `nothing`"));
  f.write("macc.toml", "[project]\npolciy = [\"p\"]\n");
  const driver::Outcome o = macc_in(f.path(), {"check"});
  CHECK(o.exit_code == 2);
  CHECK(contains(o.err, "macc.toml:2:1"));
}

TEST_CASE("a build gives the same bytes wherever macc is started") {
  const Folder f;
  f.write("macc.toml", "[project]\npolicy = [\"p\"]\n");
  f.write("p/sub/a.macc", kGood);
  for (const fs::path& from : {f.path(), f.path() / "p/sub", fs::path("/")}) {
    const driver::Outcome o =
        macc_in(from, {"build", "-p", f.path().string(), "--no-verify", "-o", (f.path() / "o").string()});
    REQUIRE_MESSAGE(o.exit_code == 0, o.err);
    std::string all;
    for (const std::string& file : f.files()) {
      if (file.starts_with("o/")) all += file + f.read(file);
    }
    CHECK_FALSE(contains(all, f.path().string()));
    static std::string first;
    if (first.empty()) first = all;
    CHECK(all == first);
  }
}

TEST_CASE("the meaning is emitted to a file and to stdout") {
  const Folder f;
  f.write("a.macc", kGood);
  const driver::Outcome out = macc_in(f.path(), {"build", "a.macc", "--emit", "ir", "--out", "-"});
  CHECK_MESSAGE(out.exit_code == 0, out.err);
  CHECK(nlohmann::json::parse(out.out)["version"] == 1);
  CHECK(macc_in(f.path(), {"build", "a.macc", "--emit=ir", "-o", "o"}).exit_code == 0);
  CHECK(f.read("o/ir.json") == out.out);
}
