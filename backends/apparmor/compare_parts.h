// The parts of a comparison, each about one kind of access.
#pragma once

#include "backends/apparmor/compare.h"
#include "backends/apparmor/expectation.h"
#include "backends/apparmor/product.h"

namespace macc::backends::apparmor {

/// What the parts share.
struct Comparing {
  const Build& build;
  ir::DomainId id;
  const CompiledProfile& profile;
  const ir::Assignment& values;
  std::vector<Difference>& found;

  [[nodiscard]] const ir::Domain& domain() const { return build.policy.domain(id); }
  void add(Difference::Way way, std::string what, std::string note = {}, const Origin* origin = nullptr) const;
};

void compare_files(const Comparing& comparing, const FileExpectation& expected, paths::Overlay& overlay);
void compare_networks(const Comparing& comparing);
void compare_unix_sockets(const Comparing& comparing);
void compare_signals(const Comparing& comparing);
void compare_tracing(const Comparing& comparing);
void compare_changes_of_profile(const Comparing& comparing);
void compare_mounts(const Comparing& comparing);
void compare_bus(const Comparing& comparing);
void compare_capabilities(const Comparing& comparing);
/// Name, mode, when it is entered, and parts that no policy asks for.
void compare_profile(const Comparing& comparing);

}  // namespace macc::backends::apparmor
