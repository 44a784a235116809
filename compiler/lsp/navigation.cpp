#include "compiler/lsp/navigation.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/lsp/tree.h"

namespace macc::lsp {

namespace {

using sema::DeclaredName;

bool at(Span span, FileId file, std::uint32_t offset) { return span.file == file && holds(span, offset); }

/// The uses in a file that reach up to an offset.
template <typename Each>
void each_use_at(const Snapshot& snapshot, FileId file, std::uint32_t offset, Each each) {
  const auto& uses = snapshot.names().uses;
  for (auto it = uses.lower_bound({Span{file, 0, 0}, {}}); it != uses.end() && it->span.file == file; ++it) {
    if (it->span.begin > offset) return;
    if (holds(it->span, offset)) each(*it);
  }
}

template <typename Each>
void each_declared_in(const Snapshot& snapshot, FileId file, Each each) {
  const auto& declared = snapshot.names().declared;
  for (auto it = declared.lower_bound(Span{file, 0, 0}); it != declared.end() && it->first.file == file; ++it)
    each(it->first, it->second);
}

// Numbers of the protocol.
enum class SymbolKind : int {
  module = 2,
  klass = 5,
  field = 8,
  function = 12,
  constant = 14,
  number = 16,
  boolean = 17,
  event = 24
};

SymbolKind symbol_kind(DeclaredName::Kind kind) {
  switch (kind) {
    case DeclaredName::Kind::module:
    case DeclaredName::Kind::import:
      return SymbolKind::module;
    case DeclaredName::Kind::let:
    case DeclaredName::Kind::parameter:
      return SymbolKind::constant;
    case DeclaredName::Kind::boolean:
      return SymbolKind::boolean;
    case DeclaredName::Kind::resource:
      return SymbolKind::field;
    case DeclaredName::Kind::domain:
      return SymbolKind::klass;
    case DeclaredName::Kind::ports:
      return SymbolKind::number;
    case DeclaredName::Kind::abstraction:
      return SymbolKind::function;
  }
  return SymbolKind::constant;
}

/// Makes the symbols of a document.
class Outline {
 public:
  Outline(const Snapshot& snapshot, FileId file) : snapshot_(snapshot), lines_(snapshot.lines(file)) {}

  Json run(const ast::File& tree) const {
    Json out = Json::array();
    for (const ast::Declaration& declaration : tree.declarations)
      std::visit([&](const auto& decl) { add(out, decl); }, declaration);
    return out;
  }

 private:
  Json symbol(const std::string& name, const std::string& detail, SymbolKind kind, Span whole, Span selected) const {
    whole = cover(whole, selected);
    return {{"name", name.empty() ? "?" : name},
            {"detail", detail},
            {"kind", static_cast<int>(kind)},
            {"range", lines_.range(whole.begin, whole.end)},
            {"selectionRange", lines_.range(selected.begin, selected.end)},
            {"children", Json::array()}};
  }

  Json children(const std::vector<ast::Statement>& body) const {
    Json out = Json::array();
    each_statement(body, [&](const ast::Statement& statement) {
      if (const auto* resource = std::get_if<ast::ResourceDecl>(&statement.value)) add(out, *resource);
      if (const auto* let = std::get_if<ast::LetDecl>(&statement.value)) add(out, *let);
    });
    return out;
  }

  void add(Json& out, const ast::BooleanDecl& decl) const {
    out.push_back(symbol(decl.name.text, "boolean", SymbolKind::boolean, decl.span, decl.name.span));
  }
  void add(Json& out, const ast::LetDecl& decl) const {
    out.push_back(symbol(decl.name.text, "let", SymbolKind::constant, decl.span, decl.name.span));
  }
  void add(Json& out, const ast::ResourceDecl& decl) const {
    out.push_back(symbol(decl.name.text, decl.kind.text, SymbolKind::field, decl.span, decl.name.span));
  }
  void add(Json& out, const ast::ExternalDecl& decl) const {
    using Kind = ast::ExternalDecl::Kind;
    const SymbolKind kind = decl.kind == Kind::resource ? SymbolKind::field
                            : decl.kind == Kind::domain ? SymbolKind::klass
                                                        : SymbolKind::number;
    out.push_back(symbol(decl.name.text, "external", kind, decl.span, decl.name.span));
  }
  void add(Json& out, const ast::DomainDecl& decl) const {
    out.push_back(symbol(decl.name.text, "domain", SymbolKind::klass, decl.span, decl.name.span));
    out.back()["children"] = children(decl.body);
  }
  void add(Json& out, const ast::AbstractionDecl& decl) const {
    out.push_back(symbol(decl.name.text, "abstraction", SymbolKind::function, decl.span, decl.name.span));
    out.back()["children"] = children(decl.body);
  }
  void add(Json& out, const ast::ExtendDomainDecl& decl) const {
    out.push_back(symbol(decl.domain.text(), "extend domain", SymbolKind::klass, decl.span, decl.domain.span));
    out.back()["children"] = children(decl.body);
  }
  void add(Json& out, const ast::ExtendResourceDecl& decl) const {
    out.push_back(symbol(decl.resource.text(), "extend resource", SymbolKind::field, decl.span, decl.resource.span));
  }
  void add(Json& out, const ast::NeverDecl& decl) const {
    const std::string text(snapshot_.sources().text(decl.span));
    out.push_back(symbol(printable(text, 60), "promise", SymbolKind::event, decl.span, decl.span));
  }
  void add(Json& out, const ast::TestDecl& decl) const {
    out.push_back(symbol(decl.name.raw, "test", SymbolKind::event, decl.span, decl.name.span));
  }

