#include "compiler/driver/promises.h"

#include <fmt/format.h>

namespace macc::driver {

void check_meaning(Session& session, const ir::Meaning& meaning) {
  ir::check_promises(meaning, session.diagnostics);
  ir::run_tests(meaning, session.diagnostics);
}

std::string held_text(const ir::Policy& policy) {
  std::size_t domains = 0;
  std::size_t rules = 0;
  std::size_t promises = 0;
  for (const ir::Domain& domain : policy.domains) {
    domains += domain.external ? 0 : 1;
    rules += domain.rules.size();
    promises += domain.never.size();
  }
  const auto part = [](std::size_t n, const char* one) { return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s"); };
  std::string out = part(domains, "domain") + ", " + part(rules, "rule");
  if (promises != 0) out += fmt::format("; {} {}", part(promises, "promise"), promises == 1 ? "holds" : "hold");
  if (!policy.tests.empty()) out += (promises == 0 ? "; " : ", ") + part(policy.tests.size(), "test") + " passed";
  return out;
}

}  // namespace macc::driver
