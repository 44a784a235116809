#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "compiler/report/cells.h"
#include "compiler/report/sink.h"

using namespace macc;
using report::Format;

namespace {

/// One file, one list of diagnostics.
struct Bench {
  SourceManager sources;
  FileId file = FileId::none;
  std::vector<Diagnostic> list;

  explicit Bench(std::string text, std::string path = "a.macc") {
    file = sources.add(std::move(path), std::move(text));
  }

  /// The span of the n-th occurrence of `what`.
  [[nodiscard]] Span at(std::string_view what, int n = 1) const {
    std::size_t pos = sources.file(file).text().find(what);
    while (--n > 0) pos = sources.file(file).text().find(what, pos + 1);
    REQUIRE(pos != std::string::npos);
    return {file, static_cast<std::uint32_t>(pos), static_cast<std::uint32_t>(pos + what.size())};
  }
  Diagnostic& error(Span span, std::string message) { return list.emplace_back(Code::E0101, span, std::move(message)); }
  [[nodiscard]] std::string text(report::Style style = {}) const {
    const std::string all = report::make_sink(Format::text, style)->render({sources, list, {}, 0});
    // The hint at the end is the same everywhere.
    return all.substr(0, all.find("\n1 error"));
  }
};

}  // namespace

TEST_CASE("an excerpt shows the line, the range and its label") {
  Bench b("domain d {\n    allow read conifg;\n}\n");
  b.error(b.at("conifg"), "unknown name `conifg`").label("not declared here");
  CHECK(b.text() ==
        "error[MACC-E0101]: unknown name `conifg`\n"
        " --> a.macc:2:16\n"
        "  |\n"
        "2 |     allow read conifg;\n"
        "  |                ^^^^^^ not declared here\n");
}

TEST_CASE("labels of one line are stacked from right to left") {
  Bench b("allow read a, b;\n");
  b.error(b.at("b"), "twice").label("here").also(b.at("read"), "this verb").also(b.at("allow"), "granted");
  CHECK(b.text() ==
        "error[MACC-E0101]: twice\n"
        " --> a.macc:1:15\n"
        "  |\n"
        "1 | allow read a, b;\n"
        "  | ----- ----    ^ here\n"
        "  | |     |\n"
        "  | |     this verb\n"
        "  | granted\n");
}

TEST_CASE("lines far apart are joined by dots, near ones shown whole") {
  Bench b("one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n");
  b.error(b.at("three"), "m").also(b.at("one"), "first").also(b.at("ten"), "last");
  CHECK(b.text() ==
        "error[MACC-E0101]: m\n"
        "  --> a.macc:3:1\n"
        "   |\n"
        " 1 | one\n"
        "   | --- first\n"
        " 2 | two\n"
        " 3 | three\n"
        "   | ^^^^^\n"
        "...\n"
        "10 | ten\n"
        "   | --- last\n");
}

TEST_CASE("a label in another file has its own excerpt, notes and help stand below") {
  Bench b("allow x;\n");
  const FileId other = b.sources.add("b.macc", "deny x;\n");
  Diagnostic& d = b.error(b.at("allow"), "m").also({other, 0, 4}, "denied here");
  d.note("as it comes", {other, 5, 6}).suggest("write `audit`", {{b.at("allow"), "audit"}});
  CHECK(b.text() ==
        "error[MACC-E0101]: m\n"
        " --> a.macc:1:1\n"
        "  |\n"
        "1 | allow x;\n"
        "  | ^^^^^\n"
        " ::: b.macc:1:1\n"
        "  |\n"
        "1 | deny x;\n"
        "  | ---- denied here\n"
        "  = note: as it comes (b.macc:1:6)\n"
        "  = help: write `audit`\n"
        "1 + audit x;\n");
}

TEST_CASE("marks stand beneath tabs, wide and combining characters") {
  Bench b("\tallow \xE6\x97\xA5\xE6\x9C\xAC e\xCC\x81 X;\n");
  b.error(b.at("X"), "m");
  CHECK(b.text() ==
        "error[MACC-E0101]: m\n"
        " --> a.macc:1:14\n"
        "  |\n"
        "1 |     allow \xE6\x97\xA5\xE6\x9C\xAC e\xCC\x81 X;\n"
        "  |                  ^\n");
}

TEST_CASE("nothing in a source, a path or a message steers the terminal") {
  Bench b("allow \x1b[31m \xC2\x9B \xFF \xE2\x80\xAE X;\n", "a\x1b]0;b\n.macc");
  b.error(b.at("X"), "m\x1b[2J\nerror: faked").label("l\x07").note("two\nlines\x1b");
  const std::string text = b.text();
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\x07') == std::string::npos);
  CHECK(text ==
        "error[MACC-E0101]: m\\x1b[2J\\x0aerror: faked\n"
        " --> a\\x1b]0;b\\x0a.macc:1:19\n"
        "  |\n"
        "1 | allow \\x1b[31m \\u{009b} \\xff \\u{202e} X;\n"
        "  |                                       ^ l\\x07\n"
        "  = note: two\n"
        "      lines\\x1b\n");
}

