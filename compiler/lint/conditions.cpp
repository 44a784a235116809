#include "compiler/lint/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/ir/conditions.h"

namespace macc::lint {

std::optional<ir::Assignment> values_for(const ir::Policy& policy, const std::vector<const ir::Condition*>& must,
                                         const std::vector<const ir::Condition*>& must_not) {
  ir::Assignment values = ir::declared_values(policy);
  const auto fits = [&] {
    return std::all_of(must.begin(), must.end(), [&](const auto* c) { return ir::holds(*c, values); }) &&
           std::none_of(must_not.begin(), must_not.end(), [&](const auto* c) { return ir::holds(*c, values); });
  };
  if (fits()) return values;
  std::set<ir::BooleanId> named;
  for (const ir::Condition* c : must) ir::add_booleans(*c, named);
  for (const ir::Condition* c : must_not) ir::add_booleans(*c, named);
  if (named.size() > kMaxSwitches) return values;
  const ir::Assignment declared = values;
  for (std::size_t bits = 1; bits < (std::size_t{1} << named.size()); ++bits) {
    std::size_t i = 0;
    for (const ir::BooleanId boolean : named) {
      const auto index = static_cast<std::size_t>(boolean);
      values[index] = declared[index] != (((bits >> i++) & 1U) != 0);
    }
    if (fits()) return values;
  }
  return std::nullopt;
}

std::string when_text(const ir::Policy& policy, const ir::Assignment& values) {
  std::string out;
  for (std::size_t i = 0; i < policy.booleans.size(); ++i) {
    const ir::Boolean& boolean = policy.booleans[i];
    if (values[i] == boolean.value) continue;
    out += fmt::format("{}`{}` is {}", out.empty() ? " when " : " and ", boolean.name, values[i] ? "on" : "off");
  }
  return out;
}

}  // namespace macc::lint
