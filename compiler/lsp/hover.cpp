#include "compiler/lsp/hover.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "compiler/lsp/navigation.h"
#include "compiler/lsp/tree.h"
#include "compiler/lsp/vocabulary.h"
#include "compiler/paths/glance.h"
#include "compiler/report/cells.h"

namespace macc::lsp {

namespace {

constexpr std::size_t kMaxSourceLines = 16;
constexpr std::size_t kMaxAnswerLines = 14;  // of one target
constexpr std::size_t kMaxInstances = 3;     // of a statement that several domains include

/// Text in a code span, whatever is in it.
std::string code(std::string_view text) {
  std::string fence = "`";
  while (text.find(fence) != std::string_view::npos) fence += '`';
  const bool padded = fence.size() > 1;
  return padded ? fmt::format("{} {} {}", fence, text, fence) : fence + std::string(text) + fence;
}

/// A block of macc source.
std::string block(std::string_view text) {
  std::string fence = "```";
  while (text.find(fence) != std::string_view::npos) fence += '`';
  return fmt::format("{}macc\n{}\n{}\n", fence, text, fence);
}

std::string first_lines(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t next = text.find('\n', end);
    if (next == std::string_view::npos) return std::string(text);
    end = next + 1;
  }
  return std::string(text.substr(0, end)) + "...";
}

// ---- names ----

class NameText {
 public:
  NameText(const Snapshot& snapshot, Span declaration) : snapshot_(snapshot), declaration_(declaration) {}

  std::string run() const {
    const auto known = snapshot_.names().declared.find(declaration_);
    if (known == snapshot_.names().declared.end()) return "";
    const sema::DeclaredName& name = known->second;
    if (name.kind == sema::DeclaredName::Kind::module) return module_text(name);
    const auto tree = snapshot_.names().trees.find(declaration_.file);
    if (tree == snapshot_.names().trees.end()) return "";
    const Declared declared = find_declaration(tree->second, declaration_);
    std::string out = std::visit([this](const auto& decl) { return this->text_of(decl); }, declared);
    if (!out.empty()) out += fmt::format("\nof module {}\n", code(name.module));
    return out;
  }

 private:
  std::string source(Span span) const { return block(first_lines(snapshot_.sources().text(span), kMaxSourceLines)); }

  static std::string with_doc(const std::string& text, const std::string& doc) {
    return doc.empty() ? text : text + "\n" + doc + "\n";
  }

  std::string module_text(const sema::DeclaredName& name) const {
    std::string out = block("module " + name.name);
    std::string opened;
    for (const auto& [span, other] : snapshot_.names().declared) {
      const bool public_there = span.file == declaration_.file && other.is_public && other.name != name.name;
      if (public_there) opened += (opened.empty() ? "" : ", ") + code(other.name);
    }
    return opened.empty() ? out : out + "\nopens " + opened + "\n";
  }

  static std::string text_of(std::monostate /*unknown*/) { return ""; }
  std::string text_of(const ast::BooleanDecl* decl) const { return with_doc(source(decl->span), decl->doc); }
  std::string text_of(const ast::LetDecl* decl) const { return with_doc(source(decl->span), decl->doc); }
  std::string text_of(const ast::ExternalDecl* decl) const { return with_doc(source(decl->span), decl->doc); }
  std::string text_of(const ast::AbstractionDecl* decl) const { return with_doc(source(decl->span), decl->doc); }
  std::string text_of(const ast::AbstractionDecl::Parameter* decl) const {
    return "a parameter of the abstraction\n" + source(decl->span);
  }
  std::string text_of(const ast::DomainDecl* decl) const {
    std::string head = (decl->is_public ? "public domain " : "domain ") + decl->name.text;
    if (decl->parent) head += " in " + decl->parent->text();
    for (const ast::Statement& statement : decl->body) {
      if (std::holds_alternative<ast::EntryStatement>(statement.value))
        head += "\n    " + std::string(snapshot_.sources().text(statement.span));
    }
    return with_doc(block(head), decl->doc);
  }

