// Sets of paths looked up in a compiled profile's automaton: which of them have permissions there, for all of them.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "backends/apparmor/blob.h"
#include "compiler/paths/path_set.h"

namespace macc::backends::apparmor {

/// What half of a permission word comes to.
struct Granted {
  bool some = false;  ///< enough for the access, or for what it is about to be avoided
  bool all = false;   ///< everything that the access needs
};
using Judge = std::function<Granted(std::uint32_t half)>;

/// The shortest examples.
struct PathsFound {
  struct Example {
    std::string path;
    std::uint32_t half = 0;  ///< the permissions there
  };
  std::optional<Example> allowed, denied;
};

/// `owned`: the files belong to the process's user. Throws paths::TooComplex.
[[nodiscard]] PathsFound look_up(const CompiledProfile& profile, const paths::PathSet& set, bool owned,
                                 const Judge& judge);

/// Pairs of names for a hard link. Allowed: one of the two is of the set. Denied: both are. Throws paths::TooComplex.
struct LinksFound {
  struct Example {
    std::string name, target;
  };
  std::optional<Example> allowed, denied;
};
[[nodiscard]] LinksFound look_up_links(const CompiledProfile& profile, const paths::PathSet& set, bool owned);

}  // namespace macc::backends::apparmor
