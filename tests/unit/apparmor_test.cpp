// The AppArmor backend. What it writes is compiled by the real parser, and what the parser made of it is read back.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <sstream>

#include "backends/apparmor/glob.h"
#include "backends/apparmor/glob_set.h"
#include "backends/apparmor/guard.h"
#include "backends/apparmor/parser.h"
#include "tests/support/apparmor_target.h"

using namespace macc;
using namespace macc::test;
namespace aa = macc::backends::apparmor;
using aa::Shape;

namespace {

std::string domain(const std::string& statements, const std::string& before = "") {
  return "module m;\n" + before + "\ndomain d {\n  entry \"/usr/bin/d\";\n" + statements + "\n}\n";
}

/// Compiles a profile with one rule that reads each glob.
CompiledProfile reading(const std::vector<aa::Glob>& globs) {
  ScratchFolder folder;
  folder.write("apparmor.d/abi/3.0", aa::abi_features(aa::all_features().front()));
  std::string text = "abi <abi/3.0>,\nprofile p {\n";
  for (const aa::Glob& g : globs) text += aa::quoted(g) + " r,\n";
  const Compiled out = compile_profile(folder, folder.write("apparmor.d/p", text + "}\n"), "debian12");
  REQUIRE_MESSAGE(out.error == "", out.error << text.substr(0, 2000));
  return out.profiles.at(0);
}

bool reads(const CompiledProfile& p, std::string_view path) { return (p.file(path) & kRead) != 0; }

std::vector<paths::PathPattern> patterns(const std::string& text) {
  paths::PatternError error;
  auto out = paths::PathPattern::parse(text, error);
  REQUIRE_MESSAGE(!out.empty(), text << ": " << error.message);
  return out;
}

/// What the entries of a topic list.
std::vector<std::string> wider_by(const ApparmorTarget& target, const std::string& topic) {
  std::set<std::string> all;
  for (const backends::FidelityEntry& entry : target.lowered.fidelity.entries) {
    if (entry.topic == topic) all.insert(entry.what.begin(), entry.what.end());
  }
  return {all.begin(), all.end()};
}

std::string printable_path(const std::string& path) { return printable(path, 200); }

}  // namespace

