// The targets of a project on the command line, and where each has its folder.
#pragma once

#include <filesystem>
#include <vector>

#include "compiler/driver/output.h"
#include "compiler/driver/session.h"
#include "compiler/project/project.h"

namespace macc::driver {

/// Where `--out` or the project says. Each target has a folder of its name in it.
[[nodiscard]] std::filesystem::path out_folder(const Session& session, const project::Project& project);

/// How a path is shown to the user of this run.
[[nodiscard]] Shown shown_by(const Session& session);

/// False, with a usage error, when `--out` is given and empty.
[[nodiscard]] bool check_out_folder(Session& session);

/// The targets that were asked for, in the project's order; unknown names are reported.
[[nodiscard]] std::vector<const project::Target*> chosen_targets(Session& session, const project::Project& project);

/// An example of a target's answer with all that was asked about it: how a program is executed stands behind its path.
[[nodiscard]] std::string in_full(const ir::Policy& policy, const ir::Access& asked, const std::string& example);

}  // namespace macc::driver
