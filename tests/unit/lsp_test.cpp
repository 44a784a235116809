#include <doctest/doctest.h>

#include <algorithm>

#include "compiler/lsp/cursor.h"
#include "compiler/lsp/framing.h"
#include "compiler/lsp/lines.h"
#include "compiler/lsp/server.h"
#include "tests/support/folder.h"

using namespace macc;
using lsp::Json;
using test::Folder;

namespace {

/// A server in this process, and what a client does with it.
class Talk {
 public:
  explicit Talk(const std::filesystem::path& folder) : server_("test"), folder_(folder) {
    (void)ask("initialize", {{"capabilities", Json::object()}});
    notify("initialized", Json::object());
  }

  void notify(const std::string& method, Json params) {
    post({{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}});
    work();
  }
  /// The whole answer.
  Json ask(const std::string& method, Json params) {
    const int id = ++number_;
    post({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}});
    work();
    const auto answer = std::find_if(said_.begin(), said_.end(),
                                     [&](const Json& m) { return !m.contains("method") && m.at("id") == id; });
    return answer == said_.end() ? Json() : *answer;
  }
  void post(const Json& message) { server_.post(message.dump()); }
  void work() {
    for (const std::string& message : server_.work()) hear(message);
  }
  void hear(const std::string& message) {
    said_.push_back(Json::parse(message));
    const Json& last = said_.back();
    if (last.value("method", "") == "textDocument/publishDiagnostics")
      diagnostics_[last.at("params").at("uri")] = last.at("params").at("diagnostics");
  }

  [[nodiscard]] std::string uri(const std::string& file) const { return "file://" + (folder_ / file).string(); }
  std::string open(const std::string& file, const std::string& text) {
    notify("textDocument/didOpen",
           {{"textDocument", {{"uri", uri(file)}, {"languageId", "macc"}, {"version", 1}, {"text", text}}}});
    return uri(file);
  }
  void replace(const std::string& file, const std::string& text) {
    notify("textDocument/didChange",
           {{"textDocument", {{"uri", uri(file)}, {"version", ++version_}}}, {"contentChanges", {{{"text", text}}}}});
  }
  [[nodiscard]] std::vector<std::string> codes(const std::string& file) const {
    std::vector<std::string> out;
    const auto known = diagnostics_.find(uri(file));
    if (known == diagnostics_.end()) return out;
    for (const Json& d : known->second) out.push_back(d.at("code"));
    return out;
  }
  lsp::Server& server() { return server_; }

 private:
  lsp::Server server_;
  std::filesystem::path folder_;
  int number_ = 0, version_ = 1;
  std::vector<Json> said_;
  std::map<std::string, Json> diagnostics_;
};

const std::string kPolicy =
    "macc 1;\nmodule m;\nlet www = \"/srv/www\";\nboolean b = false;\n"
    "domain d {\n    entry \"/usr/sbin/d\";\n    resource config : config { \"/etc/d/**\" except \"/etc/d/x\" }\n"
    "    allow read, list config;\n    allow read \"${www}/**\" except { \"/srv/www/a\" } owner;\n"
    "    if b { allow listen tcp 80, 443; } else { deny read config; }\n    allow capability kill, net_raw;\n"
    "    raw apparmor \"\"\" ${config} r, \"\"\";\n    @expect(\"writable-and-executable\", reason = \"so\")\n"
    "    allow signal term to self;\n    never change config;\n}\n"
    "test \"t\" { expect deny d read \"/etc/shadow\" when b; }\n";

}  // namespace

TEST_CASE("lsp: messages are taken out of a stream, however it is cut") {
  const std::string stream = lsp::framed("{}") + "content-length: 3\r\nContent-Type: x\r\n\r\n[1]";
  for (std::size_t step = 1; step < stream.size(); ++step) {
    lsp::Framing framing;
    std::vector<std::string> bodies;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      framing.add(std::string_view(stream).substr(at, step));
      while (auto body = framing.next()) bodies.push_back(*body);
    }
    CHECK(bodies == std::vector<std::string>{"{}", "[1]"});
  }
}

TEST_CASE("lsp: what is no stream of messages is refused once") {
  for (const std::string& bytes :
       {std::string("Content-Length: -1\r\n\r\n{}"), std::string("Content-Length: 99999999999999999999\r\n\r\n"),
        std::string("Hello: x\r\n\r\n"), std::string(5000, 'x')}) {
    lsp::Framing framing;
    framing.add(bytes);
    CHECK_FALSE(framing.next());
    CHECK_FALSE(framing.broken().empty());
    framing.add(lsp::framed("{}"));
    CHECK_FALSE(framing.next());
  }
}

