// The form of sources: its rules one by one, what stays as it was, and hostile input.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <string>

#include "compiler/syntax/format.h"
#include "tests/support/tree_text.h"

using namespace macc;

namespace {

struct Formatted {
  SourceManager sources;
  Diagnostics diagnostics;
  FileId file;
  std::optional<std::string> text;

  explicit Formatted(std::string source, const syntax::Limits& limits = {})
      : file(sources.add("t.macc", std::move(source))), text(syntax::format(sources, file, diagnostics, limits)) {}

  [[nodiscard]] std::string tree() {
    Diagnostics ignored;
    return tree_text::show(syntax::parse(sources, file, ignored));
  }
};

/// The formatted text, which must have the same tree and be its own form.
std::string form(const std::string& source) {
  Formatted once(source);
  for (const Diagnostic& d : once.diagnostics.all()) FAIL_CHECK(info(d.code).id << " " << d.message << "\n" << source);
  REQUIRE(once.text.has_value());
  Formatted twice(*once.text);
  REQUIRE(twice.text.has_value());
  CHECK(*twice.text == *once.text);
  CHECK(twice.tree() == once.tree());
  return *once.text;
}

/// The same for statements of a domain, without the domain around them.
std::string in_domain(const std::string& statements) {
  const std::string head = "domain d {\n";
  const std::string text = form(head + statements + "}\n");
  REQUIRE(text.starts_with(head));
  REQUIRE(text.ends_with("}\n"));
  return text.substr(head.size(), text.size() - head.size() - 2);
}

const std::string path90 = '"' + ("/" + std::string(88, 'p')) + '"';

}  // namespace

TEST_CASE("format: spaces between words") {
  CHECK(form("macc   1 ;module a . b;import\tstd.log  as l;") == "macc 1;\nmodule a.b;\nimport std.log as l;\n");
  CHECK(in_domain("allow read,list\"/a\",\"/b\"except{\"/a/x\"};") ==
        "    allow read, list \"/a\", \"/b\" except { \"/a/x\" };\n");
  CHECK(in_domain("include f ( \"a\" ,{ 80 , 90 - 91 } );") == "    include f(\"a\", { 80, 90-91 });\n");
  CHECK(in_domain("if not(a and(b or c)){allow bpf;}else{deny bpf;}") ==
        "    if not (a and (b or c)) { allow bpf; } else { deny bpf; }\n");
  CHECK(in_domain("@ expect (\"x\",reason=\"y\") allow bpf;") ==
        "    @expect(\"x\", reason = \"y\")\n    allow bpf;\n");
  CHECK(form("abstraction a ( n :text,p: ports ){ }") == "abstraction a(n: text, p: ports) {}\n");
  CHECK(form("let a=1;boolean b=true;") == "let a = 1;\nboolean b = true;\n");
}

TEST_CASE("format: lines, blank lines, and the end of the file") {
  CHECK(form("").empty());
  CHECK(form("\n\n \n").empty());
  CHECK(form("\n\nlet a = 1;\n\n\n\nlet b = 2;   \n\n\n") == "let a = 1;\n\nlet b = 2;\n");
  CHECK(form("domain d {\n\n  allow bpf;\n\n\n  allow perf;\n\n}") ==
        "domain d {\n    allow bpf;\n\n    allow perf;\n}\n");
  CHECK(form("domain d { allow bpf; }") == "domain d { allow bpf; }\n");
  CHECK(form("domain d\n{ allow bpf; allow perf;\n}") == "domain d {\n    allow bpf;\n    allow perf;\n}\n");
  CHECK(in_domain("if a { allow bpf; }\nelse { allow perf; }\n") ==
        "    if a {\n        allow bpf;\n    } else {\n        allow perf;\n    }\n");
  CHECK(form("test \"x\" {\n}") == "test \"x\" {}\n");
}

