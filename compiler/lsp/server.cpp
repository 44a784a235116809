#include "compiler/lsp/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "compiler/lsp/completion.h"
#include "compiler/lsp/findings.h"
#include "compiler/lsp/hover.h"
#include "compiler/report/cells.h"
#include "compiler/syntax/format.h"

namespace macc::lsp {

namespace fs = std::filesystem;

namespace {

// Numbers of the protocol.
constexpr int kParseError = -32700, kInvalidRequest = -32600, kMethodNotFound = -32601, kInvalidParams = -32602,
              kInternalError = -32603, kNotInitialized = -32002, kRequestFailed = -32803, kContentModified = -32801,
              kRequestCancelled = -32800;
constexpr int kIncremental = 2;

/// A project up to this size is looked at as a whole after each change.
constexpr std::uintmax_t kSmallProject = 64U << 10U;

constexpr std::string_view kCompletion = "textDocument/completion";

/// Ends an answer about a text that could not be read with its project, whose macc.toml has errors, say: they are shown
/// there, and here there is nothing to say.
struct Unread {};

Json option(const Json& object, const char* pointer, const Json& otherwise) {
  const Json::json_pointer at(pointer);
  return object.is_object() && object.contains(at) ? object.at(at) : otherwise;
}

bool flag(const Json& object, const char* pointer) {
  const Json value = option(object, pointer, false);
  return value.is_boolean() && value.get<bool>();
}

Encoding encoding_of(const Json& params) {
  const Json offered = option(params, "/capabilities/general/positionEncodings", Json::array());
  const bool bytes = offered.is_array() && std::find(offered.begin(), offered.end(), "utf-8") != offered.end();
  return bytes ? Encoding::utf8 : Encoding::utf16;
}

/// Ends an answer: the client asked for what it cannot ask for.
struct Misuse {
  std::string what;
};

/// What a method cannot do without.
struct Field {
  enum class Kind : std::uint8_t { text, number, list } kind = Kind::text;
  const char* pointer;
};

std::vector<Field> fields_of(const std::string& method) {
  using Kind = Field::Kind;
  std::vector<Field> out;
  const auto point = [&](const char* line, const char* character) {
    out.push_back({Kind::number, line});
    out.push_back({Kind::number, character});
  };
  if (!method.starts_with("textDocument/")) return out;
  out.push_back({Kind::text, "/textDocument/uri"});
  const std::string_view what = std::string_view(method).substr(std::string_view("textDocument/").size());
  if (what == "didOpen" || what == "didChange") out.push_back({Kind::number, "/textDocument/version"});
  if (what == "didOpen") out.push_back({Kind::text, "/textDocument/text"});
  if (what == "didChange") out.push_back({Kind::list, "/contentChanges"});
  const bool has_place = what == "hover" || what == "definition" || what == "references" || what == "completion" ||
                         what == "documentHighlight" || what == "rename" || what == "prepareRename";
  if (has_place) point("/position/line", "/position/character");
  if (what == "rename") out.push_back({Kind::text, "/newName"});
  if (what == "codeAction") {
    point("/range/start/line", "/range/start/character");
    point("/range/end/line", "/range/end/character");
  }
  return out;
}

bool is_there(const Json& params, const Field& field) {
  const Json value = option(params, field.pointer, nullptr);
  switch (field.kind) {
    case Field::Kind::text:
      return value.is_string();
    case Field::Kind::number:
      return value.is_number();
    case Field::Kind::list:
      return value.is_array();
  }
  return false;
}

/// What the parameters of a method lack, in a sentence; "" for nothing.
std::string lack_of(const std::string& method, const Json& params) {
  for (const Field& field : fields_of(method)) {
    if (is_there(params, field)) continue;
    std::string name(field.pointer + 1);
    std::replace(name.begin(), name.end(), '/', '.');
    const char* kind = field.kind == Field::Kind::text ? "text" : field.kind == Field::Kind::number ? "number" : "list";
    return fmt::format("the parameters of `{}` have no {} `{}`", printable(method), kind, name);
  }
  return "";
}

/// The number that four hexadecimal digits stand for; nullopt for what is none.
std::optional<unsigned> escaped_unit(std::string_view text) {
  unsigned value = 0;
  if (text.size() < 6 || !text.starts_with("\\u")) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + 6, value, 16);
  return error == std::errc() && end == text.data() + 6 ? std::optional(value) : std::nullopt;
}

/// Halves of a pair of UTF-16 units in JSON's escapes that stand alone, as an editor sends what was typed or deleted in
/// the middle of one, replaced: each is as long in UTF-16 as what takes its place, so that the texts stay in step.
std::string without_lone_halves(std::string_view body) {
  const auto is_first = [](std::optional<unsigned> unit) { return unit && *unit >= 0xD800 && *unit < 0xDC00; };
  const auto is_second = [](std::optional<unsigned> unit) { return unit && *unit >= 0xDC00 && *unit < 0xE000; };
  std::string out;
  for (std::size_t i = 0; i < body.size();) {
    const auto unit = escaped_unit(body.substr(i));
    const bool pair = is_first(unit) && is_second(escaped_unit(body.substr(i + 6)));
    const std::size_t length = pair ? 12 : unit ? 6 : body[i] == '\\' ? 2 : 1;
    const bool lone = !pair && (is_first(unit) || is_second(unit));
    out += lone ? std::string_view("\\ufffd") : body.substr(i, length);
    i += length;
  }
  return out;
}

/// The place of a request in its document; nullptr when it is about none.
const Json* uri_in(const Json& params) {
  const Json::json_pointer at("/textDocument/uri");
  if (!params.is_object() || !params.contains(at) || !params.at(at).is_string()) return nullptr;
  return &params.at(at);
}

std::string dumped(const Json& message) { return message.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// One edit for what differs: everything around it, and the places in it, stay as they are.
Json edit_between(const std::string& before, const std::string& after, Encoding encoding) {
  if (before == after) return Json::array();
  const auto shorter = static_cast<std::ptrdiff_t>(std::min(before.size(), after.size()));
  const auto differs = std::mismatch(before.begin(), before.begin() + shorter, after.begin()).first;
  std::size_t head = static_cast<std::size_t>(differs - before.begin());
  while (head > 0 && before[head - 1] != '\n') --head;
  std::size_t tail = 0;
  const std::size_t most = std::min(before.size(), after.size()) - head;
  while (tail < most && before[before.size() - tail - 1] == after[after.size() - tail - 1]) ++tail;
  while (tail > 0 && before[before.size() - tail - 1] != '\n') --tail;
  const Lines lines(before, encoding);
  const auto end = static_cast<std::uint32_t>(before.size() - tail);
  return Json::array({{{"range", lines.range(static_cast<std::uint32_t>(head), end)},
                       {"newText", after.substr(head, after.size() - tail - head)}}});
}

/// Whether a change on the disk is one of a project file, which may be new or gone.
bool names_projects(const Json& params) {
  const Json changes = option(params, "/changes", Json::array());
  return std::any_of(changes.begin(), changes.end(), [](const Json& change) {
    const Json uri = option(change, "/uri", nullptr);
    return uri.is_string() && uri.get<std::string>().ends_with(project::kFileName);
  });
}

std::optional<fs::path> folder_of(const Json& folder) {
  const Json uri = option(folder, "/uri", nullptr);
  return uri.is_string() ? path_of_uri(uri.get<std::string>()) : std::nullopt;
}

/// The project files in a folder of the workspace, and not too far below it.
std::vector<fs::path> projects_in(const fs::path& folder) {
  constexpr int kMaxDepth = 4;
  constexpr std::size_t kMaxEntries = 20'000;
  std::vector<fs::path> out;
  std::error_code error;
  std::size_t entries = 0;
  fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, error);
  for (const fs::recursive_directory_iterator end; !error && it != end && ++entries < kMaxEntries;
       it.increment(error)) {
    std::error_code gone;
    const std::string name = it->path().filename().string();
    if (it->is_directory(gone) && (name.starts_with('.') || it.depth() >= kMaxDepth)) it.disable_recursion_pending();
    if (name == project::kFileName && it->is_regular_file(gone)) out.push_back(it->path());
  }
  return out;
}

}  // namespace

