// Rules in words for readers who stand outside of the module that they are written in.
#pragma once

#include <string>

#include "compiler/ir/policy.h"

namespace macc::ir {

/// As describe(), with names written out as far as it takes to find them from the domain's module: "config" of its own,
/// "webd.config" of another domain of the module, "std.system.hosts" of another module.
[[nodiscard]] std::string describe_for(const Policy& policy, DomainId domain, const Access& access);

}  // namespace macc::ir
