#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

#include "compiler/driver/fixes.h"
#include "compiler/driver/lint_run.h"
#include "compiler/driver/output.h"
#include "compiler/driver/since.h"
#include "compiler/lint/fold.h"
#include "compiler/project/baseline.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

bool usage(Session& session, const std::string& message) {
  session.diagnostics.report(Code::E0005, {}, message);
  return false;
}

/// What the table of options can't express.
bool check_options(Session& session) {
  const auto has = [&](Option option) { return session.arguments.has(option); };
  const bool writes_baseline = has(Option::update_baseline) || has(Option::prune_baseline);
  if (writes_baseline && (has(Option::only) || has(Option::since) || !session.arguments.operands.empty()))
    return usage(session,
                 "a baseline is written from all findings of the project: leave out files, `--only` and `--since`");
  if (has(Option::update_baseline) && has(Option::prune_baseline))
    return usage(session, "`--update-baseline` writes the baseline anew; `--prune-baseline` only takes out of it");
  if (has(Option::diff) && !has(Option::fix) && !has(Option::apply))
    return usage(session, "`--diff` goes with `--fix` or `--apply LINT`");
  const auto& operands = session.arguments.operands;
  const bool from_input = std::find(operands.begin(), operands.end(), "-") != operands.end();
  if (from_input && (has(Option::fix) || has(Option::apply)) && !has(Option::diff))
    return usage(session, "standard input cannot be changed: add `--diff`, or name a file");
  return true;
}

/// `--fail-on`, or what the project says.
std::optional<Severity> fail_on(Session& session, const project::Project& project) {
  if (!session.arguments.has(Option::fail_on)) return project.lint.fail_on;
  const std::string word = session.arguments.value(Option::fail_on);
  if (word == "error") return Severity::error;
  if (word == "warning") return Severity::warning;
  if (word == "note") return Severity::note;
  if (word != "never")
    usage(session,
          fmt::format("`--fail-on` can't be `{}`: it is `error`, `warning`, `note` or `never`", printable(word)));
  return std::nullopt;
}

class Linter {
 public:
  Linter(Session& session, Inputs inputs, lint::Settings settings)
      : session_(session),
        inputs_(std::move(inputs)),
        settings_(std::move(settings)),
        reported_(session.diagnostics),
        said_(session.out) {}

  void run() {
    if (!look_back()) return;
    auto found = look();
    if (!found) return;
    if (session_.arguments.has(Option::fix) || session_.arguments.has(Option::apply)) mend(*found);
    std::vector<lint::Finding>& findings = found->result.findings;
    if (!take_known(findings)) return;
    findings = lint::fold(std::move(findings), settings_.locked);
    for (lint::Finding& finding : findings) session_.diagnostics.add(std::move(finding.diagnostic));
    summary(findings.size(), found->result.expected);
  }

 private:
  /// What a look at the policies gave: findings of lints, and what the compiler said.
  struct Found {
    lint::Result result;
    Diagnostics compiler;
  };

  /// With `--since`: what was found then. False after an error.
  bool look_back() {
    if (!session_.arguments.has(Option::since)) return true;
    since_ = findings_of(session_, inputs_, settings_, session_.arguments.value(Option::since));
    return since_.has_value();
  }

  /// nullopt when the policies have errors, which are reported.
  std::optional<Found> look() {
    session_.diagnostics = reported_;
    session_.out = said_;
    auto result = run_lints(session_, inputs_, settings_);
    if (!result) return std::nullopt;
    known_ = since_ ? project::Baseline(*since_).take_out(result->findings, {}) : 0;
    return Found{std::move(*result), session_.diagnostics};
  }

  /// Makes the fixes that were asked for. What is in the baseline is mended too.
  void mend(Found& found) {
    const bool show_only = session_.arguments.has(Option::diff);
    Found left = found;
    Fixes fixes(session_);
    // First what changes no meaning: after a narrowing, a rule that others repeated may be the only one.
    if (session_.arguments.has(Option::fix)) make_all(fixes, left, [](const Diagnostic& d) { return d.fix->safe; });
    if (session_.arguments.has(Option::apply)) {
      const LintInfo* lint = find_lint(std::string_view(session_.arguments.value(Option::apply)));
      make_all(fixes, left, [&](const Diagnostic& d) { return d.code == lint->code; });
    }
    if (!show_only) found = std::move(left);
    session_.diagnostics = found.compiler;
    show_only ? fixes.show() : fixes.write();
    if (fixes.refused() != 0)
      session_.out += fmt::format("{} left out: with {} the policies would have errors\n",
                                  fixes.refused() == 1 ? "1 change is" : fmt::format("{} changes are", fixes.refused()),
                                  fixes.refused() == 1 ? "it" : "them");
  }