// ---- messages ----

void Server::send(Json message) {
  message["jsonrpc"] = "2.0";
  out_.push_back(dumped(message));
}

void Server::reply(const Json& id, Json result) { send({{"id", id}, {"result", std::move(result)}}); }

void Server::refuse(const Json& id, int code, const std::string& message) {
  send({{"id", id}, {"error", {{"code", code}, {"message", report::valid_utf8(message)}}}});
}

void Server::log(const std::string& message) {
  constexpr int kAsError = 1;
  send({{"method", "window/logMessage"}, {"params", {{"type", kAsError}, {"message", report::valid_utf8(message)}}}});
}

void Server::post(std::string_view body) {
  Json message = Json::parse(body, nullptr, false);
  if (message.is_discarded()) message = Json::parse(without_lone_halves(body), nullptr, false);
  if (message.is_discarded()) return refuse(nullptr, kParseError, "the message is no JSON");
  if (!message.is_object()) return refuse(nullptr, kInvalidRequest, "the message is no JSON object");
  if (message.value("method", Json()) == "$/cancelRequest") {
    const Json id = option(message, "/params/id", nullptr);
    const auto waits = [&](const Json& other) { return other.contains("method") && other.value("id", Json()) == id; };
    if (!id.is_null() && std::any_of(queue_.begin(), queue_.end(), waits)) cancelled_.insert(id);
    return;
  }
  queue_.push_back(std::move(message));
}

