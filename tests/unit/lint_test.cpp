// Lints against the meaning: what they say about paths is checked path by path with the decision function.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>

#include "compiler/lint/fingerprint.h"
#include "compiler/lint/lint.h"
#include "compiler/lint/reach.h"
#include "compiler/lint/score.h"
#include "tests/support/analyzed.h"

using namespace macc;
using ir::Verb;

namespace {

struct Linted {
  std::unique_ptr<test::Analyzed> a;
  lint::Result result;

  [[nodiscard]] std::size_t count(Code lint) const {
    return static_cast<std::size_t>(std::count_if(result.findings.begin(), result.findings.end(),
                                                  [&](const auto& f) { return f.diagnostic.code == lint; }));
  }
};

Linted look(const std::string& text, lint::Settings settings = {}, bool whole_project = false) {
  Linted out;
  out.a = test::analyze(text, {}, true, false, {lint::kSensitiveModule});
  REQUIRE(out.a->messages() == "");
  const ir::Meaning meaning(out.a->policy);
  lint::Input input{meaning, out.a->sources, settings, {}, whole_project};
  for (const ir::Domain& domain : out.a->policy.domains) {
    if (!domain.external) input.files.insert(domain.where.span.file);
  }
  out.result = lint::run(input);
  return out;
}

std::string policy(const std::string& statements, const std::string& before = "") {
  return "module m;\n" + before + "\ndomain d {\n  entry \"/usr/sbin/d\";\n" + statements + "\n}\n";
}

/// Paths of a small world, in which rules of random policies lie.
const std::vector<std::string>& world() {
  static const std::vector<std::string> paths = [] {
    std::vector<std::string> out;
    for (const char* top : {"/a", "/b"}) {
      for (const char* middle : {"", "/x", "/y"}) {
        for (const char* name : {"/p", "/q", "/p.so"}) out.push_back(std::string(top) + middle + name);
      }
    }
    return out;
  }();
  return paths;
}

class RandomPolicy {
 public:
  explicit RandomPolicy(unsigned seed) : random_(seed) {}

  std::string text() {
    std::string body;
    const int rules = 2 + pick(5);
    for (int i = 0; i < rules; ++i) body += conditional(rule());
    return policy(body, "boolean one = false;\nboolean two = true;");
  }

 private:
  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  std::string pattern() {
    static const char* kPatterns[] = {"/a/**", "/b/**",  "/a/x/**", "/b/y/**", "/a/*",     "/b/*.so",
                                      "/a/p",  "/b/x/p", "/a/**/p", "/?/x/*",  "/{a,b}/p", "/a/[p-q]"};
    return '"' + std::string(kPatterns[pick(12)]) + '"';
  }

  std::string rule() {
    static const char* kVerbs[] = {"write", "append", "create", "rename", "load", "read", "change", "manage"};
    const std::string except = pick(4) == 0 ? " except " + pattern() : "";
    if (pick(3) == 0) return "allow exec " + pattern() + except + ";";
    if (pick(4) == 0) return std::string("deny ") + (pick(3) == 0 ? "exec" : kVerbs[pick(8)]) + " " + pattern() + ";";
    return std::string("allow ") + kVerbs[pick(8)] + " " + pattern() + except + ";";
  }

  std::string conditional(const std::string& text) {
    static const char* kConditions[] = {"one", "two", "not one", "one and two"};
    if (pick(3) != 0) return "  " + text + "\n";
    return std::string("  if ") + kConditions[pick(4)] + " { " + text + " }\n";
  }

  std::mt19937 random_;
};

/// Whether some path can be written and run, asked path by path and for all values of the booleans.
bool can_write_and_run(const test::Analyzed& a) {
  const ir::Meaning meaning(a.policy);
  const ir::DomainId domain = a.domain("d");
  for (unsigned bits = 0; bits < 4; ++bits) {
    const ir::Assignment values = {(bits & 1U) != 0, (bits & 2U) != 0};
    const auto file = [&](Verb verb, const std::string& path) {
      return meaning.decide(domain, ir::FileQuestion{verb, path}, values).allowed;
    };
    for (const std::string& path : world()) {
      const auto writing = lint::writing_verbs().list();
      const bool written = std::any_of(writing.begin(), writing.end(), [&](Verb v) { return file(v, path); });
      const bool run = meaning.decide(domain, ir::ExecQuestion{path}, values).allowed || file(Verb::load, path);
      if (written && run) return true;
    }
  }
  return false;
}

/// The text between the first backticks behind `after`.
std::string quoted(const std::string& text, const std::string& after) {
  const std::size_t begin = text.find('`', text.find(after) + after.size()) + 1;
  return text.substr(begin, text.find('`', begin) - begin);
}

}  // namespace

