// What a backend is: it lowers the IR to artifacts, says how faithfully, and has the platform's own compiler check
// what it emitted. Backends see the IR only. A new one is a folder, a line in backends.def and its add_subdirectory.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/bases.h"
#include "compiler/base/diagnostic.h"
#include "compiler/ir/meaning.h"
#include "compiler/ir/policy.h"

namespace macc::backends {

/// How a rule stands on the target, compared with its meaning.
enum class Fidelity : std::uint8_t {
  exact,         ///< the target grants just this
  wider,         ///< it grants more; `what` names it
  drifts,        ///< the label at run time may differ from the plan
  not_enforced,  ///< the target cannot mediate it at all
  narrower,      ///< it grants less: levels were asked for as well, or the target cannot grant it; `what` says where
};
[[nodiscard]] std::string_view word(Fidelity fidelity);

/// What became of one rule (or one generated baseline) on the target.
struct FidelityEntry {
  ir::DomainId domain = ir::DomainId::none;
  Fidelity fidelity = Fidelity::exact;
  std::string rule;               ///< the phrase, as ir::describe gives it, or the name of a baseline
  std::string topic;              ///< stable key of the class of difference ("file-write"), "" when exact
  std::vector<std::string> what;  ///< what else it grants, by name, the gravest first; empty when exact
  Span span;                      ///< where the rule stands
};

/// Said once for the whole target instead of once a rule: "w covers create, delete ...".
struct FidelityTopic {
  std::string key;
  Fidelity fidelity = Fidelity::wider;
  std::string text;  ///< one sentence
};

/// Whether the target asks at all about a class of accesses. What it does not mediate is open to every domain, with or
/// without a rule.
struct Mediation {
  std::string what;  ///< the platform's word for the class: "dbus"
  bool mediated = false;
  std::string text;  ///< one clause: what that means
  /// Whether other targets of the backend may differ: worth a word in each summary.
  bool varies = true;
};

struct FidelityReport {
  std::vector<FidelityEntry> entries;
  std::vector<FidelityTopic> topics;      ///< those that occur in entries, sorted by key
  std::vector<Mediation> mediation = {};  ///< of the target, whatever the rules are; empty where it mediates everything
};

/// Where one line of an artifact comes from.
struct ArtifactOrigin {
  std::uint32_t line = 0;    ///< from 1
  std::string reason;        ///< the phrase of the policy ("allow read /etc/x"), or in words why each artifact has it
  std::vector<Span> places;  ///< of what is written in the policy, in source order; empty where nothing of it asks
};

/// One file to be written, relative to the target's output folder.
struct Artifact {
  std::string path;
  std::string content;
  std::string what;  ///< "profile of ledgerd"
  /// Sorted by line. A line without one separates others; none at all: the backend does not say it of this artifact.
  std::vector<ArtifactOrigin> origins = {};
};

/// A target of macc.toml.
struct Target {
  std::string name;                             ///< "debian12-selinux"
  std::string backend;                          ///< "selinux"
  std::map<std::string, std::string> settings;  ///< the backend's own keys, already known to be valid
  std::map<std::string, Span> places = {};      ///< in macc.toml, of the settings that are given there
};

struct Setting {
  std::string_view key;
  std::string_view default_value;
  std::string_view doc;
  std::vector<std::string_view> choices;  ///< empty: free text
  /// Any other text is a path, given to the backend with the folder of macc.toml before it.
  bool or_path = false;
  /// A list of words, given to the backend with blanks between them.
  bool list = false;
};

struct Input {
  const ir::Policy& policy;
  const ir::Meaning& meaning;
  const SourceManager& sources;
  const Target& target;
  /// Check against everything that the system has, however long it takes, instead of what can matter.
  bool full = false;
};

/// What a backend remembers from lowering until it verifies; nobody else looks into it.
struct Plan {
  Plan() = default;
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  virtual ~Plan() = default;
};

struct Lowered {
  std::vector<Artifact> artifacts;  ///< sorted by path
  FidelityReport fidelity;
  /// Shell commands for the administrator, in order: to be run as root in the folder of the artifacts.
  std::vector<std::string> install = {}, remove = {};
  std::shared_ptr<const Plan> plan = nullptr;
};

/// What the platform's compiler said about the artifacts.
struct Verification {
  enum class Status : std::uint8_t { passed, failed, not_checked } status = Status::not_checked;
  std::string checker;  ///< "apparmor_parser 3.0.8", "libsepol 3.4"
  std::string against;  ///< "the installed Debian policy (331 modules)", "features debian12"
  std::string reason;   ///< for not_checked: why, and what to install
  /// What the check could not look at, whatever its outcome, a sentence each.
  std::vector<std::string> notices = {};
  /// What only the compiled artifacts show. An entry takes the place of those about the same rule and topic, and of one
  /// that calls the rule exact.
  FidelityReport found = {};
};

/// The report of a build: what the lowering said, with what verification found.
[[nodiscard]] FidelityReport merged(const FidelityReport& lowered, const FidelityReport& found);

/// What `macc explain` asks about a target.
struct Question {
  enum class Kind : std::uint8_t {
    rule,    ///< what became of the statements at `places`
    access,  ///< why `subject` may do `permission` on `object`, or why not
    grants,  ///< everything that `subject` may do and that others may do to it; a module is all that is in it
  } kind = Kind::rule;
  std::vector<Span> places;
  /// Qualified names of the policy, or the platform's own.
  std::string subject, object, class_name, permission;
};

/// A line of an answer, with what stands beneath it.
struct Explained {
  std::string text;
  Span place;  ///< in the policy; invalid where there is none
  std::vector<Explained> parts = {};
  std::string kind = {};  ///< of a reason, for programs: "rule", the key of a baseline, "system", "raw"

