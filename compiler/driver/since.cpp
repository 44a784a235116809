#include "compiler/driver/since.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "compiler/base/process.h"
#include "compiler/base/temporary_folder.h"
#include "compiler/driver/lint_run.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds kLimit{60};

/// The first line of what a program complained about.
std::string complaint(const ProcessResult& result) {
  const std::string& text = result.err.empty() ? result.out : result.err;
  return printable(text.substr(0, text.find('\n')), 300);
}

class History {
 public:
  History(Session& session, fs::path root) : session_(session), root_(std::move(root)), git_(find_program("git")) {}

  /// The id of a commit, or "" after a report.
  std::string commit(const std::string& revision) {
    if (git_.empty()) return refuse("there is no `git`", "install it: `apt-get install git`");
    const ProcessResult result = git({"rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"});
    if (result.end == ProcessResult::End::exited && result.status == 0)
      return result.out.substr(0, result.out.find('\n'));
    const ProcessResult inside = git({"rev-parse", "--is-inside-work-tree"});
    if (inside.err.find("not a git repository") != std::string::npos)
      return refuse("the project is in no git repository", "`--since` compares with a commit of one");
    if (inside.status != 0) return refuse(complaint(inside), "");
    return refuse(fmt::format("there is no revision `{}`", printable(revision)),
                  "name a branch, a tag or a commit; a shallow clone lacks old ones (`git fetch --unshallow`)");
  }

  /// Puts the policies of a commit below a folder, laid out as in the project. False after a report.
  bool extract(const std::string& commit, const fs::path& folder) {
    const std::string tar = find_program("tar");
    if (tar.empty()) return refuse("there is no `tar`", "install it: `apt-get install tar`"), false;
    if (!holds_policies(commit)) return true;
    const std::string file = (folder / "old.tar").string();
    const ProcessResult packed = git({"archive", "--format=tar", "--output=" + file, commit, "--", "*.macc"});
    if (packed.status != 0) return refuse(complaint(packed), ""), false;
    const ProcessResult unpacked = run_process({tar, "-xf", file, "-C", folder.string()}, kLimit);
    if (unpacked.status != 0) return refuse(complaint(unpacked), ""), false;
    return true;
  }

  /// Where files of the project lay in a commit, by where they lie now; those that moved, as git sees it.
  std::map<std::string, std::string> moved_since(const std::string& commit) {
    const ProcessResult result =
        git({"diff", "--find-renames", "--diff-filter=R", "--name-status", "--relative", "-z", commit, "--", "*.macc"});
    // "R090", the old name and the new one, each with a NUL behind it.
    std::vector<std::string> words;
    for (std::size_t at = 0, end = 0; (end = result.out.find('\0', at)) != std::string::npos; at = end + 1)
      words.push_back(result.out.substr(at, end - at));
    std::map<std::string, std::string> out;
    for (std::size_t i = 0; i + 2 < words.size(); i += 3) out.emplace(words[i + 2], words[i + 1]);
    return out;
  }

 private:
  ProcessResult git(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {git_, "-C", root_.string()});
    return run_process(arguments, kLimit, {"HOME", "XDG_CONFIG_HOME"});
  }

  bool holds_policies(const std::string& commit) {
    const ProcessResult result = git({"ls-tree", "-r", "--name-only", commit, "--", "."});
    return result.out.find(".macc\n") != std::string::npos;
  }

  std::string refuse(const std::string& why, const std::string& advice) {
    Diagnostic& d = session_.diagnostics.report(Code::E9015, {}, fmt::format("`--since` cannot look back: {}", why));
    if (!advice.empty()) d.note(advice);
    return "";
  }

  Session& session_;
  fs::path root_;
  std::string git_;
};

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
  History history(session, root);
  const std::string commit = history.commit(revision);
  if (commit.empty()) return std::nullopt;
  const TemporaryFolder folder("macc-since");
  if (folder.path().empty()) throw std::runtime_error("there is no place for temporary files");
  if (!history.extract(commit, folder.path())) return std::nullopt;
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
