#include "compiler/driver/history.h"

#include <fmt/format.h>

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds kLimit{60};

/// The first line of what a program complained about.
std::string complaint(const ProcessResult& result) {
  const std::string& text = result.err.empty() ? result.out : result.err;
  return printable(text.substr(0, text.find('\n')), 300);
}

}  // namespace

fs::path repository_around(const fs::path& current) {
  for (fs::path folder = current;; folder = folder.parent_path()) {
    std::error_code error;
    if (fs::exists(folder / ".git", error)) return folder;
    if (folder == folder.parent_path()) return current;
  }
}

History::History(Session& session, fs::path root, std::string asker)
    : session_(session), root_(std::move(root)), asker_(std::move(asker)), git_(find_program("git")) {}

std::string History::commit(const std::string& revision) {
  if (revision.empty()) {
    session_.diagnostics.report(Code::E0005, {}, fmt::format("{} names no revision", asker_))
        .note("name a branch, a tag or a commit");
    return "";
  }
  if (git_.empty()) return refuse("there is no `git`", "install it: `apt-get install git`"), "";
  const ProcessResult result = git({"rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"});
  if (result.end == ProcessResult::End::exited && result.status == 0)
    return result.out.substr(0, result.out.find('\n'));
  const ProcessResult inside = git({"rev-parse", "--is-inside-work-tree"});
  if (inside.err.find("not a git repository") != std::string::npos) {
    refuse("the project is in no git repository", fmt::format("{} compares with a commit of one", asker_));
  } else if (inside.status != 0) {
    refuse(complaint(inside), "");
  } else if (git({"rev-parse", "--is-shallow-repository"}).out.starts_with("true")) {
    refuse(fmt::format("there is no revision `{}`", printable(revision)),
           "a shallow clone lacks old ones: `git fetch --unshallow`");
  } else {
    unknown(revision);
  }
  return "";
}

/// A mistake of the user: all that there is is here.
void History::unknown(const std::string& revision) {
  Diagnostic& d = session_.diagnostics.report(
      Code::E0005, {}, fmt::format("{}: there is no revision `{}`", asker_, printable(revision)));
  const std::string refs =
      git({"for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes"}).out;
  std::vector<std::string> names;
  for (std::size_t at = 0, end = 0; (end = refs.find('\n', at)) != std::string::npos; at = end + 1)
    names.push_back(refs.substr(at, end - at));
  if (const std::string guess = did_you_mean(revision, names); !guess.empty())
    d.note(fmt::format("did you mean `{}`?", printable(guess)));
  d.note("name a branch, a tag or a commit");
}

bool History::extract(const std::string& commit, const fs::path& folder, bool with_projects) {
  const std::string tar = find_program("tar");
  if (tar.empty()) return refuse("there is no `tar`", "install it: `apt-get install tar`"), false;
  const std::string names = "\n" + git({"ls-tree", "-r", "--name-only", commit, "--", "."}).out;
  if (names.find(".macc\n") == std::string::npos) return true;
  const std::string file = (folder / "old.tar").string();
  std::vector<std::string> pack = {"archive", "--format=tar", "--output=" + file, commit, "--", "*.macc"};
  // git refuses a pattern that fits nothing.
  const bool has_projects =
      names.find("\nmacc.toml\n") != std::string::npos || names.find("/macc.toml\n") != std::string::npos;
  if (with_projects && has_projects) pack.emplace_back(":(glob)**/macc.toml");
  const ProcessResult packed = git(std::move(pack));
  if (packed.status != 0) return refuse(complaint(packed), ""), false;
  const ProcessResult unpacked = run_process({tar, "-xf", file, "-C", folder.string()}, kLimit);
  if (unpacked.status != 0) return refuse(complaint(unpacked), ""), false;
  return true;
}

std::map<std::string, std::string> History::moved_since(const std::string& commit) {
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

ProcessResult History::git(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {git_, "-C", root_.string()});
  return run_process(arguments, kLimit, {"HOME", "XDG_CONFIG_HOME"});
}

void History::refuse(const std::string& why, const std::string& advice) {
  Diagnostic& d = session_.diagnostics.report(Code::E9015, {}, fmt::format("{} cannot look back: {}", asker_, why));
  if (!advice.empty()) d.note(advice);
}

}  // namespace macc::driver
