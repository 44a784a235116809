// From text to syntax tree: each construct, each common mistake, and hostile input.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "compiler/syntax/parse.h"
#include "tests/support/tree_text.h"

using namespace macc;
using macc::tree_text::join;
using macc::tree_text::show;

namespace {

// ---- parsing ----

struct Parsed {
  SourceManager sources;
  Diagnostics diagnostics;
  ast::File file;

  explicit Parsed(std::string text, const syntax::Limits& limits = {}) {
    const FileId id = sources.add("t.macc", std::move(text));
    file = syntax::parse(sources, id, diagnostics, limits);
  }
  /// "E0106@1:2 message", one a line.
  [[nodiscard]] std::string errors() const {
    return join(
        diagnostics.all(),
        [this](const Diagnostic& d) {
          const Position place = sources.position(d.primary.span);
          return fmt::format("{}@{}:{} {}", info(d.code).id.substr(5), place.line, place.column, d.message);
        },
        "\n");
  }
  [[nodiscard]] std::string declarations() const { return show(file.declarations); }
};

/// Those of the file, each with a blank behind it.
std::string annotations(const Parsed& parsed) {
  return join(
      parsed.file.annotated, [](const ast::Annotated& a) { return show(a) + " "; }, "");
}

/// The written form of one declaration that must parse without errors.
std::string declaration(const std::string& text) {
  const Parsed parsed(text);
  CHECK_MESSAGE(parsed.diagnostics.all().empty(), text << "\n" << parsed.errors());
  REQUIRE(parsed.file.declarations.size() == 1);
  return annotations(parsed) + show(parsed.file.declarations.front());
}

/// The same for a statement in a domain.
std::string statement(const std::string& text) {
  const Parsed parsed("domain d { " + text + " }");
  CHECK_MESSAGE(parsed.diagnostics.all().empty(), text << "\n" << parsed.errors());
  REQUIRE(parsed.file.declarations.size() == 1);
  const auto& statements = std::get<ast::DomainDecl>(parsed.file.declarations.front()).body;
  REQUIRE(statements.size() == 1);
  return annotations(parsed) + show(statements.front());
}

/// The text with its safe fixes applied, as a tool would.
std::string fixed(const Parsed& parsed, std::string text) {
  std::vector<Edit> edits;
  for (const Diagnostic& d : parsed.diagnostics.all()) {
    if (d.fix && d.fix->safe) edits.insert(edits.end(), d.fix->edits.begin(), d.fix->edits.end());
  }
  std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.span.begin > b.span.begin; });
  for (const Edit& edit : edits) text.replace(edit.span.begin, edit.span.end - edit.span.begin, edit.replacement);
  return text;
}

const char* const ledger = R"macc(macc 1;
module acme.ledger;

import std.service;
import std.tls;
import std.postgres as pg;

boolean ledger_can_mail = false;          /// May the ledger send mail?

/// The ledger's HTTP API.
public domain ledgerd {
    entry "/usr/lib/acme/ledgerd";
    include service.daemon;

    resource config : config  { "/etc/acme/ledger/**" }
    resource keys   : secret  { "/etc/acme/ledger/keys/**" }
    resource run    : runtime { "/run/acme/ledger/**" }

    allow read, list      config;
    allow read            tls.trust_store;
    allow manage          state;
    deny  change          keys;              // stays out, whatever an abstraction grants

    allow listen  tcp 8443;
    allow listen  unix run;
    allow connect unix postgres.socket;
    if ledger_can_mail { allow connect tcp 25; }

    allow capability net_bind_service;
    allow signal term, hup to reporter;

    exec "/usr/bin/gzip";                    // runs inside this domain
    exec "/usr/lib/acme/report" to reporter; // runs in its own domain

    never change "/etc/**";                  // a promise, checked on what was compiled
    /// Rotation.
    @expect("delete-on-state", reason = "the schema tool needs it until 2027")
    allow link state;                        // a lint that is expected here, with its reason
}

domain reporter { }

test "the ledger keeps away from password hashes" {
    expect deny  ledgerd read "/etc/shadow";
    expect allow ledgerd listen tcp 8443;
    expect allow ledgerd connect tcp 25 when ledger_can_mail;
}
)macc";

}  // namespace

