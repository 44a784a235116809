#include <doctest/doctest.h>

#include <algorithm>
#include <ctime>
#include <random>
#include <stdexcept>

#include "compiler/paths/aliases.h"
#include "compiler/paths/glance.h"
#include "compiler/paths/overlay.h"
#include "compiler/paths/path_index.h"
#include "compiler/paths/path_pattern.h"
#include "compiler/paths/path_set.h"

using namespace macc::paths;

namespace {

using Patterns = std::vector<PathPattern>;

Patterns parse_all(const std::vector<std::string>& texts) {
  Patterns patterns;
  for (const std::string& text : texts) {
    PatternError error;
    const Patterns parsed = PathPattern::parse(text, error);
    REQUIRE_MESSAGE(!parsed.empty(), text << ": " << error.message);
    patterns.insert(patterns.end(), parsed.begin(), parsed.end());
  }
  return patterns;
}

bool matches(const std::string& pattern, const std::string& path) {
  const Patterns patterns = parse_all({pattern});
  return std::any_of(patterns.begin(), patterns.end(), [&](const PathPattern& p) { return p.matches(path); });
}

std::vector<std::string> texts_of(const Patterns& patterns) {
  std::vector<std::string> texts;
  for (const PathPattern& pattern : patterns) {
    texts.push_back(pattern.text() + (pattern.tail() == Tail::file ? " (file)" : ""));
  }
  return texts;
}

/// Answers by the automaton, where PathSet::contains might ask the patterns.
/// Where a text leads; nullopt when nothing begins with it.
std::optional<std::uint32_t> led_to(const PathSet::Automaton& automaton, const std::string& text) {
  std::uint32_t state = 0;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const auto& edges = automaton.states[state].edges;
    const auto edge =
        std::find_if(edges.begin(), edges.end(), [&](const auto& e) { return e.first <= byte && byte <= e.last; });
    if (edge == edges.end()) return std::nullopt;
    state = edge->target;
  }
  return state;
}

bool accepts(const PathSet::Automaton& automaton, const std::string& path) {
  const auto state = led_to(automaton, path);
  return state && automaton.states[*state].accepting;
}

/// Patterns and paths over few letters, so that they meet often.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

  std::string pattern() {
    std::string text = below(12) == 0 ? "~" : "";
    const unsigned components = below(4);
    for (unsigned i = 0; i < components; ++i) text += "/" + (below(5) == 0 ? "**" : component());
    static const char* const tails[] = {"", "", "/", "/**", "/**/*"};
    text += tails[below(5)];
    return text.empty() || text == "~" ? text + "/" : text;
  }

  std::string path() {
    static const char* const starts[] = {"", "", "", "/root", "/home", "/home/a"};
    std::string text = starts[below(6)];
    const unsigned components = below(4);
    for (unsigned i = 0; i < components; ++i) text += "/" + name();
    return text.empty() || below(3) == 0 ? text + "/" : text;
  }

  std::string name() {
    static const char* const letters[] = {"a", "b", "c", ".", "\xc3\xa9", "*", " "};
    std::string text;
    for (unsigned i = 0; i <= below(4); ++i) text += letters[below(below(3) == 0 ? 7 : 2)];
    return text;
  }

 private:
  std::string component() {
    std::string text;
    for (unsigned i = 0; i <= below(3); ++i) text += atom(2);
    return text;
  }
  std::string atom(int depth) {
    switch (below(depth > 0 ? 9 : 7)) {
      case 0:
        return "*";
      case 1:
        return "?";
      case 2:
        return "[ab]";
      case 3:
        return "[^a]";
      case 4:
        return "\\*";
      case 5:
        return "\\xc3\\xa9";
      case 7: {
        std::string text = "{";
        for (unsigned i = 0; i <= below(3); ++i) text += (i > 0 ? "," : "") + (below(4) == 0 ? "" : atom(depth - 1));
        return text + "}";
      }
      case 8:
        return "{" + atom(0) + ",b" + (below(2) == 0 ? "/a" : "") + "}";
      default:
        return below(2) == 0 ? "a" : "b";
    }
  }
  std::mt19937 random_;
};

Patterns some_patterns(Generator& generator, unsigned count) {
  Patterns patterns;
  while (patterns.size() < count) {
    PatternError error;
    for (PathPattern& pattern : PathPattern::parse(generator.pattern(), error)) patterns.push_back(std::move(pattern));
  }
  return patterns;
}

PathSet some_set(Generator& generator) {
  return PathSet::of(some_patterns(generator, 1 + generator.below(2)), some_patterns(generator, generator.below(2)));
}

std::string error_of(const std::string& raw, std::size_t offset) {
  PatternError error;
  CHECK_MESSAGE(PathPattern::parse(raw, error).empty(), raw);
  CHECK_MESSAGE(error.offset == offset, raw);
  return error.message;
}

}  // namespace

