// Who is behind a running domain: what started it, and what started that.
#pragma once

#include <set>
#include <vector>

#include "compiler/ir/policy.h"

namespace macc::backends::selinux {

/// Outside starters of a domain, by its own entries or by those of the domains that start it.
struct Starters {
  bool init = false;
  bool users = false;
  std::set<ir::DomainId> externals;

  /// Whether this added something.
  bool add(const Starters& other);
};

/// By domain. `exec ... to` and `become` lead from one to the next, whatever their conditions.
[[nodiscard]] std::vector<Starters> starters_of(const ir::Policy& policy);

}  // namespace macc::backends::selinux