TEST_CASE("format: carriage returns stay where the first line has one, and a byte order mark stays") {
  CHECK(form("let a = 1;\r\n\r\nlet  b = 2;\n") == "let a = 1;\r\n\r\nlet b = 2;\r\n");
  CHECK(form("let a = 1;\n\r\nlet  b = 2;\r\n") == "let a = 1;\n\nlet b = 2;\n");
  CHECK(form("/* a  \r\n   b */ let a = 1;\r\n") == "/* a\r\n   b */ let a = 1;\r\n");
  CHECK(form("\xEF\xBB\xBFlet  a = 1;") == "\xEF\xBB\xBFlet a = 1;\n");
  CHECK(in_domain("raw selinux \"\"\"a  \r\n b\"\"\";\n") == "    raw selinux \"\"\"a  \r\n b\"\"\";\n");
}

TEST_CASE("format: comments stay where they are said") {
  CHECK(in_domain("  // own line   \n  allow bpf; // behind\n  /* block */ allow perf;\n allow keyring; /* end */\n") ==
        "    // own line\n    allow bpf; // behind\n    /* block */ allow perf;\n    allow keyring; /* end */\n");
  CHECK(in_domain("allow read // why\n\"/a\", /* b */ \"/b\"\n// last\n;\n") ==
        "    allow read // why\n        \"/a\", /* b */ \"/b\"\n        // last\n        ;\n");
  CHECK(in_domain("allow bpf;\n// at the end\n") == "    allow bpf;\n    // at the end\n");
  CHECK(form("let a = 1; /// of a\n/// of b\nlet b = 2;") == "let a = 1; /// of a\n/// of b\nlet b = 2;\n");
  CHECK(form("domain d { // c\n}") == "domain d { // c\n}\n");
  CHECK(in_domain("if a {\nallow bpf;\n} // c\n// d\nelse\n{ allow perf; }\n") ==
        "    if a {\n        allow bpf;\n    } // c\n    // d\n    else {\n        allow perf;\n    }\n");
  // The lines of a block comment move with its first one.
  CHECK(in_domain("  /* a\n   * b\n   */\n  allow bpf;\n") == "    /* a\n     * b\n     */\n    allow bpf;\n");
}

TEST_CASE("format: lines get no longer than 120 columns, and stay broken where they were") {
  CHECK(in_domain("allow read " + path90 + ", " + path90 + ";\n") ==
        "    allow read " + path90 + ",\n        " + path90 + ";\n");
  CHECK(in_domain("allow read \"/a\",\n\"/b\",\n\"/c\";\n") ==
        "    allow read \"/a\",\n        \"/b\",\n        \"/c\";\n");
  CHECK(in_domain("allow read\n\"/a\"\nexcept \"/a/b\"\n;\n") ==
        "    allow read\n        \"/a\"\n        except \"/a/b\";\n");
  // What no longer fits goes on in the next line of the list, and the lines after it stay.
  CHECK(in_domain("allow read " + path90 + ", \"/aaaaaaaaaaaaaaa\",\n\"/b\",\n\"/c\";\n") ==
        "    allow read " + path90 + ",\n        \"/aaaaaaaaaaaaaaa\", \"/b\",\n        \"/c\";\n");
  CHECK(in_domain("resource r : state { " + path90 + ", \"/aaaaaaaaaaaaaaa\" }\n") ==
        "    resource r : state {\n        " + path90 + ", \"/aaaaaaaaaaaaaaa\"\n    }\n");
  CHECK(in_domain("resource r : state { \"/a\",\n\"/b\" except { \"/a/b\" } }\n") ==
        "    resource r : state {\n        \"/a\",\n        \"/b\" except { \"/a/b\" }\n    }\n");
  CHECK(form("domain d { allow read " + path90 + "; allow bpf; }") ==
        "domain d {\n    allow read " + path90 + ";\n    allow bpf;\n}\n");
  CHECK(form("external resource r {\n\"/a\",\n\"/b\";\nselinux type x; by y;\n}\n") ==
        "external resource r {\n    \"/a\",\n    \"/b\";\n    selinux type x; by y;\n}\n");
}