TEST_CASE("paths: what the pieces of a pattern match") {
  CHECK(matches("/a/b", "/a/b"));
  CHECK(matches("/a/b", "/a/b/"));
  CHECK_FALSE(matches("/a/b", "/a/b/c"));
  CHECK(matches("/a/b/", "/a/b/"));
  CHECK_FALSE(matches("/a/b/", "/a/b"));
  CHECK(matches("/a/b/**", "/a/b/"));
  CHECK_FALSE(matches("/a/b/**", "/a/b"));
  CHECK(matches("/a/b/**", "/a/b/c/d/"));
  CHECK_FALSE(matches("/a/b/**", "/a/bc"));
  CHECK(matches("/**", "/"));
  CHECK(matches("/**", "/x"));
  CHECK(matches("/**/", "/"));
  CHECK_FALSE(matches("/**/", "/x"));
  CHECK(matches("/a/**/b", "/a/b"));
  CHECK(matches("/a/**/b", "/a/x/y/b/"));
  CHECK_FALSE(matches("/a/**/b", "/a/xb"));
  CHECK(matches("/a/*", "/a/x"));
  CHECK_FALSE(matches("/a/*", "/a/"));
  CHECK_FALSE(matches("/a/*", "/a/x/y"));
  CHECK(matches("/a/b*", "/a/b"));
  CHECK_FALSE(matches("/a/{,b}", "/a/"));
  CHECK(matches("/a/{,b}", "/a/b"));
  CHECK_FALSE(matches("/a/[^x]", "/a/"));
  CHECK_FALSE(matches("/a[^x]b", "/a/b"));
  CHECK(matches("/{,usr/}bin/x", "/bin/x"));
  CHECK(matches("/{,usr/}bin/x", "/usr/bin/x"));
  CHECK(matches("/x/**/*", "/x/y"));
  CHECK_FALSE(matches("/x/**/*", "/x/"));
  CHECK(matches("/a\\*\\ \\x41", "/a* A"));
  for (const char* path : {"", "a", "//", "/a//b", "/a\n"}) CHECK_FALSE(matches("/**", path));
  CHECK_FALSE(matches("/**", std::string("/a\0", 3)));
}

TEST_CASE("paths: a home pattern is about each home") {
  for (const char* path : {"/root/x", "/home/ann/x", "/home/ann/x/"}) CHECK(matches("~/x", path));
  for (const char* path : {"/home/x", "/x", "/home/ann/sub/x"}) CHECK_FALSE(matches("~/x", path));
  for (const char* path : {"/root/", "/home/ann/", "/home/ann/.ssh/id"}) CHECK(matches("~/**", path));
  for (const char* path : {"/home/", "/root", "/home/ann"}) CHECK_FALSE(matches("~/**", path));
  CHECK(home_patterns() == std::vector<std::string>{"/root", "/home/*"});
}

TEST_CASE("paths: errors name the place") {
  CHECK(error_of("etc/x", 0).find("absolute") != std::string::npos);
  CHECK(error_of("", 0).find("absolute") != std::string::npos);
  CHECK(error_of("~", 0).find("home") != std::string::npos);
  CHECK(error_of("/a//b", 3).find("empty component") != std::string::npos);
  CHECK(error_of("/a/../b", 3).find("`..`") != std::string::npos);
  CHECK(error_of("/lib**", 4).find("/usr/lib/**/*.so") != std::string::npos);
  CHECK(error_of("/***", 1).find("two `*`") != std::string::npos);
  CHECK(error_of("/{a", 1).find("never closed") != std::string::npos);
  CHECK(error_of("/a}", 2).find("without `{`") != std::string::npos);
  CHECK(error_of("/[a", 1).find("never closed") != std::string::npos);
  CHECK(error_of("/a]", 2).find("without `[`") != std::string::npos);
  CHECK(error_of("/[]", 1) == "empty class");
  CHECK(error_of("/[z-a]", 2).find("backwards") != std::string::npos);
  CHECK(error_of("/[!a]", 2).find("`^`") != std::string::npos);
  CHECK(error_of("/\\q", 1).find("unknown escape") != std::string::npos);
  CHECK(error_of("/\\x2f", 1).find("can't be part of a name") != std::string::npos);
  CHECK(error_of("/\\x0A", 1).find("can't be part of a name") != std::string::npos);
  CHECK(error_of("/a\nb", 2).find("line break") != std::string::npos);
  CHECK(error_of("/a\\", 2).find("escape") != std::string::npos);
  CHECK(error_of("/{,}", 1).find("empty component") != std::string::npos);
  CHECK(error_of("/" + std::string(5000, 'a'), 4096).find("4096") != std::string::npos);
  std::string deep, wide = "/";
  for (int i = 0; i < 65; ++i) deep += "/a";
  for (int i = 0; i < 7; ++i) wide += "{a,b/}";
  CHECK(error_of(deep, 129).find("64 components") != std::string::npos);
  CHECK(error_of(wide + "x", 37).find("64 patterns") != std::string::npos);
  CHECK(error_of("/" + std::string(17, '{'), 17).find("16 deep") != std::string::npos);
}

TEST_CASE("paths: canonical text") {
  const auto text = [](const char* raw) { return parse_all({raw}).front().text(); };
  CHECK(text("/a/**/**/b") == "/a/**/b");
  CHECK(text("/a/{b}{c}") == "/a/bc");
  CHECK(text("/[b-da]") == "/[a-d]");
  CHECK(text("/[a]") == "/a");
  CHECK(text("/a\\x20\\#b") == "/a #b");
  CHECK(text("/\\xc3\\xa9\\xc3") == "/\xc3\xa9\\xc3");
  CHECK(text("/$\\{") == "/\\$\\{");
}

