// Builds that need not be done again: when nothing that decides a build has changed and everything that the last one
// wrote is as it was, what that said is said again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "compiler/driver/inputs.h"
#include "compiler/driver/run.h"
#include "compiler/driver/session.h"

namespace macc::driver {

/// Everything that decides what a build writes and says.
struct BuildIdentity {
  std::string place;                           ///< names the record: one for each project and command line
  std::string checksum;                        ///< of all of it
  std::vector<std::string> looked_at;          ///< files, folders and programs of the machine, for people
  std::vector<std::filesystem::path> folders;  ///< in which the targets are written
  std::int64_t newest = 0;                     ///< when one of `looked_at` changed last, in seconds since 1970
  std::int64_t taken = 0;                      ///< when this was taken
};

/// nullopt when it cannot be told: such builds are done each time.
[[nodiscard]] std::optional<BuildIdentity> identify_build(const Session& session, const Inputs& inputs,
                                                          const std::vector<const project::Target*>& targets);

/// What an earlier build of this identity ended with, if all that it wrote is still there.
[[nodiscard]] std::optional<Outcome> find_build(const BuildIdentity& identity);

/// Whether the machine is as it was when `before` was taken, and had been so for long enough to tell.
[[nodiscard]] bool held_still(const BuildIdentity& before, const std::optional<BuildIdentity>& after);

/// Keeps a record of a build in the user's cache folder. Nobody needs to know when that does not work.
void keep_build(const BuildIdentity& identity, const Outcome& outcome);

}  // namespace macc::driver
