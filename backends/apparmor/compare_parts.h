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
void compare_links(const Comparing& comparing, const FileExpectation& expected, paths::Overlay& overlay);

}  // namespace macc::backends::apparmor
