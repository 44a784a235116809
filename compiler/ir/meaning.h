// The meaning of a policy: may domain D do operation O on object X when the booleans are B? Everything else (tests,
// promises, lints, verification of artifacts) is measured against this. All that no rule allows is denied; a deny
// subtracts from everything in its domain. "Always there" (own signals, own pipes ...) is part of the meaning.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/base/diagnostic.h"
#include "compiler/ir/policy.h"
#include "compiler/paths/path_set.h"

namespace macc::ir {

/// Value of each boolean, by BooleanId.
using Assignment = std::vector<bool>;
[[nodiscard]] Assignment declared_values(const Policy& policy);
[[nodiscard]] bool holds(const Condition& condition, const Assignment& values);

// ---- questions about one object each ----

struct FileQuestion {
  Verb verb = Verb::read;
  std::string path;  ///< a final '/' for a directory
  ObjectClass object = ObjectClass::file;
  bool owned = false;  ///< the file belongs to the process's user
};
struct ExecQuestion {
  std::string path;
  ExecAccess::Mode mode = ExecAccess::Mode::inside;
  DomainId target = DomainId::none;
  bool keep_environment = false;  ///< whether with the environment as it is; else either will do
};
struct NetworkQuestion {
  bool listen = false;
  Protocol protocol = Protocol::tcp;
  std::uint16_t port = 0;
};
struct UnixQuestion {
  bool listen = false;
  bool abstract = false;
  std::string name;  ///< path, or abstract name without '@'
};
struct SocketQuestion {
  std::string family, type;
};
struct SignalQuestion {
  Signal signal = 0;
  DomainId to = DomainId::none;
};
struct ProcessQuestion {
  ProcessAccess::Kind kind = ProcessAccess::Kind::inspect;
  DomainId to = DomainId::none;
};
struct CapabilityQuestion {
  Capability capability{};
  bool in_userns = false;
};
struct PlainQuestion {
  PlainAccess::Kind kind{};
};
struct DbusQuestion {
  bool own = false, session_bus = false;
  std::string name, interface, member;
};
using Question = std::variant<FileQuestion, ExecQuestion, NetworkQuestion, UnixQuestion, SocketQuestion, SignalQuestion,
                              ProcessQuestion, CapabilityQuestion, PlainQuestion, DbusQuestion>;

struct Decision {
  bool allowed = false;
  /// The rule that decided: an allow, or the deny that overrode; null when nothing spoke or it is always there.
  const Rule* rule = nullptr;
};

/// Answers questions about one policy, which must outlive it. Sets are computed once and kept; not thread-safe.
class Meaning {
 public:
  explicit Meaning(const Policy& policy);

  [[nodiscard]] Decision decide(DomainId domain, const Question& question, const Assignment& values) const;

  /// The language of an expression: include - exclude - holes.
  [[nodiscard]] paths::PathSet set(const PathExpr& expr) const;
  /// Paths of a resource that belong to it and to no resource inside it.
  [[nodiscard]] paths::PathSet region(ResourceId id) const;
  /// All paths of its own patterns, those of the resources inside it too.
  [[nodiscard]] paths::PathSet extent(ResourceId id) const;
  /// What a verb on an expression is about: entries beneath a tree for create, delete and rename; directories only
  /// for list; no directories for read, write, append, link, load.
  [[nodiscard]] paths::PathSet objects(Verb verb, const PathExpr& expr) const;
  /// The same, but empty where it clearly shares no path with `asked`, which is cheaper than the paths themselves.
  [[nodiscard]] paths::PathSet objects(Verb verb, const PathExpr& expr, const paths::PathSet& asked) const;
  /// Whether a path is among them, read off the patterns without automata.
  [[nodiscard]] bool covers(Verb verb, const PathExpr& expr, std::string_view path) const;
  /// All paths on which the domain has the verb. `owned`: on files of the process's own user. A domain may always read
  /// and load its own entry programs.
  [[nodiscard]] paths::PathSet allowed_paths(DomainId domain, Verb verb, bool owned, const Assignment& values) const;

  /// What an access holds that the domain may do: nullopt when it may do none of it. `owned` concerns files.
  struct Finding {
    std::string example;         ///< "read /etc/shadow", in the words of the language
    const Rule* rule = nullptr;  ///< the allow (or the deny that stands in the way); null when none or always there
  };
  [[nodiscard]] std::optional<Finding> some_allowed(DomainId domain, const Access& access, bool owned,
                                                    const Assignment& values) const;
  /// What an access holds that the domain may not do: nullopt when it may do all of it.
  [[nodiscard]] std::optional<Finding> some_denied(DomainId domain, const Access& access, bool owned,
                                                   const Assignment& values) const;

  [[nodiscard]] const Policy& policy() const { return policy_; }

 private:
  [[nodiscard]] Decision decide_file(const Domain& domain, const FileQuestion& question,
                                     const Assignment& values) const;
  [[nodiscard]] Decision decide_exec(const Domain& domain, const ExecQuestion& question,
                                     const Assignment& values) const;

  struct Cache;
  const Policy& policy_;
  std::shared_ptr<Cache> cache_;
};

/// Checks every `never` against the meaning for every value of the booleans and reports what breaks it, with an
/// example and the rules on both sides (E0501).
void check_promises(const Meaning& meaning, Diagnostics& diagnostics);
/// The values of the booleans under which an expectation is to hold: each that satisfies its condition, the others as
/// declared. nullopt when its condition names more than 12 booleans.
[[nodiscard]] std::optional<std::vector<Assignment>> assignments_of(const Policy& policy, const TestExpectation& e);
/// Runs one `test` and reports the expectations that do not hold (E0502), or all of them.
void run_test(const Meaning& meaning, const Test& test, Diagnostics& diagnostics);
void run_tests(const Meaning& meaning, Diagnostics& diagnostics);

}  // namespace macc::ir
