// Which rules the tests of a policy touch.
#pragma once

#include <string>
#include <vector>

#include "compiler/query/permissions.h"

namespace macc::query {

/// A statement of the policy that gives a domain rules: a rule itself, or an include with all that it stands for.
struct Covered {
  Span span;
  std::string what;  ///< "read, list config", "include service.daemon"
  ir::DomainId domain = ir::DomainId::none;
  bool touched = false;  ///< some test expects something about what it allows or denies
};

/// Every statement of the domains, by place, with what these tests of the policy touch. A test touches a rule when what
/// it expects shares an operation and an object with it, in the same domain, whatever it expects and whether it holds.
[[nodiscard]] std::vector<Covered> coverage(const ir::Meaning& meaning, const std::vector<const ir::Test*>& tests);

}  // namespace macc::query