TEST_CASE("paths: literals, prefixes and the entries of a tree") {
  const auto first = [](const char* raw) { return parse_all({raw}).front(); };
  CHECK(first("/a/b").is_literal());
  CHECK(first("/").is_literal());
  CHECK_FALSE(first("/a/b/**").is_literal());
  CHECK_FALSE(first("/a/b?").is_literal());
  CHECK_FALSE(first("~/a").is_literal());
  CHECK(first("/a/b*").literal_prefix() == "/a/b");
  CHECK(first("/a/b/**").literal_prefix() == "/a/b/");
  CHECK(first("/a/**/b").literal_prefix() == "/a/");
  CHECK(first("~/a").literal_prefix() == "/");
  CHECK(first("/x/**").entries_beneath() == first("/x/**/*"));
  CHECK(first("/x/**/*").excludes_top());
  CHECK(first("/x/").entries_beneath() == first("/x/"));
  CHECK(PathPattern::literal("/a*b/") == first("/a\\*b/"));
  CHECK_THROWS_AS((void)PathPattern::literal("/a/../b"), std::invalid_argument);
  CHECK_THROWS_AS((void)PathPattern::literal("a"), std::invalid_argument);
}

TEST_CASE("paths: a text that is no pattern is decoded") {
  std::string out;
  PatternError error;
  CHECK(decode_text("a\\\"\\\\\\$\\x41\\t*", out, error));
  CHECK(out == "a\"\\$A\t*");
  CHECK_FALSE(decode_text("ab\\q", out, error));
  CHECK(error.offset == 2);
  CHECK_FALSE(decode_text("\\x00", out, error));
  CHECK_FALSE(decode_text("\\", out, error));
  CHECK_FALSE(decode_text(std::string_view("a\0", 2), out, error));
}

TEST_CASE("paths: text and pattern are the same, whatever the bytes") {
  std::mt19937 random(7);
  const std::string alphabet = "/ab*?[]{},\\^-!~.\"#$()' x\t\x01\x7f\xc3\xa9\xe2\x80\xae\xff";
  int parsed = 0;
  for (int i = 0; i < 60000; ++i) {
    std::string raw = "/";
    for (auto length = random() % 12; length > 0; --length) raw += alphabet[random() % alphabet.size()];
    PatternError error;
    for (const PathPattern& pattern : PathPattern::parse(raw, error)) {
      ++parsed;
      CHECK_MESSAGE(parse_all({pattern.text()}) == Patterns{pattern}, raw);
    }
  }
  CHECK(parsed > 5000);
  Generator generator(8);
  for (int i = 0; i < 5000; ++i) {
    for (const PathPattern& pattern : some_patterns(generator, 1)) {
      CHECK_MESSAGE(parse_all({pattern.text()}) == Patterns{pattern}, pattern.text());
    }
  }
  const std::string longest = "/" + std::string(4095, 'a');
  CHECK(parse_all({longest}).front().text() == longest);
}

TEST_CASE("paths: the matcher and the automaton agree") {
  Generator generator(1);
  int members = 0;
  for (int i = 0; i < 3000; ++i) {
    const PathPattern pattern = some_patterns(generator, 1).front();
    const auto automaton = PathSet::of(pattern).automaton();
    for (int j = 0; j < 30; ++j) {
      const std::string path = generator.path();
      const bool expected = pattern.matches(path);
      members += expected ? 1 : 0;
      CHECK_MESSAGE(accepts(automaton, path) == expected, pattern.text() << " " << path);
    }
  }
  CHECK(members > 1000);
}

TEST_CASE("paths: sets obey the laws of sets") {
  Generator generator(2);
  for (int i = 0; i < 400; ++i) {
    const PathSet a = some_set(generator), b = some_set(generator), c = some_set(generator);
    CHECK((a | b).equals(b | a));
    CHECK((a & (b | c)).equals((a & b) | (a & c)));
    CHECK((a - b).equals(a & (PathSet::all() - b)));
    CHECK(((a - b) | (a & b)).equals(a));
    CHECK((a - (b | c)).equals((a - b) & (a - c)));
    CHECK(a.meets(b) == !(a & b).empty());
    CHECK(a.contains(b) == (b - a).empty());
    CHECK((a | b).contains(a));
    CHECK(PathSet::all().contains(a));
    CHECK(((a & PathSet::directories()) | (a & PathSet::non_directories())).equals(a));
    const std::string path = generator.path();
    CHECK((a - b).contains(path) == (a.contains(path) && !b.contains(path)));
    const PathSet both = a & b;
    const std::optional<std::string> example = both.example();
    CHECK(example.has_value() == !both.empty());
    if (example) {
      CHECK(a.contains(*example));
      CHECK(b.contains(*example));
      CHECK(example->starts_with(both.literal_prefix()));
    }
  }
}

