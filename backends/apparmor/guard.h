// Conditions as alternatives of settings of booleans: what a profile's nested `if`s can say.
#pragma once

#include <exception>
#include <utility>
#include <vector>

#include "compiler/ir/policy.h"

namespace macc::backends::apparmor {

/// All of these booleans have these values; sorted by boolean, each once. Empty: always.
using Switches = std::vector<std::pair<ir::BooleanId, bool>>;

/// Thrown by what makes guards when one would take more alternatives than anyone means; callers that work for a user
/// turn it into a diagnostic.
class GuardTooComplex : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "condition has too many alternatives"; }
};

/// One of the alternatives holds. No alternatives: never.
class Guard {
 public:
  [[nodiscard]] static Guard always() { return Guard({Switches{}}); }
  [[nodiscard]] static Guard never() { return Guard({}); }
  [[nodiscard]] static Guard when(ir::BooleanId boolean, bool value) { return Guard({Switches{{boolean, value}}}); }
  [[nodiscard]] static Guard of(const ir::Condition& condition);

  [[nodiscard]] const std::vector<Switches>& alternatives() const { return alternatives_; }
  [[nodiscard]] bool possible() const { return !alternatives_.empty(); }
  [[nodiscard]] bool is_always() const { return alternatives_.size() == 1 && alternatives_.front().empty(); }
  [[nodiscard]] Guard operator&(const Guard& other) const;
  [[nodiscard]] Guard operator|(const Guard& other) const;
  [[nodiscard]] Guard operator!() const;
  /// Whether it holds whenever `other` does.
  [[nodiscard]] bool covers(const Guard& other) const { return !(other & !*this).possible(); }
  friend bool operator==(const Guard&, const Guard&) = default;

 private:
  explicit Guard(std::vector<Switches> alternatives);
  std::vector<Switches> alternatives_;  // sorted; none implies another
};

}  // namespace macc::backends::apparmor
