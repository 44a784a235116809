// From the command line to what is compiled: the project, its policy files, the module finder, and the analysed policy.
#pragma once

#include <optional>
#include <vector>

#include "compiler/driver/session.h"
#include "compiler/ir/policy.h"
#include "compiler/project/project.h"
#include "compiler/sema/sema.h"

namespace macc::driver {

struct Inputs {
  project::Project project;
  std::vector<sema::Root> roots;                    ///< at least one
  std::vector<std::filesystem::path> module_files;  ///< where imports are looked for before the standard library
};

/// With operands: these files, in the project around the first one if there is any. Without: the files of the project
/// around the current folder. nullopt, with the reason reported, when there is nothing to compile.
[[nodiscard]] std::optional<Inputs> gather(Session& session);

/// The same in a project that is known: nothing is looked for around the files.
[[nodiscard]] std::optional<Inputs> gather_for(Session& session, project::Project project);

/// The files alone, unread: those that the operands name ("-" stays), in their order and whatever the project says, or
/// those of the project around the current folder. What is wrong is reported.
[[nodiscard]] std::vector<std::filesystem::path> policy_paths(Session& session);

/// Parses and analyses. The policy is sound only if the session has no errors. For the last two: sema::Options.
[[nodiscard]] ir::Policy analyze(Session& session, const Inputs& inputs,
                                 const std::vector<std::string>& list_modules = {},
                                 const std::vector<FileId>& questions = {});

}  // namespace macc::driver