TEST_CASE("paths: equal sets have equal automata, however they were made") {
  const auto set = [](const std::vector<std::string>& texts) { return PathSet::of(parse_all(texts)); };
  const auto a = (set({"/a/**"}) - set({"/a/b"})).automaton();
  const auto b = (set({"/a/**", "/c"}) - set({"/a/b", "/c"})).automaton();
  REQUIRE(a.states.size() == b.states.size());
  for (std::size_t s = 0; s < a.states.size(); ++s) {
    CHECK(a.states[s].accepting == b.states[s].accepting);
    REQUIRE(a.states[s].edges.size() == b.states[s].edges.size());
    for (std::size_t e = 0; e < a.states[s].edges.size(); ++e) {
      CHECK(a.states[s].edges[e].target == b.states[s].edges[e].target);
    }
  }
  REQUIRE(PathSet().automaton().states.size() == 1);
  CHECK_FALSE(PathSet().automaton().states[0].accepting);
}

TEST_CASE("paths: examples are short and readable") {
  const auto example = [](const std::vector<std::string>& include, const std::vector<std::string>& exclude) {
    return PathSet::of(parse_all(include), parse_all(exclude)).example().value_or("none");
  };
  CHECK(example({"/etc/x/**"}, {}) == "/etc/x/a");
  CHECK(example({"/etc/shadow"}, {}) == "/etc/shadow");
  CHECK(example({"/etc/x/"}, {}) == "/etc/x/");
  CHECK(example({"/etc/[^b]*.conf"}, {}) == "/etc/a.conf");
  CHECK(example({"/etc/.*"}, {}) == "/etc/.a");
  CHECK(example({"/etc/x/**"}, {"/etc/x/?"}) == "/etc/x/aa");
  CHECK(example({"/a"}, {"/a"}) == "none");
}

TEST_CASE("paths: regular expressions") {
  const auto set = PathSet::from_regex("/etc(/.*)?");
  REQUIRE(set);
  CHECK(set->contains("/etc"));
  CHECK(set->contains("/etc/a/b"));
  CHECK_FALSE(set->contains("/etcx"));
  CHECK_FALSE(set->contains("/etc/a\nb"));
  CHECK(PathSet::from_regex("/caf(\xc3\xa9)")->contains("/caf\xc3\xa9"));
  CHECK_FALSE(PathSet::from_regex("/a(b"));
  CHECK((*set & PathSet::all()).equals(PathSet::of(parse_all({"/etc/**", "/etc"}))));
}

TEST_CASE("paths: differences as patterns") {
  const auto rewrite = [](const std::vector<std::string>& include, const std::vector<std::string>& exclude) {
    const PathSet set = PathSet::of(parse_all(include), parse_all(exclude));
    const auto patterns = set.as_patterns();
    REQUIRE(patterns);
    CHECK(PathSet::of(*patterns).equals(set));
    // The same from the automaton alone.
    CHECK((set & PathSet::all()).as_patterns());
    return texts_of(*patterns);
  };
  using Texts = std::vector<std::string>;
  CHECK(rewrite({"/a/**"}, {"/a/b/**"}) == Texts{"/a/", "/a/* (file)", "/a/{[^b]*,b?*}/**"});
  CHECK(rewrite({"/etc/*.conf"}, {"/etc/x.conf"}) == Texts{"/etc/{.conf,*[^x].conf,*?x.conf}"});
  CHECK(rewrite({"/a/b"}, {"/a/b/"}) == Texts{"/a/b (file)"});
  CHECK(rewrite({"/a/?"}, {"/a/x"}) == Texts{"/a/[^x]"});
  CHECK(rewrite({"/b/**", "/a/**"}, {"/b/**"}) == Texts{"/a/**"});
  CHECK(rewrite({"/x/**"}, {"/x/"}) == Texts{"/x/**/*"});
  CHECK(rewrite({"~/**"}, {"~/b/**"}) == Texts{"~/", "~/* (file)", "~/{[^b]*,b?*}/**"});
  CHECK(rewrite({"/t/**"}, {"/t/**/*.k"}) == Texts{"/t/**/{*[^k],*[^.]k,k}", "/t/"});
  CHECK(rewrite({"/t/**"}, {"/t/*.key"}).size() == 4);
  CHECK(rewrite({"/etc/acme/**"}, {"/etc/acme/keys/**", "/etc/acme/kept/**", "/etc/acme/s/x"}).size() == 7);
  CHECK(rewrite({"/**"}, {"/etc/shadow", "/home/**"}).size() == 7);
  CHECK(rewrite({"/v/**"}, {"/v/[0-9]*/lock"}).size() == 7);
  CHECK(rewrite({"/home/**"}, {"~/.ssh/**"}).size() == 5);
  CHECK(rewrite({"/a"}, {"/a"}).empty());
  const PathSet no_secret = PathSet::of(parse_all({"/t/**"}), parse_all({"/t/**/secret/**"}));
  CHECK_FALSE(no_secret.as_patterns());
  CHECK_FALSE(PathSet::of(parse_all({"/a/**"}), parse_all({"/a/b/**"})).as_patterns(2));
}

