// The access vectors of a plan, by the words that the linked policy has for them.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backends/selinux/link/link.h"
#include "backends/selinux/link/switches.h"
#include "backends/selinux/planned.h"

namespace macc::backends::selinux {

/// An allow of a plan under one condition.
struct PlannedAllow {
  const Switches* condition = nullptr;
  const VectorKey* key = nullptr;  ///< as planned
  const VectorValue* value = nullptr;
  std::string source, target;  ///< as linked: no aliases, no "self" for a plain type
};

class PlannedRules {
 public:
  /// Both have to outlive this.
  PlannedRules(const Planned& plan, const Base& base);

  [[nodiscard]] const std::vector<const PlannedAllow*>& allows(std::string_view source, std::string_view target,
                                                               std::string_view class_name) const;
  [[nodiscard]] const std::deque<PlannedAllow>& all() const { return all_; }
  /// The condition that a guard's text says.
  [[nodiscard]] const Switches& condition(const Guard& guard);
  [[nodiscard]] std::string canonical(const std::string& name) const;

 private:
  const Base& base_;
  std::map<std::string, Switches> conditions_;
  std::deque<PlannedAllow> all_;
  std::unordered_map<std::string, std::vector<const PlannedAllow*>> by_words_;
};

/// "source target class", the words of a rule as a key.
[[nodiscard]] std::string words_of(std::string_view source, std::string_view target, std::string_view class_name);

}  // namespace macc::backends::selinux