TEST_CASE("syntax: the example of the language's introduction") {
  const Parsed parsed(ledger);
  CHECK_MESSAGE(parsed.diagnostics.all().empty(), parsed.errors());
  CHECK(parsed.file.version == 1);
  CHECK(parsed.file.module->text() == "acme.ledger");
  REQUIRE(parsed.file.imports.size() == 3);
  CHECK(parsed.file.imports[1].module.text() == "std.tls");
  CHECK_FALSE(parsed.file.imports[1].alias);
  CHECK(parsed.file.imports[2].alias->text == "pg");
  REQUIRE(parsed.file.declarations.size() == 4);
  CHECK(std::get<ast::BooleanDecl>(parsed.file.declarations[0]).doc == "May the ledger send mail?");
  const auto& domain = std::get<ast::DomainDecl>(parsed.file.declarations[1]);
  CHECK(domain.doc == "The ledger's HTTP API.");
  CHECK(parsed.sources.describe(domain.span) == "t.macc:11:1");
  CHECK(show(domain) ==
        "public domain ledgerd {entry [\"/usr/lib/acme/ledgerd\"] from init; include service.daemon(); "
        "resource config : config [\"/etc/acme/ledger/**\"]; resource keys : secret [\"/etc/acme/ledger/keys/**\"]; "
        "resource run : runtime [\"/run/acme/ledger/**\"]; allow files(read list) [config]; "
        "allow files(read) [tls.trust_store]; allow files(manage) [state]; deny files(change) [keys]; "
        "allow listen tcp 8443; allow listen unix [run]; allow connect unix [postgres.socket]; "
        "if ledger_can_mail {allow connect tcp 25}; allow capability net_bind_service; "
        "allow signal (term hup) to reporter; allow exec [\"/usr/bin/gzip\"]; "
        "allow exec [\"/usr/lib/acme/report\"] to reporter; never files(change) [\"/etc/**\"]; "
        "allow files(link) [state]}");
  CHECK(show(parsed.file.annotated) == "@expect(\"delete-on-state\" reason=\"the schema tool needs it until 2027\")");
  const ast::Statement& last = domain.body.back();
  CHECK(last.doc == "Rotation.");
  CHECK(parsed.sources.text(last.span) == "allow link state;");
  CHECK(show(parsed.file.declarations[3]) ==
        "test \"the ledger keeps away from password hashes\" {deny ledgerd: files(read) [\"/etc/shadow\"]; "
        "allow ledgerd: listen tcp 8443; allow ledgerd: connect tcp 25 when ledger_can_mail}");
}

TEST_CASE("syntax: declarations") {
  CHECK(declaration("let a = \"x\";") == "let a = \"x\"");
  CHECK(declaration("public let a = { \"x\", \"y\", };") == "public let a = texts{\"x\" \"y\"}");
  CHECK(declaration("let a = {};") == "let a = texts{}");
  CHECK(declaration("let a = 80;") == "let a = ports{80}");
  CHECK(declaration("let a = 80, 443, 8000-8010, web;") == "let a = ports{80 443 8000-8010 web}");
  CHECK(declaration("let a = { 80, any };") == "let a = ports{80 any}");
  CHECK(declaration("let a = m.b;") == "let a = m.b");
  CHECK(declaration("public boolean b = true;") == "public boolean b = true");
  CHECK(declaration("resource r : log { }") == "resource r : log []");
  CHECK(declaration("public resource r : log { \"/a\" }") == "public() resource r : log [\"/a\"]");
  CHECK(declaration("public read, list resource r : config in a.b adopt { \"/a\", dirs except { \"/a/b\", x, } }") ==
        "public(read list) resource r : config in a.b adopt [\"/a\" dirs - \"/a/b\" x]");
  CHECK(declaration("resource socket : socket { \"/a\", }") == "resource socket : socket [\"/a\"]");
  CHECK(declaration("external resource c : secret { \"/a/**\", dirs except \"/a/b\"; selinux type cert_t, a-b.c; "
                    "apparmor label \"x:y\"; by m.d; }") ==
        "external resource c : secret [\"/a/**\" dirs - \"/a/b\"] by m.d selinux/type=\"cert_t\" \"a-b.c\" "
        "apparmor/label=\"x:y\"");
  CHECK(declaration("external resource c { m.paths; }") == "external resource c [m.paths]");
  CHECK(declaration("public external domain i { selinux type init_t; apparmor label \"unconfined\"; }") ==
        "public external domain i [] selinux/type=\"init_t\" apparmor/label=\"unconfined\"");
  CHECK(declaration("external ports http { tcp 80, 443-445; udp 53; selinux type http_port_t; }") ==
        "external ports http [] tcp:80 443-445 udp:53 selinux/type=\"http_port_t\"");
  CHECK(declaration("abstraction a { allow read x; }") == "abstraction a() {allow files(read) [x]}");
  CHECK(declaration("public abstraction a(v : domain, w : resource, x : path, y : ports, z : text,) { }") ==
        "public abstraction a(v:domain w:resource x:path y:ports z:text) {}");
  CHECK(declaration("extend domain m.d { allow read x; }") == "extend domain m.d {allow files(read) [x]}");
  CHECK(declaration("extend resource m.r { \"/a\" }") == "extend resource m.r [\"/a\"]");
  CHECK(declaration("test \"t\" { expect deny d read \"/x\" owner when a and not b; }") ==
        "test \"t\" {deny d: files(read) [\"/x\"] owner when (a & !b)}");
}