TEST_CASE("paths: what comes back as patterns is the set") {
  Generator generator(3);
  int rewritten = 0;
  for (int i = 0; i < 150; ++i) {
    const PathSet set = some_set(generator) - some_set(generator);
    for (const PathSet& same : {set, set & PathSet::all()}) {
      const auto patterns = same.as_patterns();
      if (!patterns) continue;
      ++rewritten;
      for (int j = 0; j < 20; ++j) {
        const std::string path = generator.path();
        const bool matched =
            std::any_of(patterns->begin(), patterns->end(), [&](const PathPattern& p) { return p.matches(path); });
        CHECK_MESSAGE(matched == set.contains(path), path);
      }
      for (const PathPattern& pattern : *patterns) {
        if (pattern.tail() != Tail::file) CHECK(parse_all({pattern.text()}) == Patterns{pattern});
      }
    }
  }
  CHECK(rewritten > 150);
}

TEST_CASE("paths: hostile patterns end in an error or an answer") {
  std::string stars = "/", middle, nested = "/";
  for (int i = 0; i < 60; ++i) stars += "*a";
  for (int i = 0; i < 30; ++i) middle += "/**/a*";
  for (int i = 0; i < 15; ++i) nested += "{a*,";
  nested += "b" + std::string(15, '}');
  const std::vector<std::string> patterns = {stars + "b",
                                             middle,
                                             nested,
                                             "/*a" + std::string(60, '?'),
                                             "/**/*a" + std::string(2000, '?') + "/**/x",
                                             "/*[^b]" + std::string(4000, '?'),
                                             "/{" + std::string(4000, ',') + "a}"};
  for (const std::string& text : patterns) {
    const std::clock_t start = std::clock();  // of this process: the machine may be busy
    PatternError error;
    const Patterns parsed = PathPattern::parse(text, error);
    CHECK((!parsed.empty() || !error.message.empty()));
    for (const PathPattern& pattern : parsed) (void)pattern.matches("/" + std::string(4000, 'a'));
    try {
      const PathSet set = PathSet::of(parsed);
      (void)set.meets(PathSet::of(parse_all({"/**/*b*"})));
      (void)set.example();
    } catch (const TooComplex&) {
    }
    CHECK_MESSAGE(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC < 5.0, text);
  }
  CHECK_THROWS_AS((void)PathSet::of(parse_all({"/*a" + std::string(60, '?')})).automaton(), TooComplex);
}

TEST_CASE("paths: the directories above a set") {
  const PathSet above = PathSet::of(parse_all({"/a/b/*", "/c/**/d"})).directories_above();
  for (const char* path : {"/", "/a/", "/a/b/", "/a/b/x/", "/c/", "/c/x/y/"}) {
    CAPTURE(path);
    // A pattern covers directories too, but only what has members beneath it lies above one.
    CHECK(above.contains(path) == (std::string(path) != "/a/b/x/"));
  }
  for (const char* path : {"/a", "/b/", "/a/b/c", "/c/x"}) CHECK_FALSE(above.contains(path));
  CHECK(PathSet::of(parse_all({"/"})).directories_above().empty());
  CHECK(PathSet().directories_above().empty());
}

TEST_CASE("paths: an index finds every set that meets another") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Generator generator(seed);
    PathIndex index;
    std::vector<PathSet> sets;
    for (int i = 0; i < 30; ++i) {
      PathSet set = some_set(generator);
      if (generator.below(3) == 0) set = set.directories_above();
      index.add(set, sets.size());
      sets.push_back(set);
    }
    for (const PathSet& asked : sets) {
      const std::vector<std::size_t> near = index.near(asked);
      for (std::size_t i = 0; i < sets.size(); ++i) {
        if (sets[i].meets(asked)) CHECK(std::binary_search(near.begin(), near.end(), i));
      }
      const std::string path = generator.path();
      const std::vector<std::size_t> around = index.near(std::string_view(path));
      for (std::size_t i = 0; i < sets.size(); ++i) {
        if (sets[i].contains(path)) CHECK(std::binary_search(around.begin(), around.end(), i));
      }
    }
  }
}

TEST_CASE("paths: an index keeps folders apart, also when a set lies in several") {
  PathIndex index;
  index.add(PathSet::of(parse_all({"/etc/a/**", "/var/lib/a/**"})), 0);
  index.add(PathSet::of(parse_all({"/etc/b/**", "/var/lib/b/**"})), 1);
  index.add(PathSet::of(parse_all({"/etc/**"})), 2);
  CHECK(index.near(PathSet::of(parse_all({"/var/lib/b/x"}))) == std::vector<std::size_t>{1});
  CHECK(index.near(PathSet::of(parse_all({"/etc/a/x", "/var/lib/a/x"}))) == std::vector<std::size_t>{0, 2});
  CHECK(index.near(std::string_view("/etc/b/x")) == std::vector<std::size_t>{1, 2});
}

