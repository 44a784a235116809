#include <doctest/doctest.h>

#include <algorithm>

#include <sstream>

#include "compiler/project/discovery.h"
#include "compiler/project/loader.h"
#include "compiler/project/modules.h"
#include "compiler/project/project.h"
#include "tests/support/folder.h"

using namespace macc;
using test::Folder;
namespace fs = std::filesystem;

namespace {

/// A backend with settings, which is all that reading a project needs.
class FakeBackend final : public backends::Backend {
 public:
  [[nodiscard]] std::string_view name() const override { return "apparmor"; }
  [[nodiscard]] std::string_view description() const override { return "for tests"; }
  [[nodiscard]] const std::vector<backends::Setting>& settings() const override { return settings_; }
  [[nodiscard]] std::vector<std::string> depends_on(const backends::Target& /*target*/) const override { return {}; }
  [[nodiscard]] backends::Lowered lower(const backends::Input& /*input*/, Diagnostics& /*d*/) const override {
    return {};
  }
  [[nodiscard]] backends::Verification verify(const backends::Input& /*input*/, const backends::Lowered& /*lowered*/,
                                              Diagnostics& /*d*/) const override {
    return {};
  }
  [[nodiscard]] backends::Explanation explain(const backends::Input& /*input*/, const backends::Lowered& /*lowered*/,
                                              const backends::Question& /*question*/) const override {
    return {};
  }

 private:
  std::vector<backends::Setting> settings_ = {
      {"features", "debian12", "what the kernel mediates", {"debian12", "host"}},
      {"prefix", "", "before names of profiles", {}},
      {"names", "", "some names", {}, false, true}};
};

struct Read {
  SourceManager sources;
  Diagnostics diagnostics;
  project::Project project;

  explicit Read(std::string text) {
    static const FakeBackend backend;
    const FileId id = sources.add("macc.toml", std::move(text));
    project = project::read(sources, id, "/p/ledger", {&backend}, diagnostics);
  }
  /// "MACC-E0602@2:1 message", one a line
  [[nodiscard]] std::string said() const {
    std::string out;
    for (const Diagnostic& d : diagnostics.all()) {
      const Position p = sources.position(d.primary.span);
      out += std::string(info(d.code).id) + "@" + std::to_string(p.line) + ":" + std::to_string(p.column) + " " +
             d.message + "\n";
    }
    return out;
  }
};

struct Loading {
  SourceManager sources;
  Diagnostics diagnostics;
  std::istringstream input;
  project::Loader loader;
  explicit Loading(const fs::path& current, std::string in = "")
      : input(std::move(in)), loader(sources, diagnostics, current, input) {}
};

}  // namespace

TEST_CASE("a project file is read whole") {
  const Read r(
      "[project]\nname = \"ledger\"\npolicy = [\"policy\", \"more/x.macc\"]\nsite = \"site\"\nout = \"build\"\n"
      "[target.deb]\nbackend = \"apparmor\"\nfeatures = \"host\"\nfail-on = [\"drifts\", \"wider:file-write\"]\n"
      "accept = [\"signals\"]\nnames = [\"a.b\", \"c\"]\n");
  CHECK(r.said().empty());
  CHECK(r.project.name == "ledger");
  REQUIRE(r.project.policy.size() == 2);
  CHECK(r.project.policy[1].path == "/p/ledger/more/x.macc");
  CHECK(r.project.site->path == "/p/ledger/site");
  CHECK(r.project.out == "/p/ledger/build");
  REQUIRE(r.project.targets.size() == 1);
  const project::Target& t = r.project.targets[0];
  CHECK(t.target.name == "deb");
  CHECK(t.target.settings.at("features") == "host");
  CHECK(t.target.settings.at("prefix").empty());
  CHECK(t.target.settings.at("names") == "a.b c");
  REQUIRE(t.fail_on.size() == 2);
  CHECK(t.fail_on[1].topic == "file-write");
  CHECK(t.accept.at(0).topic == "signals");
}

TEST_CASE("what is left out has defaults") {
  const Read r("");
  CHECK(r.project.name == "ledger");
  CHECK(r.project.policy.at(0).path == "/p/ledger/policy");
  CHECK(r.project.out == "/p/ledger/macc-out");
  CHECK(r.project.targets.at(0).target.name == "apparmor");
  CHECK(r.project.targets.at(0).target.settings.at("features") == "debian12");
  CHECK(Read("[project]\npolicy = \"p\"\n").project.policy.at(0).path == "/p/ledger/p");
}

