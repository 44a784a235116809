// What a domain reaches with its rules on files and programs, less what its denies take away. Questions about paths are
// answered by automata; what could not meet by the bytes that its paths start with is not asked about.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/meaning.h"
#include "compiler/lint/conditions.h"

namespace macc::lint {

/// Verbs that change what a file holds, or what a name stands for.
[[nodiscard]] ir::VerbSet writing_verbs();

/// One rule that allows something on paths, or the entry of a domain, whose program it may always read and load.
struct Grant {
  const ir::Rule* rule = nullptr;    ///< null for an entry
  const ir::Entry* entry = nullptr;  ///< null for a rule
  const ir::PathExpr* paths = nullptr;
  ir::VerbSet verbs;  ///< of a file rule; `load` for what is executed, too
  bool exec = false;
  bool owner = false;
  std::vector<std::string> starts;  ///< bytes with which its paths start, one for each pattern

  [[nodiscard]] const ir::Provenance& where() const { return rule != nullptr ? rule->where : entry->where; }
  [[nodiscard]] const ir::Condition& condition() const;
};

/// The bytes with which the paths of a pattern start: two for a pattern beneath home directories.
[[nodiscard]] std::vector<std::string> starts_of(const paths::PathPattern& pattern);
/// Whether paths with these starts could be the same.
[[nodiscard]] bool near(const std::vector<std::string>& a, const std::vector<std::string>& b);

/// A part of what a grant is about, and what is asked of it there.
struct Use {
  const Grant* grant = nullptr;
  ir::Verb verb = ir::Verb::read;
  bool exec = false;  ///< executing, instead of the verb
};

/// Paths that a domain reaches.
struct Reached {
  paths::PathSet set;
  std::string example;
  ir::Assignment values;  ///< of the booleans, under which it does
};

/// The rules of one domain on paths.
class Reach {
 public:
  Reach(const ir::Meaning& meaning, ir::DomainId domain);
  Reach(const Reach&) = delete;
  Reach& operator=(const Reach&) = delete;

  [[nodiscard]] const std::vector<Grant>& grants() const { return grants_; }

  /// What of `within` all the uses are allowed on, at once and under some values of the booleans.
  [[nodiscard]] std::optional<Reached> reached(const std::vector<Use>& uses, const paths::PathSet& within) const;
  /// The same for one use without further bounds.
  [[nodiscard]] std::optional<Reached> reached(const Use& use) const;
  /// Whether the domain may do it on one path with this grant: read off the patterns, without automata.
  [[nodiscard]] std::optional<ir::Assignment> reaches(const Use& use, const std::string& path) const;

 private:
  struct Deny {
    const ir::Rule* rule = nullptr;
    const ir::PathExpr* paths = nullptr;
    ir::VerbSet verbs;
    bool exec = false;
    bool owner = false;  ///< of files of one's own only
    std::vector<std::string> starts;
  };
  [[nodiscard]] paths::PathSet objects(const Use& use) const;
  [[nodiscard]] std::vector<const Deny*> denies_of(const std::vector<Use>& uses) const;
  [[nodiscard]] paths::PathSet denied(const Deny& deny, const std::vector<Use>& uses) const;
  [[nodiscard]] std::optional<Reached> under_conditions(const std::vector<Use>& uses, paths::PathSet left,
                                                        const std::vector<const Deny*>& conditional) const;

  const ir::Meaning& meaning_;
  std::vector<Grant> grants_;
  std::vector<Deny> denies_;
};

}  // namespace macc::lint
