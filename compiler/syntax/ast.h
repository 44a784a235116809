// The syntax tree: plain structs with spans, as the parser delivers them. No name is resolved here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "compiler/base/source.h"

namespace macc::ast {

/// One identifier.
struct Name {
  std::string text;
  Span span;
};

/// `a.b.c`, at least one part.
struct QualifiedName {
  std::vector<Name> parts;
  Span span;

  [[nodiscard]] std::string text() const;
};

/// A string literal. `raw` is what stands between the quotes, undecoded: escapes and ${NAME} are still in it,
/// since a path pattern gives escapes a meaning of their own ("\*" is a literal star).
struct Text {
  std::string raw;
  Span span;  // with the quotes
};

/// `80`, `8000-8010`, `any`, or the name of a `let`, a parameter or external ports.
struct PortItem {
  struct Any {};
  struct Range {
    std::uint64_t first = 0;  // unchecked: may exceed 65535
    std::uint64_t last = 0;
  };
  std::variant<Any, Range, QualifiedName> value;
  Span span;
};

/// A path pattern, or the name of a resource, a let or a parameter.
using Object = std::variant<Text, QualifiedName>;
[[nodiscard]] Span span_of(const Object& object);

/// Objects with an optional `except`.
struct ObjectList {
  std::vector<Object> objects;
  std::vector<Object> except;
  Span span;
};

/// The other side of a process rule.
struct Peer {
  enum class Kind : std::uint8_t { domain, self, any } kind = Kind::domain;
  QualifiedName name;  // for Kind::domain
  Span span;
};

// ---- phrases: what allow, deny, audit, never and expect have in common ----

/// `read, list config` : verbs are plain words here, checked against the verb table later.
struct FilesPhrase {
  std::vector<Name> verbs;
  ObjectList objects;
  bool owner = false;
  Span owner_span;
};

/// `exec PATHS [to DOMAIN | unconfined] [keep environment]`
struct ExecPhrase {
  ObjectList paths;
  std::optional<QualifiedName> to;
  bool unconfined = false;
  bool keep_environment = false;
  bool owner = false;  // never valid, kept so that it can be refused with a reason
};

/// `listen tcp 80, 443`, `connect udp any`
struct NetworkPhrase {
  bool listen = false;
  Name protocol;  // tcp, udp, sctp
  std::vector<PortItem> ports;
};

/// `listen unix run`, `connect unix "@name"`
struct UnixPhrase {
  bool listen = false;
  ObjectList sockets;
};

/// `socket netlink.route [raw]`
struct SocketPhrase {
  QualifiedName family;
  std::optional<Name> type;
};

/// `use tcp, pipe, "/path" from DOMAIN`
struct UsePhrase {
  std::vector<Name> kinds;  // tcp udp unix pipe terminal
  ObjectList paths;
  QualifiedName from;
};

/// `signal term, hup to P`, `signal any to P`
struct SignalPhrase {
  bool any = false;
  std::vector<Name> signals;
  Peer peer;
};

/// `inspect P`, `trace P`, `ipc P`, `become D`
struct ProcessPhrase {
  enum class Kind : std::uint8_t { inspect, trace, ipc, become } kind = Kind::inspect;
  Peer peer;
};

/// `capability NAMES [in userns]`
struct CapabilityPhrase {
  std::vector<Name> names;
  bool in_userns = false;
};

/// `mount [FSTYPES] [options NAMES] [from PATHS] on PATHS`
struct MountPhrase {
  std::vector<Name> fstypes;
  std::vector<Name> options;
  ObjectList from;
  ObjectList on;
};

/// `unmount PATHS`, `pivot PATHS`, `mqueue PATHS`
struct PathsPhrase {
  enum class Kind : std::uint8_t { unmount, pivot, mqueue } kind = Kind::unmount;
  ObjectList paths;
};

/// Phrases without an object: `memory execute`, `userns create`, `bpf`, `perf`, `io_uring`, `keyring`
struct PlainPhrase {
  enum class Kind : std::uint8_t {
    memory_execute,
    userns_create,
    bpf,
    perf,
    io_uring,
    keyring
  } kind = Kind::memory_execute;
};

/// `dbus own "N" [on BUS]`, `dbus talk "N" [interface "I"] [member "M"] [on BUS]`; the bus is system or session.
struct DbusPhrase {
  bool own = false;
  Text name;
  std::optional<Text> interface;
  std::optional<Text> member;
  std::optional<Name> bus;
};

struct Phrase {
  std::variant<FilesPhrase, ExecPhrase, NetworkPhrase, UnixPhrase, SocketPhrase, UsePhrase, SignalPhrase, ProcessPhrase,
               CapabilityPhrase, MountPhrase, PathsPhrase, PlainPhrase, DbusPhrase>
      value;
  Span span;
};

/// `a and not (b or c)`
struct Condition {
  enum class Kind : std::uint8_t { name, negation, conjunction, disjunction } kind = Kind::name;
  QualifiedName name;               // Kind::name
  std::vector<Condition> operands;  // 1 for negation, 2 or more otherwise
  Span span;
};

/// `@expect("lint-name", reason = "...")`
struct Annotation {
  struct Argument {
    std::optional<Name> key;
    Text value;
  };
  Name name;
  std::vector<Argument> arguments;
  Span span;
};

// ---- statements ----

enum class Effect : std::uint8_t { allow, deny, never };

/// `allow PHRASE;`, `deny PHRASE;`, `audit allow PHRASE;`, `audit deny PHRASE;`, `never PHRASE;`, `exec ...;`
struct RuleStatement {
  Effect effect = Effect::allow;
  bool audit = false;
  Phrase phrase;
};

struct Statement;

/// `if CONDITION { ... } else { ... }`; an `else if` is an if in otherwise.
struct IfStatement {
  Condition condition;
  std::vector<Statement> then;
  std::vector<Statement> otherwise;
};

/// A value: argument of an include, right side of a let.
struct Value {
  std::variant<Text, std::vector<Text>, std::vector<PortItem>, QualifiedName> value;
  Span span;
};

/// `include NAME(args);`
struct IncludeStatement {
  QualifiedName abstraction;
  std::vector<Value> arguments;
};

/// `entry PATHS [from init | user | unit "NAME" [level "RANGE"] | EXTERNAL];`
struct EntryStatement {
  enum class From : std::uint8_t { init, user, unit, external } from = From::init;
  ObjectList paths;
  Text unit;  // From::unit
  std::optional<Text> level;
  QualifiedName external;  // From::external
};

/// `mode enforce;`
struct ModeStatement {
  bool complain = false;
};

/// `level "s0-s0:c0.c1023";`
struct LevelStatement {
  Text range;
};

/// `replaces selinux "chronyd", apparmor "/usr/sbin/chronyd";`
struct ReplacesStatement {
  struct Item {
    Name backend;
    Text what;
  };
  std::vector<Item> items;
};

/// `raw selinux """...""";`
struct RawStatement {
  Name backend;
  std::string text;  // between the triple quotes, as written
  Span text_span;
};

/// `[public [VERBS]] resource NAME : KIND [in M.R] [adopt|relabel] [level "LEVEL"] { PATTERNS [except PATTERNS] }`
struct ResourceDecl {
  bool is_public = false;
  std::vector<Name> public_verbs;
  Name name;
  Name kind;
  std::optional<QualifiedName> inside;
  bool adopt = false;
  std::optional<Text> level;
  bool relabel = false;
  ObjectList paths;
  std::string doc;
  Span span;
};

/// `let NAME = VALUE;`
struct LetDecl {
  bool is_public = false;
  Name name;
  Value value;
  std::string doc;
  Span span;
};

struct Statement {
  std::variant<RuleStatement, IfStatement, IncludeStatement, EntryStatement, ModeStatement, LevelStatement,
               ReplacesStatement, RawStatement, ResourceDecl, LetDecl>
      value;
  std::string doc;
  Span span;  // from the first word to the semicolon or brace
};

// ---- declarations ----

/// `import a.b [as x];`
struct ImportDecl {
  QualifiedName module;
  std::optional<Name> alias;
  Span span;
};

/// `boolean NAME = false;`
struct BooleanDecl {
  bool is_public = false;
  Name name;
  bool value = false;
  std::string doc;
  Span span;
};

/// A line of an external declaration: `selinux type cert_t, etc_t or etc_conf_t;`
struct Binding {
  Name backend;
  Name key;
  std::vector<std::vector<Text>> values;  // each with its alternatives; words come as Text too
  Span span;
};

/// `[public] external resource|domain|ports NAME [: KIND] { ... }`
struct ExternalDecl {
  enum class Kind : std::uint8_t { resource, domain, ports } kind = Kind::resource;
  bool is_public = false;
  Name name;
  std::optional<Name> resource_kind;
  ObjectList paths;  // resource
  struct Ports {
    Name protocol;
    std::vector<PortItem> items;
  };
  std::vector<Ports> ports;         // ports
  std::optional<QualifiedName> by;  // resource: the server of a socket
  std::vector<Binding> bindings;
  std::string doc;
  Span span;
};

/// `[public] domain NAME [in PARENT] { ... }`
struct DomainDecl {
  bool is_public = false;
  Name name;
  std::optional<QualifiedName> parent;
  std::vector<Statement> body;
  std::string doc;
  Span span;
};

enum class ParameterType : std::uint8_t { domain, resource, path, ports, text };

struct AbstractionDecl {
  struct Parameter {
    Name name;
    ParameterType type = ParameterType::path;
    Span span;
  };
  bool is_public = false;
  Name name;
  std::vector<Parameter> parameters;
  std::vector<Statement> body;
  std::string doc;
  Span span;
};

/// `extend domain M.D { ... }`
struct ExtendDomainDecl {
  QualifiedName domain;
  std::vector<Statement> body;
  Span span;
};

/// `extend resource M.R { PATTERNS }`
struct ExtendResourceDecl {
  QualifiedName resource;
  ObjectList paths;
  Span span;
};

/// `never any PHRASE [except D1, D2];`
struct NeverDecl {
  Phrase phrase;
  std::vector<QualifiedName> except;
  Span span;
};

/// `expect allow|deny DOMAIN PHRASE [owner] [when CONDITION];`
struct Expectation {
  bool allow = false;
  QualifiedName domain;
  Phrase phrase;
  std::optional<Condition> when;
  Span span;
};

struct TestDecl {
  Text name;
  std::vector<Expectation> expectations;
  Span span;
};

using Declaration = std::variant<BooleanDecl, LetDecl, ResourceDecl, ExternalDecl, DomainDecl, AbstractionDecl,
                                 ExtendDomainDecl, ExtendResourceDecl, NeverDecl, TestDecl>;

/// Annotations with the whole statement or declaration behind them.
struct Annotated {
  std::vector<Annotation> annotations;
  Span span;
};

/// Braces with nothing between them, where something was to be said.
struct EmptyBlock {
  enum class Kind : std::uint8_t { branch, abstraction, test } kind = Kind::branch;
  Span span;  ///< the braces
};

/// Marks in File::lost, which are no words: a declaration lost its name itself, an import was lost, a block lost its
/// end.
inline constexpr const char* kAnyName = "*";
inline constexpr const char* kAnyImport = "import";
inline constexpr const char* kAnyEnd = "}";

/// One source file.
struct File {
  FileId id = FileId::none;
  std::optional<std::uint64_t> version;  // of `macc 1;`
  Span version_span;
  std::optional<QualifiedName> module;
  std::vector<ImportDecl> imports;
  std::vector<Declaration> declarations;
  std::vector<EmptyBlock> empty;
  std::vector<Annotated> annotated;  ///< statements in blocks before the declarations that they stand in
  /// Words of what was reported and left out: a name among them may be declared there.
  std::set<std::string> lost;
};

}  // namespace macc::ast
