// Earlier states of a project in the git repository around it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compiler/driver/git.h"
#include "compiler/driver/revision.h"
#include "compiler/driver/session.h"

namespace macc::driver {

/// The nearest folder, `current` or above it, that git keeps; `current` when there is none. Services name files from
/// it.
[[nodiscard]] std::filesystem::path repository_around(const std::filesystem::path& current);

/// Asks git. What stands in the way is reported: a revision that is none as a mistake in the command line (E0005), all
/// else as trouble of the machine (E9015).
class History {
 public:
  /// `root` is the project's folder; `asker` is what looks back, for messages: "`--since`".
  History(Session& session, std::filesystem::path root, std::string asker);

  /// The id of the commit that a revision names, or "" after a report.
  [[nodiscard]] std::string commit(const std::string& revision);
  /// What it holds, or nothing after a report. Throws std::runtime_error where there is no place for temporary files.
  [[nodiscard]] std::unique_ptr<Revision> open(const std::string& revision, const std::string& commit);
  /// Reports that the project's folder is not in a commit, and where it lay as far as git sees it.
  void no_project(const std::string& revision, const std::string& commit);
  /// Where policies of the project lay in a commit, by where they lie now; those that moved, as git sees it.
  [[nodiscard]] std::map<std::string, std::string> moved_since(const std::string& commit);

 private:
  void unknown(const std::string& revision);
  void refuse(const std::string& why, const std::string& advice);
  std::string prefix();
  std::string former_folder(const std::string& commit);

  Session& session_;
  std::filesystem::path root_;
  std::string asker_;
  Git git_;
};

}  // namespace macc::driver