TEST_CASE("mistakes in a project file are reported at their places") {
  CHECK(Read("[project]\nnmae = \"x\"\n").said() == "MACC-E0602@2:1 unknown key `nmae` in `project`\n");
  CHECK(Read("[projct]\n").said() == "MACC-E0602@1:2 unknown key `projct` in `macc.toml`\n");
  CHECK(Read("project = 3\n").said() == "MACC-E0603@1:11 `project` is a whole number, but a table is needed\n");
  CHECK(Read("[project]\npolicy = [\"a\", 7]\n").said() ==
        "MACC-E0603@2:16 `project.policy` is a whole number, but a text is needed\n");
  CHECK(Read("[project]\npolicy = []\n").said() ==
        "MACC-E0606@2:10 `project.policy` names no folder, so that there is nothing to build\n");
  CHECK(Read("[project]\nout = \"\"\n").said() == "MACC-E0606@2:7 `project.out` is empty, but a path is needed\n");
  CHECK(Read("[target.x]\n").said() == "MACC-E0608@1:9 `target.x` does not say its backend\n");
  CHECK(Read("[target.x]\nbackend = \"aparmor\"\n").said() == "MACC-E0605@2:11 there is no backend `aparmor`\n");
  CHECK(Read("[target.\"../x\"]\nbackend = \"apparmor\"\n").said() ==
        "MACC-E0609@1:9 `../x` is no name for a target\n");
  CHECK(Read("[target.x]\nbackend = \"apparmor\"\nfeatures = \"debian13\"\n").said() ==
        "MACC-E0606@3:12 `target.x.features` can't be `debian13`\n");
  CHECK(Read("[target.x]\nbackend = \"apparmor\"\nnames = [\"a b\", \"\"]\n").said() ==
        "MACC-E0606@3:10 `target.x.names` can't hold `a b`\nMACC-E0606@3:17 `target.x.names` can't hold ``\n");
  CHECK(Read("[target.x]\nbackend = \"apparmor\"\nnames = 3\n").said() ==
        "MACC-E0603@3:9 `target.x.names` is a whole number, but a list of texts is needed\n");
  CHECK(Read("[target.x]\nbackend = \"apparmor\"\nfaetures = \"host\"\n").said() ==
        "MACC-E0602@3:1 unknown key `faetures` in `target.x`\n");
  CHECK(Read("[target.x]\nbackend = \"apparmor\"\nfail-on = [\"widr\"]\n").said() ==
        "MACC-E0606@3:12 `widr` is nothing that `fail-on` knows\n");
  CHECK(Read("[target.x]\nbackend = \"apparmor\"\nfail-on = [\"not-checked:x\"]\n").said() ==
        "MACC-E0606@3:12 `not-checked:x` is nothing that `fail-on` knows\n");
}

TEST_CASE("a suggestion replaces the whole value") {
  const Read r("[target.x]\nbackend = \"aparmor\"\n");
  const Fix& fix = r.diagnostics.all().at(0).fix.value();
  CHECK(r.sources.text(fix.edits.at(0).span) == "\"aparmor\"");
  CHECK(fix.edits.at(0).replacement == "\"apparmor\"");
}

TEST_CASE("text that is no TOML is located") {
  for (const char* text : {"[project\n", "a = \n", "[project]\nname = \"x\n", "[a]\n[a]\n", "\xFF", "a = \"\\q\"\n",
                           "[project]\nname = 1\nname = 2\n"}) {
    const Read r(text);
    REQUIRE(r.diagnostics.all().size() == 1);
    CHECK(r.diagnostics.all()[0].code == Code::E0601);
    CHECK(r.diagnostics.all()[0].primary.span.valid());
  }
  CHECK(Read("# \xE6\x97\xA5\nx = \"\xE6\x97\xA5\" y\n").said().starts_with("MACC-E0601@2:9 "));
}

