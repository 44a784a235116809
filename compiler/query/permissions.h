// What a domain may do, taken apart into operations ("read", "connect tcp", "signal term to x"), each with the terms
// that speak about it. Under one operation, what is allowed is a plain set (of paths, of ports, or just yes or no), so
// that two policies that mean the same have the same sets, however their rules are written.
#pragma once

#include <array>
#include <compare>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/ir/meaning.h"

namespace macc::query {

/// A field of an operation that stands for every value, but for those that other operations name.
inline constexpr const char* kAny = "*";

/// The options of mounts that a rule without options is about. Where it names a source, or a file system, it is about
/// no mounts that can't name one.
inline constexpr const char* kAnyWithSource = "* of a source";
inline constexpr const char* kAnyWithFileSystem = "* of a file system";
/// Whether a field is one of these, or kAny.
[[nodiscard]] bool is_any(const std::string& field);

/// In the order of reports.
enum class Area : std::uint8_t { entry, files, programs, network, sockets, handed_over, processes, kernel, bus };
/// "files", "programs" ...: the heading of an area.
[[nodiscard]] std::string_view heading(Area area);
/// Where a rule of this access stands.
[[nodiscard]] Area area_of(const ir::Access& access);

struct Operation {
  Area area = Area::files;
  std::string verb;    ///< "read", "connect tcp", "signal", "capability"
  std::string first;   ///< what comes next, or kAny: the signal, the family, the way of executing, the file system
  std::string second;  ///< and next: the peer by its qualified name, the type of the socket, all the options
  friend auto operator<=>(const Operation&, const Operation&) = default;
};

/// The options of a mount's operation; none where it leaves them open.
[[nodiscard]] std::vector<std::string> options_of(const std::string& second);

/// Whether what is said about `said` holds for `asked` too: its fields are the same, or stand for it.
[[nodiscard]] bool covers(const Operation& said, const Operation& asked);
/// Whether there is something that both are about.
[[nodiscard]] bool overlap(const Operation& a, const Operation& b);

/// What one rule says about one operation.
struct Term {
  ir::Effect effect = ir::Effect::allow;
  const ir::Rule* rule = nullptr;    ///< null for an entry
  const ir::Entry* entry = nullptr;  ///< a domain is entered by its programs, and may read and load them
  // What it is about. Without any of these: the operation as a whole.
  const ir::PathExpr* paths = nullptr;
  ir::Verb as = ir::Verb::read;        ///< which of the paths an operation is about: Meaning::objects
  bool all_paths = false;              ///< all of them instead
  const ir::PathExpr* from = nullptr;  ///< of a mount: from where; null for anywhere
  bool places = false;                 ///< it is about a mount: pairs of paths
  const std::vector<ir::PortRange>* ports = nullptr;

  [[nodiscard]] const ir::Condition& condition() const;
  [[nodiscard]] const ir::Provenance& where() const;
};

/// A rule speaks about one operation or more, and says a term about each.
struct Statement {
  Operation operation;
  Term term;
};
/// What the rules of a domain say, in their order; without entries. Pointers are into the policy.
[[nodiscard]] std::vector<Statement> statements_of(const ir::Policy& policy, ir::DomainId domain);

/// The operations of one domain. Pointers are into the policy, which must outlive it.
using Permissions = std::map<Operation, std::vector<Term>>;
/// As they are written: an operation with kAny concerns the others too (terms_for()).
[[nodiscard]] Permissions permissions_of(const ir::Policy& policy, ir::DomainId domain);
/// The same of rules that are not the domain's own; without entries.
[[nodiscard]] Permissions permissions_of(const ir::Policy& policy, ir::DomainId domain,
                                         const std::vector<ir::Rule>& rules);

/// What promises speak of, written as rules that allow: one without a way of executing is about every way.
[[nodiscard]] Permissions promises_of(const ir::Policy& policy, ir::DomainId domain,
                                      const std::vector<ir::Rule>& promises);

/// All terms of a domain that speak about an operation, in the order of the rules.
[[nodiscard]] std::vector<Term> terms_for(const Permissions& permissions, const Operation& operation);

/// A set of what an operation is about.
class Extent {
 public:
  /// From where (any path for none), and on what, something is mounted.
  using Places = std::vector<std::pair<paths::PathSet, paths::PathSet>>;
  using Ports = std::vector<ir::PortRange>;  // sorted, apart

