// What paths name when a folder at their head is one of the system's own symlinks: a policy may say `/bin/sh`, but the
// kernel sees `/usr/bin/sh`.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "compiler/paths/path_pattern.h"

namespace macc::paths {

/// The pattern with such a head replaced by what it points to. Alternatives that hold one (`/{bin,opt}/x`) become
/// several patterns; wildcards are left as they are.
[[nodiscard]] std::vector<PathPattern> without_aliases(const PathPattern& pattern);

/// The pattern with the folder `from` at its head replaced by `to`, both literal and absolute; nothing when it has
/// another head.
[[nodiscard]] std::optional<PathPattern> with_other_head(const PathPattern& pattern, std::string_view from,
                                                         std::string_view to);

}  // namespace macc::paths
