#include "compiler/project/project.h"

namespace macc::project {

namespace fs = std::filesystem;

std::string_view word(Limit::Kind kind) {
  switch (kind) {
    case Limit::Kind::wider:
      return "wider";
    case Limit::Kind::drifts:
      return "drifts";
    case Limit::Kind::not_enforced:
      return "not-enforced";
    case Limit::Kind::narrower:
      return "narrower";
    case Limit::Kind::not_checked:
      return "not-checked";
  }
  return "";
}

std::optional<fs::path> find_file(const fs::path& start) {
  std::error_code error;
  fs::path folder = fs::absolute(start, error);
  while (!error && !folder.empty()) {
    const fs::path file = folder / kFileName;
    std::error_code missing;
    // What cannot be read is reported, not passed over: the project above would be another one.
    if (fs::exists(fs::symlink_status(file, missing))) return file;
    if (folder == folder.parent_path()) break;
    folder = folder.parent_path();
  }
  return std::nullopt;
}

Project default_project(const fs::path& root, const BackendList& backends) {
  Project project;
  project.root = root;
  project.out = root / kDefaultOut;
  for (const backends::Backend* backend : backends) {
    Target target;
    target.target.name = backend->name();
    target.target.backend = backend->name();
    for (const backends::Setting& setting : backend->settings()) {
      target.target.settings.emplace(setting.key, setting.default_value);
    }
    project.targets.push_back(std::move(target));
  }
  return project;
}

}  // namespace macc::project