TEST_CASE("long lines are cut around what they are about") {
  Bench b("x \"" + std::string(4000, 'p') + "HERE" + std::string(4000, 'q') + "\";\n");
  b.error(b.at("HERE"), "m").label("this");
  const std::string text = b.text({false, 40});
  CHECK(text ==
        "error[MACC-E0101]: m\n"
        " --> a.macc:1:4004\n"
        "  |\n"
        "1 | ...pppppppppppppHEREqqqqqqqqqqqqqqqqqqqqqqq...\n"
        "  |                 ^^^^ this\n");
}

TEST_CASE("a line of megabytes costs little and keeps its mark") {
  Bench b(std::string(4U << 20U, 'a') + "X" + std::string(4U << 20U, '\xE2'));
  b.error(b.at("X"), "m");
  const std::string text = b.text();
  CHECK(text.size() < 1500);
  CHECK(text.find("X") != std::string::npos);
}

TEST_CASE("places at the ends of a file and in empty ones") {
  Bench b("a\n");
  b.error({b.file, 2, 2}, "end");
  CHECK(b.text() == "error[MACC-E0101]: end\n --> a.macc:2:1\n  |\n2 |\n  | ^\n");
  Bench c("");
  c.error({c.file, 0, 0}, "empty");
  CHECK(c.text() == "error[MACC-E0101]: empty\n --> a.macc:1:1\n  |\n1 |\n  | ^\n");
  Bench d("domain d {\n  x\n}\n");
  d.error({d.file, 0, 16}, "block");
  CHECK(d.text() == "error[MACC-E0101]: block\n --> a.macc:1:1\n  |\n1 | domain d {\n  | ^^^^^^^^^^\n");
  Bench e("x");
  e.error({}, "no place");
  CHECK(e.text() == "error[MACC-E0101]: no place\n");
}

TEST_CASE("colour is in the text only when it is asked for") {
  Bench b("x\n");
  b.error(b.at("x"), "m").label("l");
  CHECK(b.text().find('\x1b') == std::string::npos);
  CHECK(b.text({true, 80}).find("\x1b[1;31merror[MACC-E0101]\x1b[0m") != std::string::npos);
}

TEST_CASE("the summary counts, the exit code takes the worst blame") {
  std::vector<Diagnostic> list;
  CHECK(report::summary_line(report::count(list)).empty());
  CHECK(report::exit_code(list) == 0);
  list.emplace_back(Code::E0101, Span{}, "m").severity = Severity::warning;
  CHECK(report::summary_line(report::count(list)) == "1 warning");
  CHECK(report::exit_code(list) == 0);
  list.emplace_back(Code::E0101, Span{}, "m");
  list.emplace_back(Code::E0101, Span{}, "m");
  CHECK(report::summary_line(report::count(list)) == "2 errors, 1 warning");
  CHECK(report::exit_code(list) == 2);
}

TEST_CASE("json holds everything that the text shows, with offsets") {
  Bench b("allow x;\n", "a\xFF.macc");
  b.error(b.at("x"), "m").label("l").also(b.at("allow"), "s").note("n").suggest("d", {{b.at("x"), "y"}}, true);
  const std::string text =
      report::make_sink(Format::json, {})->render({b.sources, b.list, {{"t", "apparmor", true, "r", {"p"}}}, 2});
  const nlohmann::json j = nlohmann::json::parse(text);
  CHECK(j["version"] == 1);
  CHECK(j["summary"]["errors"] == 1);
  CHECK(j["summary"]["exit_code"] == 2);
  const nlohmann::json& d = j["diagnostics"][0];
  CHECK(d["code"] == "MACC-E0101");
  CHECK(d["name"] == "syntax");
  CHECK(d["blame"] == "input");
  CHECK(d["place"]["file"] == "a\\xff.macc");
  CHECK(d["place"]["begin"]["offset"] == 6);
  CHECK(d["place"]["begin"]["column"] == 7);
  CHECK(d["related"][0]["text"] == "s");
  CHECK(d["notes"][0]["place"].is_null());
  CHECK(d["fix"]["edits"][0]["replacement"] == "y");
  CHECK(d["fix"]["safe"] == true);
  CHECK(j["targets"][0]["artifacts"][0] == "p");
}

// ---- the formats of CI services ----

namespace {

std::string rendered(const Bench& b, Format format, int exit_code = 2) {
  const report::Report report{.sources = b.sources,
                              .diagnostics = b.list,
                              .targets = {},
                              .exit_code = exit_code,
                              .version = "1.2.3",
                              .current = "/work/repo/sub",
                              .repository = "/work/repo"};
  return report::make_sink(format, {})->render(report);
}

nlohmann::json sarif_run(const Bench& b, int exit_code = 2) {
  return nlohmann::json::parse(rendered(b, Format::sarif, exit_code)).at("runs").at(0);
}

}  // namespace