TEST_CASE("format: columns") {
  SUBCASE("that are right stay, also wider ones") {
    const std::string text =
        "    allow read, list         config;\n    allow manage             state;\n    deny  read               "
        "keys;\n";
    CHECK(in_domain(text) == text);
  }
  SUBCASE("that are broken are set right") {
    CHECK(in_domain("allow read   config;\nallow read, list keys;\nallow manage   state;\n") ==
          "    allow read       config;\n    allow read, list keys;\n    allow manage     state;\n");
  }
  SUBCASE("nobody asked for are not made") {
    const std::string text = "    allow read config;\n    allow read, list keys;\n";
    CHECK(in_domain(text) == text);
    CHECK(in_domain("allow   read    config;\n") == "    allow read config;\n");
  }
  SUBCASE("leave out shorter lines with one space") {
    const std::string text = "    allow read, list config;\n    allow read       keys;\n    allow load \"/a\";\n";
    CHECK(in_domain(text) == text);
  }
  SUBCASE("end at blank lines and comments") {
    const std::string text =
        "    allow read       a;\n    allow read, list b;\n    // other\n    allow read, write, list c;\n";
    CHECK(in_domain(text) == text);
  }
  SUBCASE("of words before the objects take all in") {
    CHECK(in_domain("allow read a;\ndeny read a;\ndeny  list a;\n") ==
          "    allow read a;\n    deny  read a;\n    deny  list a;\n");
    CHECK(form("resource a : config { \"/a\" }\nresource bcd  : log { \"/b\" }\n") ==
          "resource a   : config { \"/a\" }\nresource bcd : log { \"/b\" }\n");
  }
  SUBCASE("of comments stay until the code reaches them") {
    const std::string text = "    allow bpf;          // a\n\n    allow read \"/a\";    // b\n";
    CHECK(in_domain(text) == text);
    CHECK(in_domain("allow bpf;   // a\nallow read \"/abc\"; // b\n// c\n") ==
          "    allow bpf;         // a\n    allow read \"/abc\"; // b\n    // c\n");
    CHECK(in_domain("allow bpf;     // a\n               // b\nallow perf;  // c\n") ==
          "    allow bpf;  // a\n                // b\n    allow perf; // c\n");
  }
}

TEST_CASE("format: what has errors is not formatted") {
  for (const char* text : {"domain d {", "allow read;", "let a = \"x;", "\xff", "let a = 1; # c"}) {
    const Formatted broken(text);
    CHECK_FALSE(broken.text.has_value());
    CHECK(broken.diagnostics.has_errors());
  }
}

TEST_CASE("format: the limits hold for what would be written, too") {
  std::string deep;
  for (int i = 0; i < 250; ++i) deep += "if a {";
  for (int i = 0; i < 300; ++i) deep += "allow bpf;";
  for (int i = 0; i < 250; ++i) deep += "}";
  CHECK(Formatted("domain d {" + deep + "}").text.has_value());
  const Formatted wide("domain d {" + deep + "}", {.max_bytes = 100'000});
  CHECK_FALSE(wide.text.has_value());
  REQUIRE(wide.diagnostics.error_count() == 1);
  CHECK(wide.diagnostics.all().front().code == Code::E0003);
}

TEST_CASE("format: time in proportion to the size") {
  const auto seconds = [](const std::string& text) {
    const auto start = std::chrono::steady_clock::now();
    CHECK(Formatted(text).text.has_value());
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const auto repeated = [](const std::string& text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
  };
  // Each of them would take minutes if its cost grew with the square.
  CHECK(seconds("domain d {\n" + repeated("allow read   a;\n", 20'000) + "}\n") < 20);
  CHECK(seconds("domain d { allow read " + repeated("\"/a\",", 20'000) + "\"/b\"; }\n") < 20);
  CHECK(seconds("domain d { allow read\n" + repeated("// c\n", 40'000) + "\"/b\"; }\n") < 20);
  CHECK(seconds("domain d {\n" + repeated("allow bpf;    // c\n              // d\n", 20'000) + "}\n") < 20);
}
