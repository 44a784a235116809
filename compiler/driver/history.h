// Earlier states of a project in the git repository around it.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "compiler/base/process.h"
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
  /// Puts the policies of a commit below a folder, laid out as in the project, and macc.toml files where they are asked
  /// for. False after a report; a commit without policies gives nothing.
  [[nodiscard]] bool extract(const std::string& commit, const std::filesystem::path& folder, bool with_projects);
  /// Where policies of the project lay in a commit, by where they lie now; those that moved, as git sees it.
  [[nodiscard]] std::map<std::string, std::string> moved_since(const std::string& commit);

 private:
  ProcessResult git(std::vector<std::string> arguments);
  void unknown(const std::string& revision);
  void refuse(const std::string& why, const std::string& advice);

  Session& session_;
  std::filesystem::path root_;
  std::string asker_;
  std::string git_;
};

}  // namespace macc::driver
