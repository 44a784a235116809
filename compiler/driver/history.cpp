#include "compiler/driver/history.h"

#include <fmt/format.h>

#include <algorithm>

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

/// The texts of `git -z`, each with a NUL behind it.
std::vector<std::string> texts(const std::string& out) {
  std::vector<std::string> texts;
  for (std::size_t at = 0, end = 0; (end = out.find('\0', at)) != std::string::npos; at = end + 1)
    texts.push_back(out.substr(at, end - at));
  return texts;
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
    : session_(session), root_(std::move(root)), asker_(std::move(asker)), git_(root_) {}

std::string History::commit(const std::string& revision) {
  if (revision.empty()) {
    session_.diagnostics.report(Code::E0005, {}, fmt::format("{} names no revision", asker_))
        .note("name a branch, a tag or a commit");
    return "";
  }
  if (!git_.installed()) return refuse("there is no `git`", "install it: `apt-get install git`"), "";
  const ProcessResult result =
      git_.run({"rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"});
  if (succeeded(result)) return result.out.substr(0, result.out.find('\n'));
  const ProcessResult inside = git_.run({"rev-parse", "--is-inside-work-tree"});
  if (inside.err.find("not a git repository") != std::string::npos) {
    refuse("the project is in no git repository", fmt::format("{} compares with a commit of one", asker_));
  } else if (inside.status != 0) {
    refuse(complaint(inside), "");
  } else if (git_.run({"rev-parse", "--is-shallow-repository"}).out.starts_with("true")) {
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
      git_.run({"for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes"}).out;
  std::vector<std::string> names;
  for (std::size_t at = 0, end = 0; (end = refs.find('\n', at)) != std::string::npos; at = end + 1)
    names.push_back(refs.substr(at, end - at));
  if (const std::string guess = did_you_mean(revision, names); !guess.empty())
    d.note(fmt::format("did you mean `{}`?", printable(guess)));
  d.note("name a branch, a tag or a commit");
}

std::unique_ptr<Revision> History::open(const std::string& revision, const std::string& commit) {
  // A bare repository has no working tree: it is taken for the root of one that is empty.
  const ProcessResult top = git_.run({"rev-parse", "--show-toplevel"});
  const Revision::Roots roots{root_, succeeded(top) ? fs::path(one_text(top)) : root_, prefix()};
  return Revision::open(session_, {asker_, revision}, git_, roots, commit);
}

/// From the root of the repository to the project.
std::string History::prefix() {
  std::string out = one_text(git_.run({"rev-parse", "--show-prefix"}));
  if (out.ends_with('/')) out.pop_back();
  return out;
}

void History::no_project(const std::string& revision, const std::string& commit) {
  Trouble trouble{fmt::format("the folder `{}` is not in that revision", printable(prefix())), ""};
  const std::string former = former_folder(commit);
  if (!former.empty())
    trouble.advice =
        fmt::format("the project was `{}` then: `git worktree add ../old {}`, and compare with that folder",
                    printable(former), printable(revision));
  report(session_, {asker_, revision}, trouble);
}

/// Where most of the files were that are now in the project's folder, under the same names in it.
std::string History::former_folder(const std::string& commit) {
  const std::string now = prefix() + '/';
  const auto words = texts(git_.run({"diff", "--no-ext-diff", "--find-renames", "--diff-filter=R", "--name-status",
                                     "-z", "--no-relative", commit})
                               .out);
  std::map<std::string, int> votes;
  for (std::size_t i = 0; i + 2 < words.size(); i += 3) {
    const std::string &before = words[i + 1], &after = words[i + 2];
    if (!after.starts_with(now)) continue;
    const std::string below = '/' + after.substr(now.size());
    if (before.ends_with(below)) ++votes[before.substr(0, before.size() - below.size())];
    if ('/' + before == below) ++votes["."];
  }
  const auto most =
      std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == votes.end() ? "" : most->first;
}

std::map<std::string, std::string> History::moved_since(const std::string& commit) {
  // "R090", the old name and the new one.
  const auto words = texts(git_.run({"diff", "--no-ext-diff", "--find-renames", "--diff-filter=R", "--name-status",
                                     "--relative", "-z", commit, "--", "*.macc"})
                               .out);
  std::map<std::string, std::string> out;
  for (std::size_t i = 0; i + 2 < words.size(); i += 3) out.emplace(words[i + 2], words[i + 1]);
  return out;
}

void History::refuse(const std::string& why, const std::string& advice) {
  report(session_, {asker_, ""}, {why, advice, true});
}

}  // namespace macc::driver
