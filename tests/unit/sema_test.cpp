// What an author sees of names, modules, abstractions and checks.
#include <doctest/doctest.h>

#include "compiler/ir/json.h"
#include "tests/support/analyzed.h"

using namespace macc;
using test::analyze;

namespace {

/// A domain `d` with the statements, in a module `m`.
std::string in_domain(const std::string& statements, const std::string& before = "") {
  return "macc 1;\nmodule m;\n" + before + "\ndomain d {\n  entry \"/usr/bin/d\";\n" + statements + "\n}\n";
}

void refuses(const std::string& text, Code code, const std::string& fragment = "",
             std::map<std::string, std::string> modules = {}) {
  const auto a = analyze(text, std::move(modules));
  CAPTURE(text);
  CAPTURE(a->messages());
  CHECK(a->has(code));
  CHECK(a->messages().find(fragment) != std::string::npos);
}

void accepts(const std::string& text, std::map<std::string, std::string> modules = {}) {
  const auto a = analyze(text, std::move(modules));
  CAPTURE(text);
  CHECK(a->messages() == "");
}

}  // namespace

TEST_CASE("names that nothing declares are reported with a guess") {
  const auto a = analyze(in_domain("resource config : config { \"/etc/d/**\" }\nallow read confg;"));
  REQUIRE(a->diagnostics.all().size() == 1);
  const Diagnostic& d = a->diagnostics.all()[0];
  CHECK(d.code == Code::E0201);
  REQUIRE(d.fix.has_value());
  CHECK(d.fix->edits.at(0).replacement == "config");
  CHECK(a->sources.text(d.primary.span) == "confg");
}

TEST_CASE("a name of a module that is not imported says which import is missing") {
  const auto a = analyze(in_domain("allow read tls.trust_store;"), {{"std.tls", "module std.tls;"}});
  REQUIRE(a->diagnostics.all().size() == 1);
  REQUIRE(!a->diagnostics.all()[0].notes.empty());
  CHECK(a->diagnostics.all()[0].notes[0].text.find("import std.tls;") != std::string::npos);
}

TEST_CASE("imports") {
  const std::map<std::string, std::string> modules = {
      {"lib", "macc 1;\nmodule lib;\npublic let P = \"/opt/p\";\nlet Q = \"/opt/q\";\n"},
      {"circle", "module circle;\nimport m;\n"}};
  accepts("module m;\nimport lib;\ndomain d { entry \"/usr/bin/d\"; allow read lib.P; }", modules);
  accepts("module m;\nimport lib as l;\ndomain d { entry \"/usr/bin/d\"; allow read l.P, \"${l.P}/x\"; }", modules);
  refuses("module m;\nimport lib;\ndomain d { entry \"/usr/bin/d\"; allow read lib.Q; }", Code::E0208, "private",
          modules);
  refuses("module m;\nimport libb;\n", Code::E0203, "no module `libb`", modules);
  refuses("module m;\nimport m;\n", Code::E0205, "imports itself");
  refuses("module m;\nimport circle;\n", Code::E0205, "circle", modules);
  refuses("module m;\nimport lib;\nimport circle as lib;\n", Code::E0210, "already stands", modules);
  const auto unused = analyze("module m;\nimport lib;\ndomain d { entry \"/usr/bin/d\"; }", modules);
  REQUIRE(unused->has(Code::E0204));
  CHECK(!unused->diagnostics.has_errors());
}

TEST_CASE("one name stands for one thing") {
  refuses(in_domain("resource a : config { \"/etc/a\" }\nresource a : state { \"/var/a\" }"), Code::E0202,
          "declared twice");
  refuses("module m;\nboolean b = true;\nlet b = \"x\";", Code::E0202);
  refuses(in_domain("allow read b;", "boolean b = true;"), Code::E0209, "is a boolean");
  refuses(in_domain("if P { allow read \"/x\"; }", "let P = \"/p\";"), Code::E0209);
}

TEST_CASE("words of the language are checked with a guess") {
  refuses(in_domain("allow raed \"/x\";"), Code::E0303, "`raed` is no verb");
  refuses(in_domain("allow capability net_bind_servce;"), Code::E0303);
  refuses(in_domain("allow signal trem to self;"), Code::E0303);
  refuses(in_domain("resource r : konfig { \"/x\" }"), Code::E0303);
  refuses(in_domain("allow socket netlink.rout;"), Code::E0303);
  refuses(in_domain("raw selinus \"\"\"x\"\"\";"), Code::E0315);
}

