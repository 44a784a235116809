#include "compiler/driver/since.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "compiler/driver/history.h"
#include "compiler/driver/lint_run.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

/// Copies the policies that the run names, with what they may import, and names the copies; nothing after a report.
/// `names` has the old names of files that were renamed.
std::optional<std::vector<std::string>> copied_operands(const Session& session, const project::Project& project,
                                                        Revision& revision,
                                                        const std::map<std::string, std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& operand : session.arguments.operands) {
    const fs::path now = (session.environment.current / operand).lexically_normal();
    const fs::path root = fs::absolute(project.root).lexically_normal();
    const auto renamed = names.find(now.lexically_relative(root).string());
    const fs::path then = renamed == names.end() ? now : root / renamed->second;
    if (!revision.copy(then)) return std::nullopt;
    // Without a project, imports are looked for beside a policy.
    const bool alone = project.file == FileId::none;
    if (alone && !revision.copy(then.parent_path(), GitTree::Reach::files)) return std::nullopt;
    const fs::path copy = revision.copy_of(then).value_or(fs::path());
    if (fs::exists(copy)) out.push_back(copy.string());
  }
  return out;
}

/// Nothing to compare with: that is said before what is found.
project::Baseline all_new(Session& session, const std::string& why) {
  session.preface += fmt::format("{}: every finding counts as new\n", why);
  return {};
}

}  // namespace

std::optional<project::Baseline> findings_of(Session& session, const Inputs& inputs, const lint::Settings& settings,
                                             const std::string& revision) {
  const fs::path root = fs::absolute(inputs.project.root).lexically_normal();
  History history(session, root, "`--since`");
  const std::string commit = history.commit(revision);
  if (commit.empty()) return std::nullopt;
  const auto then = history.open(revision, commit);
  if (!then) return std::nullopt;
  auto before = then->copied(inputs.project);
  if (!before) return std::nullopt;
  // A folder that was not there yet held no policies.
  std::erase_if(before->policy, [](const project::Location& location) { return !fs::exists(location.path); });
  if (before->site && !fs::exists(before->site->path)) before->site.reset();
  const auto operands = copied_operands(session, inputs.project, *then, history.moved_since(commit));
  if (!operands) return std::nullopt;
  const bool named = !session.arguments.operands.empty();
  if (named ? operands->empty() : before->policy.empty())
    return all_new(session, fmt::format("`{}` holds none of these policies", printable(revision)));
  Arguments arguments = session.arguments;
  arguments.operands = *operands;
  const Environment environment{.current = session.environment.current, .input = session.environment.input};
  Session old(std::move(arguments), environment);
  then->show_in(old);
  const auto old_inputs = gather_for(old, *before);
  if (!old_inputs) return all_new(session, fmt::format("`{}` holds none of these policies", printable(revision)));
  const auto found = run_lints(old, *old_inputs, settings);
  if (!found) return all_new(session, fmt::format("the policies of `{}` have errors", printable(revision)));
  return project::Baseline::of(found->findings, {});
}

}  // namespace macc::driver
