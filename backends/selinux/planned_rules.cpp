#include "backends/selinux/planned_rules.h"

#include <stdexcept>

namespace macc::backends::selinux {

std::string words_of(std::string_view source, std::string_view target, std::string_view class_name) {
  std::string text;
  text.reserve(source.size() + target.size() + class_name.size() + 2);
  ((((text += source) += ' ') += target) += ' ') += class_name;
  return text;
}

PlannedRules::PlannedRules(const Planned& plan, const Base& base) : base_(base) {
  for (const auto& [name, module] : plan.modules) {
    const auto allows = module.vectors.find(RuleKind::allow);
    if (allows == module.vectors.end()) continue;
    for (const auto& [guard, vectors] : allows->second) {
      const Switches& switches = condition(guard);
      for (const auto& [key, value] : vectors) {
        const std::string source = canonical(key.source);
        const std::string target = key.target == "self" ? source : canonical(key.target);
        const PlannedAllow& allow = all_.emplace_back(PlannedAllow{&switches, &key, &value, source, target});
        by_words_[words_of(source, target, key.class_name)].push_back(&allow);
      }
    }
  }
}

const std::vector<const PlannedAllow*>& PlannedRules::allows(std::string_view source, std::string_view target,
                                                             std::string_view class_name) const {
  static const std::vector<const PlannedAllow*> none;
  const auto found = by_words_.find(words_of(source, target, class_name));
  return found == by_words_.end() ? none : found->second;
}

const Switches& PlannedRules::condition(const Guard& guard) {
  const auto [at, fresh] = conditions_.try_emplace(guard.text());
  if (fresh) {
    auto parsed = Switches::parse(guard.text());
    if (!parsed) throw std::logic_error("a guard is no condition: " + guard.text());
    at->second = std::move(*parsed);
  }
  return at->second;
}

std::string PlannedRules::canonical(const std::string& name) const {
  std::string known = base_.canonical_type(name);
  return known.empty() ? name : known;
}

}  // namespace macc::backends::selinux