TEST_CASE("verbs and objects must fit") {
  refuses(in_domain("allow read \"/x/\";"), Code::E0302, "does not apply to a directory itself");
  refuses(in_domain("exec \"/x/\";"), Code::E0302);
  accepts(in_domain("allow list, create \"/x/\";"));
  accepts(in_domain("allow manage \"/x/\";"));
  refuses(in_domain("allow read \"/x\" except \"/x\";"), Code::E0402);
  refuses(in_domain("allow read \"relative\";"), Code::E0401);
}

TEST_CASE("ports") {
  refuses(in_domain("allow listen tcp 70000;"), Code::E0304);
  refuses(in_domain("allow listen tcp 90-80;"), Code::E0304);
  const auto a =
      analyze(in_domain("allow listen tcp web, 81;\nallow connect udp any;", "let web = 80, 443, 8000-8010;"));
  CHECK(a->messages() == "");
  const auto& net = std::get<ir::NetworkAccess>(a->policy.domains.at(0).rules.at(0).access);
  CHECK(net.ports == std::vector<ir::PortRange>{{80, 81}, {443, 443}, {8000, 8010}});
}

TEST_CASE("values: lists, texts inside texts, circles") {
  const auto a =
      analyze(in_domain("allow read \"${base}/x\", all;", "let base = \"/opt\";\nlet all = { \"/a\", \"/b\" };"));
  CHECK(a->messages() == "");
  CHECK(std::get<ir::FileAccess>(a->policy.domains.at(0).rules.at(0).access).paths.include.size() == 3);
  refuses(in_domain("allow read x;", "let x = y;\nlet y = x;"), Code::E0408);
  refuses(in_domain("allow read \"${x}\";", "let x = \"${x}${x}\";"), Code::E0408);
  refuses(in_domain("allow read \"${nope}/x\";"), Code::E0201);
  refuses(in_domain("allow read \"${all}/x\";", "let all = { \"/a\", \"/b\" };"), Code::E0407);
}

TEST_CASE("abstractions: parameters, templates, provenance") {
  const std::string server =
      "abstraction server(name : text, who : domain, where : path, web : ports) {\n"
      "  entry \"/usr/sbin/${name}\";\n"
      "  resource conf : config { \"/etc/${name}/**\" }\n"
      "  allow read conf;\n  allow read where;\n  allow signal term to who;\n  allow listen tcp web;\n}\n";
  const auto a = analyze("module m;\n" + server +
                         "domain d { include server(\"dd\", other, \"/srv/d/**\", 80); allow list conf; }\n"
                         "domain other { entry \"/usr/bin/other\"; }\n");
  CHECK(a->messages() == "");
  const ir::Domain& d = a->policy.domains.at(0);
  REQUIRE(d.rules.size() == 5);
  REQUIRE(d.rules[0].where.includes.size() == 1);
  CHECK(d.rules[0].where.includes[0].abstraction == "m.server");
  CHECK(d.entries.at(0).paths.include.at(0).text() == "/usr/sbin/dd");
  CHECK(a->policy.resource(d.resources.at(0)).owner == a->domain("d"));

  refuses("module m;\n" + server + "domain d { include server(\"dd\"); }", Code::E0305, "takes 4 arguments, 1 given");
  refuses("module m;\n" + server + "domain d { include server(\"dd\", \"x\", \"/y\", 80); }", Code::E0306,
          "takes a domain");
  refuses(
      "module m;\nabstraction a { include b; }\nabstraction b { include a; }\ndomain d { entry \"/d\"; include a; }",
      Code::E0307, "includes itself");
}

TEST_CASE("what is included twice is granted once, and expansion is bounded") {
  std::string text = "module m;\nabstraction a0 { allow read \"/x\"; }\n";
  for (int i = 1; i <= 40; ++i) {
    text += "abstraction a" + std::to_string(i) + " { include a" + std::to_string(i - 1) + "; include a" +
            std::to_string(i - 1) + "; }\n";
  }
  const auto a = analyze(text + "domain d { entry \"/d\"; include a40; }");
  CHECK(a->messages() == "");
  CHECK(a->policy.domains.at(0).rules.size() == 1);

  std::string wide = "module m;\nabstraction w(p : path) { allow read p; }\n";
  for (int i = 0; i < 5; ++i) {
    const std::string inner = i == 0 ? "w" : "w" + std::to_string(i - 1);
    wide += "abstraction w" + std::to_string(i) + "(p : path) {";
    for (int k = 0; k < 10; ++k) wide += " include " + inner + "(\"${p}" + std::to_string(k) + "\");";
    wide += " }\n";
  }
  const auto b = analyze(wide + "domain d { entry \"/d\"; include w4(\"/x\"); }");
  CHECK(b->has(Code::E0309));
}

