// From diagnostics to what is shown: one sink a format, all over the same report.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/diagnostic.h"

namespace macc::report {

enum class Format : std::uint8_t {
#define MACC_FORMAT(enumerator, word, scope, doc) enumerator,
#include "compiler/report/formats.def"
#undef MACC_FORMAT
};
[[nodiscard]] std::optional<Format> format_of(std::string_view word);
/// What a format can hold: any result, or only what was found in the policy.
enum class FormatScope : std::uint8_t { any, findings };
/// The words of all formats, or of those that can hold any result.
[[nodiscard]] std::vector<std::string> format_words(FormatScope needed = FormatScope::findings);

/// "error", "warning", "note".
[[nodiscard]] std::string_view word(Severity severity);

/// What the run did with one target of the project.
struct TargetOutcome {
  std::string name;
  std::string backend;
  bool written = false;                ///< its artifacts are in place
  std::string report;                  ///< where its report.json is, "" when none was written
  std::vector<std::string> artifacts;  ///< paths as shown to the user
};

/// What a sink is given: the whole outcome of a run. Refers to its parts, which must outlive it.
struct Report {
  const SourceManager& sources;
  const std::vector<Diagnostic>& diagnostics;
  std::vector<TargetOutcome> targets;
  int exit_code = 0;
  /// From this severity on a diagnostic fails the run; nullopt: none does.
  std::optional<Severity> fail_on = Severity::error;
  std::string_view version = {};             ///< of macc
  std::filesystem::path current = {};        ///< absolute: what SourceFile::path() is relative to
  std::filesystem::path repository = {};     ///< absolute: what services name files from
  std::string_view (*page)(Code) = nullptr;  ///< the page of a diagnostic, in Markdown
};

/// How text is to look.
struct Style {
  bool colour = false;
  std::size_t width = 140;  ///< columns of a source excerpt; longer lines are cut around what they are about
  std::size_t most = 100;   ///< diagnostics that are shown; the summary counts all
};

class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  /// The text to be written, "" when there is nothing to say.
  [[nodiscard]] virtual std::string render(const Report& report) const = 0;
  /// Machine-readable output goes to stdout and replaces everything that people would read there.
  [[nodiscard]] virtual bool for_machines() const = 0;
};

[[nodiscard]] std::unique_ptr<Sink> make_sink(Format format, Style style);

struct Counts {
  std::size_t errors = 0, warnings = 0, notes = 0;
};
[[nodiscard]] Counts count(const std::vector<Diagnostic>& diagnostics);
/// "2 errors, 1 warning"; "" when there are neither.
[[nodiscard]] std::string summary_line(const Counts& counts);

/// Exit codes of macc. Of several errors the one that most stands in the way decides: a machine that lacks something
/// (3), then an input that cannot be used (2), then a check that failed (1). Warnings never decide.
inline constexpr int kExitOk = 0;
inline constexpr int kExitCheck = 1;
inline constexpr int kExitInput = 2;
inline constexpr int kExitEnvironment = 3;
[[nodiscard]] int exit_code(const std::vector<Diagnostic>& diagnostics);
/// The same for a run of the linter: findings and warnings fail it (1) from `fail_on` on; nullopt: findings never do.
[[nodiscard]] int exit_code(const std::vector<Diagnostic>& diagnostics, std::optional<Severity> fail_on);

}  // namespace macc::report