std::vector<std::string> Server::work() {
  while (!queue_.empty() && !finished_) {
    const Json message = std::move(queue_.front());
    queue_.pop_front();
    handle(message);
  }
  if (started_ && !finished_ && !shut_down_) {
    assign_units();
    for (auto& [unit, state] : states_) {
      if (state.dirty) analyse(unit, state);
      if (state.waiting) publish(unit, state);
    }
  }
  return std::exchange(out_, {});
}

void Server::handle(const Json& message) {
  const Json id = message.value("id", Json());
  const bool asks = message.contains("id");
  const Json method = message.value("method", Json());
  if (!method.is_string()) {
    // An answer to what the server asked needs no reaction.
    if (!message.contains("result") && !message.contains("error"))
      refuse(asks ? id : Json(), kInvalidRequest, "the message names no method");
    return;
  }
  const Json params = message.value("params", Json::object());
  if (asks) return request(id, method.get<std::string>(), params);
  const std::string name = printable(method.get<std::string>());
  try {
    const std::string lack = started_ ? lack_of(method.get<std::string>(), params) : "";
    if (!lack.empty()) return log(fmt::format("`{}` could not be followed: {}", name, lack));
    notification(method.get<std::string>(), params);
  } catch (const Json::exception&) {
    log(fmt::format("`{}` could not be followed: its parameters are not those of the protocol", name));
  } catch (const std::exception& error) {
    log(fmt::format("`{}` could not be followed: {}", name, error.what()));
  }
}