TEST_CASE("syntax: a module's promises part the exceptions of paths from those of domains") {
  CHECK(declaration("never any change keys;") == "never any files(change) [keys]");
  CHECK(declaration("never any change keys except d;") == "never any files(change) [keys] except d");
  CHECK(declaration("never any change keys except d, m.e;") == "never any files(change) [keys] except d m.e");
  CHECK(declaration("never any change keys except { d, e };") == "never any files(change) [keys] except d e");
  CHECK(declaration("never any read \"/x/**\" except \"/x/y\" except d;") ==
        "never any files(read) [\"/x/**\" - \"/x/y\"] except d");
  CHECK(declaration("never any read \"/x/**\" except { \"/x/y\", r };") ==
        "never any files(read) [\"/x/**\" - \"/x/y\" r]");
  CHECK(declaration("never any read \"/x\" owner except d;") == "never any files(read) [\"/x\"] owner except d");
  CHECK(declaration("@expect(\"l\", reason = \"r\") never any capability bpf except d;") ==
        "@expect(\"l\" reason=\"r\") never any capability bpf except d");
  CHECK(declaration("never any exec \"/x\" to m.e except d;") == "never any exec [\"/x\"] to m.e except d");
  CHECK(declaration("never any connect tcp any except d;") == "never any connect tcp any except d");
  CHECK(declaration("never any mount from r except s on \"/x\" except d;") ==
        "never any mount () () [r - s] [\"/x\"] except d");
}

TEST_CASE("syntax: statements") {
  CHECK(statement("entry \"/a\", r except { \"/b\" } from unit \"x@y.service\";") ==
        "entry [\"/a\" r - \"/b\"] from unit \"x@y.service\"");
  CHECK(statement("entry \"/a\" from user;") == "entry [\"/a\"] from user");
  CHECK(statement("entry \"/a\" from init;") == "entry [\"/a\"] from init");
  CHECK(statement("entry \"/a\" from m.cron;") == "entry [\"/a\"] from m.cron");
  CHECK(statement("mode complain;") == "mode complain");
  CHECK(statement("level \"s0:c1\";") == "level \"s0:c1\"");
  CHECK(statement("replaces selinux \"x\", apparmor \"/y\";") == "replaces selinux \"x\", apparmor \"/y\"");
  CHECK(statement("raw selinux \"\"\"(a \"b\" \"\"c)\n\"\"\";") == "raw selinux <(a \"b\" \"\"c)\n>");
  CHECK(statement("raw apparmor \"\"\"\"\"\";") == "raw apparmor <>");
  CHECK(statement("include m.a;") == "include m.a()");
  CHECK(statement("include dbus.talk(x, \"t\", { \"p\", \"q\" }, 80, 90-91, any);") ==
        "include dbus.talk(x \"t\" texts{\"p\" \"q\"} ports{80} ports{90-91} ports{any})");
  CHECK(
      statement("if not a and (m.b or not not c) or d { allow read x; } else if e { deny read x; } else { exec y; }") ==
      "if ((!a & (m.b | c)) | d) {allow files(read) [x]} else {if e {deny files(read) [x]} else {allow exec [y]}}");
  CHECK(statement("resource r : log in m.s { \"/a\" }") == "resource r : log in m.s [\"/a\"]");
  CHECK(statement("let x = \"t\";") == "let x = \"t\"");
  CHECK(statement("audit allow read x;") == "audit allow files(read) [x]");
  CHECK(statement("audit deny read x;") == "audit deny files(read) [x]");
  CHECK(statement("never bpf;") == "never bpf");
  CHECK(statement("@expect(\"a\") @expect(\"b\", reason = \"c\") deny read x;") ==
        "@expect(\"a\") @expect(\"b\" reason=\"c\") deny files(read) [x]");
}

