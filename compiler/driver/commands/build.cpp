#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "backends/backend.h"
#include "compiler/base/files.h"
#include "compiler/driver/build_cache.h"
#include "compiler/driver/build_report.h"
#include "compiler/driver/inputs.h"
#include "compiler/driver/limits.h"
#include "compiler/driver/output.h"
#include "compiler/driver/promises.h"
#include "compiler/driver/signals.h"
#include "compiler/driver/targets.h"
#include "compiler/ir/json.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kIrName = "ir.json";

/// Usage errors that the table of options can't express. True when all is well.
bool check_options(Session& session) {
  const std::string emit = session.arguments.value(Option::emit, "artifacts");
  const auto usage = [&](std::string message) {
    session.diagnostics.report(Code::E0005, {}, std::move(message));
    return false;
  };
  if (emit != "artifacts" && emit != "ir") {
    const std::string guess = did_you_mean(emit, {"artifacts", "ir"});
    return usage(fmt::format("`--emit` can't be `{}`: {}", printable(emit),
                             guess.empty() ? "it is `artifacts` or `ir`" : fmt::format("did you mean `{}`?", guess)));
  }
  if (!check_out_folder(session)) return false;
  if (session.arguments.value(Option::out) != "-") return true;
  if (emit != "ir") return usage("`--out -` goes with `--emit ir` only: artifacts are several files");
  return true;
}

/// To people: programs get the same as from the build itself.
void say_unchanged(Session& session) {
  if (session.arguments.value(Option::format, "text") != "text") return;
  session.kept->out += "unchanged since the build that said this: nothing was done again (`--no-cache` does)\n";
}

void emit_ir(Session& session, const Inputs& inputs, const ir::Policy& policy) {
  std::string text = ir::to_json(policy, session.sources);
  if (session.arguments.value(Option::out) == "-") {
    session.out = std::move(text);
    session.raw_out = true;
    return;
  }
  const fs::path folder = out_folder(session, inputs.project);
  if (!write_files(folder, {{std::string(kIrName), std::move(text)}}, shown_by(session), session.diagnostics)) return;
  session.out += fmt::format("wrote {}\n", printable(session.loader.shown(folder / kIrName), 400));
}

/// Builds the targets of one policy. Each one is lowered, checked and then written, or left as it was.
class Builder {
 public:
  Builder(Session& session, const Inputs& inputs, const ir::Meaning& meaning)
      : session_(session), inputs_(inputs), meaning_(meaning), out_(out_folder(session, inputs.project)) {}

  void build(const project::Target& target) {
    Diagnostics found;
    const fs::path folder = out_ / target.target.name;
    report::TargetOutcome outcome{target.target.name, target.target.backend, false, "", {}};
    build_into(target, folder, found, outcome);
    const bool failed = found.has_errors();
    for (Diagnostic d : found.all()) {
      if (shares_backend(target)) d.note(fmt::format("for target `{}`", target.target.name));
      session_.diagnostics.add(std::move(d));
    }
    if (failed) refused(target, folder);
    session_.targets.push_back(std::move(outcome));
  }

  /// Whether the platform's compilers looked at all that they were asked to look at.
  [[nodiscard]] bool all_checked() const { return all_checked_; }

 private:
  void build_into(const project::Target& target, const fs::path& folder, Diagnostics& found,
                  report::TargetOutcome& outcome) {
    const backends::Backend* backend = backends::find(target.target.backend);
    const backends::Input input{meaning_.policy(), meaning_, session_.sources, target.target,
                                session_.arguments.has(Option::full)};
    session_.busy(fmt::format("{}: writing artifacts", target.target.name));
    const backends::Lowered lowered = backend->lower(input, found);
    if (found.has_errors()) return;
    session_.busy(fmt::format("{}: the platform's compiler checks them", target.target.name));
    const HeldSignals until_it_is_written;  // from here on there are temporary files
    const backends::Verification verification = verify(*backend, input, lowered, found);
    const TargetResult result{target, lowered, verification};
    const bool not_asked = session_.arguments.has(Option::no_verify);
    all_checked_ &= not_asked || verification.status == backends::Verification::Status::passed;
    check_limits(target, result.fidelity, verification, found);
    if (found.has_errors()) return;

    std::vector<OutputFile> files;
    for (const backends::Artifact& a : lowered.artifacts) files.push_back({a.path, a.content});
    files.push_back({std::string(kReportName), report_json(result, meaning_.policy(), session_.sources)});
    if (!write_files(folder, files, shown_by(session_), found)) return;

    const std::string shown = session_.loader.shown(folder);
    outcome.written = true;
    outcome.report = shown + "/" + std::string(kReportName);
    for (const backends::Artifact& a : lowered.artifacts) outcome.artifacts.push_back(shown + "/" + a.path);
    session_.out += report_text(result, shown);
  }

