#include "compiler/lint/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/ir/conditions.h"

namespace macc::lint {

namespace {

/// The values with those of some booleans the other way round: one bit for each of `named`.
ir::Assignment turned(ir::Assignment values, const std::set<ir::BooleanId>& named, std::size_t bits) {
  for (const ir::BooleanId boolean : named) {
    const auto index = static_cast<std::size_t>(boolean);
    if ((bits & 1U) != 0) values[index] = !values[index];
    bits >>= 1U;
  }
  return values;
}

}  // namespace

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
    values = turned(declared, named, bits);
    if (fits()) return values;
  }
  return std::nullopt;
}

std::vector<ir::Assignment> ways_to_stand(const ir::Policy& policy,
                                          const std::vector<const ir::Condition*>& conditions) {
  const ir::Assignment declared = ir::declared_values(policy);
  std::set<ir::BooleanId> named;
  for (const ir::Condition* c : conditions) ir::add_booleans(*c, named);
  std::vector<ir::Assignment> out{declared};
  if (named.size() > kMaxSwitches) return out;
  for (std::size_t bits = 1; bits < (std::size_t{1} << named.size()); ++bits)
    out.push_back(turned(declared, named, bits));
  return out;
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
