// What a kernel has to say to an operation: from the meaning of the policy and from what the build reports of the
// target. Nothing here knows what a kernel did say.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "tests/kernel/planner/policy.h"

namespace macc::kernel {

struct Expectation {
  enum class Kind : std::uint8_t {
    allow,
    deny,       ///< the meaning denies it, or levels that were asked for do, where the report says *narrower*
    may_allow,  ///< the meaning denies it, and the report says that the target is wider here
    record,     ///< the meaning denies it, and the domain is one that complains: allowed, with a record
  } kind = Kind::deny;
  /// Whether it has to leave a record, since a rule with `audit` is about it. `maybe`: such a rule is about another
  /// verb on the same path, and what is recorded are permissions or types.
  enum class Told : std::uint8_t { no, maybe, yes } told = Told::no;
  std::string why;  ///< of may_allow: the entry, of deny: what is denied
};
[[nodiscard]] std::string_view word(Expectation::Kind kind);
[[nodiscard]] std::string_view word(Expectation::Told told);

/// A target of the project, lowered and checked.
struct Built {
  const backends::Target& target;
  backends::FidelityReport report;
  /// SELinux: the type of each path of the cases that has one.
  std::map<std::string, std::string> types = {};
};

/// The booleans as declared, but for those that an operation sets. Throws BadCase.
[[nodiscard]] ir::Assignment values_for(const Build& build, const Case& in, const Operation& operation);

/// `operation` is one of `in`, and `asked` what it comes to.
[[nodiscard]] bool is_allowed(const Build& build, const Case& in, const Operation& operation, const Asked& asked);
[[nodiscard]] Expectation expectation_of(const Build& build, const Built& built, const Case& in,
                                         const Operation& operation, const Asked& asked);

}  // namespace macc::kernel