TEST_CASE("writable-and-executable finds what the decision function allows, and nothing else") {
  const char* more = std::getenv("MACC_SEEDS");
  const unsigned last = more == nullptr ? 120 : static_cast<unsigned>(std::strtoul(more, nullptr, 10));
  unsigned found_some = 0;
  for (unsigned seed = 1; seed <= last; ++seed) {
    const std::string text = RandomPolicy(seed).text();
    const auto a = test::analyze(text, {}, true, false, {lint::kSensitiveModule});
    if (a->diagnostics.has_errors()) continue;  // two ways to execute one path, say
    CAPTURE(seed);
    CAPTURE(text);
    const Linted linted = look(text);
    const bool expected = can_write_and_run(*a);
    const bool found = linted.count(Code::L0301) != 0;
    // A pattern may reach further than the world, so a finding is checked by its own example.
    if (expected) CHECK(found);
    for (const lint::Finding& finding : linted.result.findings) {
      if (finding.diagnostic.code != Code::L0301) continue;
      // Whole folders that are moved are more than a question about one path.
      if (finding.diagnostic.message.find("put another folder there") != std::string::npos) continue;
      ++found_some;
      const std::string path = quoted(finding.diagnostic.message, "` may");
      const ir::Meaning meaning(a->policy);
      bool really = false;
      for (unsigned bits = 0; bits < 4; ++bits) {
        const ir::Assignment values = {(bits & 1U) != 0, (bits & 2U) != 0};
        const auto writing = lint::writing_verbs().list();
        const bool written = std::any_of(writing.begin(), writing.end(), [&](Verb v) {
          return meaning.decide(a->domain("d"), ir::FileQuestion{v, path}, values).allowed;
        });
        const bool run = meaning.decide(a->domain("d"), ir::ExecQuestion{path}, values).allowed ||
                         meaning.decide(a->domain("d"), ir::FileQuestion{Verb::load, path}, values).allowed;
        really = really || (written && run);
      }
      CHECK(really);
    }
  }
  CHECK(found_some > 10);
}

TEST_CASE("a redundant rule changes nothing when it is removed, and its removal is offered") {
  unsigned checked = 0;
  for (unsigned seed = 1; seed <= 80; ++seed) {
    const std::string text = RandomPolicy(seed).text();
    const auto a = test::analyze(text);
    if (a->diagnostics.has_errors()) continue;
    const Linted linted = look(text);
    for (const lint::Finding& finding : linted.result.findings) {
      const Diagnostic& d = finding.diagnostic;
      if (d.code != Code::L0102 && d.code != Code::L0101) continue;
      REQUIRE(d.fix);
      CHECK(d.fix->safe);
      std::string fixed = text;
      const Edit& edit = d.fix->edits.front();
      fixed.replace(edit.span.begin, edit.span.end - edit.span.begin, edit.replacement);
      CAPTURE(text);
      CAPTURE(fixed);
      const auto b = test::analyze(fixed);
      CHECK(!b->diagnostics.has_errors());
      const ir::Meaning before(a->policy), after(b->policy);
      for (unsigned bits = 0; bits < 4; ++bits) {
        const ir::Assignment values = {(bits & 1U) != 0, (bits & 2U) != 0};
        for (std::size_t v = 0; v < ir::kVerbCount; ++v) {
          const auto verb = static_cast<Verb>(v);
          CHECK(before.allowed_paths(a->domain("d"), verb, true, values)
                    .equals(after.allowed_paths(b->domain("d"), verb, true, values)));
        }
      }
      ++checked;
    }
  }
  CHECK(checked > 2);
}

TEST_CASE("branches that exclude each other are not put together") {
  CHECK(look(policy("if s { allow write \"/srv/d/**\"; } else { exec \"/srv/d/**\"; }", "boolean s = false;"))
            .count(Code::L0301) == 0);
  CHECK(look(policy("if s { allow write \"/srv/d/**\"; } exec \"/srv/d/tool\";", "boolean s = false;"))
            .count(Code::L0301) == 1);
}

TEST_CASE("fingerprints stay when the source is laid out otherwise, and change with what is reached") {
  const auto print = [](const std::string& statements, const std::string& before = "") {
    const Linted linted = look(policy(statements, before));
    for (const lint::Finding& finding : linted.result.findings) {
      if (finding.diagnostic.code == Code::L0301) return finding.diagnostic.fingerprint;
    }
    return std::string("none");
  };
  const std::string first = print("allow write \"/srv/d/**\";\nexec \"/srv/d/bin/*\";");
  CHECK(first.size() == 16);
  CHECK(print("exec   \"/srv/d/bin/*\";\n\n// moved\nallow write \"/srv/d/**\";") == first);
  CHECK(print("include both;", "abstraction both { allow write \"/srv/d/**\"; exec \"/srv/d/bin/*\"; }") == first);
  CHECK(print("allow write \"/srv/d/**\";\nexec \"/srv/d/**\";") != first);
}

TEST_CASE("an annotation excuses its own statement; one of a locked lint excuses nothing") {
  const std::string text =
      policy("@expect(\"exec-shell\", reason = \"a script\")\n  exec \"/usr/bin/dash\";\n  exec \"/usr/bin/bash\";");
  const Linted linted = look(text);
  CHECK(linted.count(Code::L0305) == 1);
  CHECK(linted.result.expected == 1);
  lint::Settings locked;
  locked.locked.insert(Code::L0305);
  CHECK(look(text, locked).count(Code::L0305) == 2);
}

TEST_CASE("exposures add up to a share of what is left") {
  CHECK(lint::combine({}) == 0.0);
  CHECK(lint::combine({100, 5}) == 10.0);
  CHECK(lint::combine({50, 50}) == 7.5);
  CHECK(lint::grade(1.9) == "safe");
  CHECK(lint::grade(8.0) == "unsafe");
}
