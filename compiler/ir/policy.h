// The intermediate representation: what a build grants, as plain data. Names are resolved, abstractions expanded,
// verbs checked. Backends, lints and tests see this and nothing before it. meaning.h says what it decides.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/base/source.h"
#include "compiler/ir/vocabulary.h"
#include "compiler/paths/path_pattern.h"

namespace macc::ir {

/// Indices into the tables of Policy. `none` is no element.
enum class DomainId : std::uint32_t { none = 0xffffffff };
enum class ResourceId : std::uint32_t { none = 0xffffffff };
enum class BooleanId : std::uint32_t { none = 0xffffffff };
enum class PortsId : std::uint32_t { none = 0xffffffff };

/// Where something was written, and through which includes it came here, outermost first.
struct Provenance {
  struct Frame {
    std::string abstraction;  // qualified name
    Span at;                  // the include statement
  };
  Span span;
  std::vector<Frame> includes;
};

/// A set of paths as written: include less exclude, less the extents of the resources that lie inside when a
/// resource was named. Meaning::set() turns it into a language.
struct PathExpr {
  std::vector<paths::PathPattern> include;
  std::vector<paths::PathPattern> exclude;
  ResourceId resource = ResourceId::none;  ///< the resource that the rule named; its patterns are then in include
  std::vector<ResourceId> holes;           ///< resources nested inside `resource`; only with one
};

/// A boolean expression over the switches of the running system.
struct Condition {
  enum class Kind : std::uint8_t { always, boolean, negation, conjunction, disjunction } kind = Kind::always;
  BooleanId boolean = BooleanId::none;
  std::vector<Condition> operands;