TEST_CASE("paths: names of the system's symlinks stand for what they point to") {
  const auto named = [](const std::string& text) {
    std::vector<std::string> texts;
    for (const PathPattern& pattern : parse_all({text})) {
      for (const PathPattern& real : without_aliases(pattern)) texts.push_back(real.text());
    }
    return texts;
  };
  using Texts = std::vector<std::string>;
  CHECK(named("/bin/sh") == Texts{"/usr/bin/sh"});
  CHECK(named("/lib64/**") == Texts{"/usr/lib64/**"});
  CHECK(named("/bin") == Texts{"/usr/bin"});
  CHECK(named("/var/run/acme/*.pid") == Texts{"/run/acme/*.pid"});
  CHECK(named("/{s,}bin/x*") == Texts{"/usr/sbin/x*", "/usr/bin/x*"});
  CHECK(named("/{usr/,}{s,}bin/x") == Texts{"/usr/{s,}bin/x", "/usr/sbin/x", "/usr/bin/x"});
  CHECK(named("/{bin,opt}/x") == Texts{"/usr/bin/x", "/opt/x"});
  CHECK(named("/var/{run,lock,lib}/x") == Texts{"/run/x", "/run/lock/x", "/var/lib/x"});
  CHECK(named("/binary/x") == Texts{"/binary/x"});
  CHECK(named("/*/x") == Texts{"/*/x"});
  CHECK(named("/**") == Texts{"/**"});
  CHECK(named("~/bin/x") == Texts{"~/bin/x"});
  CHECK(named("/usr/bin/x") == Texts{"/usr/bin/x"});
}

// ---- several sets at once ----

namespace {

Overlay::State walk(Overlay& overlay, const std::string& path) {
  Overlay::State state = Overlay::start;
  for (const char c : path) state = overlay.row(state)[overlay.interval_of(static_cast<unsigned char>(c))];
  return state;
}

std::vector<std::uint32_t> holding(const std::vector<PathSet>& sets, const std::string& path) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < sets.size(); ++i) {
    if (sets[i].contains(path)) out.push_back(i);
  }
  return out;
}

/// Whether some member of a set begins so: the set's own automaton has no dead states.
bool goes_on(const PathSet& set, const std::string& text) {
  return !set.empty() && led_to(set.automaton(), text).has_value();
}

PathSet set_of(const std::vector<std::string>& texts) { return PathSet::of(parse_all(texts)); }

}  // namespace

TEST_CASE("paths: an overlay says of each path in which sets it is") {
  Generator generator(31);
  std::size_t members = 0, several = 0;
  for (int i = 0; i < 300; ++i) {
    std::vector<PathSet> sets;
    for (unsigned n = generator.below(5); n > 0; --n) sets.push_back(some_set(generator));
    if (generator.below(3) == 0) sets.push_back(PathSet::all());
    if (generator.below(5) == 0) sets.emplace_back();
    if (generator.below(4) == 0 && !sets.empty()) sets.push_back(sets.front());
    Overlay overlay(sets);
    for (int j = 0; j < 40; ++j) {
      const std::string path = generator.path();
      const auto wanted = holding(sets, path);
      const Overlay::State state = walk(overlay, path);
      CHECK_MESSAGE(overlay.members(overlay.label(state)) == wanted, path);
      if (!wanted.empty()) CHECK(overlay.is_alive(state));
      members += wanted.size();
      several += wanted.size() > 1 ? 1 : 0;
    }
  }
  CHECK(members > 1000);
  CHECK(several > 300);
}

TEST_CASE("paths: equal sets have one label in an overlay, others another") {
  Overlay overlay({set_of({"/a/**"}), set_of({"/a/b*"}), set_of({"/a/**"})});
  const auto label = [&](const std::string& path) { return overlay.label(walk(overlay, path)); };
  CHECK(label("/a/c") == label("/a/x/y/"));
  CHECK(label("/a/b") == label("/a/bc"));
  CHECK(label("/a/b") != label("/a/c"));
  CHECK(label("/c") == label(""));
  CHECK(overlay.members(label("/a/b")) == std::vector<std::uint32_t>{0, 1, 2});
  CHECK(overlay.members(label("/a/c")) == std::vector<std::uint32_t>{0, 2});
  CHECK(overlay.members(label("/c")).empty());
}

TEST_CASE("paths: a state of an overlay is alive where a path goes on") {
  Overlay overlay({set_of({"/a/b"}), set_of({"/a/\xc3\xa9/"})});
  for (const char* path : {"", "/", "/a", "/a/", "/a/b", "/a/\xc3", "/a/\xc3\xa9", "/a/\xc3\xa9/"})
    CHECK_MESSAGE(overlay.is_alive(walk(overlay, path)), path);
  for (const char* path : {"a", "//", "/b", "/a/bb", "/a/b/x", "/a/\xc3\xa8", "/a/\xc3\xa9/x"}) {
    CHECK_MESSAGE(!overlay.is_alive(walk(overlay, path)), path);
    CHECK(overlay.members(overlay.label(walk(overlay, path))).empty());
  }
  Overlay nothing({});
  CHECK(!nothing.is_alive(Overlay::start));
  CHECK(!nothing.is_alive(walk(nothing, "/a")));
  Overlay empty({PathSet(), set_of({"/a"}) - set_of({"/*"})});
  CHECK(!empty.is_alive(Overlay::start));

  Generator generator(32);
  std::size_t alive = 0;
  for (int i = 0; i < 60; ++i) {
    const std::vector<PathSet> sets = {some_set(generator), some_set(generator)};
    Overlay random(sets);
    for (int j = 0; j < 10; ++j) {
      const std::string path = "/" + generator.name() + (generator.below(2) == 0 ? "/" : "");
      const bool wanted = goes_on(sets[0], path) || goes_on(sets[1], path);
      CHECK_MESSAGE(random.is_alive(walk(random, path)) == wanted, path);
      alive += wanted ? 1 : 0;
    }
  }
  CHECK(alive > 100);
}

