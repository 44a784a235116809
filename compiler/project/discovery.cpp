#include "compiler/project/discovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <system_error>

namespace macc::project {

namespace fs = std::filesystem;

namespace {

bool hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

void too_many(const Location& location, Loader& loader, const std::string& what) {
  loader.diagnostics()
      .report(Code::E0607, location.span,
              fmt::format("`{}` holds more than {}", printable(loader.shown(location.path)), what))
      .note("name the folders of the policies more narrowly in `project.policy`");
}

void unreadable(const Location& location, Loader& loader, const std::error_code& error) {
  loader.diagnostics().report(Code::E0604, location.span,
                              fmt::format("the policy folder `{}` cannot be read: {}",
                                          printable(loader.shown(location.path)), error.message()));
}

}  // namespace

std::vector<fs::path> walk(const Location& location, Loader& loader, const WalkLimits& limits) {
  std::error_code error;
  const fs::path top = location.path.is_absolute() ? location.path : loader.current() / location.path;
  const fs::file_status status = fs::status(top, error);
  if (!fs::exists(status)) {
    unreadable(location, loader, std::make_error_code(std::errc::no_such_file_or_directory));
    return {};
  }
  if (!fs::is_directory(status)) return {location.path};

  std::vector<fs::path> found;
  std::size_t entries = 0;
  fs::recursive_directory_iterator it(top, error);
  for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
    if (++entries > limits.max_entries) {
      too_many(location, loader, fmt::format("{} files and folders", limits.max_entries));
      return {};
    }
    std::error_code gone;  // an entry that vanished since is none
    if (it->is_directory(gone) && (hidden(it->path()) || it.depth() >= limits.max_depth)) {
      if (!hidden(it->path())) too_many(location, loader, fmt::format("{} nested folders", limits.max_depth));
      it.disable_recursion_pending();
      continue;
    }
    if (it->path().extension() == kPolicySuffix && !hidden(it->path()) && it->is_regular_file(gone)) {
      found.push_back(location.path / it->path().lexically_relative(top));
    }
  }
  if (error) unreadable(location, loader, error);
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<PolicyFile> policy_files(const Project& project, Loader& loader, const WalkLimits& limits) {
  // By canonical path: a file in two folders, or behind a link beside it, counts once.
  std::map<fs::path, PolicyFile> files;
  const auto add = [&](const Location& location, bool site) {
    for (const fs::path& path : walk(location, loader, limits)) {
      std::error_code error;
      const fs::path key = fs::weakly_canonical(loader.current() / path, error);
      PolicyFile& file = files.try_emplace(error ? path : key, PolicyFile{path, false}).first->second;
      file.site = file.site || site;
    }
  };
  for (const Location& location : project.policy) add(location, false);
  if (project.site) add(*project.site, true);

  std::vector<PolicyFile> out;
  for (auto& [key, file] : files) out.push_back(std::move(file));
  std::sort(out.begin(), out.end(), [](const PolicyFile& a, const PolicyFile& b) { return a.path < b.path; });
  return out;
}

}  // namespace macc::project