TEST_CASE("syntax: phrases") {
  const auto phrase = [](const std::string& text) { return statement("allow " + text + ";").substr(6); };
  CHECK(phrase("read, list, load \"/a/**\", m.r except \"/a/b\" owner") ==
        "files(read list load) [\"/a/**\" m.r - \"/a/b\"] owner");
  CHECK(phrase("read a except { b, \"/c\", }") == "files(read) [a - b \"/c\"]");
  CHECK(phrase("read socket") == "files(read) [socket]");
  CHECK(phrase("exec \"/a\", b") == "exec [\"/a\" b]");
  CHECK(phrase("exec \"/a\" unconfined keep environment") == "exec [\"/a\"] unconfined keep");
  CHECK(phrase("exec \"/a\" to m.d keep environment") == "exec [\"/a\"] to m.d keep");
  CHECK(phrase("exec \"/a\" owner") == "exec [\"/a\"] owner");
  CHECK(phrase("listen tcp 80, 8000-8010, any, web") == "listen tcp 80 8000-8010 any web");
  CHECK(phrase("connect sctp 70000") == "connect sctp 70000");
  CHECK(phrase("listen unix socket, \"@abs\", \"/run/*\" except \"/run/x\"") ==
        "listen unix [socket \"@abs\" \"/run/*\" - \"/run/x\"]");
  CHECK(phrase("connect unix postgres.socket") == "connect unix [postgres.socket]");
  CHECK(phrase("socket netlink.route") == "socket netlink.route");
  CHECK(phrase("socket packet raw") == "socket packet raw");
  CHECK(phrase("socket raw") == "socket raw");
  CHECK(phrase("use tcp, pipe, terminal, \"/x\", r from m.d") == "use (tcp pipe terminal) [\"/x\" r] from m.d");
  CHECK(phrase("signal any to any") == "signal any to <any>");
  CHECK(phrase("signal term, hup to self") == "signal (term hup) to <self>");
  CHECK(phrase("inspect self") == "inspect <self>");
  CHECK(phrase("trace any") == "trace <any>");
  CHECK(phrase("ipc m.d") == "ipc m.d");
  CHECK(phrase("become d") == "become d");
  CHECK(phrase("memory execute") == "memory execute");
  CHECK(phrase("userns create") == "userns create");
  CHECK(phrase("capability bpf, kill in userns") == "capability bpf kill in userns");
  CHECK(phrase("mount on \"/x\"") == "mount () () [] [\"/x\"]");
  CHECK(phrase("mount bpf, fuse.sshfs options ro, exec, make-private from \"/a\" except \"/b\" on \"/c\"") ==
        "mount (bpf fuse.sshfs) (ro exec make-private) [\"/a\" - \"/b\"] [\"/c\"]");
  CHECK(phrase("mount options bind on r") == "mount () (bind) [] [r]");
  CHECK(phrase("unmount \"/x\"") == "unmount [\"/x\"]");
  CHECK(phrase("pivot \"/x\"") == "pivot [\"/x\"]");
  CHECK(phrase("mqueue \"/x\"") == "mqueue [\"/x\"]");
  for (const char* word : {"bpf", "perf", "io_uring", "keyring"}) CHECK(phrase(word) == word);
  CHECK(phrase("dbus own \"org.x\" on system") == "dbus own \"org.x\" on system");
  CHECK(phrase("dbus talk \"org.x\" member \"M\" interface \"I\" on session") ==
        "dbus talk \"org.x\" interface \"I\" member \"M\" on session");
}

TEST_CASE("syntax: words that mean something in one place only are names everywhere else") {
  for (const char* word : {"keep",  "environment", "unconfined", "options", "system", "session", "execute", "reason",
                           "ports", "type",        "init",       "user",    "unit",   "adopt",   "macc",    "tcp",
                           "unix",  "read",        "manage",     "config",  "log",    "term",    "kill",    "own",
                           "talk",  "interface",   "enforce",    "true",    "label",  "socket"}) {
    CAPTURE(word);
    CHECK(declaration(fmt::format("domain {} {{ }}", word)) == fmt::format("domain {} {{}}", word));
    CHECK(statement(fmt::format("allow read {0}, {0};", word)) == fmt::format("allow files(read) [{0} {0}]", word));
  }
  // Beside a dot no word is reserved.
  CHECK(statement("allow read dbus.level, mount.in.on;") == "allow files(read) [dbus.level mount.in.on]");
}

TEST_CASE("syntax: texts stay undecoded, spans are bytes") {
  const Parsed parsed("\xEF\xBB\xBF// \xC3\xA9\ndomain d { allow read \"/\\*\xC3\xA9\\\"${x}\"; allow list y; }\r\n");
  CHECK_MESSAGE(parsed.diagnostics.all().empty(), parsed.errors());
  const auto& domain = std::get<ast::DomainDecl>(parsed.file.declarations.at(0));
  CHECK(parsed.sources.text(domain.name.span) == "d");
  const auto& rule = std::get<ast::RuleStatement>(domain.body.at(0).value);
  const auto& object = std::get<ast::FilesPhrase>(rule.phrase.value).objects.objects.at(0);
  CHECK(std::get<ast::Text>(object).raw == "/\\*\xC3\xA9\\\"${x}");
  CHECK(parsed.sources.text(ast::span_of(object)) == "\"/\\*\xC3\xA9\\\"${x}\"");
  CHECK(parsed.sources.text(domain.body.at(1).span) == "allow list y;");
  CHECK(parsed.sources.text(rule.phrase.span) == "read \"/\\*\xC3\xA9\\\"${x}\"");
}

TEST_CASE("syntax: documentation comments") {
  const Parsed parsed(
      "// no doc\n//// no doc either\n/// one\n///two  \n\nlet a = 1; /// three\n/// four\nlet b = 2;\nlet c = 3;\n"
      "/* no */ let d = 4;\ndomain e {\n  /// r\n  resource r : log { \"/x\" } /// s\n  /// t\n  @expect(\"x\")\n  /// "
      "u\n"
      "  allow read r; // no\n}\n/// lost\n");
  CHECK_MESSAGE(parsed.diagnostics.all().empty(), parsed.errors());
  const auto doc = [&](std::size_t i) { return std::get<ast::LetDecl>(parsed.file.declarations.at(i)).doc; };
  CHECK(doc(0) == "one\ntwo\nthree");
  CHECK(doc(1) == "four");
  CHECK(doc(2).empty());
  CHECK(doc(3).empty());
  const auto& body = std::get<ast::DomainDecl>(parsed.file.declarations.at(4)).body;
  CHECK(std::get<ast::ResourceDecl>(body.at(0).value).doc == "r\ns");
  CHECK(body.at(1).doc == "t\nu");
}

