// The linter: looks through the meaning of a policy for what grants too much or does not do what its author thinks.
// The catalogue is compiler/base/lints.def; each lint is a file of rules/.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "compiler/base/diagnostic.h"
#include "compiler/ir/meaning.h"
#include "compiler/lint/settings.h"

namespace macc::lint {

/// The module of the standard library with the lists of sensitive paths; sema::Options::list_modules has to name it.
inline constexpr const char* kSensitiveModule = "std.sensitive";

/// How a target stands to one rule, as far as lints care. The driver fills it from the backends' reports.
struct TargetNote {
  enum class Kind : std::uint8_t { exact, wider, drifts, not_enforced } kind = Kind::exact;
  std::string target;  ///< name of the target
  std::string topic;
  std::string text;  ///< what more is granted, or what is missing
  Span rule;         ///< span of the statement that it is about
};

struct Input {
  const ir::Meaning& meaning;
  const SourceManager& sources;
  const Settings& settings;
  std::set<FileId> files;              ///< the policies that are looked at; what they import is not reported on
  bool whole_project = false;          ///< `files` are all policies of the project
  std::vector<std::string> targets{};  ///< of the project, when `target_notes` tell what they do
  std::vector<TargetNote> target_notes{};
  bool all_targets = false;  ///< `targets` are all of the project: none was left out, and none failed
};

/// One thing that was found.
struct Finding {
  Diagnostic diagnostic;  ///< with its severity and fingerprint
  std::string domain;     ///< qualified name; "" when it is about none
  /// What it is about in the meaning, part by part ("read /etc/shadow"); the same after the source was laid out
  /// otherwise. Sorted, at least one.
  std::vector<std::string> subjects;
  std::string condition;  ///< under which it holds, as text; "" for always
  /// Its statement names several paths: another finding there may be about another one.
  bool one_of_several = false;
};

struct Result {
  std::vector<Finding> findings;  ///< in order of place
  std::size_t expected = 0;       ///< findings that an `@expect` took out
};

/// Runs the lints that are on. The policy must be free of errors.
[[nodiscard]] Result run(const Input& input);

}  // namespace macc::lint
