// A set of paths as a union of globs, where that is possible. AppArmor's globs can say more than macc's patterns: "the
// file, but not the directory of that name", and any prefix of a name.
#pragma once

#include <optional>
#include <vector>

#include "backends/apparmor/glob.h"
#include "compiler/paths/path_set.h"

namespace macc::backends::apparmor {

/// Globs that together match the paths of the set and no other; nullopt when there are none such, or more than `limit`.
/// A star is found where it is a whole rest of a component, `**` where everything beneath a directory belongs.
[[nodiscard]] std::optional<std::vector<Glob>> globs_of(const paths::PathSet& set, std::size_t limit = 256);

}  // namespace macc::backends::apparmor
