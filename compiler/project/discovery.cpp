#include "compiler/project/discovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <system_error>

namespace macc::project {

namespace fs = std::filesystem;

namespace {

std::string_view name_of(const fs::path& path) {
  const std::string_view text = path.native();
  return text.substr(text.rfind('/') + 1);
}

bool hidden(const fs::path& path) { return name_of(path).starts_with('.'); }

/// As path::extension does it.
bool is_policy(const fs::path& path) {
  const std::string_view name = name_of(path);
  return name.ends_with(kPolicySuffix) && name != kPolicySuffix;
}

/// The order of fs::path, component by component, without taking the paths apart.
bool before(const std::string& a, const std::string& b) {
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c) + 1; };
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [&rank](char x, char y) { return rank(x) < rank(y); });
}

/// A policy in a folder.
struct Entry {
  std::string below;     // its path from there; empty when the folder is the policy itself
  bool is_link = false;  // so that it may be somewhere else
};

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

/// The policies of a location in order.
std::vector<Entry> entries(const Location& location, Loader& loader, const WalkLimits& limits) {
  std::error_code error;
  const fs::path top = location.path.is_absolute() ? location.path : loader.current() / location.path;
  const fs::file_status status = fs::status(top, error);
  if (!fs::exists(status)) {
    unreadable(location, loader, std::make_error_code(std::errc::no_such_file_or_directory));
    return {};
  }
  if (!fs::is_directory(status)) return {Entry{"", true}};

  const std::size_t skipped = (top / "").native().size();
  std::vector<Entry> found;
  std::size_t count = 0;
  fs::recursive_directory_iterator it(top, error);
  for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
    if (++count > limits.max_entries) {
      too_many(location, loader, fmt::format("{} files and folders", limits.max_entries));
      return {};
    }
    std::error_code gone;  // an entry that vanished since is none
    if (it->is_directory(gone) && (!is_walked_folder(it->path()) || it.depth() >= limits.max_depth)) {
      if (is_walked_folder(it->path())) too_many(location, loader, fmt::format("{} nested folders", limits.max_depth));
      it.disable_recursion_pending();
      continue;
    }
    if (is_walked_file(it->path()) && it->is_regular_file(gone)) {
      found.push_back({it->path().native().substr(skipped), it->is_symlink(gone)});
    }
  }
  if (error) unreadable(location, loader, error);
  std::sort(found.begin(), found.end(), [](const Entry& a, const Entry& b) { return before(a.below, b.below); });
  return found;
}

fs::path path_of(const Location& location, const Entry& entry) {
  return entry.below.empty() ? location.path : location.path / entry.below;
}

}  // namespace

bool is_walked_folder(const fs::path& name) { return !hidden(name); }

bool is_walked_file(const fs::path& name) { return is_policy(name) && !hidden(name); }

std::vector<fs::path> walk(const Location& location, Loader& loader, const WalkLimits& limits) {
  std::vector<fs::path> found;
  for (const Entry& entry : entries(location, loader, limits)) found.push_back(path_of(location, entry));
  return found;
}

std::vector<PolicyFile> policy_files(const Project& project, Loader& loader, const WalkLimits& limits) {
  // By canonical path: a file in two folders, or behind a link beside it, counts once.
  std::map<std::string, PolicyFile> files;
  const auto add = [&](const Location& location, bool site) {
    std::error_code error;
    const fs::path top = fs::weakly_canonical(loader.current() / location.path, error);
    for (const Entry& entry : entries(location, loader, limits)) {
      const fs::path path = path_of(location, entry);
      // No folder on the way from the top is a link.
      const fs::path real = entry.is_link ? fs::weakly_canonical(loader.current() / path, error) : top / entry.below;
      PolicyFile& file = files.try_emplace((error ? path : real).native(), PolicyFile{path, false}).first->second;
      file.site = file.site || site;
    }
  };
  for (const Location& location : project.policy) add(location, false);
  if (project.site) add(*project.site, true);

  std::vector<PolicyFile> out;
  for (auto& [key, file] : files) out.push_back(std::move(file));
  const auto earlier = [](const PolicyFile& a, const PolicyFile& b) {
    return before(a.path.native(), b.path.native());
  };
  std::sort(out.begin(), out.end(), earlier);
  return out;
}

}  // namespace macc::project