TEST_CASE("syntax: one mistake, one diagnostic") {
  struct Row {
    const char* text;
    const char* error;  // code, place, and how the message begins
    const char* kept;   // what is still understood
  };
  const Row rows[] = {
      {"domain d {\n  allow read x\n  allow list y;\n}", "E0106@2:15 expected `;` before `allow`",
       "domain d {allow files(read) [x]; allow files(list) [y]}"},
      {"domain d { allow read x }", "E0106@1:24 expected `;` before `}`", "domain d {allow files(read) [x]}"},
      {"let a = 1\nlet b = 2;", "E0106@1:10 expected `;` before `let`", "let a = ports{1} let b = ports{2}"},
      {"let a = 1", "E0106@1:10 expected `;` before the end of the file", "let a = ports{1}"},
      {"domain level { allow read x; }", "E0105@1:8 `level` is a reserved word and can't be a name", ""},
      {"domain d { allow read mount, x; allow list y; }", "E0105@1:23 `mount` is a reserved word",
       "domain d {allow files(list) [y]}"},
      {"domain d { resource c = config { \"/x\" } allow list y; }",
       "E0101@1:23 the kind of a resource stands behind `:`", "domain d {allow files(list) [y]}"},
      {"domain d { resource c { \"/x\" } }", "E0101@1:21 the resource `c` has no kind", "domain d {}"},
      {"domain d\n  allow read x;\n}\ndomain e { }", "E0101@1:9 expected `{`, found `allow`", "domain e {}"},
      {"domain d inherits e { allow read x; }\ndomain e { }", "E0101@1:10 expected `{`, found `inherits`",
       "domain e {}"},
      {"domain d { if a allow read x; allow list y; }", "E0101@1:17 expected `{`, found `allow`",
       "domain d {allow files(list) [y]}"},
      {"domain d { allow read '/x'; allow list y; }", "E0101@1:23 a text stands between double quotes, not single",
       "domain d {allow files(list) [y]}"},
      {"domain d { allow read /etc/x, y; allow list y; }",
       "E0101@1:23 a path stands between double quotes: `\"/etc/x\"`", "domain d {allow files(list) [y]}"},
      {"domain d { allow read \xE2\x80\x9C/x\xE2\x80\x9D; }", "E0107@1:23 a text stands between straight quotes",
       "domain d {}"},
      {"# hello\ndomain d { }", "E0107@1:1 a comment begins with `//`, not with `#`", "domain d {}"},
      {"domain d { allow read $x; allow list y; }", "E0107@1:23 `$` has no meaning outside a text",
       "domain d {allow files(list) [y]}"},
      {"domain d { allow read \xF0\x9F\x94\xA5\xF0\x9F\x94\xA5; }",
       "E0107@1:23 `\xF0\x9F\x94\xA5\xF0\x9F\x94\xA5` has no", "domain d {}"},
      {"domain d { }\nimport a.b;", "E0113@2:1 imports stand before the first declaration", "domain d {}"},
      {"module a;\nmodule b;", "E0113@2:1 a file is one module", ""},
      {"let a = 1;\nmacc 1;", "E0113@2:1 the language's version opens a file", "let a = ports{1}"},
      {"domain d { allow \"/x\"; allow list y; }",
       "E0101@1:18 expected a verb such as `read` or `exec`, found the text `\"/x\"`",
       "domain d {allow files(list) [y]}"},
      {"domain d { allow; allow list y; }", "E0101@1:17 expected a verb such as `read` or `exec`, found `;`",
       "domain d {allow files(list) [y]}"},
      {"domain d { allow read; allow list y; }",
       "E0101@1:22 expected a path such as `\"/etc/x\"` or the name of a resource, found `;`",
       "domain d {allow files(list) [y]}"},
      {"domain d { allow read x,; allow list y; }", "E0101@1:25 expected a path", "domain d {allow files(list) [y]}"},
      {"domain d { allow read list \"/x\"; }", "E0101@1:28 expected `,` or `;`, found the text", "domain d {}"},
      {"domain d {\n allow read \"/x;\n allow list y;\n}", "E0104@2:13 this text has no closing quote",
       "domain d {allow files(list) [y]}"},
      {"domain d { resource r : log { \"/x }\n allow list y;\n}", "E0104@1:31 this text has no closing quote",
       "domain d {allow files(list) [y]}"},
      {"domain d { allow read \"/x\", /y\"; }", "E0104@1:29 the quotes of this line don't pair up", "domain d {}"},
      {"domain d { raw selinux \"\"\"abc; }", "E0104@1:24 this raw text has no closing", "domain d {}"},
      {"domain d { raw selinux \"abc\"; }", "E0101@1:24 a raw text stands between triple quotes", "domain d {}"},
      {"domain d { /* open", "E0111@1:12 this comment has no closing `*/`", "domain d {}"},
      {"domain d {\n allow read x;\n\ndomain e { }", "E0109@4:1 expected `}` before this declaration",
       "domain d {allow files(read) [x]} domain e {}"},
      {"domain d {\n allow read x;\n", "E0109@3:1 the file ends inside a block", "domain d {allow files(read) [x]}"},
      {"domain d {\n resource r : log { \"/x\"\n allow list y;\n}", "E0109@3:2 expected `}` before this",
       "domain d {resource r : log [\"/x\"]; allow files(list) [y]}"},
      {"external resource x {\n \"/x\";\nresource r : log { }", "E0109@3:1 expected `}` before this declaration",
       "external resource x [\"/x\"] resource r : log []"},
      {"test \"t\" {\n expect allow d bpf;\npublic let a = 1;", "E0109@3:1 expected `}` before this declaration",
       "test \"t\" {allow d: bpf} public let a = ports{1}"},
      {"domain d { boolean b = true; allow list y; }", "E0113@1:12 `boolean` can't stand in this block",
       "domain d {allow files(list) [y]}"},
      {"domain d { never any read x; }", "E0113@1:18 `never any` stands at module level", "domain d {}"},
      {"never read x;", "E0113@1:7 at module level a promise begins with `never any`", ""},
      {"allow read x;\ndomain d { }", "E0113@1:1 `allow` stands in a domain or an abstraction", "domain d {}"},
      {"domain d { alow read x; allow list y; }", "E0115@1:12 `alow` begins no statement: did you mean `allow`?",
       "domain d {allow files(list) [y]}"},
      {"domian d { allow read x; }\ndomain e { }", "E0115@1:1 `domian` begins no declaration: did you mean `domain`?",
       "domain e {}"},
      {"domain d { allow conect tcp 80; }", "E0115@1:18 `conect` is not known here: did you mean `connect`?",
       "domain d {}"},
      {"domain d { listen tcp 80; }", "E0101@1:12 expected `allow`, `deny` or `never` before `listen`", "domain d {}"},
      {"domain d { allow listen tpc 80; }", "E0115@1:25 expected `tcp`, `udp`, `sctp` or `unix`, found `tpc`",
       "domain d {}"},
      {"domain d { allow listen tcp \"/x\"; }", "E0101@1:29 expected a port, a range of ports, `any` or a name",
       "domain d {}"},
      {"domain d { allow listen unix 80; }", "E0101@1:30 a unix socket is a path", "domain d {}"},
      {"domain d { allow listen tcp 99999999999999999999; }", "E0110@1:29 `99999999999999999999` is too large",
       "domain d {}"},
      {"domain d { exec x too e; }", "E0115@1:19 expected `to DOMAIN`, `unconfined`, `keep environment` or `;`",
       "domain d {}"},
      {"domain d { allow read a except b, c; }", "E0114@1:25 more than one exception stands in braces", "domain d {}"},
      {"domain d { allow read a except b except c; }", "E0114@1:34 only one `except` can follow", "domain d {}"},
      {"domain d { allow bpf except d; }", "E0114@1:22 `except` follows paths or names", "domain d {}"},
      {"domain d { resource r : log { \"/x\" \"/y\" } }", "E0101@1:35 expected `,` between two items", "domain d {}"},
      {"domain d { resource r : log { \"/x\"; \"/y\" } }", "E0101@1:35 expected `,` or `}`, found `;`", "domain d {}"},
      {"domain d { };", "E0101@1:13 nothing stands before this `;`", "domain d {}"},
      {"}}}\ndomain d { }", "E0101@1:1 this `}` closes nothing", "domain d {}"},
      {"domain acme-ledger { }", "E0101@1:12 a name has letters, digits and `_`, no `-`", ""},
      {"domain { }", "E0101@1:8 expected the name of the domain, found `{`", ""},
      {"let a = \"x\", \"y\";", "E0101@1:9 a list of texts stands in braces", ""},
      {"let a = { \"x\", 80 };", "E0101@1:11 a list holds texts, or ports and names", ""},
      {"let a : 80;", "E0101@1:7 the value stands behind `=`, not `:`", ""},
      {"boolean b = yes;", "E0115@1:13 expected `true` or `false`, found `yes`", ""},
      {"domain d { if a and { } }", "E0101@1:21 expected the name of a boolean, `not` or `(`, found `{`",
       "domain d {}"},
      {"domain d { if (a { } }", "E0101@1:18 expected `)`, found `{`", "domain d {}"},
      {"domain d { if a { } else { } else { } }", "E0101@1:30 an `else` can't follow", "domain d {}"},
      {"domain d { allow signal term to; }", "E0101@1:32 expected the name of a domain, `self` or `any`, found `;`",
       "domain d {}"},
      {"domain d { allow become self; }", "E0101@1:25 expected the name of a domain, found `self`", "domain d {}"},
      {"domain d { audit read x; }", "E0101@1:18 expected `allow` or `deny`, found `read`", "domain d {}"},
      {"domain d { mode off; }", "E0115@1:17 expected `enforce` or `complain`", "domain d {}"},
      {"domain d { entry \"/x\" from unit; }", "E0101@1:28 the name of the unit follows", "domain d {}"},
      {"domain d { allow dbus send \"x\"; }", "E0115@1:23 expected `own` or `talk`", "domain d {}"},
      {"domain d { allow userns make; }", "E0115@1:25 expected `create`", "domain d {}"},
      {"domain d { include m.a(1 2); }", "E0101@1:25 expected `,` between two items", "domain d {}"},
      {"abstraction a(x : thing) { }", "E0115@1:19 expected `domain`, `resource`, `path`, `ports` or `text`", ""},
      {"public read domain d { }", "E0101@1:8 only a resource is public for some verbs", ""},
      {"external resource x { \"/x\" }", "E0106@1:27 expected `;` before `}`", "external resource x [\"/x\"]"},
      {"external resource x { selinux type t; \"/x\"; }", "E0113@1:39 the paths of an external resource are one list",
       ""},
      {"external domain x { type; }", "E0101@1:21 expected a binding such as", ""},
      {"external foo x { }", "E0115@1:10 expected `resource`, `domain` or `ports`", ""},
      {"test \"t\" { allow d read x; expect deny d list y; }", "E0101@1:12 expected `expect` before `allow`",
       "test \"t\" {deny d: files(list) [y]}"},
      {"test \"t\" { expect allow read \"/x\"; }", "E0101@1:30 expected a verb", "test \"t\" {}"},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.text));
    const Parsed parsed(row.text);
    const std::string errors = parsed.errors();
    CHECK_MESSAGE(parsed.diagnostics.all().size() == 1, errors);
    CHECK_MESSAGE(errors.starts_with(row.error), errors);
    CHECK(parsed.declarations() == std::string(row.kept));
  }
}