  Extent() = default;  ///< nothing at all
  [[nodiscard]] static Extent of(const ir::Meaning& meaning, const Term& term);

  [[nodiscard]] bool empty() const;
  /// A member as source would write it: "/etc/x", "8080"; "" when there is nothing to name.
  [[nodiscard]] std::string example() const;
  [[nodiscard]] const Ports* ports() const { return std::get_if<Ports>(&value_); }
  [[nodiscard]] const paths::PathSet* paths() const { return std::get_if<paths::PathSet>(&value_); }
  [[nodiscard]] const Places* places() const { return std::get_if<Places>(&value_); }

  // Both sides are of one operation. May throw paths::TooComplex.
  [[nodiscard]] Extent operator|(const Extent& other) const;
  [[nodiscard]] Extent operator&(const Extent& other) const;
  [[nodiscard]] Extent operator-(const Extent& other) const;

 private:
  struct Whole {};
  using Value = std::variant<std::monostate, Whole, paths::PathSet, Ports, Places>;
  explicit Extent(Value value) : value_(std::move(value)) {}
  Value value_;
};

/// What the terms that hold under these values allow together: the allows less the denies.
[[nodiscard]] Extent allowed(const ir::Meaning& meaning, const std::vector<Term>& terms, const ir::Assignment& values);

/// What the denies of a domain take out of its other rules.
class Denials {
 public:
  Denials(const ir::Meaning& meaning, ir::DomainId domain);

  /// What is left of an allow, for an operation that it covers, under some values of the booleans: all that no denies
  /// take away whenever it holds, one of them or several that take turns. Of those of one's own files, what is denied
  /// stays allowed on the files of others. May throw paths::TooComplex.
  [[nodiscard]] Extent left_of(const Operation& operation, const Term& allow) const;
  /// Whether something is left, which is cheaper to know.
  [[nodiscard]] bool leave(const Operation& operation, const Term& allow) const;
  /// A rule that denies some of what an allow is about.
  struct Against {
    const ir::Rule* rule = nullptr;
    bool always = false;  ///< it holds whenever the allow does
  };
  /// Without those that never hold when the allow does.
  [[nodiscard]] std::vector<Against> against(const Operation& operation, const Term& allow) const;

 private:
  [[nodiscard]] bool holds_with(const Term& deny, const Term& allow) const;
  using Terms = std::vector<const Term*>;
  [[nodiscard]] std::vector<Terms> turns(const Terms& denies, const Term& allow) const;

  const ir::Meaning& meaning_;
  std::vector<Statement> denies_;
};

/// How much two accesses of one domain have to do with each other.
enum class Nearness : std::uint8_t {
  apart,
  same_operation,  ///< "read" and "read", of other files; "connect tcp", to other ports
  same_object,     ///< the same files, even to do something else with them; or all of an operation that has no objects
};
/// May throw paths::TooComplex.
[[nodiscard]] Nearness nearness(const ir::Meaning& meaning, ir::DomainId domain, const ir::Access& a,
                                const ir::Access& b);

/// The directories that can be moved away for others, where these paths may be renamed. May throw paths::TooComplex.
[[nodiscard]] paths::PathSet movable(const paths::PathSet& renamed);

/// The domains of a policy that are not external, by their qualified names.
[[nodiscard]] std::vector<ir::DomainId> domains_by_name(const ir::Policy& policy);

/// Verbs that change what a file holds, or what stands under a name.
inline constexpr std::array kChanging = {ir::Verb::write, ir::Verb::append, ir::Verb::create, ir::Verb::rename,
                                         ir::Verb::link};

/// More switches than this are not tried in all their values (2^10 of them).
inline constexpr std::size_t kMaxSwitches = 10;

/// A text that is the same for terms that say the same, in this policy and in others.
[[nodiscard]] std::string fingerprint(const ir::Policy& policy, const Term& term);

/// A condition in words, with the booleans by their qualified names.
[[nodiscard]] std::string qualified(const ir::Policy& policy, const ir::Condition& condition);

}  // namespace macc::query
