#include "backends/selinux/planned_grants.h"

#include <algorithm>

namespace macc::backends::selinux {

PlannedGrants::PlannedGrants(const std::map<std::string, Module>& modules, const Base& base)
    : modules_(modules), base_(base) {
  for (const auto& [name, module] : modules) {
    const auto allows = module.vectors.find(RuleKind::allow);
    if (allows == module.vectors.end()) continue;
    for (const auto& [guard, vectors] : allows->second)
      for (const auto& [key, value] : vectors)
        allows_[{key.source, key.class_name}].push_back({&key.target, &value, &guard});
  }
}

std::vector<const Guard*> PlannedGrants::conditions(const std::string& source, const std::string& target,
                                                    const std::string& class_name, const std::string& permission) {
  std::vector<const Guard*> list;
  const auto found = allows_.find({source, class_name});
  if (found == allows_.end()) return list;
  for (const Allow& allow : found->second)
    if (allow.value->permissions.contains(permission) &&
        (*allow.target == "self" ? source == target : is_in(target, *allow.target)))
      list.push_back(allow.guard);
  return list;
}

bool PlannedGrants::is_in(const std::string& type, const std::string& name) {
  if (type == name) return true;
  for (const auto& [module, content] : modules_)
    if (const auto own = content.attribute_sets.find(name); own != content.attribute_sets.end())
      return holds(own->second.expression, type);
  return members(name).contains(type);
}

/// A symbol, a list of them, or one of the three operations that own attributes are made of.
bool PlannedGrants::holds(const cil::Node& expression, const std::string& type) {
  const auto& items = expression.items();
  if (items.empty()) return is_in(type, expression.text());
  const std::string word = items[0].items().empty() ? items[0].text() : "";
  if (word == "not") return !holds(items.at(1), type);
  if (word == "and") return holds(items.at(1), type) && holds(items.at(2), type);
  return std::any_of(items.begin() + (word == "or" ? 1 : 0), items.end(),
                     [&](const cil::Node& item) { return holds(item, type); });
}

const std::set<std::string>& PlannedGrants::members(const std::string& attribute) {
  const auto [at, fresh] = members_.try_emplace(attribute);
  if (!fresh || !base_.has_attribute(attribute)) return at->second;
  for (std::string& type : base_.types_in(attribute)) at->second.insert(std::move(type));
  for (const auto& [name, module] : modules_)
    for (const auto& [type, declaration] : module.types)
      if (declaration.attributes.contains(attribute)) at->second.insert(type);
  return at->second;
}

}  // namespace macc::backends::selinux