TEST_CASE("lsp: places go both ways in both encodings") {
  const std::string text = "a\xC3\xBC\xF0\x9F\x98\x80z\r\nb\rc\n\nlast";
  for (const lsp::Encoding encoding : {lsp::Encoding::utf8, lsp::Encoding::utf16}) {
    const lsp::Lines lines(text, encoding);
    for (std::uint32_t offset = 0; offset <= text.size(); ++offset) {
      const bool inside = offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xC0U) == 0x80U;
      const bool line_end = offset > 0 && offset < text.size() && text[offset - 1] == '\r' && text[offset] == '\n';
      if (inside || line_end) continue;
      CHECK(lines.offset(lines.point(offset)) == offset);
    }
    CHECK(lines.offset({99, 0}) == text.size());
    CHECK(lines.offset({4, 99}) == text.size());
    CHECK(text[lines.offset({0, 99})] == '\r');
  }
  CHECK(lsp::Lines(text, lsp::Encoding::utf16).point(7).column == 4);
  CHECK(lsp::Lines(text, lsp::Encoding::utf8).point(7).column == 7);
}

TEST_CASE("lsp: names of files and URIs") {
  CHECK(lsp::path_of_uri("file:///a/b%20c/%C3%BC.macc") == "/a/b c/\xC3\xBC.macc");
  CHECK(lsp::path_of_uri("file://localhost/a/../b") == "/b");
  for (const char* bad :
       {"untitled:x", "file://host/a", "file:///%", "file:///%4", "file:///%zz", "file:///%00", "file:", ""})
    CHECK_FALSE(lsp::path_of_uri(bad));
}

TEST_CASE("lsp: the words before a place tell what is around it") {
  const auto at = [](const std::string& text) {
    SourceManager sources;
    const std::size_t mark = text.find('|');
    const FileId file = sources.add("x", text.substr(0, mark) + text.substr(mark + 1));
    return lsp::cursor_at(sources, file, static_cast<std::uint32_t>(mark));
  };
  using Words = std::vector<std::string>;
  CHECK(at("domain d { allow read, |").statement == Words{"allow", "read", ","});
  CHECK(at("domain d { allow read, |").owner() == "d");
  CHECK(at("domain d { allow read tls.tr|").typed == "tls.tr");
  CHECK(at("domain d { allow read tls.tr|").statement == Words{"allow", "read"});
  CHECK(at("domain d { allow read c except { \"/a\" } |").statement == Words{"allow", "read", "c", "except", "{}"});
  CHECK(at("domain d { resource c : config { \"/a\" } |").statement.empty());
  CHECK(at("domain d { allow read a\n  allow |").statement == Words{"allow"});
  CHECK(at("domain d { if b { allow |").around.back().kind == lsp::Enclosing::Kind::body);
  CHECK(at("domain d { } |").around.empty());
  CHECK(at("} } |").around.empty());
  CHECK(at("domain d { allow read \"/e|").in == lsp::Cursor::In::text);
  CHECK(at("domain d { allow read \"/e\"|").in == lsp::Cursor::In::code);
  CHECK(at("// allow |").in == lsp::Cursor::In::comment);
  CHECK(at("// allow\n|").in == lsp::Cursor::In::code);
  CHECK(at("/* allow |").in == lsp::Cursor::In::comment);
  CHECK(at("/** allow */|").in == lsp::Cursor::In::code);
  CHECK(at("|").in == lsp::Cursor::In::code);
  CHECK(at("abstraction a(f: resource, d: domain) { |").around.back().kind == lsp::Enclosing::Kind::body);
  CHECK(at("abstraction a(f: resource, d: domain) { |").owner() == "a");
  CHECK(at("@expect(\"x\", reason = \"y\") public read resource r : log { |").around.back().kind ==
        lsp::Enclosing::Kind::list);
  CHECK(at("domain d { if b { } |").after_branch);
  CHECK_FALSE(at("domain d { if b { } else { } |").after_branch);
  CHECK_FALSE(at("domain d { if b { } allow read x; |").after_branch);
}

