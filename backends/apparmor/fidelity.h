// Where AppArmor enforces something else than the meaning: one table of topics, fidelity.def.
#pragma once

#include <cstdint>

#include "backends/backend.h"

namespace macc::backends::apparmor {

enum class Topic : std::uint8_t {
  none,  ///< exact
#define MACC_TOPIC(name, key, fidelity, text) name,
#include "backends/apparmor/fidelity.def"
#undef MACC_TOPIC
};

/// Its row; not for Topic::none.
[[nodiscard]] const FidelityTopic& info(Topic topic);

/// Collects entries and knows which topics occurred.
class FidelityLog {
 public:
  explicit FidelityLog(const ir::Policy& policy) : policy_(policy) {}
  void add(ir::DomainId domain, const ir::Rule& rule, Topic topic, std::vector<std::string> what = {});
  void add(ir::DomainId domain, std::string rule, Span span, Topic topic, std::vector<std::string> what = {});
  /// Without duplicates; the topics that occur sorted by key.
  [[nodiscard]] FidelityReport take();

 private:
  const ir::Policy& policy_;
  FidelityReport report_;
};

}  // namespace macc::backends::apparmor
