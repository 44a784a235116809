// What macc says to its user. A Diagnostic is a value; the catalogue of codes is diagnostics.def.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/source.h"

namespace macc {

enum class Severity : std::uint8_t { note, warning, error };

/// Whose fault it is; decides the exit code.
enum class Blame : std::uint8_t {
  input,        ///< the policy, the project file or the command line: exit code 2
  check,        ///< a check of the policy failed (never, test, fidelity limit, platform compiler): exit code 1
  environment,  ///< a missing program, an unwritable folder: exit code 3
};

/// One row of diagnostics.def, then of lints.def, each; the enumerator is the code without the prefix "MACC-".
enum class Code : std::uint16_t {
#define MACC_DIAGNOSTIC(code, name, severity, blame, title) code,
#include "compiler/base/diagnostics.def"
#undef MACC_DIAGNOSTIC
#define MACC_LINT(code, function, name, severity, state, scope, title) code,
#include "compiler/base/lints.def"
#undef MACC_LINT
};

struct DiagnosticInfo {
  Code code;
  std::string_view id;    ///< "MACC-E0102"
  std::string_view name;  ///< "unknown-name"
  Severity severity;
  Blame blame;
  std::string_view title;  ///< one line for lists of all codes
};

/// The whole catalogue in its fixed order.
[[nodiscard]] const std::vector<DiagnosticInfo>& diagnostic_catalogue();
[[nodiscard]] const DiagnosticInfo& info(Code code);
/// By "MACC-E0102", "E0102" or name, case-insensitively; nullptr when there is none.
[[nodiscard]] const DiagnosticInfo* find_diagnostic(std::string_view code_or_name);

/// What a lint has to see to judge.
enum class LintScope : std::uint8_t { domain, project, target };

/// What the catalogue says of a lint beside its row in diagnostic_catalogue().
struct LintInfo {
  Code code;
  bool on;  ///< when the project says nothing
  LintScope scope;
};
/// In the order of lints.def.
[[nodiscard]] const std::vector<LintInfo>& lint_catalogue();
[[nodiscard]] const LintInfo* find_lint(Code code);
/// By "MACC-L0301", "L0301" or name, case-insensitively; nullptr when there is no such lint.
[[nodiscard]] const LintInfo* find_lint(std::string_view code_or_name);

/// A place with what is to be said there. Text may be empty for the primary place.
struct Label {
  Span span;
  std::string text;
};

/// A sentence below the source excerpt, with a place when there is one (a step of an include chain, say).
struct Note {
  std::string text;
  Span span;  // may be invalid
};

struct Edit {
  Span span;
  std::string replacement;
};

/// The edit that removes a statement: with its whole line, and the comment behind it, when nothing else stands there.
[[nodiscard]] Edit removal(const SourceFile& file, Span statement);

/// A machine-applicable change of the source. A fix that narrows a permission is never safe.
struct Fix {
  std::string description;
  std::vector<Edit> edits;
  bool safe = false;
};

/// Messages are lower case without a full stop, with backticks around code; the situation stands before the guess.
struct Diagnostic {
  Code code{};
  Severity severity = Severity::error;
  std::string message;
  Label primary;  ///< an invalid span for what has no place in a source
  std::vector<Label> secondary;
  std::vector<Note> notes;
  std::optional<Fix> fix;
  /// Names a finding of a lint by what it is about, not by its place: the same text as long as that is the same. "" for
  /// what is no finding.
  std::string fingerprint;

  Diagnostic() = default;
  Diagnostic(Code code_, Span span, std::string message_);

  // Builders, to keep reports readable where they are made.
  Diagnostic& label(std::string text) &;
  Diagnostic& also(Span span, std::string text) &;
  Diagnostic& note(std::string text, Span span = {}) &;
  Diagnostic& suggest(std::string description, std::vector<Edit> edits, bool safe = false) &;
};

/// Collects the diagnostics of a run in the order in which they came.
class Diagnostics {
 public:
  /// The reference is good until the next report.
  Diagnostic& report(Code code, Span span, std::string message);
  void add(Diagnostic diagnostic);
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return list_; }
  [[nodiscard]] bool has_errors() const { return errors_ != 0; }
  [[nodiscard]] std::size_t error_count() const { return errors_; }
  /// Stable order by place (file, begin), then as reported; places in no file come last.
  void sort();

 private:
  std::vector<Diagnostic> list_;
  std::size_t errors_ = 0;
};

/// The candidate that the user may have meant (small edit distance), or "".
[[nodiscard]] std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// Text for a message: control characters and invalid UTF-8 as \xNN, characters that hide or reorder text as \u{NNNN},
/// shortened in the middle past `limit` bytes.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 120);

}  // namespace macc