TEST_CASE("lsp: a hover that waits for the targets has an answer in part") {
  const Folder folder;
  folder.write("macc.toml", "[project]\nname = \"p\"\n[target.t]\nbackend = \"apparmor\"\n");
  folder.write("policy/m.macc", kPolicy);
  Talk talk(folder.path());
  talk.server().leave_aside();
  const std::string uri = talk.open("policy/m.macc", kPolicy);
  CHECK(talk.ask("textDocument/hover",
                 {{"textDocument", {{"uri", uri}}}, {"position", {{"line", 7}, {"character", 5}}}}) == Json());
  const auto left = talk.server().take_asides();
  REQUIRE(left.size() == 1);
  const auto part = talk.server().answer_in_part(left.front());
  REQUIRE(part);
  const std::string shown = Json::parse(*part).at("result").at("contents").at("value");
  CHECK(shown.find("`d`: `allow read, list config`") != std::string::npos);
  CHECK(shown.find("still being worked out") != std::string::npos);
  CHECK(shown.find("**t**") == std::string::npos);
  const std::string whole =
      Json::parse(talk.server().answer_aside(left.front())).at("result").at("contents").at("value");
  CHECK(whole.find("**t**") != std::string::npos);
}

TEST_CASE("lsp: every request has an answer wherever a text breaks off") {
  const Folder folder;
  Talk talk(folder.path());
  const std::string uri = talk.open("m.macc", "");
  for (std::size_t size = 0; size <= kPolicy.size(); size += 3) {
    const std::string text = kPolicy.substr(0, size);
    talk.replace("m.macc", text);
    const lsp::Lines lines(text, lsp::Encoding::utf16);
    const Json spot = {{"textDocument", {{"uri", uri}}},
                       {"position", lsp::json_of(lines.point(static_cast<std::uint32_t>(size)))}};
    for (const char* method : {"hover", "completion", "definition", "documentSymbol", "documentHighlight"}) {
      const Json answer = talk.ask(std::string("textDocument/") + method, spot);
      INFO(method, " ", text);
      CHECK(answer.contains("result"));
    }
  }
  talk.replace("m.macc", kPolicy);
  for (const std::string& code : talk.codes("m.macc"))
    CHECK_MESSAGE(find_lint(std::string_view(code)) != nullptr, code);
}

TEST_CASE("lsp: of files without a project only those that import a changed one are looked at again") {
  const Folder folder;
  Talk talk(folder.path());
  talk.open("other.macc", "module other;\nbroken\n");
  folder.write("a.macc", "module a;\npublic let w = \"/srv/w\";\n");
  talk.open("a.macc", "module a;\npublic let w = \"/srv/w\";\n");
  auto before = talk.server().state();
  talk.replace("a.macc", "module a;\npublic let w = \"/srv/x\";\n");
  CHECK(talk.server().state() == before + 1);
  talk.open("b.macc", "module b;\nimport a;\ndomain d { entry \"/usr/sbin/d\"; allow read a.w; }\n");
  before = talk.server().state();
  talk.replace("a.macc", "module a;\npublic let v = \"/srv/w\";\n");
  CHECK(talk.server().state() == before + 2);
  CHECK(talk.codes("b.macc") == std::vector<std::string>{"MACC-E0201"});
}

TEST_CASE("lsp: a large project is looked at as a whole when there is time") {
  const Folder folder;
  folder.write("macc.toml", "[project]\nname = \"p\"\n");
  folder.write("policy/big.macc", "module big;\ndomain bigd { entry \"/usr/sbin/bigd\"; allow raed \"/x\"; }\n// " +
                                      std::string(100'000, 'x') + "\n");
  folder.write("policy/m.macc", kPolicy);
  Talk talk(folder.path());
  talk.open("policy/m.macc", "module m;\ndomain d { entry \"/usr/sbin/d\"; allow raed \"/y\"; }\n");
  CHECK(talk.codes("policy/m.macc") == std::vector<std::string>{"MACC-E0303"});
  CHECK(talk.codes("policy/big.macc").empty());
  const auto due = talk.server().due();
  REQUIRE(due);
  for (const std::string& message : talk.server().take(*due, talk.server().check(*due))) talk.hear(message);
  CHECK(talk.codes("policy/big.macc") == std::vector<std::string>{"MACC-E0303"});
  CHECK_FALSE(talk.server().due());
  // What is said about the file that is not open stays until it is looked at again.
  talk.replace("policy/m.macc", kPolicy);
  CHECK(talk.codes("policy/big.macc") == std::vector<std::string>{"MACC-E0303"});
  CHECK(talk.server().due());
  // A check that came to nothing is said, and takes nothing away.
  for (const std::string& message : talk.server().take(*due, "")) talk.hear(message);
  CHECK(talk.codes("policy/big.macc") == std::vector<std::string>{"MACC-E0303"});
}
