#include "compiler/driver/since.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "compiler/base/temporary_folder.h"
#include "compiler/driver/history.h"
#include "compiler/driver/lint_run.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

/// The same project with another root folder.
project::Project moved(const project::Project& project, const fs::path& root) {
  project::Project out = project;
  const auto move = [&](fs::path& path) {
    const fs::path relative = path.lexically_relative(project.root);
    if (!relative.empty() && *relative.begin() != "..") path = (root / relative).lexically_normal();
  };
  for (project::Location& location : out.policy) move(location.path);
  if (out.site) move(out.site->path);
  out.root = root;
  // A folder that was not there yet held no policies.
  std::erase_if(out.policy, [](const project::Location& location) { return !fs::exists(location.path); });
  if (out.site && !fs::exists(out.site->path)) out.site.reset();
  return out;
}

/// The operands of the run, as they were in the old tree; `names` has the old names of files that were renamed.
std::vector<std::string> moved_operands(const Session& session, const fs::path& from, const fs::path& to,
                                        const std::map<std::string, std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& operand : session.arguments.operands) {
    const fs::path full = fs::path(operand).is_absolute() ? fs::path(operand) : session.environment.current / operand;
    const fs::path relative = full.lexically_normal().lexically_relative(from);
    const auto renamed = names.find(relative.string());
    const fs::path old = to / (renamed == names.end() ? relative : fs::path(renamed->second));
    if (fs::exists(old)) out.push_back(old.string());
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
  const TemporaryFolder folder("macc-since");
  if (folder.path().empty()) throw std::runtime_error("there is no place for temporary files");
  if (!history.extract(commit, folder.path(), false)) return std::nullopt;
  const fs::path& current = folder.path();
  const Environment then{.current = current, .input = session.environment.input};
  Arguments arguments = session.arguments;
  arguments.operands = moved_operands(session, root, current, history.moved_since(commit));
  const project::Project before = moved(inputs.project, current);
  const bool named = !session.arguments.operands.empty();
  if (named ? arguments.operands.empty() : before.policy.empty())
    return all_new(session, fmt::format("`{}` holds none of these policies", printable(revision)));
  Session old(std::move(arguments), then);
  const auto old_inputs = gather_for(old, before);
  if (!old_inputs) return all_new(session, fmt::format("`{}` holds none of these policies", printable(revision)));
  const auto found = run_lints(old, *old_inputs, settings);
  if (!found) return all_new(session, fmt::format("the policies of `{}` have errors", printable(revision)));
  return project::Baseline::of(found->findings, {});
}

}  // namespace macc::driver
