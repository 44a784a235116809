#include "compiler/driver/revision.h"

#include <fmt/format.h>

#include <stdexcept>

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

/// From a folder to a path in it; nothing for a path that is not below.
std::optional<std::string> below(const fs::path& path, const fs::path& folder) {
  const fs::path relative = path.lexically_normal().lexically_relative(folder);
  if (relative.empty() || *relative.begin() == "..") return std::nullopt;
  std::string out = relative == "." ? "" : relative.string();
  while (out.ends_with('/')) out.pop_back();
  return out;
}

std::string joined(const std::string& folder, const std::string& path) {
  return folder.empty() || path.empty() ? folder + path : folder + '/' + path;
}

/// A path of the repository below its root.
fs::path place_in(const fs::path& root, const std::string& path) { return path.empty() ? root : root / path; }

}  // namespace

void report(Session& session, const LookBack& look_back, const Trouble& trouble) {
  Diagnostic& d = trouble.of_machine
                      ? session.diagnostics.report(Code::E9015, {},
                                                   fmt::format("{} cannot look back: {}", look_back.asker, trouble.why))
                      : session.diagnostics.report(Code::E0513, {},
                                                   fmt::format("{} cannot compare with `{}`: {}", look_back.asker,
                                                               printable(look_back.revision), trouble.why));
  if (!trouble.advice.empty()) d.note(trouble.advice);
}

Revision::Revision(Session& session, LookBack look_back, const Git& git, Roots roots)
    : session_(session),
      look_back_(std::move(look_back)),
      roots_(std::move(roots)),
      tree_(git, roots_.top, [&loader = session.loader, top = roots_.top](const std::string& path) {
        return printable(loader.shown(top / path));
      }) {
  if (folder_.path().empty()) throw std::runtime_error("there is no place for temporary files");
}

std::unique_ptr<Revision> Revision::open(Session& session, LookBack look_back, const Git& git, Roots roots,
                                         const std::string& commit) {
  std::unique_ptr<Revision> out(new Revision(session, std::move(look_back), git, std::move(roots)));
  return out->find(commit) ? std::move(out) : nullptr;
}

bool Revision::find(const std::string& commit) {
  if (!tree_.list(commit)) return refuse(tree_.trouble());
  const auto place = tree_.resolve(roots_.prefix);
  if (!place) return refuse(tree_.trouble());
  has_project_ = place->kind == GitTree::Place::Kind::folder;
  prefix_ = has_project_ ? place->path : roots_.prefix;
  return true;
}

bool Revision::refuse(const Trouble& trouble) {
  report(session_, look_back_, trouble);
  return false;
}

fs::path Revision::project() const { return place_in(roots_.top, prefix_); }

fs::path Revision::copied_project() const { return place_in(folder_.path(), prefix_); }

/// The path in the repository. Where the folder of the project is reached through a link, so is what lies beside it.
std::optional<std::string> Revision::path_of(const fs::path& now) const {
  if (const auto in_project = below(now, roots_.project)) return joined(prefix_, *in_project);
  if (auto in_repository = below(now, roots_.top)) return in_repository;
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(now.parent_path(), error);
  return error ? std::nullopt : below(folder / now.filename(), roots_.top);
}

std::optional<fs::path> Revision::copy_of(const fs::path& now) const {
  const auto path = path_of(now);
  return path ? std::optional(place_in(folder_.path(), *path)) : std::nullopt;
}

bool Revision::copy(const fs::path& now, GitTree::Reach reach) {
  const auto path = path_of(now);
  if (!path)
    return refuse({fmt::format("`{}` lies outside of the git repository", printable(session_.loader.shown(now))),
                   "what lies there is not known as it was in that revision"});
  const auto place = tree_.resolve(*path);
  if (!place) return refuse(tree_.trouble());
  if (place->kind == GitTree::Place::Kind::nothing) return true;
  if (place->kind == GitTree::Place::Kind::file) return copy_all({*place});
  auto policies = tree_.policies(place->path, reach);
  if (!policies) return refuse(tree_.trouble());
  // The folder itself, for a project whose folder held no policy, and for a link to it.
  std::error_code error;
  fs::create_directories(folder_.path() / place->path, error);
  policies->push_back(*place);
  return copy_all(*policies);
}

bool Revision::copy_all(const std::vector<GitTree::Place>& places) {
  std::vector<std::string> wanted;
  for (const GitTree::Place& place : places) {
    if (place.kind == GitTree::Place::Kind::file && copied_.insert(place.path).second) wanted.push_back(place.path);
  }
  bool written = true;
  const auto write = [&](const std::string& path, std::string_view content) {
    return written = write_file(folder_.path() / path, std::string(content));
  };
  const bool got = tree_.read(wanted, write);
  // Last, so that nothing can be written through one.
  for (const GitTree::Place& place : places)
    for (const std::string& path : place.links) written = written && got && link(path);
  if (!written) return refuse({"temporary files cannot be written", "", true});
  return got || refuse(tree_.trouble());
}

/// A link of the commit, to the copy of what it leads to in the end.
bool Revision::link(const std::string& path) {
  if (!linked_.insert(path).second) return true;
  const auto place = tree_.resolve(path);
  if (!place) return false;
  std::error_code error;
  fs::create_directories((folder_.path() / path).parent_path(), error);
  fs::create_symlink(folder_.path() / place->path, folder_.path() / path, error);
  return !error;
}

bool Revision::copy_project_file(const std::string& name, std::optional<fs::path>& file) {
  for (std::string folder = prefix_;; folder = parent_of(folder)) {
    const std::string path = joined(folder, name);
    const auto shown = [&] { return printable(session_.loader.shown(roots_.top / path)); };
    const auto place = tree_.resolve(path);
    if (!place) return refuse(tree_.trouble());
    if (place->kind == GitTree::Place::Kind::folder) return refuse({fmt::format("`{}` is a folder there", shown())});
    if (place->kind == GitTree::Place::Kind::file) {
      file = roots_.top / path;
      return copy_all({*place});
    }
    // One that was named is not any other.
    if (name != project::kFileName) return refuse({fmt::format("`{}` is not in that revision", shown())});
    if (folder.empty()) return true;
  }
}

std::optional<project::Project> Revision::copied(project::Project project) {
  const auto move = [&](project::Location& location) {
    if (!copy(location.path)) return false;
    location.path = copy_of(location.path).value_or(fs::path());
    return true;
  };
  for (project::Location& location : project.policy)
    if (!move(location)) return std::nullopt;
  if (project.site && !move(*project.site)) return std::nullopt;
  project.root = copy_of(project.root).value_or(folder_.path());
  return project;
}

}  // namespace macc::driver