  backends::Verification verify(const backends::Backend& backend, const backends::Input& input,
                                const backends::Lowered& lowered, Diagnostics& found) {
    if (session_.arguments.has(Option::no_verify)) {
      backends::Verification skipped;
      skipped.reason = "`--no-verify` was given";
      return skipped;
    }
    backends::Verification result = backend.verify(input, lowered, found);
    if (result.status == backends::Verification::Status::failed && !found.has_errors()) {
      throw std::logic_error("a backend refused its artifacts without saying why");
    }
    return result;
  }

  [[nodiscard]] bool shares_backend(const project::Target& target) const {
    const auto& all = inputs_.project.targets;
    return std::count_if(all.begin(), all.end(), [&](const project::Target& other) {
             return other.target.backend == target.target.backend;
           }) > 1;
  }

  void refused(const project::Target& target, const fs::path& folder) {
    std::error_code error;
    const bool older = fs::exists(folder / kManifestName, error);
    session_.out += fmt::format(
        "{} ({})\n  nothing was written{}\n", target.target.name, target.target.backend,
        older ? fmt::format("; `{}` holds an earlier build", printable(session_.loader.shown(folder), 400)) : "");
  }

  Session& session_;
  const Inputs& inputs_;
  const ir::Meaning& meaning_;
  fs::path out_;
  bool all_checked_ = true;
};

/// Why the next build cannot be any faster; "" when it can.
std::string without_cache(const Session& session) {
  const std::string folder = user_cache_folder();
  if (folder.empty()) return "nothing is kept for the next build: neither HOME nor XDG_CACHE_HOME names a folder\n";
  if (takes_files(folder)) return "";
  return fmt::format("nothing is kept for the next build: `{}` takes no files\n",
                     printable(session.loader.shown(folder), 400));
}

}  // namespace

void run_build(Session& session) {
  if (!check_options(session)) return;
  const auto inputs = gather(session);
  if (!inputs) return;
  const std::vector<const project::Target*> targets = chosen_targets(session, inputs->project);
  if (session.diagnostics.has_errors()) return;
  const bool only_ir = session.arguments.value(Option::emit) == "ir";
  const auto identity = only_ir ? std::nullopt : identify_build(session, *inputs, targets);
  if (identity && !session.arguments.has(Option::no_cache)) session.kept = find_build(*identity);
  if (session.kept) return say_unchanged(session);

  const ir::Policy policy = analyze(session, *inputs);
  if (session.diagnostics.has_errors()) return;
  if (only_ir) return emit_ir(session, *inputs, policy);

  const ir::Meaning meaning(policy);
  check_meaning(session, meaning);
  if (session.diagnostics.has_errors()) return;
  session.out += "ok: " + held_text(policy) + "\n";
  for (const ir::Extension& e : policy.extensions) {
    session.out +=
        fmt::format("extended: {} ({})\n", printable(e.what), printable(session.sources.describe(e.span), 400));
  }
  Builder builder(session, *inputs, meaning);
  for (const project::Target* target : targets) builder.build(*target);
  if (!session.arguments.has(Option::no_cache)) session.out += without_cache(session);
  if (!identity || !builder.all_checked() || session.diagnostics.has_errors()) return;
  if (!held_still(*identity, identify_build(session, *inputs, targets))) return;
  session.keep = [identity = *identity](const Outcome& outcome) { keep_build(identity, outcome); };
}

}  // namespace macc::driver
