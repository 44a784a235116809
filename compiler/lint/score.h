// The exposure score: one number for how much could be done with a domain by whoever takes it over, computed from the
// meaning. The idea is that of `systemd-analyze security`; the weights are in exposures.def.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/lint/lint.h"

namespace macc::lint {

/// One reason for a score.
struct Exposure {
  std::string_view id, what, advice;  ///< of exposures.def; "" for what is no fault
  int weight = 0;                     ///< 1 to 100
  std::string example;                ///< one sentence; "" where there is none to give
  Span place;                         ///< of the rule; invalid where there is none
};

struct Score {
  ir::DomainId domain = ir::DomainId::none;
  double value = 0;                 ///< 0 (does nothing) to 10 (has the machine), in steps of 0.1
  std::vector<Exposure> exposures;  ///< the gravest first
  /// What the score would be without one exposure that something can be done about, by its index; the lowest first.
  struct Better {
    std::size_t exposure = 0;
    double value = 0;
  };
  std::vector<Better> better;
};

/// 10 * (1 - the product of (1 - weight/100)): every exposure takes its share of what is left.
[[nodiscard]] double combine(const std::vector<int>& weights);
/// "safe" below 2, "narrow" below 4, "medium" below 6, "exposed" below 8, else "unsafe".
[[nodiscard]] std::string_view grade(double value);

/// The scores of the domains in the files that are looked at, the highest first. No annotation, level or baseline
/// counts: what is meant is exposed all the same.
[[nodiscard]] std::vector<Score> scores(const Input& input);

}  // namespace macc::lint
