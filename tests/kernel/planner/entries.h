// How a domain is entered: the programs that the guest has to run, one from the other.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/policy.h"

namespace macc::kernel {

struct Step {
  std::string by;     ///< "init", "user", "unit", "external" or "domain": who runs the program
  std::string path;   ///< of the program
  std::string unit;   ///< by "unit"
  std::string level;  ///< that the unit runs at; "" for that of the domain
  std::string type;   ///< by "external": in which its starter runs, on SELinux
};

/// The shortest way from what the system starts. Empty when no entry and no `exec ... to` leads there by a path without
/// wildcards.
[[nodiscard]] std::vector<Step> way_into(const ir::Policy& policy, ir::DomainId domain);

}  // namespace macc::kernel
