// Shared state of the analysis. Private to compiler/sema: the door is sema.h.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "compiler/ir/meaning.h"
#include "compiler/sema/sema.h"

namespace macc::sema {

struct Module;

/// What a name stands for. Which of the last members counts depends on the kind.
struct Symbol {
  enum class Kind : std::uint8_t { let, boolean, resource, domain, ports, abstraction } kind = Kind::let;
  Module* module = nullptr;
  Span span;  // of the name
  bool is_public = false;
  std::vector<ast::Name> public_verbs{};  // resource: empty with is_public means all
  const ast::LetDecl* let = nullptr;
  const ast::AbstractionDecl* abstraction = nullptr;
  ir::BooleanId boolean = ir::BooleanId::none;
  ir::ResourceId resource = ir::ResourceId::none;
  ir::DomainId domain = ir::DomainId::none;
  ir::PortsId ports = ir::PortsId::none;
};
/// Whether it names ports, or a value that may be ports.
[[nodiscard]] bool may_be_ports(const Symbol& symbol);
/// Whether it is a value that may be a text, or a list of them.
[[nodiscard]] bool may_be_text(const Symbol& symbol);
/// "resource", "domain", ... with an article.
[[nodiscard]] std::string_view describe(Symbol::Kind kind);

using Names = std::map<std::string, Symbol>;

struct Import {
  const ast::ImportDecl* decl = nullptr;
  Module* module = nullptr;
  bool used = false;
};

struct Module {
  std::string name;
  ast::File file;
  bool root = false;
  bool site = false;
  Names names;
  std::map<std::string, Import> imports;  // by the word that stands for them
};

/// Value of a parameter in one expansion.
struct Argument {
  ast::ParameterType type = ast::ParameterType::path;
  Span parameter;  // its declaration
  Span span;
  std::vector<std::string> texts;  // path, text: raw, interpolation done
  ir::DomainId domain = ir::DomainId::none;
  ir::ResourceId resource = ir::ResourceId::none;
  std::vector<ir::PortRange> ports;
  ir::PortsId named_ports = ir::PortsId::none;
};
using Arguments = std::map<std::string, Argument>;

/// Where a statement is read: whose names it sees and how it came here.
struct Scope {
  Module* module = nullptr;
  std::shared_ptr<Names> locals;            // of the domain or the abstraction; null at module level
  std::shared_ptr<const Arguments> params;  // of the abstraction; may be null
  std::vector<ir::Provenance::Frame> includes;
  ir::Condition condition;
  bool everywhere = false;  ///< a question: sees the names of all modules, private ones too
};

/// A statement of a domain whose turn comes when all resources are known.
struct Pending {
  const ast::Statement* statement = nullptr;
  Scope scope;
};

struct DomainState {
  ir::DomainId id = ir::DomainId::none;
  Module* module = nullptr;
  std::shared_ptr<Names> locals = std::make_shared<Names>();
  std::vector<Pending> pending;
  std::set<std::string> expanded;   // abstraction + arguments + condition
  std::vector<std::string> active;  // abstractions being expanded, outermost first
  std::size_t statements = 0;
  Span mode_span, level_span;
};

/// A name that stands in a text, `${a.b}`, at its place.
[[nodiscard]] ast::QualifiedName name_in_text(const std::string& dotted, Span span);

/// The verbs behind `public`; all without any.
[[nodiscard]] ir::VerbSet opened_verbs(const std::vector<ast::Name>& words);

/// Bounds against hostile input; each is a diagnostic when it is reached.
inline constexpr std::size_t kMaxStatementsPerDomain = 20000;
inline constexpr std::size_t kMaxIncludeDepth = 64;
inline constexpr std::size_t kMaxInterpolatedBytes = 65536;

class Analysis {
 public:
  Analysis(const SourceManager& sources, ModuleFinder& finder, Diagnostics& diagnostics, const Options& options)
      : sources_(sources), finder_(finder), diagnostics_(diagnostics), options_(options) {}

  [[nodiscard]] ir::Policy run(const std::vector<Root>& roots);

 private:
  // modules.cpp: files, imports, cycles
  void load(const std::vector<Root>& roots);
  Module* load_module(Found found, bool root, bool site);
  void load_imports(Module& module);
  void check_import_cycles();
  void report_unused_imports();