TEST_CASE("conditions") {
  const auto a = analyze(in_domain("if a and not b { allow read \"/x\"; } else { deny read \"/x\"; }",
                                   "boolean a = false;\nboolean b = true;"));
  CHECK(a->messages() == "");
  const ir::Policy& p = a->policy;
  CHECK(ir::holds(p.domains.at(0).rules.at(0).condition, {true, false}));
  CHECK(!ir::holds(p.domains.at(0).rules.at(0).condition, {true, true}));
  CHECK(ir::holds(p.domains.at(0).rules.at(1).condition, {true, true}));
  refuses(in_domain("if a { resource r : config { \"/r\" } }", "boolean a = false;"), Code::E0308);
  refuses(in_domain("if a { never read \"/x\"; }", "boolean a = false;"), Code::E0308);
}

TEST_CASE("resources: nesting is free inside a module, overlap and strangers are not") {
  const auto a =
      analyze(in_domain("resource config : config { \"/etc/d/**\" }\n"
                        "resource keys : secret { \"/etc/d/keys/**\" }\nallow read config;"));
  CHECK(a->messages() == "");
  const auto& file = std::get<ir::FileAccess>(a->policy.domains.at(0).rules.at(0).access);
  REQUIRE(file.paths.holes.size() == 1);
  CHECK(a->policy.resource(file.paths.holes[0]).name == "keys");

  refuses(in_domain("resource x : config { \"/etc/*/a\" }\nresource y : config { \"/etc/d/*\" }"), Code::E0403,
          "overlap");
  refuses(in_domain("resource x : config { \"/etc/d/**\" }\nresource y : config { \"/etc/d/**\" }"), Code::E0403,
          "same paths");
  const std::map<std::string, std::string> other = {
      {"other", "module other;\npublic resource tree : state { \"/var/lib/o/**\" }\n"}};
  refuses(
      "module m;\nimport other;\nresource mine : state { \"/var/lib/o/mine/**\" }\nresource u : state in other.tree { "
      "\"/var/lib/o/u/**\" }",
      Code::E0404, "without saying so", other);
  refuses("module m;\nimport other;\nresource u : state in other.tree { \"/var/lib/u/**\" }", Code::E0405, "", other);
  // A directory is one of the things that a name may stand for.
  refuses("module m;\nimport named;\nresource folder : state { \"/var/lib/o/\" }\n", Code::E0404, "without saying so",
          {{"named", "module named;\npublic resource some : state { \"/var/lib/o\" }\n"}});
}

TEST_CASE("public verbs open a resource for these only") {
  const std::map<std::string, std::string> other = {
      {"other", "module other;\npublic read, list resource tree : state { \"/var/lib/o/**\" }\n"}};
  accepts("module m;\nimport other;\ndomain d { entry \"/d\"; allow read, list other.tree; }", other);
  refuses("module m;\nimport other;\ndomain d { entry \"/d\"; allow read, write other.tree; }", Code::E0321, "`write`",
          other);
}

TEST_CASE("unix sockets need somebody who listens") {
  const auto a = analyze(
      "module m;\nresource run : runtime { \"/run/s/**\" }\n"
      "domain s { entry \"/s\"; allow listen unix run; }\ndomain c { entry \"/c\"; allow connect unix "
      "\"/run/s/s.sock\"; }");
  CHECK(a->messages() == "");
  CHECK(std::get<ir::UnixAccess>(a->policy.domains.at(1).rules.at(0).access).servers ==
        std::vector<ir::DomainId>{a->domain("s")});
  refuses(in_domain("allow connect unix \"/run/x.sock\";"), Code::E0312, "nobody listens");
  const auto external = analyze(in_domain("allow connect unix sock;",
                                          "external domain server { selinux type server_t; }\n"
                                          "external resource sock { \"/run/x.sock\"; selinux type x_t; by server; }"));
  CHECK(external->messages() == "");
}