  std::string text_of(const ast::ResourceDecl* decl) const {
    std::string out = with_doc(source(decl->span), decl->doc);
    std::size_t count = 0;
    for (const ir::Resource& resource : snapshot_.policy().resources) {
      if (resource.where.span != declaration_ || ++count > kMaxInstances) continue;
      out += "\n- " + extent(resource);
    }
    if (count > kMaxInstances) out += fmt::format("\n- and {} more", count - kMaxInstances);
    if (const auto kind = ir::kind_of(decl->kind.text))
      out += fmt::format("\n\n{}: {}\n", code(decl->kind.text), doc_of_kind(decl->kind.text));
    return out;
  }

  /// The paths of a resource in one domain, and what is taken out of it.
  std::string extent(const ir::Resource& resource) const {
    ir::PathExpr paths = resource.paths;
    paths.resource = ir::ResourceId::none;
    std::string out = resource.owner == ir::DomainId::none
                          ? "covers "
                          : fmt::format("in {} covers ", code(snapshot_.policy().domain(resource.owner).name));
    out += code(ir::describe(snapshot_.policy(), paths));
    std::string inner;
    for (const ir::ResourceId id : resource.inside)
      inner += (inner.empty() ? "" : ", ") + code(snapshot_.policy().resource(id).name);
    return inner.empty() ? out : out + " without what lies in " + inner;
  }

  const Snapshot& snapshot_;
  Span declaration_;
};

// ---- words ----

std::string word_text(const VocabularyWord& word) {
  switch (word.kind) {
    case VocabularyWord::Kind::verb:
      return fmt::format("{}: {}\n", code(word.text), doc_of_verb(word.text));
    case VocabularyWord::Kind::kind:
      return fmt::format("kind {}: {}\n", code(word.text), doc_of_kind(word.text));
    case VocabularyWord::Kind::capability:
      return fmt::format("capability {}: {}\n", code(word.text), doc_of_capability(word.text));
    case VocabularyWord::Kind::family:
      return fmt::format("socket family {}: {}\n", code(word.text), doc_of_family(word.text));
    case VocabularyWord::Kind::none:
      break;
  }
  return "";
}

// ---- statements ----

/// The paths that an access is about; nullptr when it is about none.
const ir::PathExpr* paths_of(const ir::Access& access) {
  const ir::PathExpr* out = std::visit(
      [](const auto& a) -> const ir::PathExpr* {
        using T = std::decay_t<decltype(a)>;
        if constexpr (std::is_same_v<T, ir::MountAccess>) {
          return &a.on;
        } else if constexpr (requires { a.paths; }) {
          return &a.paths;
        } else {
          return nullptr;
        }
      },
      access);
  return out == nullptr || out->include.empty() ? nullptr : out;
}

class StatementText {
 public:
  StatementText(const Snapshot& snapshot, Span statement)
      : snapshot_(snapshot), policy_(snapshot.policy()), statement_(statement) {}

  std::string run() {
    for (const ir::Domain& domain : policy_.domains) {
      for (const ir::Rule& rule : domain.rules) {
        if (rule.where.span == statement_) add(domain, rule.where, rule_text(rule), &rule.access);
      }
      for (const ir::Obligation& promise : domain.never) {
        if (promise.where.span == statement_)
          add(domain, promise.where, code("never " + ir::describe(policy_, promise.access)), &promise.access);
      }
      for (const ir::Entry& entry : domain.entries) {
        if (entry.where.span == statement_) add(domain, entry.where, "is entered here", nullptr);
      }
    }
    if (count_ > kMaxInstances) out_ += fmt::format("- and {} more\n", count_ - kMaxInstances);
    return out_;
  }