void Server::request(const Json& id, const std::string& method, const Json& params) {
  if (cancelled_.erase(id) != 0) return refuse(id, kRequestCancelled, "cancelled");
  if (!started_ && method != "initialize") return refuse(id, kNotInitialized, "`initialize` comes first");
  if (shut_down_) return refuse(id, kInvalidRequest, "the server was shut down");
  // Of completion, clients take a refusal for "there is nothing to offer", and do not ask again.
  if (method != kCompletion && is_superseded(params)) return refuse(id, kContentModified, "the text has changed since");
  if (const std::string lack = lack_of(method, params); !lack.empty()) return refuse(id, kInvalidParams, lack);
  try {
    if (leaves_aside_ && takes_long(method, params)) {
      asides_.push_back(dumped({{"id", id}, {"method", method}, {"params", params}}));
      return;
    }
    auto result = answer(method, params);
    if (auto* error = std::get_if<Error>(&result)) return refuse(id, error->code, error->message);
    reply(id, std::move(std::get<Json>(result)));
  } catch (const Unread&) {
    reply(id, Json());
  } catch (const Misuse& misuse) {
    refuse(id, kInvalidParams, misuse.what);
  } catch (const Json::exception&) {
    refuse(id, kInvalidParams, fmt::format("the parameters are not those of `{}`", printable(method)));
  } catch (const std::exception& error) {
    refuse(id, kInternalError, fmt::format("macc itself failed: {}", error.what()));
  }
}

bool Server::takes_long(const std::string& method, const Json& params) {
  if (method == "textDocument/hover") {
    const Place at = place(params);
    return needs_targets(*at.snapshot, at.file, at.offset);
  }
  // Names are looked for in all files, which only a small project has at hand.
  if (method != "textDocument/references" && method != "textDocument/rename") return false;
  const State& state = states_.at(place(params).unit);
  return !state.size || *state.size > kSmallProject;
}

std::string Server::answer_aside(const std::string& request) {
  const bool left = std::exchange(leaves_aside_, false);
  std::vector<std::string> said = std::exchange(out_, {});
  handle(Json::parse(request));
  leaves_aside_ = left;
  said.swap(out_);
  return said.empty() ? give_up(request, false) : said.back();
}

std::optional<std::string> Server::answer_in_part(const std::string& request) {
  if (Json::parse(request).value("method", "") != "textDocument/hover") return std::nullopt;
  in_part_ = true;
  std::string said = answer_aside(request);
  in_part_ = false;
  return said;
}

std::string Server::give_up(const std::string& request, bool changed) {
  std::vector<std::string> said = std::exchange(out_, {});
  const Json id = Json::parse(request).at("id");
  if (changed) {
    refuse(id, kContentModified, "the text has changed since");
  } else {
    refuse(id, kInternalError, "macc itself failed");
  }
  said.swap(out_);
  return said.back();
}

/// A later change of the same text waits already: the answer would be about what is no longer there.
bool Server::is_superseded(const Json& params) const {
  const Json* uri = uri_in(params);
  return uri != nullptr && std::any_of(queue_.begin(), queue_.end(), [&](const Json& message) {
           if (message.value("method", Json()) != "textDocument/didChange") return false;
           const Json* other = message.contains("params") ? uri_in(message.at("params")) : nullptr;
           return other != nullptr && *other == *uri;
         });
}

std::variant<Json, Error> Server::answer(const std::string& method, const Json& params) {
  if (method == "initialize") {
    if (started_) return Error{kInvalidRequest, "the server was initialized before"};
    return initialize(params);
  }
  if (method == "shutdown") {
    shut_down_ = true;
    return Json();
  }
  if (method == "textDocument/formatting") return format(params);
  if (method == "textDocument/hover") {
    const Place at = place(params);
    return hover(*at.snapshot, at.file, at.offset, !in_part_);
  }
  if (method == "textDocument/definition") {
    const Place at = place(params);
    return definition(*at.snapshot, at.file, at.offset);
  }
  if (method == "textDocument/references") {
    const Place at = place(params, true);
    return references(*at.snapshot, at.file, at.offset, flag(params, "/context/includeDeclaration"));
  }
  if (method == "textDocument/documentHighlight") {
    const Place at = place(params);
    return highlights(*at.snapshot, at.file, at.offset);
  }
  if (method == "textDocument/documentSymbol") {
    const Place at = place(params);
    return document_symbols(*at.snapshot, at.file);
  }
  if (method == kCompletion) {
    const Place at = place(params);
    if (at.document.path.filename() == project::kFileName) return Json::array();
    return completion(*at.snapshot, at.file, at.offset);
  }
  if (method == "textDocument/codeAction") return code_action(params);
  if (method == "textDocument/prepareRename") return renamed(params, true);
  if (method == "textDocument/rename") return renamed(params, false);
  if (method == "workspace/symbol") {
    const Json query = option(params, "/query", "");
    if (!query.is_string()) return Error{kInvalidParams, "the parameters of `workspace/symbol` have no text `query`"};
    return symbols_everywhere(query.get<std::string>());
  }
  return Error{kMethodNotFound, fmt::format("there is no method `{}`", printable(method))};
}