  friend bool operator==(const Explained&, const Explained&) = default;
};

/// A rule of the compiled policy, in the platform's words.
struct Grant {
  std::string kind;                      ///< "allow", "transition", "role"
  std::string source, target;            ///< types, or names of `Explanation::groups`
  std::string class_name;                ///< "" where there is none, as for a role
  std::vector<std::string> permissions;  ///< of "allow"
  std::string name, result;              ///< of a transition: of which objects ("" for all), and what they become
  std::string condition;                 ///< "" always; else booleans: "a", "not a", "(a and b)"
  std::vector<Explained> reasons = {};
};

struct Explanation {
  enum class Status : std::uint8_t { answered, unknown_name, not_answered } status = Status::answered;
  std::string reason;  ///< why not: one sentence
  std::vector<Explained> parts = {};
  /// For Question::Kind::grants.
  std::vector<Grant> grants = {};
  std::map<std::string, std::vector<std::string>> groups = {};  ///< what is in each name of several types in `grants`
};

/// What `macc test` asks of the compiled artifacts: how much of an access do they allow to a domain?
struct Probe {
  ir::DomainId domain = ir::DomainId::none;
  const ir::Access* access = nullptr;  ///< FileAccess::owner: the files are the process's user's own
  ir::Assignment values;               ///< of the policy's booleans
};

struct ProbeAnswer {
  bool answered = false;
  std::string reason;   ///< why not: one sentence
  std::string allowed;  ///< an example of what they allow, in the words of the language; "" when they allow none of it
  std::string denied;   ///< an example of what they deny; "" when they allow all of it
  std::string by;       ///< what decided, in the platform's words: "allow web_t etc_t file { read }"; may be ""
};

class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;         ///< the word in macc.toml and in bindings
  [[nodiscard]] virtual std::string_view description() const = 0;  ///< one line
  [[nodiscard]] virtual const std::vector<Setting>& settings() const = 0;
  /// What it knows of whole systems; nullptr when it has no bases.
  [[nodiscard]] virtual const BaseTool* bases() const { return nullptr; }
  /// What the results for a target depend on beside the policy, the settings and macc itself: files, folders with all
  /// that is in them, and programs of this machine, as absolute paths, whether they are there or not. While none of
  /// them changes, the same input gives the same artifacts and the same verification.
  [[nodiscard]] virtual std::vector<std::string> depends_on(const Target& target) const = 0;
  /// Lowers the whole policy. On an error that the author has to mend it reports and the result is not to be used.
  [[nodiscard]] virtual Lowered lower(const Input& input, Diagnostics& diagnostics) const = 0;
  /// Compiles the artifacts with the platform's own compiler. A refusal is a diagnostic at the macc source line where
  /// that can be found, and status failed. A missing compiler is not_checked, never an error.
  [[nodiscard]] virtual Verification verify(const Input& input, const Lowered& lowered,
                                            Diagnostics& diagnostics) const = 0;
  /// What became of a rule, or where an access comes from. `lowered` is of the same input, without errors.
  [[nodiscard]] virtual Explanation explain(const Input& input, const Lowered& lowered,
                                            const Question& question) const = 0;
  /// Looks accesses up in the compiled artifacts, one answer for each question. A backend that cannot do this says so
  /// in each answer.
  [[nodiscard]] virtual std::vector<ProbeAnswer> probe(const Input& input, const Lowered& lowered,
                                                       const std::vector<Probe>& probes) const;
};

/// All backends in the order of backends.def.
[[nodiscard]] const std::vector<const Backend*>& all();
[[nodiscard]] const Backend* find(std::string_view name);

}  // namespace macc::backends
