#include "compiler/lsp/completion.h"

#include <algorithm>
#include <initializer_list>
#include <set>

#include "compiler/lsp/cursor.h"
#include "compiler/lsp/visible.h"
#include "compiler/lsp/vocabulary.h"

namespace macc::lsp {

namespace {

// Numbers of the protocol.
enum class ItemKind : int { function = 3, field = 5, klass = 7, module = 9, value = 12, keyword = 14, constant = 21 };

using Words = std::vector<std::string>;

bool has(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class Completion {
 public:
  Completion(const Snapshot& snapshot, FileId file, std::uint32_t offset)
      : snapshot_(snapshot),
        file_(file),
        cursor_(cursor_at(snapshot.sources(), file, offset)),
        visible_(snapshot, file, cursor_.owner()) {}

  Json run() {
    switch (cursor_.in) {
      case Cursor::In::comment:
        break;
      case Cursor::In::text:
        in_text();
        break;
      case Cursor::In::code:
        in_code();
        break;
    }
    return std::move(items_);
  }

 private:
  // ---- items ----

  void add(const std::string& label, ItemKind kind, const std::string& detail = "", const std::string& doc = "") {
    if (!seen_.insert(label).second) return;
    const Lines& lines = snapshot_.lines(file_);
    Json item = {{"label", label},
                 {"kind", static_cast<int>(kind)},
                 {"textEdit", {{"range", lines.range(cursor_.word.begin, cursor_.word.end)}, {"newText", label}}}};
    if (!detail.empty()) item["detail"] = detail;
    if (!doc.empty()) item["documentation"] = {{"kind", "markdown"}, {"value", doc}};
    items_.push_back(std::move(item));
  }

  void words(std::initializer_list<const char*> list) {
    for (const char* word : list) add(word, ItemKind::keyword);
  }
  void words(const std::vector<DescribedWord>& list, ItemKind kind) {
    for (const DescribedWord& row : list) add(row.word, kind, row.doc);
  }
  void words(const std::vector<std::string>& list) {
    for (const std::string& word : list) add(word, ItemKind::value);
  }

  static ItemKind item_kind(VisibleName::Kind kind) {
    switch (kind) {
      case VisibleName::Kind::domain:
        return ItemKind::klass;
      case VisibleName::Kind::resource:
        return ItemKind::field;
      case VisibleName::Kind::abstraction:
        return ItemKind::function;
      default:
        return ItemKind::constant;
    }
  }

  void names(std::initializer_list<VisibleName::Kind> kinds) {
    for (const VisibleName& name : visible_.names()) {
      if (std::find(kinds.begin(), kinds.end(), name.kind) == kinds.end()) continue;
      add(name.word, item_kind(name.kind), name.detail, name.doc);
    }
  }

  using Kind = VisibleName::Kind;
  void objects() { names({Kind::resource, Kind::let, Kind::parameter}); }
  void domains() { names({Kind::domain, Kind::parameter}); }
  void peers() {
    domains();
    words({"self", "any"});
  }
  void booleans() {
    names({Kind::boolean});
    words({"not"});
  }

  // ---- places ----

  /// `${` in a text, and the name of a lint in an `@expect`.
  void in_text() {
    const std::string& text = cursor_.text;
    const std::size_t open = text.rfind("${");
    if (open != std::string::npos && text.find('}', open) == std::string::npos) {
      const auto size = static_cast<std::uint32_t>(text.size() - open - 2);
      cursor_.word = {file_, cursor_.word.begin - size, cursor_.word.begin};
      names({Kind::let, Kind::parameter});
      return;
    }
    const Words& before = cursor_.statement;
    const bool lint = before.size() >= 3 && before.back() == "(" && before[before.size() - 2] == "expect";
    if (!lint) return;
    cursor_.word.begin -= static_cast<std::uint32_t>(text.size() - 1);
    for (const LintInfo& row : lint_catalogue())
      add(std::string(info(row.code).name), ItemKind::value, std::string(info(row.code).title));
  }

  void in_code() {
    const Words& before = cursor_.statement;
    const auto& around = cursor_.around;
    if (!before.empty() && before.back() == "@") return words({"expect"});
    if (!around.empty() && around.back().kind == Enclosing::Kind::extern_) return in_external();
    if (!around.empty() && around.back().kind == Enclosing::Kind::list) return in_list();
    const bool in_test = !around.empty() && around.back().kind == Enclosing::Kind::test;
    Words rest = without_annotation(before);
    if (rest.empty()) return statement_start(in_test);
    statement(rest);
  }

  void in_list() {
    const auto& around = cursor_.around;
    const Words& before = cursor_.statement;
    const auto is_list = [](const Enclosing& braces) { return braces.kind == Enclosing::Kind::list; };
    const auto outermost = std::find_if_not(around.rbegin(), around.rend(), is_list).base();
    const bool of_resource = declares_resource(outermost->head);
    const bool next_item = before.empty() || before.back() == "," || before.back() == "except";
    if (!next_item) {
      if (of_resource && &*outermost == &around.back() && !has(before, "except")) words({"except"});
      return;
    }
    names({Kind::let, Kind::parameter});
    const std::string& first = declared_by(outermost->head);
    // Resources lie in no paths of others, and are no values.
    if (of_resource || first == "let") return;
    names({Kind::resource});
    if (first == "include") names({Kind::ports});
    if (first == "never" && has(outermost->head, "any")) domains();
  }

  /// What follows the annotations before a statement.
  static Words without_annotation(const Words& before) {
    if (before.empty() || before.front() != "@") return before;
    const auto close = std::find(before.rbegin(), before.rend(), ")");
    return close == before.rend() ? before : Words(close.base(), before.end());
  }

  void statement_start(bool in_test) {
    if (in_test) return words({"expect"});
    if (cursor_.around.empty())
      return words({"module", "import", "boolean", "let", "domain", "abstraction", "resource", "external", "extend",
                    "public", "never", "test", "macc"});
    words({"allow", "deny", "never", "audit", "exec", "entry", "include", "resource", "let", "if", "mode", "level",
           "replaces", "raw", "public"});
    if (cursor_.after_branch) words({"else"});
  }

  void in_external() {
    const Words& before = cursor_.statement;
    if (!before.empty() && before.front() == "by") return domains();
    if (!before.empty()) return;
    for (const backends::Backend* backend : backends::all()) add(std::string(backend->name()), ItemKind::keyword);
    words({"by", "tcp", "udp", "sctp"});
  }

  void statement(const Words& s) {
    const std::string& first = s.front();
    const std::string& last = s.back();
    const bool just = s.size() == 1;
    if (first == "public") return behind_public(s);
    if (first == "import") return just ? modules() : has(s, "as") ? void() : words({"as"});
    if (first == "include") return include(s);
    if (first == "exec") return phrase(s);
    if (is_one_of(first, {"allow", "deny"})) return phrase(Words(s.begin() + 1, s.end()));
    if (first == "audit") return just ? words({"allow", "deny"}) : phrase(Words(s.begin() + 2, s.end()));
    if (first == "never") return never(s);
    if (first == "expect") return expect(s);
    if (first == "resource") return resource(s);
    if (first == "external") return external(s);
    if (first == "entry") return entry(s);
    if (first == "mode" && just) return words({"enforce", "complain"});
    if (first == "if" || first == "else") return condition(s);
    if (first == "boolean" && last == "=") return words({"true", "false"});
    if (first == "let" && s.size() > 2) return names({Kind::let, Kind::ports});
    if (first == "abstraction" && last == ":") return words({"domain", "resource", "path", "ports", "text"});
    if (first == "domain" && s.size() == 2) return words({"in"});
    if (first == "domain" && last == "in") return domains();
    if (first == "extend") return extend(s);
    if (is_one_of(first, {"raw", "replaces"}) && (just || last == ",")) {
      for (const backends::Backend* backend : backends::all()) add(std::string(backend->name()), ItemKind::keyword);
    }
  }

  void behind_public(const Words& s) {
    const auto declared = std::find_if(s.begin(), s.end(), [](const std::string& w) {
      return is_one_of(w, {"resource", "domain", "abstraction", "let", "boolean", "external"});
    });
    if (declared != s.end()) return statement(Words(declared, s.end()));
    words(verbs(), ItemKind::keyword);
    words({"resource", "domain", "abstraction", "let", "boolean", "external"});
  }

  void modules() {
    for (const std::string& name : snapshot_.modules()) add(name, ItemKind::module);
  }

  void include(const Words& s) {
    if (s.size() == 1) {
      names({Kind::abstraction});
      for (const VisibleName& name : visible_.from_library()) offer_with_import(name);
      return;
    }
    names({Kind::let, Kind::parameter, Kind::resource, Kind::domain, Kind::ports});
  }

  /// An abstraction of the standard library whose module is not imported yet: the import comes with it.
  void offer_with_import(const VisibleName& name) {
    const std::size_t before = items_.size();
    add(name.word, ItemKind::function, "with `import " + name.module + ";`", name.doc);
    if (items_.size() == before) return;
    const std::uint32_t at = visible_.place_for_import();
    const std::string line = "import " + name.module + ";\n";
    items_.back()["additionalTextEdits"] = {{{"range", snapshot_.lines(file_).range(at, at)}, {"newText", line}}};
  }

  void never(const Words& s) {
    if (s.size() == 1 && cursor_.around.empty()) return words({"any"});
    const bool any = s.size() > 1 && s[1] == "any" && cursor_.around.empty();
    if (any && has(s, "except")) return domains();
    phrase(Words(s.begin() + (any ? 2 : 1), s.end()));
  }

  void expect(const Words& s) {
    if (s.size() == 1) return words({"allow", "deny"});
    if (s.size() == 2) return domains();
    const auto when = std::find(s.begin(), s.end(), "when");
    if (when != s.end()) return condition(Words(when, s.end()));
    // The domain is one word, or several with dots between them.
    std::size_t next = 3;
    while (next + 1 < s.size() && s[next] == ".") next += 2;
    visible_.add_owner(s[next - 1]);
    phrase(Words(s.begin() + static_cast<std::ptrdiff_t>(next), s.end()));
    if (whole_) words({"when"});
  }

  void resource(const Words& s) {
    const std::string& last = s.back();
    if (last == ":") return words(kinds(), ItemKind::keyword);
    if (last == "in") return names({Kind::resource});
    if (s.size() >= 4) words({"in", "adopt", "relabel", "level"});
  }

  void external(const Words& s) {
    if (s.size() == 1) return words({"resource", "domain", "ports"});
    if (s.back() == ":") return words(kinds(), ItemKind::keyword);
  }

  void extend(const Words& s) {
    if (s.size() == 1) return words({"domain", "resource"});
    if (s.size() == 2 && s[1] == "domain") return domains();
    if (s.size() == 2) return names({Kind::resource});
  }

  void entry(const Words& s) {
    if (s.back() == "from") {
      words({"init", "user", "unit"});
      return domains();
    }
    if (s.size() == 1 || s.back() == ",") return objects();
    words({"from", "except"});
  }

  void condition(const Words& s) {
    if (is_one_of(s.back(), {"if", "and", "or", "not", "(", "when"})) return booleans();
    if (s.back() == "else") return words({"if"});
    words({"and", "or"});
  }

  // ---- phrases ----

  /// Nothing is missing of the phrase: the statement may end, or go on with what follows phrases.
  void whole() { whole_ = true; }

  void phrase(const Words& p) {
    if (p.empty()) {
      words(verbs(), ItemKind::keyword);
      return words({"exec", "listen", "connect",  "socket",     "use",     "signal",  "inspect", "trace",
                    "ipc",  "become", "memory",   "capability", "mount",   "unmount", "pivot",   "userns",
                    "bpf",  "perf",   "io_uring", "mqueue",     "keyring", "dbus"});
    }
    const std::string& first = p.front();
    if (first == "capability") return capability(p);
    if (is_one_of(first, {"listen", "connect"})) return network(p);
    if (first == "signal") return signal(p);
    if (is_one_of(first, {"inspect", "trace", "ipc"})) return p.size() == 1 ? peers() : whole();
    if (first == "become") return p.size() == 1 ? domains() : whole();
    if (first == "socket") return socket(p);
    if (first == "use") return use(p);
    if (first == "memory") return p.size() == 1 ? words({"execute"}) : whole();
    if (first == "userns") return p.size() == 1 ? words({"create"}) : whole();
    if (first == "dbus") return dbus(p);
    if (first == "mount") return mount(p);
    if (first == "exec") return exec(p);
    if (is_one_of(first, {"unmount", "pivot", "mqueue"})) return paths(p, 1);
    if (is_one_of(first, {"bpf", "perf", "io_uring", "keyring"})) return whole();
    files(p);
  }

  /// Verbs with commas between them, then objects.
  void files(const Words& p) {
    std::size_t next = 1;
    while (next + 1 < p.size() && p[next] == ",") next += 2;
    const bool one_more_verb = next + 1 == p.size() && p[next] == ",";
    if (one_more_verb) return words(verbs(), ItemKind::keyword);
    paths(p, next);
  }

  /// Objects from p[from] on.
  void paths(const Words& p, std::size_t from) {
    const bool object_next = p.size() == from || p.back() == "," || p.back() == "except";
    if (object_next) return objects();
    whole();
    words({"except", "owner"});
  }

  void exec(const Words& p) {
    if (p.back() == "to") return domains();
    if (p.back() == "keep") return words({"environment"});
    if (p.size() == 1 || p.back() == "," || p.back() == "except") return objects();
    whole();
    if (!has(p, "to") && !has(p, "unconfined")) words({"to", "unconfined"});
    words({"keep", "except", "owner"});
  }

  void capability(const Words& p) {
    if (p.size() == 1 || p.back() == ",") return words(capabilities(), ItemKind::value);
    if (p.back() == "in") return words({"userns"});
    whole();
    if (!has(p, "in")) words({"in"});
  }

  void network(const Words& p) {
    if (p.size() == 1) return words({"tcp", "udp", "sctp", "unix"});
    if (p[1] == "unix") return paths(p, 2);
    if (p.size() > 2 && p.back() != ",") return whole();
    names({Kind::ports, Kind::let, Kind::parameter});
    words({"any"});
  }

  void signal(const Words& p) {
    if (p.back() == "to") return peers();
    if (has(p, "to")) return whole();
    if (p.size() > 1 && p.back() != ",") return words({"to"});
    words(ir::signal_words());
    if (p.size() == 1) words({"any"});
  }

  void socket(const Words& p) {
    if (p.size() == 1) return words(families(), ItemKind::value);
    whole();
    words(ir::socket_type_words());
  }

  void use(const Words& p) {
    if (p.back() == "from") return domains();
    if (has(p, "from")) return whole();
    if (p.size() > 1 && p.back() != ",") return words({"from"});
    words({"tcp", "udp", "unix", "pipe", "terminal"});
    objects();
  }

  void dbus(const Words& p) {
    if (p.size() == 1) return words({"own", "talk"});
    if (p.back() == "on") return words({"system", "session"});
    if (p.size() < 3 || is_one_of(p.back(), {"interface", "member"})) return;
    whole();
    words({"on"});
    if (p[1] == "talk") words({"interface", "member"});
  }

  void mount(const Words& p) {
    const auto on = std::find(p.begin(), p.end(), "on");
    const auto from = std::find(p.begin(), p.end(), "from");
    if (on != p.end()) return paths(p, static_cast<std::size_t>(on - p.begin()) + 1);
    if (p.back() == "from") return objects();
    if (from == p.end() && has(p, "options") && (p.back() == "options" || p.back() == ","))
      return words(ir::mount_option_words());
    if (from == p.end() && !has(p, "options")) words({"options"});
    if (from == p.end()) words({"from"});
    words({"on"});
  }

  const Snapshot& snapshot_;
  FileId file_;
  Cursor cursor_;
  Visible visible_;
  std::set<std::string> seen_;
  bool whole_ = false;  // the phrase before the place
  Json items_ = Json::array();
};

}  // namespace

Json completion(const Snapshot& snapshot, FileId file, std::uint32_t offset) {
  return Completion(snapshot, file, offset).run();
}

}  // namespace macc::lsp