void Server::notification(const std::string& method, const Json& params) {
  if (method == "exit") {
    finished_ = true;
  } else if (!started_ || shut_down_) {
    return;
  } else if (method == "initialized") {
    initialized();
  } else if (method == "textDocument/didOpen") {
    const Json& document = params.at("textDocument");
    const auto uri = document.at("uri").get<std::string>();
    documents_.open(uri, document.at("version").get<std::int64_t>(), document.at("text").get<std::string>());
    touch(uri);
  } else if (method == "textDocument/didChange") {
    const Json& document = params.at("textDocument");
    const auto uri = document.at("uri").get<std::string>();
    documents_.change(uri, document.at("version").get<std::int64_t>(), params.at("contentChanges"));
    touch(uri);
  } else if (method == "textDocument/didClose") {
    const auto uri = params.at("textDocument").at("uri").get<std::string>();
    touch(uri);
    documents_.close(uri);
  } else if (method == "textDocument/didSave") {
    touch_all();
  } else if (method == "workspace/didChangeWatchedFiles") {
    names_projects(params) ? find_projects() : touch_all();
  } else if (method == "workspace/didChangeWorkspaceFolders") {
    std::vector<fs::path> folders = folders_;
    for (const Json& folder : params.at("event").at("removed")) {
      if (const auto path = folder_of(folder)) std::erase(folders, *path);
    }
    for (const Json& folder : params.at("event").at("added")) {
      if (const auto path = folder_of(folder)) folders.push_back(*path);
    }
    set_folders(std::move(folders));
    find_projects();
  }
}

// ---- start ----

Json Server::initialize(const Json& params) {
  started_ = true;
  documents_ = Documents(encoding_of(params));
  can_watch_ = flag(params, "/capabilities/workspace/didChangeWatchedFiles/dynamicRegistration");
  knows_document_changes_ = flag(params, "/capabilities/workspace/workspaceEdit/documentChanges");
  const Json folders = option(params, "/workspaceFolders", nullptr);
  std::vector<fs::path> paths;
  if (folders.is_array()) {
    for (const Json& folder : folders) {
      if (const auto path = folder_of(folder)) paths.push_back(*path);
    }
  } else if (const auto path = folder_of({{"uri", option(params, "/rootUri", nullptr)}})) {
    paths.push_back(*path);
  }
  set_folders(std::move(paths));
  const Json sync = {{"openClose", true}, {"change", kIncremental}, {"save", true}};
  const Json workspace = {{"workspaceFolders", {{"supported", true}, {"changeNotifications", true}}}};
  return {{"serverInfo", {{"name", "macc"}, {"version", version_}}},
          {"capabilities",
           {{"positionEncoding", word(documents_.encoding())},
            {"textDocumentSync", sync},
            {"hoverProvider", true},
            {"definitionProvider", true},
            {"referencesProvider", true},
            {"documentHighlightProvider", true},
            {"documentSymbolProvider", true},
            {"workspaceSymbolProvider", true},
            {"completionProvider", {{"triggerCharacters", {" ", ".", "{", "\"", "@"}}}},
            {"documentFormattingProvider", true},
            {"renameProvider", {{"prepareProvider", true}}},
            {"codeActionProvider", {{"codeActionKinds", {kQuickFix, kFixAll}}}},
            {"workspace", workspace}}}};
}