TEST_CASE("sarif: names of files are relative to the repository and encoded") {
  const auto uri = [](const std::string& path) {
    Bench b("x\n", path);
    b.error(b.at("x"), "m");
    return sarif_run(b)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
  };
  CHECK(uri("a.macc") == nlohmann::json{{"uri", "sub/a.macc"}, {"uriBaseId", "%SRCROOT%"}});
  CHECK(uri("/work/repo/other/a b:c%.macc")["uri"] == "other/a%20b%3Ac%25.macc");
  CHECK(uri("/elsewhere/\xff.macc") == nlohmann::json{{"uri", "file:///elsewhere/%FF.macc"}});
  CHECK(uri("<stdin>")["uri"] == "%3Cstdin%3E");
}

TEST_CASE("sarif: places count code points, fixes are grouped by file, fingerprints have a version") {
  Bench b("\xC3\xA9\xC3\xA9 x y\n");
  b.error(b.at("x"), "m").also(b.at("y"), "there").note("elsewhere", b.at("y")).note("by the way");
  b.list.back().suggest("write z", {{b.at("x"), "z"}, {b.at("y"), "z"}});
  b.list.back().fingerprint = "0123456789abcdef";
  const auto result = sarif_run(b)["results"][0];
  CHECK(result["locations"][0]["physicalLocation"]["region"] ==
        nlohmann::json{{"startLine", 1}, {"startColumn", 4}, {"endLine", 1}, {"endColumn", 5}});
  CHECK(result["message"]["text"] == "m\nnote: by the way\nhelp: write z");
  CHECK(result["relatedLocations"].size() == 2);
  CHECK(result["partialFingerprints"] == nlohmann::json{{"maccFingerprint/v1", "0123456789abcdef"}});
  CHECK(result["fixes"][0]["artifactChanges"].size() == 1);
  CHECK(result["fixes"][0]["artifactChanges"][0]["replacements"].size() == 2);
}

TEST_CASE("sarif: what has no place is a notification, and a run that could not look is not successful") {
  Bench b("x\n");
  b.error({}, "nothing to do");
  const auto run = sarif_run(b);
  CHECK(run["results"].empty());
  CHECK(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"] == "nothing to do");
  CHECK(run["tool"]["driver"]["notifications"][0]["id"] == "MACC-E0101");
  CHECK(run["invocations"][0]["executionSuccessful"] == false);
  CHECK(sarif_run(b, 1)["invocations"][0]["executionSuccessful"] == true);
}

TEST_CASE("github: nothing of a message or name can begin another command or property") {
  Bench b("x\n", "a,line=9:b\n::error::.macc");
  b.error(b.at("x"), "50 %\n::warning::hello\r").label("a: b, c");
  CHECK(rendered(b, Format::github) ==
        "::error file=sub/a%2Cline=9%3Ab\\x0a%3A%3Aerror%3A%3A.macc,line=1,endLine=1,col=1,endColumn=1,"
        "title=MACC-E0101 syntax::50 %25 ::warning::hello%0Aa: b, c\n1 error\n");
}

TEST_CASE("github: a place of several lines has no columns") {
  Bench b("x\ny\n");
  b.error({b.file, 0, 3}, "m");
  CHECK(rendered(b, Format::github).starts_with("::error file=sub/a.macc,line=1,endLine=2,title="));
}

TEST_CASE("gitlab: fingerprints are the finding's own, do not depend on lines, and occur once") {
  const auto prints = [](const std::string& text, const std::string& own) {
    Bench b(text);
    b.error(b.at("x"), "m");
    b.error(b.at("y"), "m").fingerprint = own;
    std::vector<std::string> out;
    for (const auto& f : nlohmann::json::parse(rendered(b, Format::gitlab))) out.push_back(f["fingerprint"]);
    return out;
  };
  const auto first = prints("x y\n", "");
  CHECK(first[0] != first[1]);
  CHECK(prints("\n\nx\ny\n", "") == first);
  CHECK(prints("x y\n", "own")[1] == "own");
}

TEST_CASE("junit: what fails the run is a failure, the rest passes, and clean files count") {
  Bench b("x\n", "policy/web.v1.macc");
  (void)b.sources.add("policy/clean.macc", "");
  (void)b.sources.add("<stdlib>/std/tls.macc", "");
  b.error(b.at("x"), "a < b & \"c\" \x01\xff\xEF\xBF\xBF");
  b.error(b.at("x"), "same");
  b.error(b.at("x"), "same").severity = Severity::warning;
  const std::string text = rendered(b, Format::junit);
  CAPTURE(text);
  const auto holds = [&](const std::string& part) { return text.find(part) != std::string::npos; };
  CHECK(holds("tests=\"4\" failures=\"2\" errors=\"0\""));
  CHECK(holds("classname=\"macc.sub.policy.web_v1\""));
  CHECK(holds("MACC-E0101 syntax: a &#60; b &#38; &#34;c&#34; \\x01\\xff\\u{ffff}"));
  CHECK(holds("MACC-E0101 syntax: same (2)"));
  CHECK(holds("<system-out>"));
  CHECK(holds("classname=\"macc.sub.policy.clean\" name=\"no findings\""));
  CHECK_FALSE(holds("stdlib"));
}
