// Why the linked policy has an access: the rules of the source that asked for it, the system's own rules, raw text.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "backends/selinux/planned_rules.h"
#include "backends/selinux/walk.h"
#include "backends/selinux/written.h"

namespace macc::backends::selinux {

class Reasons {
 public:
  /// Both have to outlive this. `raw_is_there`: some module has raw text, which stands for what nothing else explains.
  Reasons(const ir::Policy& policy, const PlannedRules& planned, bool raw_is_there)
      : written_(policy), planned_(planned), raw_is_there_(raw_is_there) {}

  /// Of the `index`-th permission of an allow rule. Never empty.
  [[nodiscard]] std::vector<Explained> of(const WalkedRule& entry, std::size_t index) const;
  /// Of what neither the source nor the system asks for.
  [[nodiscard]] Explained of_the_rest() const;
  /// What stands at a place of the source.
  [[nodiscard]] const std::string& phrase_at(Span span) const;

 private:
  void asked(const PolicyRule& rule, const std::string& permission, std::vector<Explained>& parts) const;
  [[nodiscard]] const ir::Provenance* provenance(Span span) const;

  const WrittenIndex written_;
  const PlannedRules& planned_;
  const bool raw_is_there_;
  mutable std::map<Span, std::string> phrases_;
};

/// " if CONDITION", or nothing when there is none.
[[nodiscard]] std::string if_condition(const std::string& text);

/// Adds the `include` lines by which a rule came into a domain, the outermost last.
void add_includes(const ir::Provenance& where, std::vector<Explained>& parts);

}  // namespace macc::backends::selinux