TEST_CASE("nesting without end in a project file is an error and no crash") {
  const Read r("a = " + std::string(100'000, '['));
  CHECK(r.diagnostics.all().at(0).code == Code::E0601);
}

TEST_CASE("policies are found sorted, once, without hidden folders and loops") {
  const Folder f;
  f.write("policy/b.macc", "");
  f.write("policy/a/z.macc", "");
  f.write("policy/a/readme.txt", "");
  f.write("policy/.git/x.macc", "");
  f.write("policy/site/s.macc", "");
  fs::create_directory_symlink("..", f.path() / "policy/a/loop");
  fs::create_symlink("b.macc", f.path() / "policy/c.macc");
  Loading l(f.path());
  project::Project p;
  p.policy = {{f.path() / "policy", {}}, {f.path() / "policy/a", {}}};
  p.site = project::Location{f.path() / "policy/site", {}};
  std::vector<std::string> names;
  for (const auto& file : project::policy_files(p, l.loader)) {
    names.push_back(l.loader.shown(file.path) + (file.site ? " site" : ""));
  }
  CHECK(names == std::vector<std::string>{"policy/a/z.macc", "policy/b.macc", "policy/site/s.macc site"});
  CHECK(l.diagnostics.all().empty());
}

TEST_CASE("a missing policy folder and a huge one are errors") {
  const Folder f;
  for (int i = 0; i < 20; ++i) f.write("p/" + std::to_string(i) + ".macc", "");
  Loading l(f.path());
  CHECK(project::walk({f.path() / "nope", {}}, l.loader).empty());
  CHECK(project::walk({f.path() / "p", {}}, l.loader, {10, 5}).empty());
  REQUIRE(l.diagnostics.all().size() == 2);
  CHECK(l.diagnostics.all()[0].code == Code::E0604);
  CHECK(l.diagnostics.all()[1].code == Code::E0607);
}

TEST_CASE("files are read once, and only what is a file") {
  const Folder f;
  f.write("a.macc", "x");
  fs::create_symlink("a.macc", f.path() / "b.macc");
  Loading l(f.path(), "from a pipe");
  const auto a = l.loader.load("a.macc");
  REQUIRE(a.has_value());
  CHECK(l.loader.load(f.path() / "b.macc") == a);
  CHECK(l.sources.file(*a).path() == "a.macc");
  const auto in = l.loader.load("-");
  REQUIRE(in.has_value());
  CHECK(l.sources.file(*in).text() == "from a pipe");
  CHECK(l.loader.load("-") == in);
  CHECK_FALSE(l.loader.load(f.path()).has_value());
  CHECK_FALSE(l.loader.load("/dev/zero").has_value());
  CHECK_FALSE(l.loader.load("a.mac").has_value());
  REQUIRE(l.diagnostics.all().size() == 3);
  CHECK(l.diagnostics.all()[2].notes.at(0).text == "there is `a.macc`");
}

TEST_CASE("a file beyond the limit is refused without being read to its end") {
  const Folder f;
  f.write("big.macc", "x");
  fs::resize_file(f.path() / "big.macc", 1ULL << 33U);
  Loading l(f.path());
  CHECK_FALSE(l.loader.load("big.macc").has_value());
  CHECK(l.diagnostics.all().at(0).code == Code::E0003);
}

TEST_CASE("the module statement is found without a parser") {
  using project::declared_module;
  CHECK(declared_module("module a.b;") == "a.b");
  CHECK(declared_module("\xEF\xBB\xBF// c\n/* module x; */ macc 1;\n/// doc\nmodule a . b /**/ ;") == "a.b");
  CHECK_FALSE(declared_module("domain d {}").has_value());
  CHECK_FALSE(declared_module("").has_value());
  CHECK_FALSE(declared_module("module a").has_value());
  CHECK_FALSE(declared_module("macc 1 module a;").has_value());
  CHECK_FALSE(declared_module("/* never closed").has_value());
}

TEST_CASE("modules come from the project first, then from the standard library") {
  const Folder f;
  f.write("a.macc", "module own.a;");
  f.write("b.macc", "module own.b;");
  f.write("c.macc", "module own.b;");
  Loading l(f.path());
  project::Modules modules(l.loader, {f.path() / "a.macc", f.path() / "b.macc", f.path() / "c.macc"});
  const auto a = modules.find("own.a");
  REQUIRE(a.has_value());
  CHECK(l.sources.file(a->file).path() == "a.macc");
  const auto system = modules.find("std.system");
  REQUIRE(system.has_value());
  CHECK(modules.find("std.system")->file == system->file);
  CHECK(system->tree.has_value());
  CHECK(l.sources.file(system->file).path() == "<stdlib>/std/system.macc");
  CHECK_FALSE(modules.find("std.nothing").has_value());
  CHECK(l.diagnostics.all().empty());
  CHECK(modules.find("own.b").has_value());
  CHECK(l.diagnostics.all().at(0).code == Code::E0613);
  const auto known = modules.known();
  CHECK(std::find(known.begin(), known.end(), "own.a") != known.end());
  CHECK(std::find(known.begin(), known.end(), "std.system") != known.end());
}

TEST_CASE("macc.toml is looked for upwards") {
  const Folder f;
  f.write("macc.toml", "");
  f.write("a/b/c.macc", "");
  CHECK(project::find_file(f.path() / "a/b") == f.path() / "macc.toml");
  CHECK(project::find_file(f.path()) == f.path() / "macc.toml");
}

TEST_CASE("loader: a text that an editor holds counts instead of the file") {
  const Folder folder;
  folder.write("a.macc", "module saved;");
  SourceManager sources;
  Diagnostics diagnostics;
  std::istringstream input;
  project::Loader loader(sources, diagnostics, folder.path(), input);
  fs::create_symlink(folder.path() / "a.macc", folder.path() / "link.macc");
  loader.hold(folder.path() / "link.macc", "module typed;");
  loader.hold("new.macc", "module fresh;");
  const auto a = loader.load("a.macc");
  REQUIRE(a);
  CHECK(sources.file(*a).text() == "module typed;");
  CHECK(loader.load("link.macc") == a);
  const auto fresh = loader.load(folder.path() / "x/../new.macc");
  REQUIRE(fresh);
  CHECK(sources.file(*fresh).text() == "module fresh;");
  CHECK(loader.held("other.macc") == nullptr);
  project::Modules modules(loader, {"a.macc", "new.macc"});
  CHECK(modules.find("typed"));
  CHECK(modules.find("fresh"));
  CHECK_FALSE(modules.find("saved"));
  loader.hold("large.macc", std::string(project::kMaxFileBytes + 1, ' '));
  CHECK_FALSE(loader.load("large.macc"));
}