  [[nodiscard]] bool is_always() const { return kind == Kind::always; }
};

// ---- accesses ----

struct FileAccess {
  VerbSet verbs;
  PathExpr paths;
  bool owner = false;  ///< only on files owned by the process's user
};

struct ExecAccess {
  enum class Mode : std::uint8_t { inside, transition, unconfined } mode = Mode::inside;
  PathExpr paths;
  DomainId target = DomainId::none;  ///< for Mode::transition
  bool keep_environment = false;
};

enum class Protocol : std::uint8_t { tcp, udp, sctp };
[[nodiscard]] std::string_view word(Protocol protocol);

struct PortRange {
  std::uint16_t first = 0, last = 0;
  friend bool operator==(const PortRange&, const PortRange&) = default;
};

struct NetworkAccess {
  bool listen = false;  ///< else connect and send
  Protocol protocol = Protocol::tcp;
  std::vector<PortRange> ports;   ///< sorted, merged; {0,65535} is `any`
  PortsId named = PortsId::none;  ///< the external ports that the rule named, when it did
};

struct UnixAccess {
  bool listen = false;
  std::string abstract_name;      ///< without '@'; empty for a path
  PathExpr paths;                 ///< empty for an abstract name
  std::vector<DomainId> servers;  ///< for connect: who listens there (project or external)
};

/// Any other socket: `netlink.route`, `packet`, `raw` ...
struct SocketAccess {
  std::string family;
  std::string type;  // "" when none was named
};

struct UseAccess {
  bool tcp = false, udp = false, unix = false, pipe = false, terminal = false;
  PathExpr paths;
  DomainId from = DomainId::none;
};

/// The other side of a process access.
struct Peer {
  enum class Kind : std::uint8_t { domain, self, any } kind = Kind::domain;
  DomainId domain = DomainId::none;
};

struct SignalAccess {
  bool any = false;
  std::vector<Signal> signals;  // sorted; empty with any
  Peer peer;
};

struct ProcessAccess {
  enum class Kind : std::uint8_t { inspect, trace, ipc, become } kind = Kind::inspect;
  Peer peer;
};

struct CapabilityAccess {
  std::vector<Capability> capabilities;  // sorted
  bool in_userns = false;
};

struct MountAccess {
  std::vector<std::string> fstypes;  // empty: any
  std::vector<std::string> options;
  PathExpr from;  // empty: any
  PathExpr on;
};

struct PathsAccess {
  enum class Kind : std::uint8_t { unmount, pivot, mqueue } kind = Kind::unmount;
  PathExpr paths;
};

struct PlainAccess {
  enum class Kind : std::uint8_t {
    memory_execute,
    userns_create,
    bpf,
    perf,
    io_uring,
    keyring
  } kind = Kind::memory_execute;
};

struct DbusAccess {
  bool own = false;
  bool session_bus = false;
  std::string name;
  std::string interface;  // "" : any
  std::string member;     // "" : any
};

using Access = std::variant<FileAccess, ExecAccess, NetworkAccess, UnixAccess, SocketAccess, UseAccess, SignalAccess,
                            ProcessAccess, CapabilityAccess, MountAccess, PathsAccess, PlainAccess, DbusAccess>;

enum class Effect : std::uint8_t { allow, deny };

/// One grant or denial on one object. A statement with several objects gives several rules with one provenance.
struct Rule {
  Effect effect = Effect::allow;
  bool audit = false;
  Access access;
  Condition condition;
  Provenance where;
};

/// `never`: nothing in `access` may be allowed to the domain that holds it.
struct Obligation {
  Access access;
  Provenance where;
};

/// `BACKEND KEY VALUE, VALUE or VALUE;` of an external declaration: ("selinux", "type") -> {{"cert_t"}}. Each value is
/// a list of alternatives in order of preference, never empty: systems call the same thing by different names.
struct Bindings {
  using Values = std::vector<std::vector<std::string>>;
  std::map<std::pair<std::string, std::string>, Values> values;
  [[nodiscard]] const Values* find(std::string_view backend, std::string_view key) const;
};

struct Resource {
  std::string name;                  ///< "config"
  std::string module;                ///< "acme.ledger"
  DomainId owner = DomainId::none;   ///< the domain that it stands in; none at module level
  std::optional<Kind> kind;          ///< always there for own resources
  bool external = false;             ///< the system labels it; never relabelled
  VerbSet opened;                    ///< `public`: the verbs that other modules may use
  std::string level;                 ///< of its files on multi-level systems; "" when none was given
  bool adopt = false;                ///< keep the type that the system gives these paths
  bool relabel = false;              ///< take it away where the system gives one of its own
  PathExpr paths;                    ///< the extent: include and exclude only
  std::vector<ResourceId> inside;    ///< resources that take their paths out of this one: those nested in it
  DomainId server = DomainId::none;  ///< external socket: who listens (`by`)
  Bindings bindings;                 ///< external only
  std::string doc;
  Provenance where;
};

/// How a domain is entered.
struct Entry {
  enum class From : std::uint8_t {
    init,      ///< started by init (systemd)
    user,      ///< started by any login domain
    unit,      ///< by one systemd unit, through a drop-in; no automatic transition
    external,  ///< by an external domain
    project,   ///< only by `exec ... to` of other domains of the build; such paths need no entry statement
  } from = From::init;
  PathExpr paths;
  std::string unit;                    ///< From::unit
  std::string level;                   ///< From::unit: what this unit runs at, instead of the domain's; "" for none
  DomainId external = DomainId::none;  ///< From::external
  Provenance where;
};

struct RawText {
  std::string backend;
  std::string text;                             // names of the form ${resource} are still in it
  std::map<std::string, ResourceId> resources;  ///< what those names mean
  Provenance where;
};

struct Replacement {
  std::string backend;
  std::string what;
  Span span;
};

struct Domain {
  std::string name;    ///< "ledgerd"
  std::string module;  ///< "acme.ledger"
  bool external = false;
  bool opened = false;               ///< `public`: other modules may name it
  DomainId parent = DomainId::none;  ///< private to this one: nothing else leads into it
  bool complain = false;
  std::string level;  ///< "" when none was given
  std::vector<Entry> entries;
  std::vector<ResourceId> resources;  ///< declared inside it
  std::vector<Rule> rules;            ///< in source order, includes expanded in place
  std::vector<Obligation> never;      ///< its own, and the module-level ones that are about it
  std::vector<RawText> raw;
  std::vector<Replacement> replaces;
  Bindings bindings;  ///< external only
  std::string doc;
  Provenance where;
};

struct Boolean {
  std::string name;
  std::string module;
  bool value = false;  ///< as declared
  std::string doc;
  Span span;
};

/// `external ports`: ports that the system gives a name.
struct Ports {
  std::string name;
  std::string module;
  struct Item {
    Protocol protocol = Protocol::tcp;
    std::vector<PortRange> ranges;
  };
  std::vector<Item> items;
  Bindings bindings;
  Span span;
};

struct TestExpectation {
  bool allow = false;
  DomainId domain = DomainId::none;
  Access access;  // FileAccess::owner: the file is the process's user's own
  Condition when;
  Span span;
};

struct Test {
  std::string name;
  std::vector<TestExpectation> expectations;
  Span span;
};

/// `extend domain` / `extend resource` that took effect; the build lists them.
struct Extension {
  std::string what;  // "domain acme.ledger.ledgerd"
  Span span;
};

/// `@expect("NAME", reason = "...")`: findings of a lint that are meant, in one statement or declaration.
struct ExpectedLint {
  std::string name;  ///< as in the catalogue
  std::string reason;
  Span span;  ///< of the annotation
  Span over;  ///< the statement or declaration behind it
};

/// A name of the project that nothing refers to. Public names are left out: others may use them.
struct UnusedName {
  enum class Kind : std::uint8_t { let, boolean, resource, abstraction, parameter } kind = Kind::let;
  std::string name;
  Span span;                               ///< of the name
  ResourceId resource = ResourceId::none;  ///< Kind::resource
};

/// A public list of path patterns of a module that was asked for (sema::Options::list_modules).
struct PathList {
  std::string name;
  std::vector<paths::PathPattern> patterns;
  std::string doc;
};

/// Everything of one build. Order is by module name, then as written: the same input gives the same policy.
struct Policy {
  std::vector<Domain> domains;
  std::vector<Resource> resources;
  std::vector<Boolean> booleans;
  std::vector<Ports> ports;
  std::vector<Test> tests;
  std::vector<Extension> extensions;
  std::vector<ExpectedLint> expected;
  std::vector<UnusedName> unused;
  std::vector<PathList> lists;
  std::vector<Test> asked;  ///< by sema::Options::questions

