// Looks for what a domain reaches of the sensitive lists.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/lint/context.h"

namespace macc::lint {

/// What is asked of each grant of a domain.
struct Search {
  std::string_view lists;  ///< start of the names of the lists
  ir::VerbSet verbs;       ///< the first of them that hits counts
  bool exec = false;       ///< executing, instead of verbs
  bool wide_only = false;  ///< what a rule names in full is the domain's own
};

/// What a use reaches of a list, pattern by pattern, for what a finding is about.
[[nodiscard]] std::vector<std::string> subjects_of(const Reach& reach, const Use& use, const SensitiveList& list);

/// Calls `f(use, hit)` once for each rule and list.
template <typename F>
void each_hit(const Context& context, const Subject& subject, const Search& search, F f) {
  const std::vector<const SensitiveList*> lists = context.sensitive().with_prefix(search.lists);
  for (const Grant& grant : subject.reach->grants()) {
    if (grant.rule == nullptr || grant.exec != search.exec) continue;
    std::vector<Use> uses;
    if (search.exec) uses.push_back({&grant, ir::Verb::load, true});
    for (const ir::Verb verb : (grant.verbs & search.verbs).list()) uses.push_back({&grant, verb, false});
    for (const SensitiveList* list : lists) {
      for (const Use& use : uses) {
        const auto hit = search.wide_only ? Sensitive::wide_hit(*subject.reach, use, *list)
                                          : Sensitive::hit(*subject.reach, use, *list);
        if (!hit) continue;
        f(use, *hit);
        break;
      }
    }
  }
}

/// The ending of a script's name (".py"); "" when the pattern does not end like one.
[[nodiscard]] std::string_view script_ending(const paths::PathPattern& pattern);

/// Whether the domain is entered by a script, which can't do without its interpreter.
[[nodiscard]] bool is_script(const ir::Domain& domain);

/// "read", "exec"
[[nodiscard]] std::string_view word_of(const Use& use);

/// "`webd` may read `/etc/shadow` when `debug` is on"
[[nodiscard]] std::string may_text(const Context& context, const Subject& subject, const Use& use, const Hit& hit);

/// The edit that takes what a grant reaches of a list out of its statement with `except`; empty when the statement
/// can't take one.
[[nodiscard]] std::vector<Edit> except_edit(const Context& context, const Grant& grant, const SensitiveList& list);

/// A finding about a rule that reaches a list, with the list's own words and a suggestion that narrows the rule.
Report report_hit(Context& context, Code lint, const Subject& subject, const Use& use, const Hit& hit);

/// Findings about rules that execute programs of a list inside the domain, one for each statement. Programs that get a
/// domain of their own are judged there.
void look_for_programs(Context& context, Code lint, std::string_view list, std::string_view advice);

}  // namespace macc::lint
