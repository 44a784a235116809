#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "compiler/driver/baseline.h"
#include "compiler/driver/fixes.h"
#include "compiler/driver/lint_run.h"
#include "compiler/driver/output.h"
#include "compiler/driver/since.h"

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
  Linter(Session& session, const Inputs& inputs, lint::Settings settings)
      : session_(session), inputs_(inputs), settings_(std::move(settings)) {}

  void run() {
    auto result = run_lints(session_, inputs_, settings_);
    if (!result) return;
    expected_ = result->expected;
    if (!take_known(result->findings)) return;
    std::vector<Diagnostic> found;
    for (const lint::Finding& finding : result->findings) found.push_back(finding.diagnostic);
    fix(found);
    for (Diagnostic& d : found) session_.diagnostics.add(std::move(d));
    summary(found.size());
  }

 private:
  /// Takes out what was there before. False after an error.
  bool take_known(std::vector<lint::Finding>& findings) {
    if (session_.arguments.has(Option::since)) {
      auto before = findings_of(session_, inputs_, settings_, session_.arguments.value(Option::since));
      if (!before) return false;
      known_ += before->take_out(findings, {});
    }
    const auto path = baseline_path();
    if (!path) return !session_.diagnostics.has_errors();
    if (session_.arguments.has(Option::update_baseline)) {
      Baseline now = Baseline::of(findings, settings_.locked);
      if (!write(*path, now)) return false;
      known_ += now.take_out(findings, settings_.locked);
      return true;
    }
    auto baseline = Baseline::read(session_, *path);
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

  bool write(const fs::path& path, const Baseline& baseline) {
    const Shown shown = [&](const fs::path& p) { return session_.loader.shown(p); };
    if (!write_file(
            path, baseline.text(), [](const fs::path&) { return true; }, shown, session_.diagnostics))
      return false;
    session_.out += fmt::format("wrote {}: {}\n", printable(shown(path), 400), count(baseline.size()));
    return true;
  }

  void fix(std::vector<Diagnostic>& found) {
    const bool show_only = session_.arguments.has(Option::diff);
    if (session_.arguments.has(Option::fix)) {
      // What the compiler itself is sure about, as an unused import, is mended as well.
      const Diagnostics known = std::exchange(session_.diagnostics, {});
      found.insert(found.end(), known.all().begin(), known.all().end());
      apply_fixes(
          session_, found, [](const Diagnostic& d) { return d.fix->safe; }, show_only);
    }
    if (!session_.arguments.has(Option::apply)) return;
    const LintInfo* lint = find_lint(std::string_view(session_.arguments.value(Option::apply)));
    apply_fixes(
        session_, found, [&](const Diagnostic& d) { return d.code == lint->code; }, show_only);
  }

  void summary(std::size_t left) {
    if (left == 0 && session_.diagnostics.all().empty()) session_.out += "ok: nothing found";
    std::string more;
    if (expected_ != 0) more += fmt::format("{} expected", expected_);
    if (known_ != 0) more += fmt::format("{}{} known before", more.empty() ? "" : ", ", known_);
    if (!more.empty()) session_.out += left == 0 ? fmt::format(" ({})", more) : more;
    if (!session_.out.empty() && !session_.out.ends_with('\n')) session_.out += "\n";
  }

  Session& session_;
  const Inputs& inputs_;
  lint::Settings settings_;
  std::size_t expected_ = 0, known_ = 0;
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