TEST_CASE("paths: an overlay tells only those bytes apart that a set does") {
  Overlay overlay({set_of({"/[b-d]*"})});
  const auto interval = [&](unsigned char byte) { return overlay.interval_of(byte); };
  CHECK(interval('b') == interval('d'));
  CHECK(interval('a') != interval('b'));
  CHECK(interval('d') != interval('e'));
  CHECK(interval('e') == interval(0xff));
  CHECK(interval('\n' + 1) == interval('-'));  // no name holds a newline
  CHECK(interval('.') != interval('/'));
  CHECK(interval(0xff) + 1 == overlay.row(Overlay::start).size());
}

TEST_CASE("paths: a set is the same by way of its automaton") {
  Generator generator(33);
  for (int i = 0; i < 300; ++i) {
    const PathSet set = some_set(generator);
    const PathSet again = PathSet::from_automaton(set.automaton());
    CHECK(again.equals(set));
    CHECK(again.example() == set.example());
    for (int j = 0; j < 10; ++j) {
      const std::string path = generator.path();
      CHECK_MESSAGE(again.contains(path) == set.contains(path), path);
    }
  }
  CHECK(PathSet::from_automaton(PathSet().automaton()).empty());
  CHECK(PathSet::from_automaton({}).empty());
  CHECK(PathSet::from_automaton(PathSet::all().automaton()).equals(PathSet::all()));
}

TEST_CASE("paths: any automaton gives a set, also one with states that lead nowhere") {
  PathSet::Automaton automaton;
  automaton.states.resize(5);
  automaton.states[0].edges = {{'/', '/', 1}};
  automaton.states[1].edges = {{'a', 'a', 2}, {'b', 'b', 3}, {'c', 'c', 1}};
  automaton.states[2].accepting = true;
  automaton.states[3].edges = {{'b', 'b', 3}};  // to no end
  automaton.states[4].accepting = true;         // from no start
  const PathSet set = PathSet::from_automaton(automaton);
  CHECK(set.contains("/a"));
  CHECK(set.contains("/cca"));
  CHECK(!set.contains("/b"));
  CHECK(!set.contains(""));
  CHECK(set.automaton().states.size() == 3);
}