void Server::initialized() {
  find_projects();
  if (!can_watch_) return;
  const Json watchers = {{{"globPattern", "**/*.macc"}}, {{"globPattern", "**/macc.toml"}}};
  send({{"id", "macc/watch"},
        {"method", "client/registerCapability"},
        {"params",
         {{"registrations",
           {{{"id", "macc/watch"},
             {"method", "workspace/didChangeWatchedFiles"},
             {"registerOptions", {{"watchers", watchers}}}}}}}}});
}

void Server::set_folders(std::vector<fs::path> folders) {
  folders_ = std::move(folders);
  documents_.set_folders(folders_);
}

void Server::find_projects() {
  projects_.clear();
  for (const fs::path& folder : folders_) {
    for (const fs::path& file : projects_in(folder)) {
      // A document knows its project by the path without links.
      std::error_code error;
      const fs::path real = fs::weakly_canonical(file.parent_path(), error);
      projects_.insert({error ? file : real / file.filename(), std::nullopt});
    }
  }
  touch_all();
}

// ---- what is known ----

void Server::touch_all() {
  for (auto& [unit, state] : states_) state.dirty = true;
}

void Server::touch(const std::string& uri) {
  const Document* document = documents_.find(uri);
  if (document == nullptr) return;
  const Unit changed = unit_of(*document);
  units_[uri] = changed;
  for (auto& [unit, state] : states_) {
    if (concerns(*document, changed, unit, state)) state.dirty = true;
  }
}

/// Whether a change of a text can change what is known of a unit: its own texts, and those that it imports.
bool Server::concerns(const Document& document, const Unit& changed, const Unit& unit, const State& state) {
  if (unit == changed) return true;
  if (unit.project != changed.project) return false;
  if (!unit.alone || !state.now || document.path.filename() == project::kFileName) return true;
  if (state.now->has_read(document)) return true;
  // What an import names may be found now, or be there only once.
  const auto& all = state.now->diagnostics();
  return std::any_of(all.begin(), all.end(),
                     [](const Diagnostic& d) { return d.code == Code::E0203 || d.code == Code::E0613; });
}

void Server::assign_units() {
  units_.clear();
  for (const auto& [uri, document] : documents_.all()) units_[uri] = unit_of(document);
  // It may be gone, whether the client says so or not.
  std::erase_if(projects_, [](const Unit& unit) {
    std::error_code error;
    return !fs::exists(*unit.project, error) && !error;
  });
  std::set<Unit> wanted = projects_;
  for (const auto& [uri, unit] : units_) wanted.insert(unit);
  std::vector<Unit> gone;
  for (const auto& [unit, state] : states_) {
    if (!wanted.contains(unit)) gone.push_back(unit);
  }
  for (const Unit& unit : gone) drop(unit);
  for (const Unit& unit : wanted) states_.try_emplace(unit);
}

std::shared_ptr<const Snapshot> Server::look(const Unit& unit, Depth depth) {
  try {
    return std::make_shared<const Snapshot>(unit, documents_, depth);
  } catch (const std::exception& error) {
    log(fmt::format("the policies could not be looked at: {}", error.what()));
    return nullptr;
  }
}

void Server::analyse(const Unit& unit, State& state) {
  const bool small = state.size && *state.size <= kSmallProject;
  auto fresh = look(unit, small ? Depth::whole : Depth::open);
  if (fresh && !small && fresh->size() <= kSmallProject) fresh = look(unit, Depth::whole);
  ++looks_;
  state.dirty = false;
  state.names = nullptr;
  if (!fresh) return;
  state.size = fresh->size();
  state.now = std::move(fresh);
  if (state.now->sound()) state.last_sound = state.now;
  state.waiting = true;
  state.whole_due = *state.size > kSmallProject;
}