TEST_CASE("features: what macc describes is what the distribution ships") {
  const auto words = [](const std::string& text) {
    std::istringstream in(text);
    std::multiset<std::string> out;
    std::string word;
    while (in >> word) {
      for (std::size_t at; (at = word.find_first_of("{}")) != std::string::npos;) word.replace(at, 1, "");
      if (!word.empty()) out.insert(word);
    }
    return out;
  };
  const auto file = [](const char* path) {
    std::ifstream in(path);
    REQUIRE_MESSAGE(in.good(), path << " is missing: install the package apparmor");
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const auto& debian = *aa::find_features("debian12");
  CHECK(words(aa::kernel_features(debian)) == words(file("/usr/share/apparmor-features/features")));
  CHECK(words(aa::abi_features(debian)) == words(file("/etc/apparmor.d/abi/3.0")));
}

TEST_CASE("globs: every byte of a literal path matches itself and nothing else") {
  std::vector<aa::Glob> globs;
  std::vector<std::string> all;
  for (int c = 1; c < 256; ++c) {
    if (c == '\n' || c == '/') continue;
    const char byte = static_cast<char>(c);
    for (const std::string& name :
         {std::string(1, byte), std::string{byte, '1'}, std::string{'\\', byte}, std::string{byte, byte}}) {
      if (name == "." || name == "..") continue;
      const std::string path = "/lit/x" + name + "y/z";
      all.push_back(path);
      globs.push_back(*aa::glob_of(paths::PathPattern::literal(path), Shape::files));
    }
  }
  const CompiledProfile p = reading(globs);
  for (const std::string& path : all) CHECK_MESSAGE(reads(p, path), printable_path(path));
  for (const char* neighbour : {"/lit/xy/z", "/lit/xQQQy/z", "/lit/x", "/lit/xa/y/z", "/lit/xaby/z"})
    CHECK(!reads(p, neighbour));
}

namespace {

/// A class and its negation against every byte, with a byte of its own beside the range.
void check_class(unsigned first, unsigned last, unsigned other = 'Q') {
  if (last > 255 || (first <= '/' && '/' <= last)) return;  // never in a class of macc
  const auto byte = [](unsigned c) { return static_cast<unsigned char>(c); };
  const auto glob = [&](bool negated, bool alone) {
    aa::GlobClass c{negated, {{byte(first), byte(last)}}};
    if (!alone) c.ranges.push_back({byte(other), byte(other)});
    aa::Glob out("/c/");
    out.append(c);
    out.append(aa::GlobLiteral{"z"});
    return out;
  };
  for (const bool alone : {true, false}) {
    const CompiledProfile p = reading({glob(false, alone)}), q = reading({glob(true, alone)});
    for (unsigned c = 1; c < 256; ++c) {
      if (c == '/' || c == '\n') continue;
      const std::string path = std::string("/c/") + static_cast<char>(c) + "z";
      const bool inside = (first <= c && c <= last) || (!alone && c == other);
      CHECK_MESSAGE(reads(p, path) == inside, printable_path(path) << " " << aa::render(glob(false, alone)));
      CHECK_MESSAGE(reads(q, path) != inside, printable_path(path) << " " << aa::render(glob(true, alone)));
    }
  }
}

}  // namespace

TEST_CASE("globs: classes hold what they say, whatever the parser makes of punctuation in them") {
  for (unsigned first = ' '; first < 0x80; ++first) {
    const bool letter = (first >= '0' && first < '9') || (first >= 'A' && first < 'Z') || (first >= 'a' && first < 'z');
    if (letter) continue;
    for (const unsigned length : {0U, 1U, 3U}) check_class(first, first + length);
  }
  check_class(1, '.');
  check_class('0', 255);
  check_class('\\', '\\', ',');
  check_class('[', '^', ',');
}

TEST_CASE("globs: hostile literal paths stay literal") {
  const std::string hostile[] = {"/h/\" rwx, /** rwx, \"",
                                 "/h/#include <abstractions/base>",
                                 "/h/@{HOME}/x",
                                 "/h/}",
                                 "/h/{a,b}",
                                 "/h/[a]",
                                 "/h/*",
                                 "/h/?",
                                 "/h/\\*",
                                 "/h/^",
                                 "/h/,",
                                 "/h/ ",
                                 "/h/\t",
                                 "/h/$x",
                                 "/h/${x}",
                                 "/h/\xc3\xb6",
                                 "/h/\xff\xfe",
                                 "/h/ #",
                                 "/h/\\",
                                 "/h/\\0",
                                 "/h/\r",
                                 "/h/a -> b",
                                 "/h/[^a]",
                                 "/h/**",
                                 "/h/a\x01z",
                                 "/h/-",
                                 "/h/]",
                                 "/h/{",
                                 "/h/include if exists <x>"};
  std::vector<aa::Glob> globs;
  for (const std::string& path : hostile)
    globs.push_back(*aa::glob_of(paths::PathPattern::literal(path), Shape::files));
  const CompiledProfile p = reading(globs);
  for (const std::string& path : hostile) CHECK_MESSAGE(reads(p, path), printable_path(path));
  for (const char* other : {"/h/a", "/h/b", "/h/x", "/h/", "/x", "/root/x", "/h/home", "/h/ab"})
    CHECK(!reads(p, other));
}

TEST_CASE("globs: patterns match in the parser as they do in macc") {
  const char* texts[] = {"/a/*",       "/a/**",        "/a/",        "/a/b",      "/a/**/b",  "/a/*/b",     "/a/*b",
                         "/a/b*",      "/a/?",         "/a/[^x]",    "/a/[xy]b",  "/a/{b,x}", "/a/{b,x*}y", "/a/{,b}*",
                         "/a/b{,/**}", "/**",          "/*/b",       "/a/**/*.k", "/a/b?b",   "/",          "/a/{b,*}x",
                         "/a/*/",      "/a/b/**/x/**", "/a/[a-c]*/", "/a/{*x,b}", "/a/x*b*",  "~/b",        "~/**"};
  const char* names[] = {"a", "b", "x", "xb", "bx", "y", "bb", "bxb", ".k", "a.k", "root", "home"};
  std::vector<std::string> paths = {"/"};
  std::vector<std::string> level = {"/"};
  for (int depth = 0; depth < 4; ++depth) {
    std::vector<std::string> next;
    for (const std::string& p : level) {
      for (const char* n : names) {
        if (depth >= 2 && (n[0] != 'a' && n[0] != 'b' && n[0] != 'x')) continue;
        paths.push_back(p + n);
        paths.push_back(p + n + "/");
        next.push_back(p + n + "/");
      }
    }
    if (depth == 1) next.resize(40);
    level = depth == 2 ? std::vector<std::string>(next.begin(), next.begin() + 60) : next;
  }
  for (const char* text : texts) {
    const auto parsed = patterns(text);
    for (const Shape shape : {Shape::files, Shape::directories, Shape::both}) {
      const CompiledProfile p = reading(aa::globs_of(parsed, shape));
      for (const std::string& path : paths) {
        const bool directory = path.back() == '/';
        const bool shaped = shape == Shape::both || directory == (shape == Shape::directories);
        bool expected = false;
        for (const auto& one : parsed) expected = expected || one.matches(path);
        CHECK_MESSAGE(reads(p, path) == (expected && shaped), text << " " << path);
      }
    }
  }
}

TEST_CASE("globs: sets that are unions of globs, and those that are not") {
  const auto set = [](const std::string& include, const std::string& exclude) {
    return paths::PathSet::of(patterns(include), patterns(exclude));
  };
  const auto globs = aa::globs_of(set("/x/**", "/x/keys/**") & paths::PathSet::non_directories());
  REQUIRE(globs.has_value());
  const CompiledProfile p = reading(*globs);
  for (const char* in : {"/x/a", "/x/keys", "/x/keysx", "/x/key", "/x/k/a", "/x/keyx/b", "/x/a/keys/b"})
    CHECK(reads(p, in));
  for (const char* out : {"/x/", "/x", "/x/keys/a", "/x/keys/", "/x/keys/a/b", "/x/a/", "/y"}) CHECK(!reads(p, out));
  CHECK(aa::globs_of(set("/x/*/**", "/x/a/**")).has_value());
  CHECK(!aa::globs_of(set("/x/**", "/x/**/*.key")).has_value());
  CHECK(aa::globs_of(paths::PathSet())->empty());
}

TEST_CASE("globs: the globs of a set match what is in the set") {
  const char* includes[] = {"/x/**", "/x/*", "/x/*/**", "/x/a*", "/x/**/k", "/x/{a,keys}/**", "/x/*/k"};
  const char* excludes[] = {"/x/keys/**", "/x/keys",   "/x/keys/",  "/x/a*", "/x/*/k",
                            "/x/**",      "/x/[a-k]*", "/x/a/**/k", "/x/?"};
  std::vector<std::string> probes = {"/", "/x", "/x/"};
  for (const char* a : {"a", "k", "ke", "key", "keys", "keysx", "ax", "z", "l"}) {
    for (const char* b : {"", "/", "/k", "/k/", "/a/k", "/k/a", "/a/k/", "k", "/kk/a/"})
      probes.push_back(std::string("/x/") + a + b);
  }
  int expressible = 0;
  for (const char* include : includes) {
    for (const char* exclude : excludes) {
      const auto whole = paths::PathSet::of(patterns(include), patterns(exclude));
      for (const auto& set :
           {whole, whole & paths::PathSet::directories(), whole & paths::PathSet::non_directories()}) {
        const auto found = aa::globs_of(set);
        if (!found) continue;
        ++expressible;
        const CompiledProfile p = reading(*found);
        for (const std::string& path : probes) {
          CHECK_MESSAGE(reads(p, path) == set.contains(path), include << " except " << exclude << ": " << path);
        }
      }
    }
  }
  CHECK(expressible > 100);
}

TEST_CASE("guards: alternatives, contradictions and complements") {
  const auto a = aa::Guard::when(ir::BooleanId{0}, true);
  const auto b = aa::Guard::when(ir::BooleanId{1}, true);
  CHECK(!(a & !a).possible());
  CHECK((a | b).alternatives().size() == 2);
  CHECK((!(a & b)).covers(!a));
  CHECK(!a.covers(b));
  CHECK(a.covers(a & b));
  CHECK((a | aa::Guard::always()).is_always());
}

TEST_CASE("file verbs become permissions on files, directories or both") {
  ApparmorTarget t(domain(R"(
    allow read "/r/**"; allow list "/l/**"; allow write "/w/**"; allow create "/c/**"; allow rename "/n/**";
    allow lock "/k/**"; allow load "/m/**"; allow setattr "/s/**"; allow link "/h/**"; allow watch "/i/**";
    allow read "/o/**" owner;
  )"));
  CHECK(t.analyzed->messages() == "");
  const CompiledProfile p = t.compile("d");
  CHECK(p.file("/r/a") == kRead);
  CHECK(p.file("/r/") == 0);
  CHECK(p.file("/r/a/") == 0);
  CHECK(p.file("/l/") == kRead);
  CHECK(p.file("/l/a/") == kRead);
  CHECK(p.file("/l/a") == 0);
  CHECK(p.file("/w/a") == (kWrite | kAppend));
  CHECK(p.file("/w/a/") == 0);
  CHECK(p.file("/c/a/") == (kWrite | kAppend));
  CHECK(p.file("/c/") == 0);
  CHECK(p.file("/n/a") == (kWrite | kAppend | kRead));
  CHECK(p.file("/k/a") == kLock);
  CHECK(p.file("/m/a.so") == (kMap | kRead));
  CHECK(p.file("/s/") == (kWrite | kAppend));
  CHECK(p.link("/h/a", "/h/b"));
  CHECK(!p.link("/h/a", "/r/b"));
  CHECK(!p.link("/r/a", "/h/b"));
  CHECK(p.file("/i/a") == 0);
  CHECK(p.file("/o/a") == 0);
  CHECK(p.file("/o/a", true) == kRead);
  CHECK(p.file("/usr/bin/d") == (kMap | kRead));
  CHECK(p.attaches("/usr/bin/d"));
  CHECK(!p.attaches("/usr/bin/dd"));
  CHECK(t.topic("watch"));
  CHECK(t.topic("file-write"));
}

TEST_CASE("rules that need the same permission are one class of difference, complete ones are exact") {
  ApparmorTarget t(domain("allow manage \"/var/lib/d/**\";"));
  CHECK(t.analyzed->messages() == "");
  CHECK(!t.topic("file-write"));
  CHECK(t.topic("file-times"));
}

TEST_CASE("programs: inside, in another domain, unconfined, with the environment") {
  ApparmorTarget t(domain(R"(
    exec "/usr/bin/in"; exec "/usr/bin/to" to e; exec "/usr/bin/out" unconfined; exec "/usr/bin/env" to e keep environment;
  )") + "domain e { entry \"/usr/bin/e\"; }\n");
  REQUIRE(t.analyzed->messages() == "");
  const CompiledProfile p = t.compile("d");
  CHECK(p.exec("/usr/bin/in") == "ix");
  CHECK((p.file("/usr/bin/in") & (kRead | kMap)) == (kRead | kMap));
  CHECK(p.exec("/usr/bin/to") == "-> e");
  CHECK(p.exec("/usr/bin/out") == "ux");
  CHECK(p.exec("/usr/bin/env") == "-> e unsafe");
  const CompiledProfile e = t.compile("e");
  CHECK((e.file("/usr/bin/to") & (kRead | kMap)) == (kRead | kMap));
}

TEST_CASE("private domains are child profiles, by whose labels the others know them") {
  ApparmorTarget t(R"(module m;
    boolean s = false;
    domain d {
      entry "/usr/bin/d";
      exec "/usr/bin/c" to c; exec "/usr/bin/k" to c keep environment;
      allow signal term to c; allow trace c; allow become c;
    }
    domain c in d { allow read "/c"; if s { allow read "/s"; allow connect tcp 1; } exec "/usr/bin/o" to o; }
    domain o { allow signal hup to c; }
  )");
  REQUIRE(t.analyzed->messages() == "");
  CHECK(t.artifact("apparmor.d/c").empty());
  CHECK(t.artifact("apparmor.d/d").find("\"/usr/bin/c\" Cx -> \"c\",") != std::string::npos);
  CHECK(t.artifact("apparmor.d/d").find("\"/usr/bin/k\" cx -> \"c\",") != std::string::npos);
  for (const bool s : {false, true}) {
    const auto all = t.compile_all("d", {{"$macc_m_s", s}});
    REQUIRE(all.size() == 2);
    const CompiledProfile &d = all[0], &c = all[1];
    CHECK(c.name == "d//c");
    CHECK(d.exec("/usr/bin/c") == "-> d//c");
    CHECK(d.exec("/usr/bin/k") == "-> d//c unsafe");
    CHECK(d.sends(15, "d//c"));
    CHECK(!d.sends(15, "c"));
    CHECK(c.receives(15, "d"));
    CHECK((d.ptrace("d//c") & 6U) == 6U);
    CHECK((c.ptrace("d") & 24U) == 24U);
    CHECK(d.may_change_to("d//c"));
    CHECK(!d.may_change_to("c"));
    CHECK(c.exec("/usr/bin/o") == "-> o");
    CHECK((c.file("/usr/bin/c") & (kRead | kMap)) == (kRead | kMap));
    CHECK(reads(c, "/c"));
    CHECK(!reads(d, "/c"));
    CHECK(reads(c, "/s") == s);
    CHECK(c.network(2, 1) == s);
    CHECK(c.receives(1, "o"));
  }
  CHECK(t.compile("o").sends(1, "d//c"));
}

TEST_CASE("one program, two ways to execute it") {
  const std::string e = "domain e { entry \"/usr/bin/e\"; }\n";
  // The analysis finds it, but for rules under so many booleans that it leaves them to the backend.
  std::string any = "s0", booleans = "boolean s0 = false;";
  for (int i = 1; i <= 10; ++i) {
    any += " or s" + std::to_string(i);
    booleans += " boolean s" + std::to_string(i) + " = false;";
  }
  ApparmorTarget many(domain("exec \"/opt/x/**\"; if " + any + " { exec \"/opt/x/report\" to e; }", booleans) + e);
  CHECK(many.analyzed->has(Code::E2001));
  ApparmorTarget apart(domain("exec \"/opt/x/**\" except \"/opt/x/report\"; exec \"/opt/x/report\" to e;") + e);
  REQUIRE(apart.analyzed->messages() == "");
  const CompiledProfile p = apart.compile("d");
  CHECK(p.exec("/opt/x/report") == "-> e");
  CHECK(p.exec("/opt/x/reports") == "ix");
  ApparmorTarget named(domain("exec \"/opt/x/*\"; exec \"/opt/x/report\" to e;") + e);
  REQUIRE(named.analyzed->messages() == "");
  const CompiledProfile q = named.compile("d");
  CHECK(q.exec("/opt/x/report") == "-> e");
  CHECK(q.file("/opt/x/report") == (kExec | (q.file("/opt/x/report") & 0x3c00U)));  // nothing of the pattern's rule
  CHECK(q.exec("/opt/x/repor") == "ix");
  CHECK(q.exec("/opt/x/reports") == "ix");
  ApparmorTarget same(domain("exec \"/opt/x/**\"; exec \"/opt/x/report\";"));
  CHECK(same.analyzed->messages() == "");
  ApparmorTarget never_both(domain("if b { exec \"/opt/x\"; } else { exec \"/opt/x\" to e; }", "boolean b = false;") +
                            e);
  CHECK(never_both.analyzed->messages() == "");
  CHECK(never_both.compile("d").exec("/opt/x") == "-> e");
  CHECK(never_both.compile("d", {{"$macc_m_b", true}}).exec("/opt/x") == "ix");
}

TEST_CASE("deny: a rule where nothing else needs the permission, a subtraction where something does") {
  ApparmorTarget t(domain(R"(
    allow read "/a/**"; allow write, create, delete "/a/**";
    deny change "/a/keys/**";
    allow write, create "/b/**"; deny write "/b/log/**";
    deny read "/a/secret";
    audit deny read "/elsewhere";
  )"));
  CHECK(t.analyzed->messages() == "");
  const CompiledProfile p = t.compile("d");
  CHECK(p.file("/a/x") == (kRead | kWrite | kAppend));
  CHECK(p.file("/a/keys/x") == kRead);
  CHECK(p.file("/a/secret") == (kWrite | kAppend));
  CHECK(p.file("/b/log/x") == (kWrite | kAppend));  // create stays, and AppArmor's w is both
  CHECK(p.file("/elsewhere") == 0);
  CHECK((p.file_audit("/a/secret") >> 7 & kRead) != 0);   // a deny is quiet
  CHECK((p.file_audit("/elsewhere") >> 7 & kRead) == 0);  // an audited one is not
  CHECK(t.topic("deny-shared"));
}

TEST_CASE("deny of execution leaves nothing of it behind") {
  ApparmorTarget t(domain("exec \"/opt/**\"; deny exec \"/opt/bad/**\";"));
  CHECK(t.analyzed->messages() == "");
  const CompiledProfile p = t.compile("d");
  CHECK(p.exec("/opt/good/x") == "ix");
  CHECK(p.file("/opt/bad/x") == 0);
}

TEST_CASE("owner: a deny for owners alone holds as a rule or is an error") {
  ApparmorTarget t(domain("allow read \"/a/**\"; deny read \"/a/own\" owner;"));
  CHECK(t.analyzed->messages() == "");
  const CompiledProfile p = t.compile("d");
  CHECK(p.file("/a/own", true) == 0);
  CHECK(p.file("/a/own", false) == kRead);
  ApparmorTarget shared(domain("allow rename \"/a/own\"; allow read \"/a/**\"; deny read \"/a/own\" owner;"));
  CHECK(shared.analyzed->has(Code::E2006));
}

TEST_CASE("a deny of loading leaves the entry readable, one of reading alone cannot hold there") {
  ApparmorTarget load(domain("deny load \"/**\";"));
  CHECK(load.analyzed->messages() == "");
  CHECK(load.compile("d").file("/usr/bin/d") == kRead);
  ApparmorTarget read(domain("deny read \"/usr/**\"; allow read \"/usr/bin/x\";"));
  CHECK(read.analyzed->messages() == "");
  CHECK(read.compile("d").file("/usr/bin/d") == (kRead | kMap));
  CHECK(read.compile("d").file("/usr/bin/x") == 0);
}

TEST_CASE("a deny of unix sockets compiles where they are a family") {
  ApparmorTarget t(domain("deny listen unix \"/run/d/x\"; deny connect unix \"@x\"; deny connect tcp any;"));
  CHECK(t.analyzed->messages() == "");
  const CompiledProfile p = t.compile("d");
  CHECK(!p.network(1, 1));
  CHECK(!p.network(2, 1));
}

TEST_CASE("hard links: from each path with the verb to each, and nowhere else") {
  ApparmorTarget t(domain(R"(
    allow link "/s/new/**"; allow link "/s/tmp/**", "/q/**" except "/q/keys/**";
  )"));
  CHECK(t.analyzed->messages() == "");
  INFO(t.artifact("apparmor.d/d"));
  const CompiledProfile p = t.compile("d");
  CHECK(p.link("/s/new/1", "/s/tmp/1"));
  CHECK(p.link("/q/x", "/s/new/1"));
  CHECK(!p.link("/q/keys/x", "/s/new/1"));
  CHECK(!p.link("/s/new/1", "/q/keys/x"));
  // A negated class of the name must not take the NUL that parts it from the target.
  CHECK(!p.link("/q/", "/etc/shadow"));
  CHECK(!p.link("/q/k", "/etc/shadow"));
  CHECK(!p.link("/q/keys", "/etc/shadow"));
}

TEST_CASE("except: exact as globs, by a deny rule, or an error") {
  ApparmorTarget exact(domain("allow read \"/a/**\" except \"/a/b/**\"; allow read \"/a/b/c\";"));
  CHECK(exact.analyzed->messages() == "");
  const CompiledProfile p = exact.compile("d");
  CHECK(p.file("/a/x") == kRead);
  CHECK(p.file("/a/b") == kRead);
  CHECK(p.file("/a/b/x") == 0);
  CHECK(p.file("/a/b/c") == kRead);
  ApparmorTarget denied(domain("allow read \"/a/**\" except \"/a/**/*.key\";"));
  CHECK(denied.analyzed->messages() == "");
  const CompiledProfile q = denied.compile("d");
  CHECK(q.file("/a/b/x") == kRead);
  CHECK(q.file("/a/b/x.key") == 0);
  CHECK((q.file_audit("/a/b/x.key") >> 7 & kRead) == 0);
  ApparmorTarget collision(domain("allow read \"/a/**\" except \"/a/**/*.key\"; allow read \"/a/b/my.key\";"));
  CHECK(collision.analyzed->has(Code::E2004));
}

TEST_CASE("what another rule grants as well is not left out: the union needs no hole") {
  const std::string config = R"(
    resource config : config { "/etc/d/**" }
    resource keys : secret { "/etc/d/**/*.key" }
    allow read config;
    allow read keys;
  )";
  ApparmorTarget t(domain(config));
  CHECK(t.analyzed->messages() == "");
  CHECK(t.artifact("apparmor.d/d").find("\"/etc/d/**[^/]\" r,") != std::string::npos);
  CHECK(t.compile("d").file("/etc/d/x/y.key") == kRead);
  ApparmorTarget more(domain(config + "allow write config; deny read \"/etc/d/x.key\";"));
  const CompiledProfile p = more.compile("d");
  CHECK(more.analyzed->messages() == "");
  CHECK(p.file("/etc/d/a.key") == kRead);
  CHECK(p.file("/etc/d/x.key") == 0);
  CHECK(p.file("/etc/d/x") == (kRead | kWrite | kAppend));
}

TEST_CASE("except: files that another rule reads do not stand in the way of denying directories") {
  ApparmorTarget t(domain(R"(
    resource config : config { "/etc/d/**" }
    resource keys : secret { "/etc/d/host_*_key" }
    allow read, list config;
    allow read keys;
    allow manage "/srv/d/**" except "/srv/d/**/*.lock";
  )"));
  CHECK(t.analyzed->messages() == "");
  const CompiledProfile p = t.compile("d");
  CHECK(p.file("/etc/d/host_rsa_key") == kRead);
  CHECK(p.file("/etc/d/host_rsa_key/") == 0);
  CHECK(p.file("/etc/d/x/") == kRead);
  CHECK(p.link("/srv/d/a", "/srv/d/b"));
  CHECK(!p.link("/srv/d/a.lock", "/srv/d/b"));
  CHECK(!p.link("/srv/d/a", "/srv/d/b.lock"));
}

TEST_CASE("names that part from the name of a hole stand together") {
  ApparmorTarget t(domain(R"(
    resource config : config { "/etc/d/**" }
    resource keys : secret { "/etc/d/keys/**" }
    allow read, list config;
  )"));
  CHECK(t.analyzed->messages() == "");
  const std::string text = t.artifact("apparmor.d/d");
  INFO(text);
  CHECK(text.find("\"/etc/d/{[^/k],k[^/e],ke[^/y],key[^/s],keys?}**\" r,") != std::string::npos);
  CHECK(text.find("\"/etc/d/{k,ke,key}/{,**}\" r,") != std::string::npos);
  CHECK(text.find("\"/etc/d/{k,ke,key,keys}\" r,") != std::string::npos);
}

TEST_CASE("resources inside a resource are left out") {
  ApparmorTarget t(domain(R"(
    resource config : config { "/etc/d/**" }
    resource keys : secret { "/etc/d/keys/**" }
    allow read, list config;
  )"));
  CHECK(t.analyzed->messages() == "");
  const CompiledProfile p = t.compile("d");
  INFO(t.artifact("apparmor.d/d"));
  CHECK(p.file("/etc/d/x") == kRead);
  CHECK(p.file("/etc/d/") == kRead);
  CHECK(p.file("/etc/d/keys/x") == 0);
  CHECK(p.file("/etc/d/keys/") == 0);
}

TEST_CASE("networks, capabilities and what they cannot tell apart") {
  constexpr int kInet = 2, kInet6 = 10, kUnix = 1, kStream = 1, kDatagram = 2, kNetlink = 16, kRaw = 3;
  ApparmorTarget t(domain(R"(
    allow listen tcp 8443; allow socket netlink.route; allow capability net_bind_service;
    deny connect udp any; deny capability sys_admin; allow bpf;
  )"));
  CHECK(t.analyzed->messages() == "");
  const CompiledProfile p = t.compile("d");
  CHECK(p.network(kInet, kStream));
  CHECK(p.network(kInet6, kStream));
  CHECK(!p.network(kInet, kDatagram));
  CHECK(!p.network(kUnix, kStream));
  CHECK(p.network(kNetlink, kRaw));
  CHECK(p.capability(10));
  CHECK(p.capability(39));
  CHECK(!p.capability(21));
  CHECK((p.quiet_capabilities >> 21 & 1) == 1);
  CHECK(t.topic("network-ports"));
}

TEST_CASE(
    "a capability of the system is one of user namespaces, and the reverse, which is said unless both are allowed") {
  const auto wider = [](const std::string& rules) {
    return ApparmorTarget("module m;\nboolean b = false;\ndomain d { entry \"/usr/bin/d\"; " + rules + " }\n")
        .topic("capability-userns");
  };
  CHECK(wider("allow capability kill;"));
  CHECK(wider("allow capability kill in userns;"));
  CHECK(!wider("allow capability kill; allow capability kill in userns;"));
  CHECK(wider("allow capability kill, chown; allow capability kill in userns;"));
  CHECK(wider("allow capability kill; if b { allow capability kill in userns; }"));
  CHECK(!wider("if b { allow capability kill; allow capability kill in userns; }"));
  CHECK(wider("allow capability kill; allow capability kill in userns; deny capability kill in userns;"));
  CHECK(!wider("deny capability kill;"));
}

TEST_CASE("a capability that comes with bpf or perf is said, unless it is allowed, and kept out where it is denied") {
  constexpr int kPerfmon = 38, kBpf = 39;
  ApparmorTarget alone(domain("allow bpf; allow perf;"));
  CHECK(alone.compile("d").capability(kBpf));
  CHECK(alone.topic("with-capability"));
  CHECK_FALSE(alone.topic("bpf"));
  ApparmorTarget both(domain("allow bpf; allow perf; allow capability bpf, perfmon;"));
  for (const char* topic : {"with-capability", "bpf", "perf"}) {
    CAPTURE(topic);
    CHECK_FALSE(both.topic(topic));
  }
  ApparmorTarget denied(domain("allow bpf; allow perf; deny capability bpf;"));
  const CompiledProfile p = denied.compile("d");
  CHECK_FALSE(p.capability(kBpf));
  CHECK((p.quiet_capabilities >> kBpf & 1) == 1);
  CHECK(p.capability(kPerfmon));
  CHECK_FALSE(denied.topic("deny-shared"));
}

TEST_CASE("a capability that opens bpf or perf without a word about them is said") {
  ApparmorTarget capability(domain("allow capability bpf;"));
  CHECK(capability.topic("bpf"));
  CHECK_FALSE(capability.topic("perf"));
  ApparmorTarget administrator(domain("allow capability sys_admin; allow bpf; allow capability bpf;"));
  CHECK_FALSE(administrator.topic("bpf"));
  CHECK(administrator.topic("perf"));
}

TEST_CASE("a program that is executed inside can be read and mapped, which is said unless it may be") {
  const auto wider = [](const std::string& statements, const std::string& others = "") {
    return wider_by(ApparmorTarget(domain(statements) + others), "exec-read");
  };
  using Words = std::vector<std::string>;
  CHECK(wider("exec \"/usr/bin/x\";") == Words{"load", "read"});
  CHECK(wider("exec \"/usr/bin/x\"; allow read \"/usr/bin/*\";") == Words{"load"});
  CHECK(wider("exec \"/usr/bin/x\"; allow load \"/usr/bin/*\";") == Words{"read"});
  CHECK(wider("exec \"/usr/bin/x\"; allow read, load \"/usr/bin/*\";") == Words{});
  CHECK(wider("exec \"/usr/bin/x\"; allow read, load \"/usr/bin/*\" owner;") == Words{"load", "read"});
  CHECK(wider("exec \"/usr/bin/e\" to e;", "domain e { entry \"/usr/bin/e\"; }\n") == Words{});
}

TEST_CASE("that the top of a tree can be made and removed with its attributes is said unless it may be") {
  const auto wider = [](const std::string& statements) {
    return wider_by(ApparmorTarget(domain(statements)), "tree-top");
  };
  using Words = std::vector<std::string>;
  const Words all = {"create", "delete", "rename"};
  CHECK(wider("allow manage \"/srv/t/**\";") == all);
  CHECK(wider("allow setattr \"/srv/t/**\" owner;") == all);
  CHECK(wider("allow manage \"/srv/t/**\"; allow create \"/srv/t/\";") == Words{"delete", "rename"});
  CHECK(wider("allow manage \"/srv/t/**\"; allow create, delete, rename \"/srv/*/\";") == Words{});
  CHECK(wider("allow manage \"/srv/t/**\"; deny setattr \"/srv/t/\";") == Words{});
  CHECK(wider("allow manage \"/srv/t/*\"; allow setattr \"/srv/t\";") == Words{});
  // Without the verb, the top has no `w`.
  ApparmorTarget entries(domain("allow read, list, write, create, delete, rename \"/srv/t/**\";"));
  CHECK(wider_by(entries, "tree-top") == Words{});
  CHECK(entries.compile("d").file("/srv/t/") == kRead);
}

TEST_CASE("signals and tracing are written on both sides") {
  ApparmorTarget t(domain("allow signal term, hup to e; allow trace e; allow inspect e;") +
                   "domain e { entry \"/usr/bin/e\"; }\n");
  CHECK(t.analyzed->messages() == "");
  const CompiledProfile d = t.compile("d"), e = t.compile("e");
  constexpr int kTerm = 15, kKill = 9;
  CHECK(d.sends(kTerm, "e"));
  CHECK(!d.sends(kKill, "e"));
  CHECK(d.sends(kKill, "d"));
  CHECK(!d.sends(kTerm, "unconfined"));
  CHECK(e.receives(kTerm, "d"));
  CHECK(!e.receives(kKill, "d"));
  CHECK(e.receives(kKill, "unconfined"));
  CHECK((d.ptrace("e") & 6) == 6);
  CHECK((e.ptrace("d") & 0x18) == 0x18);
  CHECK(d.file("/proc/1234/status") == kRead);
  CHECK(d.file("/proc/12x/status") == 0);
}

TEST_CASE("/proc/self is a number to AppArmor") {
  ApparmorTarget t(domain("allow read \"/proc/self/maps\";"));
  CHECK(t.analyzed->messages() == "");
  const CompiledProfile p = t.compile("d");
  CHECK(p.file("/proc/1/maps") == kRead);
  CHECK(p.file("/proc/4194303/maps") == kRead);
  CHECK(p.file("/proc/self/maps") == 0);
  CHECK(t.topic("proc-numbers"));
}

TEST_CASE("switches that are declared on are turned by a variable of another name") {
  ApparmorTarget t(domain("if b { allow read \"/on\"; } else { allow read \"/off\"; }", "boolean b = true;"));
  const std::string tunables = t.artifact("apparmor.d/tunables/macc.d/m");
  CHECK(tunables.find("\n#@{macc_m_b_is_off} = yes\n") != std::string::npos);
  for (const bool b : {false, true}) {
    const CompiledProfile p = t.compile("d", {{"$macc_m_b", b}});
    CHECK(reads(p, "/on") == b);
    CHECK(reads(p, "/off") == !b);
  }
}

TEST_CASE("conditions are nested ifs over tunables") {
  ApparmorTarget t(domain(R"(
    if one and not two { allow read "/and"; }
    if one or two { allow read "/or"; } else { allow read "/neither"; }
    if one { allow connect tcp 25; allow capability chown; }
    allow read "/a/**";
    if two { deny read "/a/b"; }
  )",
                          "boolean one = false;\nboolean two = false;"));
  CHECK(t.analyzed->messages() == "");
  for (int bits = 0; bits < 4; ++bits) {
    const bool one = (bits & 1) != 0, two = (bits & 2) != 0;
    const CompiledProfile p = t.compile("d", {{"$macc_m_one", one}, {"$macc_m_two", two}});
    CHECK(reads(p, "/and") == (one && !two));
    CHECK(reads(p, "/or") == (one || two));
    CHECK(reads(p, "/neither") == (!one && !two));
    CHECK(p.network(2, 1) == one);
    CHECK(p.capability(0) == one);
    CHECK(reads(p, "/a/b") == !two);
    CHECK(reads(p, "/a/c"));
  }
}

TEST_CASE("what the parser drops from conditions is given always and said") {
  const std::string e = "domain e { entry \"/usr/bin/e\"; }\n";
  ApparmorTarget t(domain("if b { allow signal term to e; } else { deny trace e; }", "boolean b = false;") + e);
  CHECK(t.analyzed->messages() == "");
  CHECK(t.compile("d").sends(15, "e"));
  CHECK(t.topic("unconditional"));
  CHECK(t.topic("conditional-deny"));
}

TEST_CASE("a path that the parser's scanner cannot hold is an error, one that it can is not") {
  const auto path = [](std::size_t bytes) {
    std::string out = "allow read \"/";
    for (std::size_t i = 0; i < bytes; ++i) out += "\\*";
    return domain(out + "\";");
  };
  ApparmorTarget fits(path(1900));
  CHECK(fits.analyzed->messages() == "");
  CHECK(fits.compile("d").file("/" + std::string(1900, '*')) == kRead);
  ApparmorTarget longer(path(2040));
  CHECK(longer.analyzed->has(Code::E2005));
}

TEST_CASE("a profile that replaces another has its name and its file") {
  ApparmorTarget t(domain("replaces apparmor \"/usr/sbin/d\";"));
  CHECK(t.analyzed->messages() == "");
  const CompiledProfile p = t.compile("usr.sbin.d");
  CHECK(p.name == "/usr/sbin/d");
  CHECK(p.sends(15, "/usr/sbin/d"));
}

TEST_CASE("lowering twice gives the same bytes") {
  const std::string text =
      domain("allow manage \"/a/**\"; deny read \"/a/b\"; allow connect tcp any; exec \"/bin/x\";");
  CHECK(ApparmorTarget(text).artifact("apparmor.d/d") == ApparmorTarget(text).artifact("apparmor.d/d"));
}

TEST_CASE("two profiles that share a name are an error") {
  ApparmorTarget t("module m;\nexternal domain other { apparmor label \"d\"; }\ndomain d { entry \"/usr/bin/x\"; }\n");
  CHECK(t.analyzed->has(Code::E2003));
}

TEST_CASE("two profiles that attach to one program are an error") {
  Analyzed a;
  for (const char* name : {"d", "e"}) {
    ir::Domain domain;
    domain.name = name;
    domain.module = "m";
    domain.entries.emplace_back();
    domain.entries.back().paths.include = patterns("/usr/bin/x");
    a.policy.domains.push_back(domain);
  }
  const ir::Meaning meaning(a.policy);
  const backends::Target target;
  (void)backends::apparmor_backend().lower({a.policy, meaning, a.sources, target}, a.diagnostics);
  CHECK(a.has(Code::E2002));
}

TEST_CASE("units: no attachment, a drop-in") {
  ApparmorTarget t("module m;\ndomain d { entry \"/usr/bin/x\" from unit \"redis@a.service\"; }\n");
  CHECK(t.analyzed->messages() == "");
  CHECK(t.artifact("systemd/system/redis@a.service.d/50-macc.conf") == "[Service]\nAppArmorProfile=d\n");
  CHECK(!t.compile("d").attaches("/usr/bin/x"));
}

TEST_CASE("complain mode and several entries") {
  ApparmorTarget t("module m;\ndomain d { entry \"/usr/bin/x\", \"/usr/sbin/y\"; mode complain; }\n");
  CHECK(t.analyzed->messages() == "");
  const CompiledProfile p = t.compile("d");
  CHECK(p.complain);
  CHECK(p.attaches("/usr/bin/x"));
  CHECK(p.attaches("/usr/sbin/y"));
  CHECK(!p.attaches("/usr/bin/y"));
}

namespace {

std::string raw_domain(const std::string& raw) {
  const std::string resources = R"(
    resource config : config { "/etc/d/**" except "/etc/d/old/**" }
    resource keys : secret { "/etc/d/keys/**" }
  )";
  return domain(resources + "raw apparmor \"\"\"\n" + raw + "\"\"\";");
}

std::vector<std::string> raw_lines(const ApparmorTarget& t) {
  for (const auto& e : t.lowered.fidelity.entries) {
    if (e.topic == "raw") return e.what;
  }
  return {};
}

}  // namespace

TEST_CASE("raw text gets what belongs to its resources, in quotes once, and is warned of and listed") {
  ApparmorTarget t(raw_domain("  # wanted by the library\n  ${config} rk,\n  \"${keys}\" k,\n"));
  CHECK(t.analyzed->has(Code::E2012));
  CHECK(!t.analyzed->diagnostics.has_errors());
  const CompiledProfile p = t.compile("d");
  CHECK(p.file("/etc/d/x") == (kRead | kLock));
  CHECK(p.file("/etc/d/keys/x") == kLock);
  CHECK(p.file("/etc/d/old/x") == 0);
  CHECK(raw_lines(t).size() == 2);
  CHECK(raw_lines(t).at(0) == "\"/etc/d/keys/{,**}\" k,");
}

TEST_CASE("raw text of one abstraction that is included twice is listed twice") {
  ApparmorTarget t(
      "module m;\nabstraction limit(r: resource) { raw apparmor \"\"\"${r} k,\"\"\"; }\ndomain d {\n"
      "  entry \"/usr/bin/d\"; resource a : state { \"/a/**\" } resource b : state { \"/b/**\" }\n"
      "  include limit(a); include limit(b);\n}\n");
  CHECK(!t.analyzed->diagnostics.has_errors());
  CHECK(raw_lines(t) == std::vector<std::string>{"\"/a/{,**}\" k,", "\"/b/{,**}\" k,"});
}

TEST_CASE("raw text stays in its profile and in AppArmor's folder") {
  for (const char* text :
       {"include \"/etc/passwd\"\n", "#include /etc/passwd\n", "include if exists <../passwd>\n",
        "/x r, #include \"x\"\n", "include </etc/passwd>\n", "abi <abi/3.0>,\n", "profile :ns:x /bin/x { file, }\n",
        "} profile x {\n", "\"/x\n", "# }\n", "/x r, include\n<../x>\n"}) {
    CHECK_MESSAGE(ApparmorTarget(raw_domain(text)).analyzed->has(Code::E2011), text);
  }
  for (const char* text : {"include <abstractions/base>\n", "#include if exists <local/d>\n", "# include \"x\"\n",
                           "\"/x/include\" r,\n", "/x/abi r,\n", "owner @{HOME}/x r,\n", "profile kid { /x r, }\n"}) {
    ApparmorTarget t(raw_domain(text));
    CHECK_MESSAGE(!t.analyzed->diagnostics.has_errors(), text);
    const bool tunables =
        std::string(text).find("@{") != std::string::npos || std::string(text).find('<') != std::string::npos;
    CHECK((t.artifact("apparmor.d/d").find("include <tunables/global>") != std::string::npos) == tunables);
  }
}

TEST_CASE("verify: passes what compiles, and points at the source line of what does not") {
  ApparmorTarget good(domain("allow read \"/a\";"));
  Diagnostics none;
  const auto passed = backends::apparmor_backend().verify(good.input(), good.lowered, none);
  CHECK(passed.status == backends::Verification::Status::passed);
  CHECK(passed.checker.starts_with("apparmor_parser 3."));
  CHECK(none.all().empty());
  ApparmorTarget bad(domain("allow read \"/a\";\nraw apparmor \"\"\"\n  /x zz,\n\"\"\";"));
  Diagnostics d;
  const auto failed = backends::apparmor_backend().verify(bad.input(), bad.lowered, d);
  CHECK(failed.status == backends::Verification::Status::failed);
  REQUIRE(d.all().size() == 1);
  CHECK(d.all()[0].code == Code::E2008);
  CHECK(bad.analyzed->sources.position(d.all()[0].primary.span).line == 6);
}

TEST_CASE("what the machine adds to a profile of the same name is left out of what is checked") {
  const ScratchFolder distribution;
  distribution.write("local/d", "/etc/shadow r,\n");
  distribution.write("abstractions/used", "/etc/used r,\n");
  const auto& features = *aa::find_features("debian12");
  const aa::Parser parser(features, distribution.path());
  const ApparmorTarget target(
      domain("allow read \"/a\";\nraw apparmor \"\"\"\n  include <abstractions/used>\n\"\"\";"));
  const std::string profile = target.artifact("apparmor.d/d");
  CHECK(profile.ends_with("\n  include if exists <local/d>\n}\n"));
  REQUIRE(parser.put("apparmor.d/d", profile));
  REQUIRE(parser.put("apparmor.d/tunables/global", ""));
  const auto out = parser.compile("apparmor.d/d");
  REQUIRE_MESSAGE(out.end == aa::Compilation::End::compiled, fmt::format("{}", fmt::join(out.said, "\n")));
  const auto compiled = read_compiled_policy(out.policy).at(0);
  CHECK(reads(compiled, "/etc/used"));
  CHECK(!reads(compiled, "/etc/shadow"));
}

TEST_CASE("a line that the parser names in another file is none of the profile's") {
  const aa::Parser parser(*aa::find_features("debian12"), "/nonexistent");
  REQUIRE(parser.put("apparmor.d/macc.d/d/1", "\n\nzz zz,\n/x r,\n"));
  REQUIRE(parser.put("apparmor.d/d", "abi <abi/3.0>,\nprofile d {\n  include <macc.d/d/1>\n}\n"));
  REQUIRE(parser.put("apparmor.d/e", "abi <abi/3.0>,\nprofile e {\n  zz\n}\n"));
  CHECK(parser.compile("apparmor.d/d").end == aa::Compilation::End::refused);
  CHECK(parser.compile("apparmor.d/d").line == 0);
  CHECK(parser.compile("apparmor.d/e").line == 4);
}

TEST_CASE("ubuntu22.04: D-Bus and abstract sockets are mediated") {
  const std::string text = domain(R"(
    allow listen unix "@d.sock"; allow dbus own "org.example.D" on system; allow dbus talk "org.example.E" on session;
  )");
  ApparmorTarget ubuntu(text, "ubuntu22.04");
  CHECK(ubuntu.analyzed->messages() == "");
  CHECK(ubuntu.compile("d").mediates(32));
  CHECK(!ubuntu.topic("dbus"));
  ApparmorTarget debian(text);
  CHECK(debian.topic("dbus"));
  CHECK(!debian.compile("d").mediates(32));
}

TEST_CASE("mounts: what the system call does not name is not written") {
  ApparmorTarget t(
      domain("allow mount ext4 options bind from \"/a/**\" on \"/m/**\"; allow mount options remount, ro from "
             "\"/a\" on \"/m/x/\"; allow mount options rslave on \"/m/x/\";"));
  CHECK(t.analyzed->messages() == "");
  const std::string text = t.artifact("apparmor.d/d");
  CHECK(text.find("mount options=(bind) \"/a/{,**}\" -> \"/m/{,**}\",") != std::string::npos);
  CHECK(text.find("mount options=(remount, ro) -> \"/m/x/\",") != std::string::npos);
  CHECK(text.find("mount options=(rslave) -> \"/m/x/\",") != std::string::npos);
  CHECK(t.compile("d").mediates(7));
  CHECK(t.topic("mount-unnamed"));
}

TEST_CASE("mounts: where files may be bound, they are written as well as folders") {
  ApparmorTarget t(domain(
      "allow mount on \"/m/a\"; allow mount options remount, bind, ro on \"/m/b\"; allow mount ext4 on \"/m/c\"; "
      "deny mount on \"/m/d\";"));
  CHECK(t.analyzed->messages() == "");
  const std::string text = t.artifact("apparmor.d/d");
  CHECK(text.find("  mount -> \"/m/a{,/}\",") != std::string::npos);
  CHECK(text.find("  mount options=(remount, bind, ro) -> \"/m/b{,/}\",") != std::string::npos);
  CHECK(text.find("  mount fstype=(\"ext4\") -> \"/m/c/\",") != std::string::npos);
  CHECK(text.find("  deny mount -> \"/m/d{,/}\",") != std::string::npos);
}

TEST_CASE("mounts") {
  ApparmorTarget t(
      domain("allow mount tmpfs options nosuid, nodev on \"/run/d/x\"; allow unmount \"/run/d/x\"; allow pivot "
             "\"/run/d/x\";"));
  CHECK(t.analyzed->messages() == "");
  CHECK(t.artifact("apparmor.d/d").find("mount fstype=(\"tmpfs\") options=(nosuid, nodev) -> \"/run/d/x/\",") !=
        std::string::npos);
  CHECK(t.compile("d").mediates(7));
}

namespace {

/// The permission bits that the meaning asks for on one path.
std::uint32_t expected_bits(const ApparmorTarget& t, const std::string& path, bool owned) {
  const ir::Assignment values = ir::declared_values(t.analyzed->policy);
  const ir::DomainId d = t.analyzed->domain("d");
  const bool directory = path.back() == '/';
  const auto may = [&](ir::Verb v) {
    const auto object = directory ? ir::ObjectClass::directory : ir::ObjectClass::file;
    return t.meaning.decide(d, ir::FileQuestion{v, path, object, owned}, values).allowed;
  };
  const bool inside =
      !directory && t.meaning.decide(d, ir::ExecQuestion{path, ir::ExecAccess::Mode::inside, {}}, values).allowed;
  std::uint32_t out = 0;
  using ir::Verb;
  if (may(Verb::read) || may(Verb::list) || may(Verb::rename) || may(Verb::load) || inside) out |= kRead;
  for (Verb v : {Verb::write, Verb::append, Verb::create, Verb::delete_, Verb::rename, Verb::setattr}) {
    if (may(v)) out |= kWrite | kAppend;
  }
  if (may(Verb::lock)) out |= kLock;
  if (may(Verb::load) || inside) out |= kMap;
  if (inside) out |= kExec | kInherit;
  return out;
}

}  // namespace

TEST_CASE("random policies: the compiled profile has the permissions that the meaning asks for") {
  std::mt19937 random(20240607);
  const auto pick = [&](const auto& list) { return list[random() % std::size(list)]; };
  const char* verbs[] = {"read", "list",    "write", "append", "create", "delete",    "rename",
                         "lock", "setattr", "load",  "change", "manage", "read, list"};
  const char* places[] = {"/t/**", "/t/a/**", "/t/a",  "/t/a/b",  "/t/*",     "/t/*/b",
                          "/t/a*", "/t/**/b", "/t/a/", "/t/b/**", "/t/[^a]*", "/t/{a,b}/b"};
  std::vector<std::string> probes = {"/t/", "/t"};
  for (const char* a : {"a", "b", "ab", "c"}) {
    for (const char* b : {"", "/", "/a", "/b", "/b/", "/c/", "/a/b", "/b/b/", "/ab/c"})
      probes.push_back(std::string("/t/") + a + b);
  }
  int compiled = 0, errors = 0;
  for (int round = 0; round < 150; ++round) {
    std::string statements;
    const int count = 1 + static_cast<int>(random() % 5);
    for (int i = 0; i < count; ++i) {
      const bool deny = random() % 3 == 0;
      const bool exec = random() % 6 == 0;
      const bool owner = !exec && random() % 5 == 0;
      statements += deny ? "deny " : "allow ";
      statements += exec ? "exec" : pick(verbs);
      statements += std::string(" \"") + pick(places) + "\"";
      if (random() % 4 == 0) statements += std::string(" except \"") + pick(places) + "\"";
      statements += owner ? " owner;\n" : ";\n";
    }
    const std::string text = domain(statements);
    if (analyze(text)->messages() != "") continue;  // a rule that can never apply
    ApparmorTarget t(text);
    if (t.analyzed->diagnostics.has_errors()) {
      ++errors;
      continue;
    }
    ++compiled;
    const CompiledProfile p = t.compile("d");
    for (const std::string& path : probes) {
      for (const bool owned : {false, true}) {
        const std::uint32_t got = p.file(path, owned) & (kRead | kWrite | kAppend | kLock | kMap | kExec | kInherit);
        CHECK_MESSAGE(got == expected_bits(t, path, owned), path << (owned ? " owned" : "") << "\n"
                                                                 << statements << t.artifact("apparmor.d/d"));
      }
    }
  }
  CHECK(compiled > 50);
  CHECK(errors < compiled);
}

// Seen in a kernel, where the report called these exact.
TEST_CASE("what a rule lets through beside itself is said: reading what is loaded, inspecting what is traced") {
  const auto topics = [](const std::string& rules) { return ApparmorTarget(domain(rules)); };
  CHECK(topics("allow load \"/usr/lib/d/**\";").topic("load"));
  CHECK_FALSE(topics("allow read, load \"/usr/lib/d/**\";").topic("load"));
  CHECK(topics("allow trace self;").topic("trace"));
  CHECK_FALSE(topics("allow inspect self;").topic("trace"));
}
