// Levels of resources, domains and units: which are valid, and what they take away from what the policy allows.
#pragma once

#include "backends/selinux/lowering.h"

namespace macc::backends::selinux {

/// Gives file contexts the levels of their resources. Levels that the system's policy does not have are reported.
void lower_levels(Context& context);

/// Says of each rule whether levels take something away from it: files of a level that the domain's own does not
/// cover, and other processes of such a level.
void say_what_levels_take(Context& context);

/// How a domain may run.
struct Running {
  Range range;
  bool instances = false;  ///< each instance of a unit has a category of its own
};
[[nodiscard]] std::vector<Running> ways_to_run(const ir::Domain& domain);

/// "s0", "s0-s0:c0.c1023"; "" in a policy without levels.
[[nodiscard]] std::string range_of(const PolicyUser& user);

/// `level` of a unit with its instance: "%i" in it stands for the instance's name, as in systemd's own files.
inline constexpr std::string_view kInstance = "%i";

}  // namespace macc::backends::selinux