TEST_CASE("syntax: safe fixes make the text parse") {
  for (const std::string text :
       {"domain d {\n  allow read x\n  allow list y;\n}", "domain d { allow read /etc/x; }",
        "domain d { allow read '/x'; }", "# hello\ndomain d { }", "domain d { };", "let a = \"x\", \"y\";",
        "let a : 80;", "domain d { resource r = log { \"/x\" \"/y\" } }", "domain d { allow read x,; }",
        "domain d { allow read \xE2\x80\x9C/x\xE2\x80\x9D; }"}) {
    CAPTURE(text);
    const Parsed broken(text);
    CHECK(broken.diagnostics.has_errors());
    const Parsed again(fixed(broken, text));
    CHECK_MESSAGE(again.diagnostics.all().empty(), fixed(broken, text) << "\n" << again.errors());
  }
}

TEST_CASE("syntax: an unclosed brace is shown with where it was opened") {
  const Parsed parsed("domain d {\n  if a {\n    allow read x;\n}\n\ndomain e { }\n");
  REQUIRE(parsed.diagnostics.all().size() == 1);
  const Diagnostic& report = parsed.diagnostics.all().front();
  CHECK(report.code == Code::E0109);
  REQUIRE(report.secondary.size() == 2);
  CHECK(parsed.sources.describe(report.secondary[0].span) == "t.macc:1:10");
  CHECK(parsed.sources.describe(report.secondary[1].span) == "t.macc:2:8");
}