TEST_CASE("one program enters one domain") {
  refuses("module m;\ndomain a { entry \"/usr/bin/x\"; }\ndomain b { entry \"/usr/bin/*\"; }", Code::E0311,
          "two domains");
  accepts("module m;\ndomain a { entry \"/usr/bin/x\"; }\ndomain b { entry \"/usr/bin/x\" from unit \"b.service\"; }");
  const auto lonely = analyze("module m;\ndomain a { allow read \"/x\"; }");
  CHECK(lonely->has(Code::E0310));
  const auto moved =
      analyze("module m;\ndomain a { entry \"/a\"; exec \"/b\" to b; }\ndomain b { allow read \"/x\"; }");
  CHECK(moved->messages() == "");
  CHECK(moved->policy.domain(moved->domain("b")).entries.at(0).from == ir::Entry::From::project);
  refuses("module m;\ndomain a { entry \"/a\"; exec \"/b\" to a; }", Code::E0319);
}

TEST_CASE("private domains: only the parent leads to them") {
  const std::string parent = "module m;\ndomain a { entry \"/a\"; exec \"/b\" to b; allow become b; }\n";
  const auto child = analyze(parent + "domain b in a { allow read \"/x\"; }");
  CHECK(child->messages() == "");
  CHECK(child->policy.domain(child->domain("b")).parent == child->domain("a"));
  CHECK(child->policy.domain(child->domain("a")).parent == ir::DomainId::none);
  const std::string other = "domain c { entry \"/c\"; allow signal term to b; ";
  accepts(parent + "domain b in a { }\n" + other + "}");
  accepts(parent + "domain b in a { }\n" + other + "deny exec \"/b\" to b; never exec \"/b\" to b; }");
  refuses(parent + "domain b in a { }\n" + other + "exec \"/b\" to b; }", Code::E0326, "private to `a`");
  refuses(parent + "domain b in a { }\n" + other + "allow become b; }", Code::E0326, "private to `a`");
  refuses(parent + "domain b in a { entry \"/b\"; }", Code::E0327, "no entry of its own");
  refuses(parent + "abstraction e() { entry \"/b\"; }\ndomain b in a { include e; }", Code::E0327, "no entry");
  refuses(parent + "public domain b in a { }", Code::E0327, "public");
  refuses("module m;\ndomain b in b { }", Code::E0327, "itself");
  refuses("module m;\ndomain b in c { }\ndomain c in b { }", Code::E0327, "through");
  refuses("module m;\nexternal domain e { selinux type e_t; }\ndomain b in e { }", Code::E0327,
          "no domain of this module");
  refuses("module m;\ndomain b in nobody { }", Code::E0201);
  refuses("module m;\nlet x = \"/x\";\ndomain b in x { }", Code::E0209);
}

TEST_CASE("a program that is named in full is taken out of patterns") {
  const auto both = [](const std::string& first, const std::string& second, const std::string& more = "") {
    return "module m;\nboolean s = false;\n" + more + "domain a { entry \"/a\"; " + first + " " + second +
           " if s { allow read \"/s\"; } }\ndomain b { }";
  };
  const std::string pattern = "exec \"/o/*\";", named = "exec \"/o/x\" to b;";
  for (const auto& text : {both(pattern, named), both(named, pattern)}) {
    const auto a = analyze(text);
    CHECK(a->messages() == "");
    const ir::Meaning meaning(a->policy);
    for (const ir::Rule& rule : a->policy.domain(a->domain("a")).rules) {
      const auto* exec = std::get_if<ir::ExecAccess>(&rule.access);
      if (exec == nullptr) continue;
      const auto programs = meaning.set(exec->paths);
      CHECK(programs.contains("/o/x") == (exec->mode == ir::ExecAccess::Mode::transition));
      CHECK(programs.contains("/o/y") == (exec->mode == ir::ExecAccess::Mode::inside));
    }
  }
  accepts(both("exec \"/o/{x,y}*\"; exec \"/b\" to b;", "exec \"/o/x\", \"/o/y1\" unconfined;"));
  accepts(both("exec \"/o/x*\" to b keep environment;", named));
  accepts(both("exec p;", named, "resource p : program { \"/o/**\" }\n"));
  refuses(both(pattern, "exec \"/o/x*\" to b;"), Code::E0323, "two ways");
  refuses(both("exec \"/o/x\";", named), Code::E0323, "two ways");
  refuses(both("exec \"/o/x\", \"/o/*\";", named), Code::E0323, "two ways");
  refuses(both(pattern, "if s { " + named + " }"), Code::E0323, "two ways");
}

TEST_CASE("a unit names one domain") {
  const std::string unit = " from unit \"u@.service\"; ";
  refuses("module m;\ndomain a { entry \"/a\"" + unit + "}\ndomain b { entry \"/b\"" + unit + "}", Code::E0311,
          "unit `u@.service`");
  accepts("module m;\ndomain a { entry \"/a\"" + unit + "entry \"/b\"" + unit + "}");
  refuses("module m;\ndomain a { entry \"/a\"" + unit + "entry \"/b\" from unit \"u@.service\" level \"s0:c%i\"; }",
          Code::E0314, "one level");
}

