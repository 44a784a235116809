// What `macc query` answers: may a domain do this, which domains may, what may one do at all, and what may it both
// change and run.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/query/permissions.h"

namespace macc::query {

/// What goes beside each answer about a domain of `mode complain`: the answers are about its rules.
inline constexpr std::string_view kComplains =
    "is in complain mode: what no rule allows is logged, and happens all the same (on AppArmor, a `deny` without "
    "`audit` still holds)";

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
  /// What it is for files of the process's own user, where those of others were asked about and it is another one:
  /// "yes", "partly when mail".
  std::string owned;
  /// Of programs without a target or a word about the environment: "inside this domain", and each other way in which
  /// some of it is executed.
  struct Way {
    std::string how;  ///< "to acme.report", "unconfined"
    Answer answer = Answer::no;
  };
  std::vector<Way> ways;
};

/// Under the declared values of the booleans, or those in which `when` holds, wherever it holds in several of them.
/// `when` names 12 booleans at most (ir::assignments_of). Other answers are looked for in all values of the booleans on
/// which rules about this depend; of more than kMaxSwitches, in those that turn one or two conditions over, as far as
/// values are found that do so.
[[nodiscard]] Verdict decide(const ir::Meaning& meaning, ir::DomainId domain, const ir::Access& access,
                             const ir::Condition& when = {});

/// All that a domain may do, short: one line for what the same rules give. What is denied altogether is no line.
struct Line {
  Area area = Area::files;
  std::string what;  ///< "read, list \"/etc/x/**\""
  std::string when;  ///< "if mail"; "" always
  std::string less;  ///< "but not write /etc/x/keys/** when mail": what denies take out of it; "" nothing
  ir::Provenance where;
};
[[nodiscard]] std::vector<Line> all_of(const ir::Meaning& meaning, ir::DomainId domain);

/// A path that a domain can both change and run, which lets whoever steers the domain run code of their own in it.
struct ModifyAndRun {
  ir::DomainId domain = ir::DomainId::none;
  ir::Verb verb = ir::Verb::write;  ///< how it changes
  enum class Run : std::uint8_t {
    exec,
    load,   ///< as a library
    entry,  ///< by who starts the domain
  } how = Run::exec;
  /// The path; of a directory, all that the domain runs in it changes with it when it makes room for another one.
  std::string example;
  const ir::Rule* change = nullptr;
  const ir::Rule* run = nullptr;     ///< null for an entry
  const ir::Entry* entry = nullptr;  ///< or else null
  [[nodiscard]] bool moves() const { return example.ends_with('/'); }
};
[[nodiscard]] std::string_view word(ModifyAndRun::Run run);
[[nodiscard]] std::vector<ModifyAndRun> modify_and_run(const ir::Meaning& meaning, ir::DomainId domain);

}  // namespace macc::query
