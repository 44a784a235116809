// macc.toml: which policies belong together, for which targets they are built, and what fails the build.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "compiler/base/diagnostic.h"
#include "compiler/lint/settings.h"

namespace macc::project {

inline constexpr std::string_view kFileName = "macc.toml";
/// Below this folder each target's artifacts get a folder of the target's name.
inline constexpr std::string_view kDefaultOut = "macc-out";

using BackendList = std::vector<const backends::Backend*>;

/// An item of `fail-on`: "wider", or "wider:file-write" for one topic only.
struct Limit {
  enum class Kind : std::uint8_t { wider, drifts, not_enforced, narrower, not_checked } kind = Kind::wider;
  std::string topic;  ///< "" for every topic
  Span span;
};
/// The word in macc.toml.
[[nodiscard]] std::string_view word(Limit::Kind kind);

/// An item of `accept`: differences of this topic never fail the build.
struct Accept {
  std::string topic;
  Span span;
};

struct Target {
  backends::Target target;  ///< every setting of its backend is there, with its default where none was given
  std::vector<Limit> fail_on;
  std::vector<Accept> accept;
  Span span;  ///< its table in macc.toml; invalid for a default target
};

/// A path of the project file, resolved against the folder in which that stands.
struct Location {
  std::filesystem::path path;
  Span span;
};

/// `[lint]`: which lints count, and how much.
struct Lint {
  lint::Settings settings;
  /// From this severity on a finding fails the run; nullopt: never.
  std::optional<Severity> fail_on = Severity::warning;
  std::optional<Location> baseline;   ///< the file of findings that were there before
  std::map<std::string, Span> sets;   ///< where `lint.sets` names its lists
  std::optional<double> max_score{};  ///< `[score] max`, 0 to 10
};

struct Project {
  std::string name;
  std::filesystem::path root;  ///< the folder of macc.toml, or the current one when there is none
  FileId file = FileId::none;  ///< macc.toml; none when there is none
  std::vector<Location> policy;
  std::optional<Location> site;
  std::filesystem::path out;
  std::vector<Target> targets;  ///< in order of name
  Lint lint;
};

/// The nearest macc.toml in `start` (a folder) or above it.
[[nodiscard]] std::optional<std::filesystem::path> find_file(const std::filesystem::path& start);

/// What holds without a macc.toml: no policy folders, and one target for each backend, named like it.
[[nodiscard]] Project default_project(const std::filesystem::path& root, const BackendList& backends);

/// Reads a macc.toml that is in `sources` already; `root` is its folder. Every mistake is reported at its place; what
/// could be understood is returned, so that later checks can go on.
[[nodiscard]] Project read(const SourceManager& sources, FileId file, const std::filesystem::path& root,
                           const BackendList& backends, Diagnostics& diagnostics);

}  // namespace macc::project