TEST_CASE("extend is for the site folder") {
  const std::map<std::string, std::string> other = {
      {"other", "module other;\npublic domain d { entry \"/d\"; deny read \"/x\"; }\n"}};
  const std::string text = "module m;\nimport other;\nextend domain other.d { allow read \"/x\", \"/y\"; }";
  refuses(text, Code::E0317, "site folder", other);
  const auto a = analyze(text, other, false, true);
  CHECK(a->messages() == "");
  CHECK(a->policy.extensions.size() == 1);
  const ir::Meaning meaning(a->policy);
  CHECK(!meaning.decide(a->domain("d"), ir::FileQuestion{ir::Verb::read, "/x"}, {}).allowed);
  CHECK(meaning.decide(a->domain("d"), ir::FileQuestion{ir::Verb::read, "/y"}, {}).allowed);
}

TEST_CASE("raw text, annotations, levels, units") {
  const auto a = analyze(
      in_domain("resource c : config { \"/etc/d/**\" }\nraw selinux \"\"\"(allow d_t ${c} (file (read)))\"\"\";"));
  CHECK(a->messages() == "");
  CHECK(a->policy.domains.at(0).raw.at(0).resources.size() == 1);
  refuses(in_domain("raw selinux \"\"\"${nope}\"\"\";"), Code::E0201);
  refuses(in_domain("@expect(\"x\")\nallow read \"/x\";"), Code::E0316, "reason");
  refuses(in_domain("level \"s0) (allow\";"), Code::E0313);
  refuses("module m;\ndomain d { entry \"/d\" from unit \"a b\"; }", Code::E0313);
  refuses(in_domain("allow dbus own \"a b\";"), Code::E0313);
}

TEST_CASE("a file must say which module it is, unless it is empty") {
  refuses("domain d { entry \"/d\"; }", Code::E0206);
  accepts("");
  accepts("macc 1;\n");
  refuses("macc 2;\nmodule m;\n", Code::E0211);
}

TEST_CASE("the IR as JSON is the same for the same input and names what was resolved") {
  const std::string text =
      in_domain("resource c : config { \"/etc/d/**\" }\nallow read, list c;\nallow listen tcp 80;");
  const auto a = analyze(text);
  const auto b = analyze(text);
  const std::string json = ir::to_json(a->policy, a->sources);
  CHECK(json == ir::to_json(b->policy, b->sources));
  CHECK(json.find("\"m.d.c\"") != std::string::npos);
  CHECK(json.find("\"version\": 1") != std::string::npos);
}

TEST_CASE("sema: the table of names knows what each word stands for") {
  const std::string text =
      "module m;\nimport lib.paths as p;\nlet www = \"/srv\";\nlet unused = \"${www}/x\";\nboolean b = false;\n"
      "domain d {\n  entry \"/bin/d\";\n  resource r : config { \"${www}/r/**\" }\n  allow read r, p.data;\n"
      "  if b { allow read lib.paths.data; }\n  include a(r);\n  raw apparmor \"\"\"${r} r,\"\"\";\n}\n"
      "abstraction a(x: resource) { allow list x; }\ntest \"t\" { expect deny d read d.r; }\n";
  SourceManager sources;
  Diagnostics diagnostics;
  test::MapFinder finder(sources, {{"lib.paths", "module lib.paths;\npublic let data = \"/data\";\n"}}, false);
  sema::NameTable names;
  sema::Options options;
  options.names = &names;
  const FileId file = sources.add("test.macc", text);
  (void)sema::analyze(sources, {{file, false}}, finder, diagnostics, options);
  CHECK(diagnostics.all().size() == 0);
  std::string all;
  for (const sema::NameUse& use : names.uses) {
    CHECK(names.declared.contains(use.declaration));
    all += std::string(sources.text(use.span)) + ">" + std::string(sources.text(use.declaration)) + "@" +
           std::to_string(sources.position(use.declaration).line) + " ";
  }
  CHECK(all ==
        "lib.paths>lib.paths@1 www>www@3 www>www@3 r>r@8 p>p@2 data>data@2 b>b@5 lib.paths>lib.paths@1 data>data@2 "
        "a>a@14 r>r@8 r>r@8 x>x@14 d>d@6 d>d@6 r>r@8 ");
  CHECK(names.trees.size() == 2);
}
