// Rules about keys against a compiled automaton: what the parts of the comparison for each class have in common.
#pragma once

#include <map>
#include <set>

#include "backends/apparmor/compare_parts.h"
#include "backends/apparmor/key_words.h"
#include "backends/apparmor/keys.h"

namespace macc::backends::apparmor {

/// What one rule of the policy says about keys of a class.
struct KeyRule {
  KeyPattern pattern;
  std::uint32_t bits = 0;
  bool deny = false;
  int operation = 0;  ///< a deny takes what rules of the same operation give
  bool holds = true;  ///< its condition does
  bool given_always =
      true;                 ///< an allow: written whatever its condition is, as the report says. A deny: never left out
  std::uint32_t stays = 0;  ///< of an allow: what a deny of the operation may leave, as the report says
  bool audit = false;       ///< an allow that is logged, or a deny that is
  Origin origin;
};

class KeyComparison {
 public:
  /// `verb`: what a key with these bits is, for a message: "send signal 15 to `x`".
  using Describe = std::function<std::string(const std::string& key, std::uint32_t bits)>;

  explicit KeyComparison(const Comparing& comparing, Describe describe = describe_key)
      : c_(comparing), describe_(std::move(describe)) {}
  /// What of the log is compared, too: whether grants are logged, or also whether refusals are.
  enum class Logs : std::uint8_t { none, grants, all };
  void compare_logs(Logs logs) { logs_ = logs; }
  /// Keys that the kernel asks for, and the bits that are decided by them.
  void ask(KeyPattern pattern, std::uint32_t bits);
  void add(KeyRule rule);
  void run(const CompiledAutomaton* automaton);

 private:
  struct Word {
    std::uint32_t required = 0, permitted = 0;
    std::uint32_t audited = 0, may_be_audited = 0;  ///< logged when they are granted
    std::uint32_t silent = 0, may_be_silent = 0;    ///< refused without a line in the log
  };
  struct Got {
    std::uint32_t accept = 0, logs = 0;
  };
  void compare(const std::vector<std::size_t>& complete, const Got& got, const std::string& key);
  void compare_log(const Word& wanted, std::uint32_t asked, const Got& got, const std::string& key,
                   const std::vector<const KeyRule*>& rules);
  void logged(const std::string& key, std::uint32_t bits, bool is_logged, bool refused,
              const std::vector<const KeyRule*>& rules);
  static void add_denies(Word& word, const std::vector<const KeyRule*>& rules);
  [[nodiscard]] Word word(const std::vector<const KeyRule*>& rules) const;
  void report(bool narrower, const std::string& key, std::uint32_t bits, const std::vector<const KeyRule*>& rules);

  const Comparing& c_;
  Describe describe_;
  KeyWalk walk_;
  std::vector<KeyRule> rules_;
  std::map<std::size_t, std::size_t> rule_of_;  ///< by pattern
  std::map<std::size_t, std::uint32_t> asked_;  ///< by pattern
  std::set<std::pair<bool, std::uint32_t>> said_, said_of_logs_;
  Logs logs_ = Logs::none;
};

/// Whether a rule's condition holds.
[[nodiscard]] inline bool holds(const Comparing& c, const ir::Rule& rule) {
  return ir::holds(rule.condition, c.values);
}
/// A rule of the policy with its condition. What the parser drops from conditions is given always.
[[nodiscard]] KeyRule key_rule(const Comparing& c, const ir::Rule& rule, KeyPattern pattern, std::uint32_t bits,
                               int operation);
/// The rule without its `audit`: where the other side of an access is asked, or something that goes before it.
[[nodiscard]] KeyRule unlogged(KeyRule rule);
/// What every domain has. Nothing denies it, unless the caller names an operation.
[[nodiscard]] KeyRule always_there(const Comparing& c, KeyPattern pattern, std::uint32_t bits);

}  // namespace macc::backends::apparmor
