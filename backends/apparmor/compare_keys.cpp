#include "backends/apparmor/compare_keys.h"

#include <fmt/format.h>

#include <algorithm>

namespace macc::backends::apparmor {

void KeyComparison::ask(KeyPattern pattern, std::uint32_t bits) { asked_[walk_.add(std::move(pattern), true)] = bits; }

void KeyComparison::add(KeyRule rule) {
  rule_of_[walk_.add(rule.pattern, false)] = rules_.size();
  rules_.push_back(std::move(rule));
}

void KeyComparison::run(const CompiledAutomaton* automaton) {
  walk_.run(automaton,
            [&](const std::vector<std::size_t>& complete, ByteAutomaton::State state, const std::string& key) {
              compare(complete, automaton == nullptr ? 0 : automaton->accept(state), key);
            });
}

KeyComparison::Word KeyComparison::word(const std::vector<const KeyRule*>& rules) const {
  Word out;
  for (const KeyRule* allow : rules) {
    if (allow->deny) continue;
    bool taken = false, surely_taken = false;
    for (const KeyRule* deny : rules) {
      if (!deny->deny || deny->operation != allow->operation) continue;
      taken = taken || deny->holds;
      surely_taken = surely_taken || deny->given_always;
    }
    if (allow->holds && !taken) out.required |= allow->bits;
    if (allow->holds || allow->given_always) out.permitted |= surely_taken ? allow->stays : allow->bits;
  }
  out.permitted |= out.required;
  return out;
}

void KeyComparison::compare(const std::vector<std::size_t>& complete, std::uint32_t got, const std::string& key) {
  std::uint32_t asked = 0;
  std::vector<const KeyRule*> rules;
  for (const std::size_t pattern : complete) {
    if (const auto it = asked_.find(pattern); it != asked_.end()) asked |= it->second;
    if (const auto it = rule_of_.find(pattern); it != rule_of_.end()) rules.push_back(&rules_[it->second]);
  }
  if (asked == 0) return;
  const Word wanted = word(rules);
  if (const std::uint32_t missing = wanted.required & asked & ~got; missing != 0) report(true, key, missing, rules);
  if (const std::uint32_t extra = got & asked & ~wanted.permitted; extra != 0) report(false, key, extra, rules);
}

void KeyComparison::report(bool narrower, const std::string& key, std::uint32_t bits,
                           const std::vector<const KeyRule*>& rules) {
  if (!said_.emplace(narrower, bits).second) return;
  const Origin* origin = nullptr;
  for (const KeyRule* rule : rules) {
    if ((rule->bits & bits) != 0 && (origin == nullptr || !rule->deny)) origin = &rule->origin;
  }
  const std::string what = describe_(key, bits);
  if (narrower) {
    c_.add(Difference::Way::narrower, fmt::format("the compiled profile does not let `{}` {}", c_.domain().name, what),
           "the policy allows it", origin);
  } else {
    c_.add(Difference::Way::wider, fmt::format("the compiled profile lets `{}` {}", c_.domain().name, what),
           "the policy does not allow it, and no entry of the report says so", origin);
  }
}

KeyRule key_rule(const Comparing& c, const ir::Rule& rule, KeyPattern pattern, std::uint32_t bits, int operation) {
  KeyRule out;
  out.pattern = std::move(pattern);
  out.bits = bits;
  out.deny = rule.effect == ir::Effect::deny;
  out.operation = operation;
  out.holds = holds(c, rule);
  // A deny under a condition is left out; an allow is given whatever the condition is.
  out.given_always = !out.deny || rule.condition.is_always();
  out.origin = c.build.origin(rule);
  return out;
}

KeyRule always_there(const Comparing& c, KeyPattern pattern, std::uint32_t bits) {
  KeyRule out;
  out.pattern = std::move(pattern);
  out.bits = bits;
  out.operation = -1;  // nothing denies it
  out.origin = {c.domain().where.span, "always there"};
  return out;
}

KeyField label_field(const std::string& label) { return label.empty() ? any_text(false) : bytes(label); }

}  // namespace macc::backends::apparmor
