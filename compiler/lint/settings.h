// How a project wants its lints: from macc.toml and the command line, as plain data.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compiler/base/diagnostic.h"
#include "compiler/paths/path_pattern.h"

namespace macc::lint {

/// How grave a finding is; nullopt is off.
using Level = std::optional<Severity>;
using Levels = std::map<Code, Level>;

/// Some files of the project.
struct FileGlob {
  std::vector<paths::PathPattern> patterns;  ///< over "/" and SourceFile::stable_path()
  Span place;                                ///< in macc.toml

  [[nodiscard]] bool matches(const std::string& file) const;
};

/// What counts for the policies beneath some paths of the repository, instead of what counts for the project.
struct PathLevels {
  std::vector<FileGlob> files;
  Levels levels;
};

struct Settings {
  Levels levels;                  ///< lints that are not named keep the catalogue's state and severity
  std::vector<PathLevels> paths;  ///< the last one that matches a file and names a lint counts
  std::set<Code> locked;          ///< no annotation and no baseline silences these
  std::set<Code> only;            ///< look for these and for nothing else, at their own severity when they are off
  /// By the name of a list of std.sensitive: patterns that the project adds to it.
  std::map<std::string, std::vector<paths::PathPattern>> more;

  /// The level of a lint in a file, given by its SourceFile::stable_path().
  [[nodiscard]] Level level(Code lint, const std::string& file) const;
  /// Whether it may be on in any file: what is off everywhere is not looked for.
  [[nodiscard]] bool may_be_on(Code lint) const;
};

}  // namespace macc::lint