TEST_CASE("syntax: the errors of one file, in the order of their places") {
  const Parsed parsed(
      "module m\ndomain d {\n  allow red;\n  allow read \"/a\"\n  deny list b;\n  resource r : log { \"/x\" \"/y\" }\n"
      "  if { allow read c; }\n  alow read d;\n  allow list e;\n}\ndomain f { allow read 'x'; allow list g; }\n");
  CHECK(parsed.errors() ==
        "E0106@1:9 expected `;` before `domain`\n"
        "E0101@3:12 expected a path such as `\"/etc/x\"` or the name of a resource, found `;`\n"
        "E0106@4:18 expected `;` before `deny`\n"
        "E0101@6:26 expected `,` between two items of a list\n"
        "E0101@7:6 expected the name of a boolean, `not` or `(`, found `{`\n"
        "E0115@8:3 `alow` begins no statement: did you mean `allow`?\n"
        "E0101@11:23 a text stands between double quotes, not single ones");
  CHECK(parsed.declarations() ==
        "domain d {allow files(read) [\"/a\"]; deny files(list) [b]; allow files(list) [e]} domain f {allow "
        "files(list) [g]}");
}

TEST_CASE("syntax: errors past the limit are counted, not shown") {
  std::string text = "domain d {\n";
  for (int i = 0; i < 50; ++i) text += "  allow red;\n";
  const Parsed parsed(text + "  allow list x;\n}\n");
  REQUIRE(parsed.diagnostics.all().size() == 13);
  CHECK(parsed.diagnostics.all().back().code == Code::E0103);
  CHECK(parsed.diagnostics.all().back().message.find("38 more") == 0);
  CHECK(parsed.declarations() == "domain d {allow files(list) [x]}");
}