  // names.cpp: declarations and lookup
  void declare_all();
  void declare(Module& module);
  void declare_resources(Module& module);
  void declare_external(Module& module, const ast::ExternalDecl& decl);
  bool add_name(Names& names, const ast::Name& name, Symbol symbol);
  /// The places of a name's parts, and the declarations that they stand for.
  using Parts = std::vector<std::pair<Span, Span>>;
  const Symbol* find_name(const ast::QualifiedName& name, const Scope& scope, bool& is_private, Parts& parts);
  /// Which names a place has a use for.
  using Fits = std::function<bool(const Symbol&)>;
  /// Reports unless it finds something; `wanted` ("a resource") is for the message, and `fits` for what it suggests.
  const Symbol* lookup(const ast::QualifiedName& name, const Scope& scope, std::string_view wanted, const Fits& fits);
  const Symbol* lookup_quietly(const ast::QualifiedName& name, const Scope& scope, bool& is_private);
  const Argument* parameter(const ast::QualifiedName& name, const Scope& scope);
  const Symbol* lookup_kind(const ast::QualifiedName& name, const Scope& scope, Symbol::Kind kind,
                            std::string_view wanted);
  std::vector<std::string> visible_names(const Scope& scope, const Fits& fits) const;
  /// The name that was most likely meant by one that nothing declares, or "".
  std::string guess_name(const ast::QualifiedName& name, const Scope& scope, const Fits& fits) const;
  /// Whether a name may be declared in what a reported mistake took out.
  bool is_lost(const ast::QualifiedName& name) const;
  ir::DomainId lookup_domain(const ast::QualifiedName& name, const Scope& scope, std::string_view wanted);
  Module* imported(const Module& from, const std::string& word);

  // values.cpp: texts, patterns, ports
  std::optional<std::string> interpolate(const ast::Text& text, const Scope& scope, unsigned depth = 0);
  std::optional<std::string> plain_text(const ast::Text& text, const Scope& scope);
  bool add_patterns(const std::string& raw, Span span, bool shifted, std::vector<paths::PathPattern>& out);
  bool add_text_pattern(const ast::Text& text, const Scope& scope, std::vector<paths::PathPattern>& out);
  /// Every text of a `let`, raw.
  std::optional<std::vector<std::string>> let_texts(const Symbol& symbol, Span use, unsigned depth = 0);
  /// Patterns only: for entries, excepts, resources.
  bool patterns_of(const std::vector<ast::Object>& objects, const Scope& scope, std::vector<paths::PathPattern>& out,
                   bool resources_too);
  struct PortSet {
    std::vector<ir::PortRange> ranges;
    ir::PortsId named = ir::PortsId::none;
  };
  std::optional<PortSet> ports_of(const std::vector<ast::PortItem>& items, const Scope& scope,
                                  std::optional<ir::Protocol> protocol, unsigned depth = 0);
  std::optional<ir::Condition> condition_of(const ast::Condition& condition, const Scope& scope);

  // phrases.cpp: phrase -> accesses, one an object
  struct PhraseUse {
    bool grants = true;  ///< allow: names of other modules must be public for the verbs
    bool asks = false;   ///< test or never: no server needs to be known
  };
  std::vector<ir::Access> accesses(const ast::Phrase& phrase, const Scope& scope, PhraseUse use);
  void files(const ast::FilesPhrase& p, const ast::Phrase& phrase, const Scope& scope, PhraseUse use,
             std::vector<ir::Access>& out);
  std::vector<ir::PathExpr> path_exprs(const ast::ObjectList& list, const Scope& scope,
                                       std::vector<const Symbol*>* symbols = nullptr);
  ir::PathExpr resource_expr(ir::ResourceId id) const;
  std::optional<ir::Peer> peer_of(const ast::Peer& peer, const Scope& scope);
  std::optional<ir::Protocol> protocol_of(const ast::Name& name);
  template <typename Phrase>
  void lower(const Phrase& p, const ast::Phrase& phrase, const Scope& scope, PhraseUse use,
             std::vector<ir::Access>& out);
  bool check_public_verbs(const Symbol& symbol, const Scope& scope, const ast::FilesPhrase& p, Span use);
  void unknown_word(const ast::Name& name, std::string_view what, const std::vector<std::string>& known);

