// What the lowering decided, for the verification of what it wrote.
#pragma once

#include <map>
#include <string>

#include "backends/backend.h"
#include "backends/selinux/labels.h"
#include "backends/selinux/rules.h"

namespace macc::backends::selinux {

struct Planned final : Plan {
  Labels labels;
  std::map<std::string, Module> modules;  ///< by macc module
};

}  // namespace macc::backends::selinux
