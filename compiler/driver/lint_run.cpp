#include "compiler/driver/lint_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "backends/backend.h"
#include "compiler/driver/targets.h"

namespace macc::driver {

namespace {

/// Names in `--only a,b --only c`.
std::vector<std::string> words_of(const Session& session, Option option) {
  std::vector<std::string> out;
  if (!session.arguments.has(option)) return out;
  for (const std::string& value : session.arguments.values.at(option)) {
    for (std::size_t at = 0; at <= value.size();) {
      const std::size_t end = std::min(value.find(',', at), value.size());
      if (end > at) out.push_back(value.substr(at, end - at));
      at = end + 1;
    }
  }
  return out;
}

void unknown_lint(Session& session, const std::string& name) {
  std::vector<std::string> names;
  for (const LintInfo& row : lint_catalogue()) names.emplace_back(info(row.code).name);
  Diagnostic& d = session.diagnostics.report(Code::E0630, {}, fmt::format("no lint is called `{}`", printable(name)));
  const std::string guess = did_you_mean(name, names);
  d.note(guess.empty() ? "`macc explain` lists the lints" : fmt::format("did you mean `{}`?", guess));
}

/// `lint.sets` of the project against the lists that there are.
void check_sets(Session& session, const project::Lint& lint, const ir::Policy& policy) {
  std::vector<std::string> known;
  for (const ir::PathList& list : policy.lists) known.push_back(list.name);
  for (const auto& [name, place] : lint.sets) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    Diagnostic& d =
        session.diagnostics.report(Code::E0631, place, fmt::format("there is no list `{}` to add to", printable(name)));
    const std::string guess = did_you_mean(name, known);
    if (!guess.empty()) d.note(fmt::format("did you mean `{}`?", guess));
    d.note(fmt::format("the lists of {} are {}", lint::kSensitiveModule, fmt::join(known, ", ")));
  }
}

/// `[[lint.path]]` against the policies that there are: a table for files that have moved silences and demands nothing.
void check_paths(Session& session, const Inputs& inputs) {
  for (const lint::PathLevels& rule : inputs.project.lint.settings.paths) {
    for (const lint::FileGlob& files : rule.files) {
      const bool used = std::any_of(inputs.roots.begin(), inputs.roots.end(), [&](const sema::Root& root) {
        return files.matches(session.sources.file(root.file).stable_path());
      });
      if (used) continue;
      session.diagnostics.report(Code::E0634, files.place, "no policy of the project lies there")
          .note("the files are named from the folder of macc.toml on, as in `policy/tools/**`");
    }
  }
}

/// Lowering the policy for its targets takes far longer than all other lints together: it is done for who names a
/// target, or one of the lints that are about them.
bool wants_targets(const Session& session, const project::Project& project, const lint::Settings& settings) {
  const bool asked = session.arguments.has(Option::target);
  const lint::Settings& configured = project.lint.settings;
  const auto is_named = [&](Code code) {
    return configured.levels.contains(code) ||
           std::any_of(configured.paths.begin(), configured.paths.end(),
                       [&](const lint::PathLevels& path) { return path.levels.contains(code); });
  };
  return std::any_of(lint_catalogue().begin(), lint_catalogue().end(), [&](const LintInfo& row) {
    if (row.scope != LintScope::target || !settings.may_be_on(row.code)) return false;
    return asked || settings.only.contains(row.code) || is_named(row.code);
  });
}

std::optional<lint::TargetNote::Kind> kind_of(backends::Fidelity fidelity) {
  switch (fidelity) {
    case backends::Fidelity::wider:
      return lint::TargetNote::Kind::wider;
    case backends::Fidelity::drifts:
      return lint::TargetNote::Kind::drifts;
    case backends::Fidelity::not_enforced:
      return lint::TargetNote::Kind::not_enforced;
    default:
      return std::nullopt;
  }
}

/// What a topic means, in the report's own words.
std::string text_of(const backends::FidelityReport& report, const std::string& topic) {
  const auto at = std::find_if(report.topics.begin(), report.topics.end(),
                               [&](const backends::FidelityTopic& row) { return row.key == topic; });
  return at == report.topics.end() ? topic : at->text;
}

/// What a target makes of the rules. False when it can't be built.
bool add_notes(const Session& session, const project::Target& target, lint::Input& input) {
  const backends::Input request{input.meaning.policy(), input.meaning, session.sources, target.target};
  Diagnostics unheard;
  const backends::Lowered lowered = backends::find(target.target.backend)->lower(request, unheard);
  if (unheard.has_errors()) return false;
  input.targets.push_back(target.target.name);
  for (const backends::FidelityEntry& entry : lowered.fidelity.entries) {
    const auto kind = kind_of(entry.fidelity);
    if (!kind) continue;
    const std::string what = entry.what.empty() ? text_of(lowered.fidelity, entry.topic) : entry.what.front();
    input.target_notes.push_back({*kind, target.target.name, entry.topic, what, entry.span});
  }
  return true;
}

}  // namespace

std::optional<lint::Settings> lint_settings(Session& session, const project::Project& project) {
  lint::Settings settings = project.lint.settings;
  for (const std::string& name : words_of(session, Option::only)) {
    if (const LintInfo* row = find_lint(std::string_view(name))) {
      settings.only.insert(row->code);
    } else {
      unknown_lint(session, name);
    }
  }
  return session.diagnostics.has_errors() ? std::nullopt : std::optional(std::move(settings));
}

std::optional<lint::Result> run_lints(Session& session, const Inputs& inputs, const lint::Settings& settings) {
  const ir::Policy policy = analyze(session, inputs, {lint::kSensitiveModule});
  check_sets(session, inputs.project.lint, policy);
  if (session.arguments.operands.empty()) check_paths(session, inputs);
  if (session.diagnostics.has_errors()) return std::nullopt;
  const ir::Meaning meaning(policy);
  lint::Input input{meaning, session.sources, settings, {}, session.arguments.operands.empty()};
  for (const sema::Root& root : inputs.roots) input.files.insert(root.file);
  if ((input.whole_project || session.arguments.has(Option::target)) &&
      wants_targets(session, inputs.project, settings)) {
    for (const project::Target* target : chosen_targets(session, inputs.project)) {
      if (!add_notes(session, *target, input))
        session.out += fmt::format("target {}: not looked at, since it does not build; `macc build` says why\n",
                                   target->target.name);
    }
    if (session.diagnostics.has_errors()) return std::nullopt;
    input.all_targets = input.targets.size() == inputs.project.targets.size();
  }
  return lint::run(input);
}

}  // namespace macc::driver