std::shared_ptr<const Snapshot> Server::all_names(const Unit& unit) {
  State& state = states_.at(unit);
  if (state.size && *state.size <= kSmallProject) return state.now;
  if (!state.names) state.names = look(unit, Depth::names);
  return state.names;
}

Server::Place Server::place(const Json& params, bool everywhere) {
  const Json* uri = uri_in(params);
  if (uri == nullptr) throw Misuse{"the parameters have no text `textDocument.uri`"};
  const Document* document = documents_.find(uri->get<std::string>());
  if (document == nullptr) throw Misuse{fmt::format("`{}` is not open", printable(uri->get<std::string>(), 400))};
  const Unit& unit = units_.try_emplace(document->uri, unit_of(*document)).first->second;
  State& state = states_[unit];
  if (state.dirty) analyse(unit, state);
  Place out{*document, unit, everywhere ? all_names(unit) : state.now};
  if (!out.snapshot) throw Unread{};
  out.file = out.snapshot->file(*document);
  if (out.file == FileId::none) throw Unread{};
  if (params.contains("position")) out.offset = out.snapshot->lines(out.file).offset(point_of(params.at("position")));
  return out;
}

// ---- diagnostics ----

void Server::publish_list(State& state, const std::string& uri, const Json& list) {
  const Document* open = documents_.find(uri);
  const auto known = state.published.find(uri);
  const bool same = known == state.published.end() ? list.empty() : known->second == list;
  const auto version = state.versions.find(uri);
  const bool said = open == nullptr || (version != state.versions.end() && version->second == open->version);
  if (same && said) return;
  Json params = {{"uri", uri}, {"diagnostics", list}};
  if (open != nullptr) params["version"] = state.versions[uri] = open->version;
  send({{"method", "textDocument/publishDiagnostics"}, {"params", std::move(params)}});
  state.published[uri] = list;
}

/// While the policies have errors no lint runs. What was found before in texts that have not changed still holds.
void Server::keep_findings(const State& state, Lists& lists) const {
  const Snapshot& before = *state.last_sound;
  const SourceManager& now = state.now->sources();
  std::map<std::string, const std::string*> texts;
  for (std::size_t i = 1; i <= now.count(); ++i) {
    const auto id = static_cast<FileId>(i);
    if (state.now->is_file(id)) texts.emplace(state.now->uri(id), &now.file(id).text());
  }
  std::map<std::string, const std::string*> old;
  for (std::size_t i = 1; i <= before.sources().count(); ++i) {
    const auto id = static_cast<FileId>(i);
    if (before.is_file(id)) old.emplace(before.uri(id), &before.sources().file(id).text());
  }
  for (auto& [uri, list] : published(before)) {
    const auto text = texts.find(uri);
    if (text == texts.end() || *text->second != *old.at(uri)) continue;
    Json& all = lists.try_emplace(uri, Json::array()).first->second;
    for (const Json& row : list) all.push_back(row);
  }
}

void Server::publish(const Unit& unit, State& state) {
  state.waiting = false;
  Lists lists = published(*state.now);
  if (!state.now->sound() && state.last_sound) keep_findings(state, lists);
  std::set<std::string> uris;
  for (const auto& [uri, list] : lists) uris.insert(uri);
  for (const auto& [uri, of] : units_) {
    if (of == unit) uris.insert(uri);
  }
  // What was not looked at keeps what was said about it.
  if (!state.whole_due) {
    for (const auto& [uri, list] : state.published) uris.insert(uri);
  }
  for (const std::string& uri : uris) {
    const auto list = lists.find(uri);
    publish_list(state, uri, list == lists.end() ? Json::array() : list->second);
  }
}

void Server::drop(const Unit& unit) {
  State& state = states_.at(unit);
  const Lists said = state.published;
  for (const auto& [uri, list] : said) {
    const auto other = units_.find(uri);
    const bool elsewhere = other != units_.end() && other->second != unit;
    if (!list.empty() && !elsewhere) publish_list(state, uri, Json::array());
  }
  states_.erase(unit);
}