 private:
  std::string rule_text(const ir::Rule& rule) const {
    const std::string text = (rule.audit ? "audit " : "") + ir::describe(policy_, rule);
    if (rule.condition.is_always()) return code(text);
    return fmt::format("{}, if {}", code(text), code(ir::describe(policy_, rule.condition)));
  }

  void add(const ir::Domain& domain, const ir::Provenance& where, const std::string& text, const ir::Access* access) {
    if (++count_ > kMaxInstances) return;
    out_ += fmt::format("- {}: {}", code(domain.name), text);
    if (!where.includes.empty()) out_ += fmt::format(", through {}", code(where.includes.back().abstraction));
    out_ += "\n";
    const ir::PathExpr* paths = access == nullptr ? nullptr : paths_of(*access);
    if (paths != nullptr) out_ += lies(*paths);
  }

  /// Which paths those are, and whose.
  std::string lies(const ir::PathExpr& expr) const {
    std::string out;
    try {
      const paths::PathSet set = snapshot_.meaning()->set(expr);
      if (expr.resource != ir::ResourceId::none) {
        ir::PathExpr written = expr;
        written.resource = ir::ResourceId::none;
        written.holes.clear();
        out += fmt::format("  - its paths: {}{}", code(ir::describe(policy_, written)), holes_of(expr));
      } else {
        out += "  - its paths lie " + owners_of(expr, set);
      }
      if (const auto example = set.example()) out += fmt::format(", for example {}", code(printable(*example)));
      out += "\n";
    } catch (const paths::TooComplex&) {
      out += "  - its paths are too many to say where they lie\n";
    }
    return out;
  }

  std::string holes_of(const ir::PathExpr& expr) const {
    std::string out;
    for (const ir::ResourceId id : expr.holes)
      out += (out.empty() ? " without what lies in " : ", ") + code(policy_.resource(id).name);
    return out;
  }

  /// The resources that written paths lie in, and whether the rest belongs to the system.
  std::string owners_of(const ir::PathExpr& expr, const paths::PathSet& set) const {
    constexpr std::size_t kMost = 6;
    std::vector<std::string> owners;
    paths::PathSet rest = set;
    for (std::size_t i = 0; i < policy_.resources.size() && owners.size() < kMost; ++i) {
      const ir::Resource& resource = policy_.resources[i];
      if (resource.external || apart(expr, resource.paths)) continue;
      const paths::PathSet region = snapshot_.meaning()->region(static_cast<ir::ResourceId>(i));
      if (!region.meets(set)) continue;
      rest = rest - region;
      owners.push_back("in the resource " + code(policy_.qualified_name(static_cast<ir::ResourceId>(i))));
    }
    if (!rest.empty() && owners.size() < kMost)
      owners.emplace_back(owners.empty() ? "in no resource: they belong to the system" : "elsewhere in the system");
    return fmt::format("{}", fmt::join(owners, ", "));
  }

  static bool apart(const ir::PathExpr& a, const ir::PathExpr& b) {
    return std::all_of(a.include.begin(), a.include.end(), [&](const paths::PathPattern& one) {
      return std::all_of(b.include.begin(), b.include.end(),
                         [&](const paths::PathPattern& other) { return paths::surely_apart(one, other); });
    });
  }

  const Snapshot& snapshot_;
  const ir::Policy& policy_;
  Span statement_;
  std::size_t count_ = 0;
  std::string out_;
};

class TargetText {
 public:
  TargetText(const Snapshot& snapshot, Span statement) : snapshot_(snapshot), statement_(statement) {}

  std::string run() const {
    std::string out;
    for (const OnTarget& target : snapshot_.targets()) out += text_of(target);
    return out;
  }

