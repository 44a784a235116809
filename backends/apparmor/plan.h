// What the AppArmor backend remembers from lowering until it verifies.
#pragma once

#include <vector>

#include "backends/apparmor/features.h"
#include "backends/apparmor/lower.h"
#include "backends/backend.h"

namespace macc::backends::apparmor {

struct ApparmorPlan final : Plan {
  Features features;
  std::vector<ProfileText> profiles;  ///< as they were written, whatever is on the disk now
};

}  // namespace macc::backends::apparmor