  [[nodiscard]] const Domain& domain(DomainId id) const { return domains.at(static_cast<std::size_t>(id)); }
  [[nodiscard]] const Resource& resource(ResourceId id) const { return resources.at(static_cast<std::size_t>(id)); }
  [[nodiscard]] const Boolean& boolean(BooleanId id) const { return booleans.at(static_cast<std::size_t>(id)); }
  [[nodiscard]] const Ports& port_set(PortsId id) const { return ports.at(static_cast<std::size_t>(id)); }
  /// "acme.ledger.ledgerd"
  [[nodiscard]] std::string qualified_name(DomainId id) const;
  /// "acme.ledger.ledgerd.config", or "acme.ledger.certs" at module level.
  [[nodiscard]] std::string qualified_name(ResourceId id) const;
};

/// One line as macc source would say it ("read, list config"), for reports and comments in artifacts.
[[nodiscard]] std::string describe(const Policy& policy, const Access& access);
/// The same with "allow" or "deny" in front.
[[nodiscard]] std::string describe(const Policy& policy, const Rule& rule);
/// "/etc/x/**" or "config"; several patterns with commas, long lists shortened.
[[nodiscard]] std::string describe(const Policy& policy, const PathExpr& paths);
[[nodiscard]] std::string describe(const Policy& policy, const Condition& condition);

}  // namespace macc::ir