 private:
  std::string text_of(const OnTarget& target) const {
    std::string out = fmt::format("\n**{}**\n", printable(target.target));
    if (!target.trouble.empty()) return out + fmt::format("\nnot known: {}\n", printable(target.trouble, 300));
    const backends::Explanation explanation = snapshot_.explain(target, statement_);
    if (explanation.status != backends::Explanation::Status::answered)
      return out + fmt::format("\nnot known: {}\n", printable(explanation.reason, 300));
    std::vector<std::string> lines = fidelity(target);
    for (const backends::Explained& part : explanation.parts) collect(part, 0, lines);
    const std::size_t shown = std::min(lines.size(), kMaxAnswerLines);
    out += "\n";
    for (std::size_t i = 0; i < shown; ++i) out += lines[i] + "\n";
    if (shown < lines.size()) out += fmt::format("- and {} more lines: `macc explain --rule`\n", lines.size() - shown);
    if (lines.empty()) out += "- nothing\n";
    return out;
  }

  /// How the statement stands there, each class of difference once.
  std::vector<std::string> fidelity(const OnTarget& target) const {
    std::vector<std::string> lines;
    for (const backends::FidelityEntry& entry : target.lowered.fidelity.entries) {
      if (entry.span != statement_) continue;
      std::string line = fmt::format("- {}", backends::word(entry.fidelity));
      if (!entry.topic.empty()) line += fmt::format(" ({})", entry.topic);
      if (!entry.what.empty()) line += ": " + code(report::safe(entry.what.front()));
      if (entry.what.size() > 1) line += fmt::format(" and {} more", entry.what.size() - 1);
      if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(std::move(line));
    }
    return lines;
  }

  static void collect(const backends::Explained& part, std::size_t depth, std::vector<std::string>& lines) {
    lines.push_back(std::string(depth * 2, ' ') + "- " + code(report::safe(part.text)));
    for (const backends::Explained& inner : part.parts) collect(inner, depth + 1, lines);
  }

  const Snapshot& snapshot_;
  Span statement_;
};

/// What a promise, a rule or an include means, and what it becomes.
std::string statement_text(const Snapshot& snapshot, const ast::File& tree, std::uint32_t offset, bool with_targets) {
  const Span statement = statement_at(tree, offset);
  if (!statement.valid()) return "";
  if (!snapshot.sound()) return "What it grants is not known while the policies have errors.\n";
  std::string out = StatementText(snapshot, statement).run();
  if (out.empty()) return "";
  if (!with_targets && !snapshot.is_lowered())
    return out + "\nWhat it becomes on the targets is still being worked out: ask again in a moment.\n";
  return out + TargetText(snapshot, statement).run();
}

}  // namespace

bool needs_targets(const Snapshot& snapshot, FileId file, std::uint32_t offset) {
  const auto tree = snapshot.names().trees.find(file);
  return snapshot.sound() && !snapshot.is_lowered() && tree != snapshot.names().trees.end() &&
         statement_at(tree->second, offset).valid();
}

Json hover(const Snapshot& snapshot, FileId file, std::uint32_t offset, bool with_targets) {
  const auto tree = snapshot.names().trees.find(file);
  if (tree == snapshot.names().trees.end()) return nullptr;
  std::vector<std::string> parts;
  Span place = name_at(snapshot, file, offset);
  std::vector<Span> declarations = declarations_at(snapshot, file, offset);
  if (declarations.size() > kMaxInstances) declarations.resize(kMaxInstances);
  for (const Span declaration : declarations) parts.push_back(NameText(snapshot, declaration).run());
  if (!place.valid()) {
    const VocabularyWord word = word_at(tree->second, offset);
    parts.push_back(word_text(word));
    place = word.span;
  }
  parts.push_back(statement_text(snapshot, tree->second, offset, with_targets));
  if (!place.valid()) place = statement_at(tree->second, offset);
  std::erase(parts, "");
  if (parts.empty()) return nullptr;
  Json out = {
      {"contents",
       {{"kind", "markdown"}, {"value", report::valid_utf8(fmt::format("{}", fmt::join(parts, "\n---\n\n")))}}}};
  if (place.valid()) out["range"] = snapshot.lines(file).range(place.begin, place.end);
  return out;
}

}  // namespace macc::lsp
