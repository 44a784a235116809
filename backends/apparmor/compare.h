// A compiled profile against the meaning: for every path and every name, not for samples. What a profile grants beyond
// the meaning has to be in the report of the lowering; anything else is a difference.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backends/apparmor/blob.h"
#include "backends/apparmor/build.h"

namespace macc::backends::apparmor {

struct Difference {
  enum class Way : std::uint8_t {
    narrower,   ///< the profile refuses what the policy allows
    wider,      ///< it grants what neither the policy nor the report says
    logged,     ///< the same decisions, but other lines in the log
    otherwise,  ///< about the profile as a whole: its name, its mode, when it is entered
  } way = Way::wider;
  std::string what;    ///< a sentence without a full stop: "`d` may write `/t/a`, which no rule allows"
  std::string note;    ///< more about it; "" for none
  Span place;          ///< the rule that it concerns, else the domain
  std::string phrase;  ///< that rule, as the report has it; "" for a domain
};

/// What is expected of one domain's profile. Made once, asked for each setting of the booleans.
class Comparison {
 public:
  /// `report` is that of the lowering. All must outlive this.
  Comparison(Build& build, ir::DomainId id, const FidelityReport& report);
  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;
  ~Comparison();

  /// The differences, a few of each kind at most, each with the shortest example. Throws paths::TooComplex.
  [[nodiscard]] std::vector<Difference> differences(const CompiledProfile& profile, const ir::Assignment& values);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace macc::backends::apparmor
