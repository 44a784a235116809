// Finds the policy files of a project.
#pragma once

#include <filesystem>
#include <vector>

#include "compiler/project/loader.h"
#include "compiler/project/project.h"

namespace macc::project {

inline constexpr std::string_view kPolicySuffix = ".macc";

/// Bounds on a walk, so that a wrong folder (the root of a disk, say) ends in a message and not in an hour of reading.
struct WalkLimits {
  std::size_t max_entries = 200'000;
  int max_depth = 40;
};

struct PolicyFile {
  std::filesystem::path path;
  bool site = false;
};

/// All *.macc below a folder, or the file itself; sorted. Hidden folders are left out and folders behind symbolic
/// links are not entered. Reports at the location's span what is missing or beyond the limits.
[[nodiscard]] std::vector<std::filesystem::path> walk(const Location& location, Loader& loader,
                                                      const WalkLimits& limits = {});

/// Whether walk() looks for files in a folder of this name, and takes files of this name.
[[nodiscard]] bool is_walked_folder(const std::filesystem::path& name);
[[nodiscard]] bool is_walked_file(const std::filesystem::path& name);

/// The files of the policy folders and of the site folder, sorted, each once; what lies in the site folder is site.
[[nodiscard]] std::vector<PolicyFile> policy_files(const Project& project, Loader& loader,
                                                   const WalkLimits& limits = {});

}  // namespace macc::project
