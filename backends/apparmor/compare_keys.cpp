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
              const Got got = automaton == nullptr ? Got{} : Got{automaton->accept(state), automaton->accept2(state)};
              compare(complete, got, key);
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
    if (allow->audit && allow->holds && !taken) out.audited |= allow->bits;
    if (allow->audit) out.may_be_audited |= allow->bits;
  }
  out.permitted |= out.required;
  add_denies(out, rules);
  return out;
}

void KeyComparison::add_denies(Word& word, const std::vector<const KeyRule*>& rules) {
  std::uint32_t loud = 0;
  for (const KeyRule* deny : rules) {
    if (!deny->deny) continue;
    if (deny->audit) {
      loud |= deny->bits;
    } else {
      word.may_be_silent |= deny->bits;
      if (deny->holds && deny->given_always) word.silent |= deny->bits;
    }
  }
  word.silent &= ~(loud | word.required);
}

void KeyComparison::compare(const std::vector<std::size_t>& complete, const Got& got, const std::string& key) {
  std::uint32_t asked = 0;
  std::vector<const KeyRule*> rules;
  for (const std::size_t pattern : complete) {
    if (const auto it = asked_.find(pattern); it != asked_.end()) asked |= it->second;
    if (const auto it = rule_of_.find(pattern); it != rule_of_.end()) rules.push_back(&rules_[it->second]);
  }
  if (asked == 0) return;
  const Word wanted = word(rules);
  const std::uint32_t missing = wanted.required & asked & ~got.accept;
  const std::uint32_t extra = got.accept & asked & ~wanted.permitted;
  if (missing != 0) report(true, key, missing, rules);
  if (extra != 0) report(false, key, extra, rules);
  if (missing == 0 && extra == 0) compare_log(wanted, asked, got, key, rules);
}

void KeyComparison::compare_log(const Word& wanted, std::uint32_t asked, const Got& got, const std::string& key,
                                const std::vector<const KeyRule*>& rules) {
  constexpr unsigned kQuietShift = 7;  // of a word of logs: what is refused silently (seen with 3.0.8)
  if (logs_ == Logs::none) return;
  const std::uint32_t granted = got.accept & wanted.required & asked, refused = asked & ~got.accept;
  const std::uint32_t quiet = got.logs >> kQuietShift;
  if (const auto bits = wanted.audited & granted & ~got.logs; bits != 0) logged(key, bits, false, false, rules);
  if (const auto bits = got.logs & granted & ~wanted.may_be_audited; bits != 0) logged(key, bits, true, false, rules);
  if (logs_ == Logs::grants) return;
  if (const auto bits = wanted.silent & refused & ~quiet; bits != 0) logged(key, bits, true, true, rules);
  if (const auto bits = quiet & refused & ~wanted.may_be_silent; bits != 0) logged(key, bits, false, true, rules);
}

void KeyComparison::logged(const std::string& key, std::uint32_t bits, bool is_logged, bool refused,
                           const std::vector<const KeyRule*>& rules) {
  if (!said_of_logs_.emplace(refused, bits).second) return;
  const auto it = std::find_if(rules.begin(), rules.end(),
                               [&](const KeyRule* rule) { return rule->deny == refused && (rule->bits & bits) != 0; });
  c_.add(Difference::Way::logged,
         fmt::format("in the compiled profile, that `{}` wants to {} is {}logged when it is {}", c_.domain().name,
                     describe_(key, bits), is_logged ? "" : "not ", refused ? "refused" : "allowed"),
         "the policy says otherwise", it == rules.end() ? nullptr : &(*it)->origin);
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
  out.audit = rule.audit;
  return out;
}

KeyRule unlogged(KeyRule rule) {
  rule.audit = false;
  return rule;
}

KeyRule always_there(const Comparing& c, KeyPattern pattern, std::uint32_t bits) {
  KeyRule out;
  out.pattern = std::move(pattern);
  out.bits = bits;
  out.operation = -1;  // nothing denies it
  out.origin = {c.domain().where.span, "always there"};
  return out;
}

}  // namespace macc::backends::apparmor