std::optional<Unit> Server::due() const {
  for (const auto& [unit, state] : states_) {
    if (state.whole_due) return unit;
  }
  return std::nullopt;
}

std::string Server::check(const Unit& unit) const {
  return dumped(published(Snapshot(unit, documents_, Depth::whole)));
}

std::vector<std::string> Server::take(const Unit& unit, const std::string& findings) {
  const auto known = states_.find(unit);
  if (known == states_.end()) return {};
  State& state = known->second;
  state.whole_due = false;
  const Json all = Json::parse(findings, nullptr, false);
  if (!all.is_object()) {
    log("the project could not be looked at as a whole");
    return std::exchange(out_, {});
  }
  std::set<std::string> uris;
  for (const auto& [uri, list] : all.items()) uris.insert(uri);
  for (const auto& [uri, list] : state.published) uris.insert(uri);
  for (const std::string& uri : uris) publish_list(state, uri, all.value(uri, Json::array()));
  return std::exchange(out_, {});
}

// ---- requests ----

std::variant<Json, Error> Server::format(const Json& params) const {
  const Document* document = documents_.find(params.at("textDocument").at("uri").get<std::string>());
  if (document == nullptr)
    throw Misuse{fmt::format("`{}` is not open", printable(uri_in(params)->get<std::string>(), 400))};
  SourceManager sources;
  Diagnostics diagnostics;
  const FileId file = sources.add(document->path.string(), document->text);
  const auto after = syntax::format(sources, file, diagnostics);
  // With errors the text stays as it is; they are shown where they are.
  if (!after) return Json::array();
  return edit_between(document->text, *after, documents_.encoding());
}

Json Server::code_action(const Json& params) {
  const Place at = place(params);
  const Lines& lines = at.snapshot->lines(at.file);
  const std::uint32_t begin = lines.offset(point_of(params.at("range").at("start")));
  const std::uint32_t end = lines.offset(point_of(params.at("range").at("end")));
  std::vector<std::string> only;
  const Json asked = option(params, "/context/only", Json::array());
  if (asked.is_array()) {
    for (const Json& kind : asked) only.push_back(kind.get<std::string>());
  }
  const auto all_safe = [&] {
    if (safe_edits_.of != at.snapshot || safe_edits_.file != at.file)
      safe_edits_ = {at.snapshot, at.file, safe_edits(*at.snapshot, documents_, at.document)};
    return safe_edits_.edits;
  };
  Json actions = code_actions(*at.snapshot, documents_, at.file, begin, end, only, all_safe);
  for (Json& action : actions) action["edit"] = portable(action["edit"]);
  return actions;
}

std::variant<Json, Error> Server::renamed(const Json& params, bool prepare) {
  const Place at = place(params, !prepare);
  auto result =
      prepare ? prepare_rename(*at.snapshot, at.file, at.offset)
              : rename(*at.snapshot, at.unit, documents_, at.file, at.offset, params.at("newName").get<std::string>());
  if (const auto* refusal = std::get_if<Refusal>(&result)) return Error{kRequestFailed, refusal->why};
  Json out = std::move(std::get<Json>(result));
  return prepare ? out : portable(std::move(out));
}

Json Server::symbols_everywhere(const std::string& query) {
  assign_units();
  Json out = Json::array();
  for (auto& [unit, state] : states_) {
    if (state.dirty) analyse(unit, state);
    const auto snapshot = all_names(unit);
    if (!snapshot) continue;
    for (Json& symbol : workspace_symbols(*snapshot, query)) out.push_back(std::move(symbol));
  }
  return out;
}

/// An edit of the workspace in the form that the client knows.
Json Server::portable(Json edit) const {
  if (knows_document_changes_) return edit;
  Json changes = Json::object();
  for (Json& change : edit["documentChanges"])
    changes[change["textDocument"]["uri"].get<std::string>()] = std::move(change["edits"]);
  return {{"changes", std::move(changes)}};
}

}  // namespace macc::lsp
