// What `macc query` answers: may a domain do this, which domains may, what may one do at all, and what may it both
// change and run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/query/permissions.h"

namespace macc::query {

/// How much of what was asked is allowed.
enum class Answer : std::uint8_t { yes, partly, no };
[[nodiscard]] std::string_view word(Answer answer);

struct Verdict {
  Answer answer = Answer::no;
  std::string allowed;                ///< an example of what is allowed: "read /etc/x"; "" for no
  std::string denied;                 ///< an example of what is not; "" for yes
  const ir::Rule* by = nullptr;       ///< the rule that allows the first example; null where none is needed
  const ir::Rule* against = nullptr;  ///< the deny that stands against the second; null where nothing allows it
  std::string otherwise;  ///< for which other values of the booleans the answer is another one: "yes when mail"
  /// Of how many booleans, where not all of their values were tried and none of those tried gives another answer; else
  /// 0.
  std::size_t untried = 0;
};

/// Under the declared values of the booleans, or those in which `when` holds, wherever it holds in several of them.
/// `when` names 12 booleans at most (ir::assignments_of). Other answers are looked for in all values of the booleans on
/// which rules about this depend; of more than kMaxSwitches, in those that turn one or two conditions over.
[[nodiscard]] Verdict decide(const ir::Meaning& meaning, ir::DomainId domain, const ir::Access& access,
                             const ir::Condition& when = {});

/// All that a domain may do, short: one line for what the same rules give.
struct Line {
  Area area = Area::files;
  std::string what;  ///< "read, list \"/etc/x/**\""
  std::string when;  ///< "if mail"; "" always
  std::string less;  ///< "but not write /etc/x/keys/**": what denies take out of it
  ir::Provenance where;
};
[[nodiscard]] std::vector<Line> all_of(const ir::Meaning& meaning, ir::DomainId domain);

/// A path that a domain can both change and run, which lets whoever steers the domain run code of their own in it.
struct ModifyAndRun {
  ir::DomainId domain = ir::DomainId::none;
  ir::Verb verb = ir::Verb::write;  ///< how it changes
  bool load = false;                ///< run by loading it as a library, else by executing it
  std::string example;
  const ir::Rule* change = nullptr;
  const ir::Rule* run = nullptr;
};
[[nodiscard]] std::vector<ModifyAndRun> modify_and_run(const ir::Meaning& meaning, ir::DomainId domain);

}  // namespace macc::query
