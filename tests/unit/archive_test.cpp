// Trees as bytes and back: of the whole standard library and of every policy that lies in the tests.
#include "compiler/syntax/archive.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "compiler/syntax/parse.h"
#include "compiler/syntax/same.h"
#include "stdlib/stdlib.h"

using namespace macc;
using syntax::Places;

namespace {

struct Parsed {
  explicit Parsed(std::string text) {
    size = text.size();
    tree = syntax::parse(sources, sources.add("a.macc", std::move(text)), diagnostics);
  }
  SourceManager sources;
  Diagnostics diagnostics;
  ast::File tree;
  std::size_t size = 0;
};

std::vector<std::string> policies_of_the_tests() {
  std::vector<std::string> out;
  for (const char* folder : {"/tests/cases", "/examples"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(MACC_SOURCE_DIR) + folder)) {
      if (!entry.is_regular_file() || entry.path().extension() != ".macc") continue;
      std::ifstream in(entry.path(), std::ios::binary);
      out.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
  }
  return out;
}

const std::string kPolicy = R"macc(macc 1;
module acme.notes;
import std.http as web;
boolean mail = false; /// May it send mail?
domain notesd {
    entry "/usr/sbin/notesd" from unit "notesd.service";
    @expect("wide", reason = "because")
    if mail and not (web.x or mail) { allow connect tcp 25, 8000-8010; } else { deny connect tcp any; }
    include web.server("a", ["/x", "/y"], 8000);
    raw selinux """(allow a b (c (d)))"
                            "";
}
)macc";

}  // namespace

TEST_CASE("archive: the standard library comes back as it is parsed") {
  for (const std::string& name : stdlib::names()) {
    CAPTURE(name);
    const Parsed parsed{std::string(*stdlib::find(name))};
    CHECK(syntax::same(stdlib::tree(name, parsed.tree.id), parsed.tree, Places::compared));
  }
  CHECK_THROWS_AS((void)stdlib::tree("std.nothing", FileId{1}), std::logic_error);
}

TEST_CASE("archive: every policy of the tests comes back") {
  const std::vector<std::string> policies = policies_of_the_tests();
  CHECK(policies.size() > 300);
  for (const std::string& text : policies) {
    const Parsed parsed(text);
    const auto back = syntax::read_archive(syntax::write_archive(parsed.tree), parsed.tree.id, parsed.size);
    CAPTURE(text);
    REQUIRE(back.has_value());
    CHECK(syntax::same(*back, parsed.tree, Places::compared));
  }
}

TEST_CASE("archive: the file's number is the reader's") {
  const Parsed parsed(kPolicy);
  const auto back = syntax::read_archive(syntax::write_archive(parsed.tree), FileId{7}, parsed.size);
  REQUIRE(back.has_value());
  CHECK(back->id == FileId{7});
  CHECK(back->module->span.file == FileId{7});
  CHECK(syntax::same(*back, parsed.tree, Places::ignored));
  CHECK_FALSE(syntax::same(*back, parsed.tree, Places::compared));
}

TEST_CASE("archive: damaged bytes are refused, or are another tree, and do no harm") {
  const Parsed parsed(kPolicy);
  const std::string good = syntax::write_archive(parsed.tree);
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE(syntax::read_archive(good.substr(0, size), FileId{1}, parsed.size).has_value());
  }
  CHECK_FALSE(syntax::read_archive(good + '\0', FileId{1}, parsed.size).has_value());
  CHECK_FALSE(syntax::read_archive(good, FileId{1}, parsed.size - 10).has_value());
  std::mt19937 dice(1);  // NOLINT(cert-msc51-cpp): the same bytes each time
  for (int i = 0; i < 20000; ++i) {
    std::string bad = good;
    for (int n = 0; n < 3; ++n) bad[dice() % bad.size()] = static_cast<char>(dice());
    (void)syntax::read_archive(bad, FileId{1}, parsed.size);
  }
}

TEST_CASE("archive: deep nesting is refused") {
  // A condition in a condition, and so on: what the parser would not let through.
  ast::Condition condition;
  for (int i = 0; i < 5000; ++i) {
    ast::Condition outer;
    outer.kind = ast::Condition::Kind::negation;
    outer.operands.push_back(std::move(condition));
    condition = std::move(outer);
  }
  ast::File tree;
  ast::TestDecl test;
  test.expectations.emplace_back().when = std::move(condition);
  tree.declarations.emplace_back(std::move(test));
  CHECK_FALSE(syntax::read_archive(syntax::write_archive(tree), FileId{1}, 0).has_value());
}

TEST_CASE("same: what differs is seen") {
  const auto differs = [](const std::string& a, const std::string& b) {
    return !syntax::same(Parsed(a).tree, Parsed(b).tree, Places::ignored);
  };
  const std::string text = "module a;\ndomain d { allow read \"/a\", \"/b\"; }\n";
  CHECK_FALSE(differs(text, "module   a;\n\ndomain d {\n  allow read \"/a\",\n \"/b\"; // words\n}"));
  CHECK(differs(text, "module a;\ndomain d { allow read \"/b\", \"/a\"; }\n"));
  CHECK(differs(text, "module a;\ndomain d { allow read \"/a\"; }\n"));
  CHECK(differs(text, "module a;\ndomain d { allow read \"/a\", b; }\n"));
  CHECK(differs(text, "module a;\ndomain d { audit allow read \"/a\", \"/b\"; }\n"));
  CHECK(differs(text, "module a;\npublic domain d { allow read \"/a\", \"/b\"; }\n"));
  CHECK(differs(text, "module a;\n/// Says something.\ndomain d { allow read \"/a\", \"/b\"; }\n"));
}