  // expand.cpp: statements of domains
  void expand_all();
  void declare_statements(DomainState& state, const std::vector<ast::Statement>& body, const Scope& scope);
  void gather(DomainState& state, const std::vector<ast::Statement>& body, const Scope& scope, bool conditional);
  void include(DomainState& state, const ast::Statement& statement, const ast::IncludeStatement& include,
               const Scope& scope, bool conditional);
  std::optional<Argument> argument(const ast::AbstractionDecl::Parameter& parameter, const ast::Value& value,
                                   const Scope& scope);
  /// The text of a level, as far as the language knows what one looks like; `more` are further letters.
  std::optional<std::string> level_text(const ast::Text& text, const Scope& scope, std::string_view more = "");
  void add_entry(DomainState& state, const ast::Statement& statement, const ast::EntryStatement& entry,
                 const Scope& scope);
  void add_resource(Module& module, const ast::ResourceDecl& decl, DomainState* state, const Scope& scope);
  void rules_all();
  /// Abstractions of the project that nothing includes are read once with stand-ins, so that their mistakes show.
  void check_unused_abstractions();
  void read_with_stand_ins(Module& module, const ast::AbstractionDecl& decl);
  void rule(DomainState& state, const Pending& pending);
  void module_rules();
  ir::Test test_of(const ast::TestDecl& test, const Scope& outer);
  // lints.cpp: what lints need beyond the rules
  void expected_lints();
  void expected_lint(const ast::Annotation& annotation, Span over, const Scope& scope);
  void unused_names();
  void unused_in(const std::vector<ast::Statement>& body);
  void note_unused(ir::UnusedName::Kind kind, const ast::Name& name, ir::ResourceId resource = ir::ResourceId::none);
  void path_lists();
  ir::Provenance provenance(Span span, const Scope& scope) const { return {span, scope.includes}; }
  bool known_backend(const ast::Name& name);

  // questions.cpp: what is asked about the build from outside of it
  void questions();
  /// What a name can stand for in a question: more than one is ambiguous.
  std::vector<const Symbol*> lookup_everywhere(const ast::QualifiedName& name);
  const Symbol* member_of(const Symbol* symbol, const ast::QualifiedName& name, std::size_t next);

  // name_uses.cpp: the table of names, where one is asked for
  void note_declared(DeclaredName::Kind kind, const std::string& name, Span span, const Module& module,
                     bool is_public = false);
  void note_use(Span span, Span declaration);
  void note_parameter_use(const ast::QualifiedName& name, const Argument& argument);
  void complete_names();
  void reread_lets(Module& module, const std::vector<ast::Statement>& body);
  void reread_let(Module& module, const ast::LetDecl& let);

  // nesting.cpp: which resource lies inside which
  void nest_resources();
  // vacuous.cpp: what says nothing
  void report_empty_blocks();
  // children.cpp: domains that are private to another one
  void declare_children();
  void declare_child(Module& module, const ast::DomainDecl& decl, ir::DomainId id);
  /// True after a report, when the domain is a child.
  bool refuse_entry_of_child(const ir::Domain& domain, Span entry, const Scope& scope);
  void check_ways_into_children();
  // exec_modes.cpp
  void part_exec_modes();
  void check_exec_modes();
  // checks.cpp: what needs the whole policy
  void fill_holes();
  void drop_empty_rules();
  void connect_servers();
  void check_entries();
  void check_same_unit(const ir::Domain& first, const ir::Entry& one, const ir::Domain& second, const ir::Entry& other);
  void exec_entries();

  Diagnostic& report(Code code, Span span, std::string message, const Scope* scope = nullptr);

  DomainState* state_of(ir::DomainId id);

  const SourceManager& sources_;
  ModuleFinder& finder_;
  Diagnostics& diagnostics_;
  const Options& options_;
  std::vector<std::unique_ptr<Module>> modules_;
  std::unordered_map<std::string, Module*> by_name_;
  ir::Policy policy_;
  std::deque<DomainState> domains_;
  std::unordered_map<std::uint32_t, DomainState*> state_by_id_;
  std::unordered_map<std::uint32_t, const ast::ResourceDecl*> resource_decls_;
  std::unordered_map<std::uint32_t, Scope> resource_scopes_;
  std::set<const ast::AbstractionDecl*> included_;
  bool list_is_full_ = false;    // of the patterns that are being read; one report is enough
  mutable std::set<Span> used_;  // declarations of names that were looked up
  std::set<std::string> lost_;   // words of what was reported and left out
  bool reread_ = false;          // what was not needed is read for the names in it: mistakes there concern nobody
  bool stand_ins_ = false;       // arguments are invented: what they lead to is no mistake of the author
  Diagnostics unheard_;
};

}  // namespace macc::sema
