// A project as it was in a commit, copied out to where it can be read.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "compiler/base/temporary_folder.h"
#include "compiler/driver/git_tree.h"
#include "compiler/driver/session.h"
#include "compiler/project/project.h"

namespace macc::driver {

/// For messages: what looks back, "`--since`", and at which revision, as the user named it.
struct LookBack {
  std::string asker, revision;
};

/// What stands in the way is reported: what the revision holds as a policy that cannot be compared (E0513), all else as
/// trouble of the machine (E9015).
void report(Session& session, const LookBack& look_back, const Trouble& trouble);

/// Policies of a commit are copied to a temporary folder when they are asked for, laid out as in the repository. Places
/// are named as they are now, by absolute paths in the working tree, whether anything lies there now or not.
class Revision {
 public:
  /// Where the repository and the project's folder lie now.
  struct Roots {
    std::filesystem::path project;
    std::filesystem::path top;  ///< without links
    std::string prefix;         ///< from `top` to the project, as a path of the repository
  };

  /// Nothing after a report. Throws std::runtime_error where there is no place for temporary files.
  [[nodiscard]] static std::unique_ptr<Revision> open(Session& session, LookBack look_back, const Git& git, Roots roots,
                                                      const std::string& commit);

  /// Whether the folder of the project was there.
  [[nodiscard]] bool has_project() const { return has_project_; }
  /// The folder of the project in the working tree, where the commit has it, and its copy.
  [[nodiscard]] std::filesystem::path project() const;
  [[nodiscard]] std::filesystem::path copied_project() const;

  /// Copies the policies in a folder, or the file, and what their links lead to; false after a report. A place where
  /// the commit has nothing is no trouble.
  [[nodiscard]] bool copy(const std::filesystem::path& now, GitTree::Reach reach = GitTree::Reach::tree);
  /// Copies the project's file of this name, or the nearest macc.toml: `file` is where that lies now, if there is one.
  /// False after a report.
  [[nodiscard]] bool copy_project_file(const std::string& name, std::optional<std::filesystem::path>& file);
  /// The project with its folders where they were copied to; nothing after a report.
  [[nodiscard]] std::optional<project::Project> copied(project::Project project);
  /// Where the copy of a place lies; nothing if that is outside of the repository.
  [[nodiscard]] std::optional<std::filesystem::path> copy_of(const std::filesystem::path& now) const;

  /// Files of the copy are shown as those of the working tree: where the copy lies tells nobody anything.
  void show_in(Session& session) const { session.loader.show_as(folder_.path(), roots_.top); }
  bool refuse(const Trouble& trouble);

 private:
  Revision(Session& session, LookBack look_back, const Git& git, Roots roots);
  bool find(const std::string& commit);
  [[nodiscard]] std::optional<std::string> path_of(const std::filesystem::path& now) const;
  bool copy_all(const std::vector<GitTree::Place>& places);
  bool link(const std::string& path);

  Session& session_;
  LookBack look_back_;
  Roots roots_;
  std::string prefix_;  // in the commit, where a link may have led to the project
  bool has_project_ = false;
  GitTree tree_;
  TemporaryFolder folder_{"macc-revision"};
  std::set<std::string> copied_, linked_;
};

}  // namespace macc::driver