  /// Rounds of fixes that go together, until there are no more; each is looked at before the next. Where a round leads
  /// to errors, smaller ones find out which fix it was.
  void make_all(Fixes& fixes, Found& left, const std::function<bool(const Diagnostic&)>& wanted) {
    constexpr std::size_t kMaxRounds = 100, kAll = std::numeric_limits<std::size_t>::max() / 2;
    std::size_t limit = kAll;
    for (std::size_t round = 0; round < kMaxRounds; ++round) {
      const std::size_t made = fixes.make(all_of(left), wanted, limit);
      if (made == 0) return;
      const auto next = look_at(fixes);
      if (next && empty_branches(*next) <= empty_branches(left)) {
        left = *next;
        limit = limit < kAll ? limit * 2 : kAll;
        continue;
      }
      fixes.take_back();
      look_at_files(fixes);
      limit = std::max<std::size_t>(made / 2, 1);
    }
    session_.out += "there is more to mend: run it again\n";
  }

  /// Two fixes can each leave a statement in an `if` for the other one: alone, the second takes the whole `if` out.
  static std::size_t empty_branches(const Found& found) {
    const auto& all = found.compiler.all();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const Diagnostic& d) { return d.code == Code::E0324; }));
  }

  std::optional<Found> look_at(const Fixes& fixes) {
    look_at_files(fixes);
    return look();
  }

  void look_at_files(const Fixes& fixes) {
    for (sema::Root& root : inputs_.roots) root.file = fixes.now(root.file);
  }

  /// What the compiler itself is sure about, as an unused import, is mended as well.
  static std::vector<Diagnostic> all_of(const Found& found) {
    std::vector<Diagnostic> out = found.compiler.all();
    for (const lint::Finding& finding : found.result.findings) out.push_back(finding.diagnostic);
    return out;
  }

  /// Takes out what the baseline holds. False after an error.
  bool take_known(std::vector<lint::Finding>& findings) {
    const auto path = baseline_path();
    if (!path) return !session_.diagnostics.has_errors();
    if (session_.arguments.has(Option::update_baseline)) {
      project::Baseline now = project::Baseline::of(findings, settings_.locked);
      if (!write(*path, now)) return false;
      known_ += now.take_out(findings, settings_.locked);
      return true;
    }
    auto baseline = project::Baseline::read(session_.loader, *path);
    if (!baseline) return false;
    known_ += baseline->take_out(findings, settings_.locked);
    const std::size_t gone = baseline->gone();
    if (session_.arguments.has(Option::prune_baseline)) return write(*path, baseline->pruned());
    if (gone != 0 && whole_project() && settings_.only.empty())
      session_.out += fmt::format("{} of the baseline {} gone: `macc lint --prune-baseline` takes {} out\n",
                                  count(gone), gone == 1 ? "is" : "are", gone == 1 ? "it" : "them");
    return true;
  }

  [[nodiscard]] bool whole_project() const { return session_.arguments.operands.empty(); }

  static std::string count(std::size_t n) { return fmt::format("{} finding{}", n, n == 1 ? "" : "s"); }

  std::optional<fs::path> baseline_path() {
    if (session_.arguments.has(Option::baseline)) {
      const fs::path given = session_.arguments.value(Option::baseline);
      return given.is_absolute() ? given : session_.environment.current / given;
    }
    if (inputs_.project.lint.baseline) return inputs_.project.lint.baseline->path;
    const bool asked =
        session_.arguments.has(Option::update_baseline) || session_.arguments.has(Option::prune_baseline);
    if (asked)
      usage(session_, "no baseline is configured: name one with `--baseline FILE`, or `lint.baseline` in macc.toml");
    return std::nullopt;
  }

  bool write(const fs::path& path, const project::Baseline& baseline) {
    const Shown shown = [&](const fs::path& p) { return session_.loader.shown(p); };
    if (!write_file(
            path, baseline.text(), [](const fs::path&) { return true; }, shown, session_.diagnostics))
      return false;
    session_.out += fmt::format("wrote {}: {}\n", printable(shown(path), 400), count(baseline.size()));
    return true;
  }

  void summary(std::size_t left, std::size_t expected) {
    if (left == 0 && session_.diagnostics.all().empty()) session_.out += "ok: nothing found";
    std::string more;
    if (expected != 0) more += fmt::format("{} expected", expected);
    if (known_ != 0) more += fmt::format("{}{} known before", more.empty() ? "" : ", ", known_);
    if (!more.empty()) session_.out += left == 0 ? fmt::format(" ({})", more) : more;
    if (!session_.out.empty() && !session_.out.ends_with('\n')) session_.out += "\n";
  }

  Session& session_;
  Inputs inputs_;
  lint::Settings settings_;
  Diagnostics reported_;                    // before the policies were looked at
  std::string said_;                        // likewise
  std::optional<project::Baseline> since_;  // with `--since`
  std::size_t known_ = 0;
};

}  // namespace

void run_lint(Session& session) {
  if (!check_options(session)) return;
  const std::string apply = session.arguments.value(Option::apply);
  if (!apply.empty() && find_lint(std::string_view(apply)) == nullptr) {
    usage(session, fmt::format("`--apply` names a lint, and none is called `{}`", printable(apply)));
    return;
  }
  const auto inputs = gather(session);
  if (!inputs) return;
  const auto settings = lint_settings(session, inputs->project);
  const auto limit = fail_on(session, inputs->project);
  if (!settings || session.diagnostics.has_errors()) return;
  Linter(session, *inputs, *settings).run();
  session.linting = {limit};
}

}  // namespace macc::driver
