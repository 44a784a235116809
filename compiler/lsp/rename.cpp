// Renaming: every place that names a thing, and a look at what comes out before it is handed out.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/lsp/navigation.h"
#include "compiler/syntax/tokens.h"

namespace macc::lsp {

namespace {

using sema::DeclaredName;

/// "" when something can be called like that.
std::string trouble_with(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const bool shaped = !name.empty() && letter(name.front()) && std::all_of(name.begin(), name.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9');
  });
  if (!shaped)
    return fmt::format("`{}` is no name: it has letters, digits and `_`, and begins with no digit",
                       printable(name, 60));
  const auto& words = syntax::words();
  const bool reserved =
      std::any_of(words.begin(), words.end(), [&](const syntax::Word& w) { return w.reserved && w.text == name; });
  return reserved ? fmt::format("`{}` is a word of the language", name) : "";
}

/// What can be renamed at a place.
std::variant<Span, Refusal> renamable(const Snapshot& snapshot, FileId file, std::uint32_t offset) {
  const std::vector<Span> declarations = declarations_at(snapshot, file, offset);
  if (declarations.empty()) return Refusal{"there is no name here that can be changed"};
  if (declarations.size() > 1) return Refusal{"this name stands for several things, one for each include"};
  const Span declaration = declarations.front();
  if (!snapshot.is_file(declaration.file)) return Refusal{"names of the standard library stay as they are"};
  const auto known = snapshot.names().declared.find(declaration);
  if (known == snapshot.names().declared.end()) return Refusal{"there is no name here that can be changed"};
  if (known->second.kind == DeclaredName::Kind::module)
    return Refusal{"modules are not renamed: other names may begin with theirs"};
  return declaration;
}

/// The documents as they would be.
Documents changed(const Snapshot& snapshot, const Documents& documents, const std::vector<Span>& places,
                  const std::string& name) {
  std::map<FileId, std::vector<Span>> by_file;
  for (const Span place : places) by_file[place.file].push_back(place);
  Documents out = documents;
  for (auto& [file, spans] : by_file) {
    std::sort(spans.begin(), spans.end());
    std::string text = snapshot.sources().file(file).text();
    for (auto it = spans.rbegin(); it != spans.rend(); ++it) text.replace(it->begin, it->end - it->begin, name);
    const std::string uri = snapshot.uri(file);
    const Document* open = documents.find(uri);
    out.open(uri, open == nullptr ? 0 : open->version, std::move(text));
  }
  return out;
}

/// How many names stand for how many declarations: the same before and after, or a name changed its meaning.
std::vector<std::size_t> shape(const Snapshot& snapshot) {
  std::map<Span, std::size_t> count;
  for (const sema::NameUse& use : snapshot.names().uses) {
    if (snapshot.is_file(use.span.file)) ++count[use.declaration];
  }
  std::vector<std::size_t> out;
  for (const auto& [declaration, uses] : count) {
    if (snapshot.is_file(declaration.file)) out.push_back(uses);
  }
  return out;
}

}  // namespace

std::variant<Json, Refusal> prepare_rename(const Snapshot& snapshot, FileId file, std::uint32_t offset) {
  const auto found = renamable(snapshot, file, offset);
  if (const auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
  const Span name = name_at(snapshot, file, offset);
  return snapshot.lines(file).range(name.begin, name.end);
}

std::variant<Json, Refusal> rename(const Snapshot& snapshot, const Unit& unit, const Documents& documents, FileId file,
                                   std::uint32_t offset, const std::string& name) {
  if (const std::string why = trouble_with(name); !why.empty()) return Refusal{why};
  const auto found = renamable(snapshot, file, offset);
  if (const auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
  if (!snapshot.sound())
    return Refusal{"the policies have errors, so that a use of the name could be missed: mend them first"};
  const Span declaration = std::get<Span>(found);
  const auto& roots = snapshot.roots();
  const bool ours =
      std::any_of(roots.begin(), roots.end(), [&](const sema::Root& root) { return root.file == declaration.file; });
  if (!ours || (unit.alone && snapshot.names().declared.at(declaration).is_public))
    return Refusal{"policies that are not looked at here may use this name: this file is in no project"};
  std::vector<Span> places = uses_of(snapshot, declaration);
  places.push_back(declaration);
  const Snapshot after(unit, changed(snapshot, documents, places, name), Depth::names);
  for (const Diagnostic& d : after.diagnostics()) {
    if (d.severity == Severity::error)
      return Refusal{fmt::format("with this name the policies would have errors: {}", d.message)};
  }
  if (shape(snapshot) != shape(after)) return Refusal{"with this name other names would mean something else"};

  std::map<std::string, Json> edits;
  for (const Span place : places) {
    Json& list = edits.try_emplace(snapshot.uri(place.file), Json::array()).first->second;
    list.push_back({{"range", snapshot.lines(place.file).range(place.begin, place.end)}, {"newText", name}});
  }
  Json changes = Json::array();
  for (auto& [uri, list] : edits) {
    const Document* open = documents.find(uri);
    const Json version = open == nullptr ? Json() : Json(open->version);
    changes.push_back({{"textDocument", {{"uri", uri}, {"version", version}}}, {"edits", std::move(list)}});
  }
  return Json{{"documentChanges", std::move(changes)}};
}

}  // namespace macc::lsp
