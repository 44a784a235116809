// What the lowering decided, for the verification of what it wrote.
#pragma once

#include <map>
#include <string>

#include "backends/backend.h"
#include "backends/selinux/labels.h"
#include "backends/selinux/module_language.h"
#include "backends/selinux/rules.h"

namespace macc::backends::selinux {

struct Planned final : Plan {
  Labels labels;
  std::map<std::string, Module> modules;    ///< by macc module
  std::map<std::string, ModuleText> texts;  ///< what checkmodule is to compile, by name in the store; te format only
};

}  // namespace macc::backends::selinux