  const Snapshot& snapshot_;
  const Lines& lines_;
};

}  // namespace

std::vector<Span> declarations_at(const Snapshot& snapshot, FileId file, std::uint32_t offset) {
  std::vector<Span> out;
  each_use_at(snapshot, file, offset, [&](const sema::NameUse& use) { out.push_back(use.declaration); });
  if (!out.empty()) return out;
  each_declared_in(snapshot, file, [&](Span span, const DeclaredName&) {
    if (at(span, file, offset)) out.push_back(span);
  });
  return out;
}

Span name_at(const Snapshot& snapshot, FileId file, std::uint32_t offset) {
  Span out;
  each_use_at(snapshot, file, offset, [&](const sema::NameUse& use) { out = use.span; });
  if (out.valid()) return out;
  each_declared_in(snapshot, file, [&](Span span, const DeclaredName&) {
    if (at(span, file, offset)) out = span;
  });
  return out;
}

std::vector<Span> uses_of(const Snapshot& snapshot, Span declaration) {
  std::vector<Span> out;
  for (const sema::NameUse& use : snapshot.names().uses) {
    if (use.declaration == declaration && snapshot.is_file(use.span.file)) out.push_back(use.span);
  }
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Json definition(const Snapshot& snapshot, FileId file, std::uint32_t offset) {
  Json out = Json::array();
  for (const Span declaration : declarations_at(snapshot, file, offset)) {
    if (snapshot.is_file(declaration.file)) out.push_back(snapshot.location(declaration));
  }
  return out;
}

Json references(const Snapshot& snapshot, FileId file, std::uint32_t offset, bool with_declaration) {
  Json out = Json::array();
  for (const Span declaration : declarations_at(snapshot, file, offset)) {
    if (with_declaration && snapshot.is_file(declaration.file)) out.push_back(snapshot.location(declaration));
    for (const Span use : uses_of(snapshot, declaration)) out.push_back(snapshot.location(use));
  }
  return out;
}

Json highlights(const Snapshot& snapshot, FileId file, std::uint32_t offset) {
  Json out = Json::array();
  const auto add = [&](Span span) {
    if (span.file == file) out.push_back({{"range", snapshot.lines(file).range(span.begin, span.end)}});
  };
  for (const Span declaration : declarations_at(snapshot, file, offset)) {
    add(declaration);
    for (const Span use : uses_of(snapshot, declaration)) add(use);
  }
  return out;
}

Json document_symbols(const Snapshot& snapshot, FileId file) {
  const auto tree = snapshot.names().trees.find(file);
  return tree == snapshot.names().trees.end() ? Json::array() : Outline(snapshot, file).run(tree->second);
}

namespace {

/// Whether a name has a text in it, in large letters or small ones.
bool has_in_it(std::string_view name, std::string_view text) {
  const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  const auto same = [&](char a, char b) { return small(a) == small(b); };
  return std::search(name.begin(), name.end(), text.begin(), text.end(), same) != name.end() || text.empty();
}

}  // namespace

Json workspace_symbols(const Snapshot& snapshot, const std::string& query) {
  constexpr std::size_t kMost = 500;
  Json out = Json::array();
  for (const auto& [span, name] : snapshot.names().declared) {
    const bool wanted = snapshot.is_file(span.file) && name.kind != DeclaredName::Kind::parameter &&
                        name.kind != DeclaredName::Kind::import && has_in_it(name.name, query);
    if (!wanted || out.size() == kMost) continue;
    out.push_back({{"name", name.name},
                   {"kind", static_cast<int>(symbol_kind(name.kind))},
                   {"containerName", name.kind == DeclaredName::Kind::module ? "" : name.module},
                   {"location", snapshot.location(span)}});
  }
  return out;
}

}  // namespace macc::lsp