TEST_CASE("syntax: files that are not read at all") {
  CHECK(Parsed("domain d { }\xFF").errors().starts_with("E0001@1:13"));
  CHECK(Parsed(std::string("domain d\0{ }", 12)).errors().starts_with("E0004@1:9"));
  syntax::Limits small;
  small.max_bytes = 5;
  CHECK(Parsed("domain d { }", small).errors().starts_with("E0003@1:1"));
  CHECK(Parsed("").errors().empty());
  CHECK(Parsed("\xEF\xBB\xBF").errors().empty());
}

TEST_CASE("syntax: nesting has a limit") {
  const auto repeat = [](const std::string& what, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += what;
    return out;
  };
  constexpr std::size_t many = 100000;
  for (const std::string& text : {
           repeat("{", many),
           "domain d { if " + repeat("(", many) + "a" + repeat(")", many) + " { } }",
           "domain d { " + repeat("if a { ", many) + repeat("} ", many) + "}",
           "domain d { if a { } " + repeat("else if a { } ", many) + "}",
       }) {
    const Parsed parsed(text);
    CHECK(parsed.errors().starts_with("E0102@1:"));
    CHECK(parsed.diagnostics.all().size() == 1);
  }
  CHECK(Parsed("domain d { " + repeat("if a { ", 250) + repeat("} ", 250) + "}").errors().empty());
  CHECK(Parsed("domain d { if " + repeat("not ", many) + "a { } }").errors().empty());
  CHECK(Parsed("domain d { if a" + repeat(" and a", many) + " { } }").errors().empty());
}

TEST_CASE("syntax: long names and texts stay whole, messages stay short") {
  const std::string name(4096, 'n');
  CHECK(declaration("domain " + name + " { }") == "domain " + name + " {}");
  const Parsed parsed("domain d { allow read x " + name + " y; }");
  REQUIRE(parsed.diagnostics.all().size() == 1);
  CHECK(parsed.diagnostics.all().front().message.size() < 200);
}

TEST_CASE("syntax: no prefix of a valid file crashes or brings a flood of errors") {
  const std::string text = ledger;
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const Parsed parsed(text.substr(0, length));
    CHECK(parsed.diagnostics.all().size() <= 3);
  }
}

TEST_CASE("syntax: random bytes and random words") {
  std::mt19937 random(20270101);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (int i = 0; i < 300; ++i) text += static_cast<char>(random() % (round % 2 == 0 ? 128 : 256));
    const Parsed parsed(text);
    CHECK(parsed.diagnostics.all().size() <= 13);
  }
  const std::vector<std::string> words = {
      "domain", "resource", "allow", "deny", "never",  "any",    "test",        "expect", "external", "public",
      "if",     "else",     "exec",  "to",   "from",   "on",     "except",      "when",   "owner",    "mount",
      "signal", "listen",   "unix",  "tcp",  "{",      "}",      "{",           "}",      ";",        ";",
      "(",      ")",        ",",     ":",    "=",      ".",      "-",           "@",      "\"/x\"",   "\"",
      "'x'",    "/x",       "80",    "foo",  "read",   "socket", "let",         "raw",    "\"\"\"",   "/*",
      "*/",     "//",       "///",   "\n",   "module", "import", "abstraction", "#"};
  for (int round = 0; round < 500; ++round) {
    std::string text;
    const std::size_t count = 1 + random() % 200;
    for (std::size_t i = 0; i < count; ++i) text += words[random() % words.size()] + (random() % 4 == 0 ? "\n" : " ");
    const Parsed parsed(text);
    CHECK(parsed.diagnostics.all().size() <= 13);
    for (const Diagnostic& d : parsed.diagnostics.all()) CHECK(d.primary.span.end <= text.size());
  }
}

TEST_CASE("syntax: damage to one statement leaves the rest") {
  std::mt19937 random(7);
  const std::string text = ledger;
  for (int round = 0; round < 500; ++round) {
    std::string broken = text;
    broken.erase(random() % broken.size(), 1 + random() % 3);
    const Parsed parsed(broken);
    CAPTURE(parsed.errors());
    CHECK(parsed.diagnostics.all().size() <= 4);
  }
}

TEST_CASE("syntax: a megabyte parses fast") {
  std::string text;
  while (text.size() < (1U << 20U)) text += std::string(ledger).substr(std::string(ledger).find("/// The"));
  const auto start = std::chrono::steady_clock::now();
  const Parsed parsed(text);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  CHECK(parsed.diagnostics.all().empty());
  MESSAGE("1 MiB in " << time.count() << " s");
  CHECK(time.count() < 30);  // sanitizers and busy machines included
}