TEST_CASE("paths: an overlay that grows too large says so, and what it has already stays right") {
  std::vector<PathSet> sets = {set_of({"/a"})};
  for (const char* start : {"/*a", "/*b"}) sets.insert(sets.end(), 100, set_of({start + std::string(11, '?')}));
  Overlay overlay(sets);
  Overlay::State reached = 0;
  std::size_t most = 1;
  const auto walk_all = [&] {
    for (; reached < most; ++reached) {
      for (const Overlay::State next : overlay.row(reached)) most = std::max<std::size_t>(most, next + 1);
    }
  };
  CHECK_THROWS_AS(walk_all(), TooComplex);
  CHECK_THROWS_AS(walk_all(), TooComplex);
  CHECK(most > 30'000);
  CHECK(overlay.members(overlay.label(walk(overlay, "/a"))) == std::vector<std::uint32_t>{0});
}

TEST_CASE("a look tells patterns apart") {
  const auto apart = [](const std::string& a, const std::string& b) {
    const Patterns x = parse_all({a}), y = parse_all({b});
    CHECK(surely_apart(x.at(0), y.at(0)) == surely_apart(y.at(0), x.at(0)));
    return surely_apart(x.at(0), y.at(0));
  };
  CHECK(apart("/a/b", "/a/c"));
  CHECK(apart("/a/**/x", "/b/**/x"));
  CHECK(apart("/", "/a/**"));
  CHECK(apart("/a/*", "/a/b/c"));
  CHECK(apart("/dev/[hs]d*", "/dev/hidraw*"));
  CHECK(apart("/dev/[^h]d", "/dev/hd"));
  CHECK(apart("/a/*.so/**", "/a/x.conf/y"));
  CHECK(apart("/a/b?", "/a/bcd"));
  CHECK(apart("~/.ssh/**", "~/.gnupg/**"));
  CHECK(apart("~/.ssh/**", "/etc/**"));
  CHECK(apart("~/.ssh/**", "/home/"));
  CHECK(apart("~/.ssh/**", "/home/*/.gnupg/**"));
  CHECK(apart("/usr/lib/games/**", "/usr/lib/*-linux-gnu*/ld-*.so"));
  CHECK_FALSE(apart("/usr/lib/x-linux-gnux/**", "/usr/lib/*-linux-gnu*/ld-*.so"));
  CHECK_FALSE(apart("~/.ssh/**", "/root/**"));
  CHECK_FALSE(apart("~/.ssh/**", "/home/a/**"));
  CHECK_FALSE(apart("~/", "/home/a/"));
  CHECK_FALSE(apart("/a", "/a/"));
  CHECK_FALSE(apart("/a/**", "/a/b/c"));
  CHECK_FALSE(apart("/a/**/x", "/a/b/c/x"));
}

TEST_CASE("patterns that a look tells apart share no path") {
  Generator generator(99);
  std::size_t told = 0;
  for (int i = 0; i < 3000; ++i) {
    const Patterns two = some_patterns(generator, 2);
    if (!surely_apart(two[0], two[1])) continue;
    ++told;
    // The automata, without the patterns that they were made of.
    const auto language = [](const PathPattern& p) { return PathSet::from_automaton(PathSet::of(p).automaton()); };
    CHECK_MESSAGE(!language(two[0]).meets(language(two[1])), two[0].text() << " and " << two[1].text());
  }
  CHECK(told > 500);
}

TEST_CASE("a look tells what lies beneath a tree") {
  const auto beneath = [](const std::string& inner, const std::string& tree) {
    return surely_beneath(parse_all({inner}).at(0), parse_all({tree}).at(0));
  };
  CHECK(beneath("/a/b", "/a/**"));
  CHECK(beneath("/a/b/**", "/a/**"));
  CHECK(beneath("/run/user/*/bus", "/run/user/*/**"));
  CHECK(beneath("~/.ssh/**", "~/**"));
  CHECK_FALSE(beneath("/a/**", "/a/**"));
  CHECK_FALSE(beneath("/a", "/a/**"));
  CHECK_FALSE(beneath("/a/b", "/a/**/*"));
  CHECK_FALSE(beneath("/root/x", "~/**"));
  CHECK_FALSE(beneath("/ab/c", "/a/**"));
}

TEST_CASE("patterns that look to be beneath a tree are, and so say the sets") {
  Generator generator(7);
  std::size_t told = 0;
  for (int i = 0; i < 6000; ++i) {
    const Patterns two = some_patterns(generator, 2);
    // Half of the pairs made to share their start.
    const PathPattern tree = PathPattern::from_parts(two[0].anchor(), two[0].components(), Tail::tree);
    std::vector<Component> longer = two[0].components();
    longer.insert(longer.end(), two[1].components().begin(), two[1].components().end());
    const PathPattern inner = i % 2 == 0 ? two[1] : PathPattern::from_parts(two[0].anchor(), longer, two[1].tail());
    if (!surely_beneath(inner, tree)) continue;
    ++told;
    const auto language = [](const PathPattern& p) { return PathSet::from_automaton(PathSet::of(p).automaton()); };
    CHECK_MESSAGE(language(tree).contains(language(inner)), inner.text() << " in " << tree.text());
    CHECK_MESSAGE(!language(inner).contains(language(tree)), inner.text() << " in " << tree.text());
    CHECK(PathSet::of(tree).contains(PathSet::of(inner)));
    CHECK((PathSet::of(tree) & PathSet::of(inner)).equals(language(inner)));
    CHECK(PathSet::of(tree).meets(PathSet::of(inner)));
  }
  CHECK(told > 500);
}

TEST_CASE("patterns that look small have small automata") {
  Generator generator(5);
  std::size_t told = 0;
  for (int i = 0; i < 3000; ++i) {
    const PathPattern pattern = some_patterns(generator, 1).at(0);
    if (!surely_small(pattern)) continue;
    ++told;
    // Letters, and the folders that hold `~`.
    CHECK_MESSAGE(PathSet::of(pattern).automaton().states.size() <= 3 * pattern.text().size() + 20, pattern.text());
  }
  CHECK(told > 500);
  CHECK(surely_small(parse_all({"/usr/lib/*-linux-gnu*/ld-*.so.*"}).at(0)));
  CHECK_FALSE(surely_small(parse_all({"/x/*a????????????????????????"}).at(0)));
  CHECK_FALSE(surely_small(parse_all({"/x/**/a*b"}).at(0)));
  CHECK_FALSE(surely_small(parse_all({"/x/{*a????????????????????????,b}"}).at(0)));
}

TEST_CASE("an index of prefixes finds every start of a text and everything that goes on behind it") {
  Generator generator(3);
  const auto text = [&generator] {
    std::string out;
    for (unsigned i = generator.below(6); i > 0; --i) out += "ab/\xff"[generator.below(4)];
    return out;
  };
  for (int round = 0; round < 300; ++round) {
    PrefixIndex index;
    std::vector<std::string> prefixes;
    for (unsigned i = generator.below(12); i > 0; --i) prefixes.push_back(text());
    for (std::size_t i = 0; i < prefixes.size(); ++i) index.add(prefixes[i], i);
    const std::string asked = text();
    std::vector<std::size_t> found, wanted;
    index.append_starts(asked, found);
    for (std::size_t i = 0; i < prefixes.size(); ++i) {
      if (asked.starts_with(prefixes[i])) wanted.push_back(i);
    }
    std::sort(found.begin(), found.end());
    CHECK(found == wanted);
  }
}
