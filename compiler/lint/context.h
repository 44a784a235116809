// What a lint is given: the policy, what its domains reach, the lists of sensitive paths, and where findings go.
// Private to compiler/lint: the door is lint.h.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "compiler/lint/lint.h"
#include "compiler/lint/reach.h"
#include "compiler/lint/sensitive.h"
#include "compiler/syntax/ast.h"

namespace macc::lint {

/// A domain of the project and what it reaches.
struct Subject {
  ir::DomainId id = ir::DomainId::none;
  const ir::Domain* domain = nullptr;
  const Reach* reach = nullptr;
};

/// A finding as a lint builds it.
class Report {
 public:
  Report(Finding& finding, std::vector<std::vector<Span>>& places) : finding_(finding), places_(places) {}

  /// A second rule that it takes: its place gets a label.
  Report& with(const ir::Provenance& where, std::string text);
  /// What could happen, or what to do about it.
  Report& note(std::string text);
  /// A change of the source that would end the finding. Narrowing ones are never safe.
  Report& fix(std::string description, std::vector<Edit> edits, bool safe = false);
  /// What tells this finding from others of the lint in the domain, in the meaning: no places, no wording of rules.
  Report& about(std::string subject);
  /// The same for a finding about several things, each of which could be one of its own.
  Report& about(std::vector<std::string> subjects);

 private:
  friend class Context;
  Finding& finding_;
  std::vector<std::vector<Span>>& places_;
  const class Context* context_ = nullptr;
};

class Context {
 public:
  explicit Context(const Input& input);

  [[nodiscard]] const ir::Policy& policy() const { return input_.meaning.policy(); }
  [[nodiscard]] const ir::Meaning& meaning() const { return input_.meaning; }
  [[nodiscard]] const SourceManager& sources() const { return input_.sources; }
  [[nodiscard]] const Input& input() const { return input_; }
  [[nodiscard]] const Sensitive& sensitive() const { return sensitive_; }

  /// The domains that are written in the files that are looked at, or extended there.
  [[nodiscard]] const std::vector<Subject>& subjects() const { return subjects_; }
  /// Those of imported policies too; external ones have no rules.
  [[nodiscard]] const std::vector<Subject>& all_domains() const { return all_; }

  /// Whether a place is in a policy that is looked at; in the standard library it never is.
  [[nodiscard]] bool is_ours(Span span) const;
  /// Whether a rule was written in the domain itself or in an abstraction of the project.
  [[nodiscard]] bool is_written_here(const ir::Provenance& where) const;

  /// A finding at a rule of a domain. A rule that came with an include of the standard library is pointed at by that
  /// include. `domain` may be none.
  Report report(Code lint, ir::DomainId domain, const ir::Provenance& where, std::string message);
  /// A finding at a place.
  Report report(Code lint, ir::DomainId domain, Span place, std::string message);

  /// An allow rule under conditions that can hold, and values of the booleans under which it does and no deny for which
  /// `taken_by` holds does.
  [[nodiscard]] std::optional<ir::Assignment> in_effect(
      const ir::Domain& domain, const ir::Rule& rule,
      const std::function<bool(const ir::Rule&)>& taken_by = nullptr) const;
  [[nodiscard]] std::string when(const ir::Assignment& values) const { return when_text(policy(), values); }

  /// The whole statement of a rule, when it is written in a policy that is looked at: what a fix may remove.
  [[nodiscard]] std::optional<Span> statement(const ir::Provenance& where) const;

  /// The tree of a file, which was parsed before, without errors: for what stands only in the text.
  [[nodiscard]] const ast::File& tree(FileId file) const;

  /// A finding with the places of each rule that it is about: its own and those of the includes that led to it.
  struct Found {
    Finding finding;
    std::vector<std::vector<Span>> places;
  };
  /// Whether one of the rules that a finding is about is written in the files that are looked at.
  [[nodiscard]] bool concerns_ours(const Found& found) const;
  /// Everything reported so far.
  [[nodiscard]] std::deque<Found>& found() { return found_; }

  /// The condition of the rule that this is the place of, as text; "" for always.
  [[nodiscard]] std::string condition_of(const ir::Provenance& where) const;
  /// Whether the statement of that rule, one of a policy that is looked at, names more than one path pattern.
  [[nodiscard]] bool names_several(const ir::Provenance& where) const;
  /// Where a rule is pointed at: in the policies that are looked at, as near to the rule as that goes.
  [[nodiscard]] Span anchor(const ir::Provenance& where) const;

 private:
  [[nodiscard]] bool is_extended_here(const ir::Domain& domain) const;

  struct Place {
    const ir::Domain* domain = nullptr;
    std::size_t rule = 0;
  };

  const Input& input_;
  Sensitive sensitive_;
  std::unordered_map<const ir::Provenance*, Place> rules_;
  std::vector<std::unique_ptr<Reach>> reaches_;
  std::vector<Subject> all_, subjects_;
  std::deque<Found> found_;
  mutable std::map<FileId, ast::File> trees_;  // parsed when they are first asked for
};

/// Calls `f(rule, access, values)` for each allow rule of a domain about accesses of type A that can be in effect.
/// `taken(deny_access, access)` says whether a deny takes all of an access away.
template <typename A, typename Taken, typename F>
void each_access(const Context& context, const ir::Domain& domain, Taken taken, F f) {
  for (const ir::Rule& rule : domain.rules) {
    const auto* access = std::get_if<A>(&rule.access);
    if (access == nullptr || rule.effect != ir::Effect::allow) continue;
    const auto values = context.in_effect(domain, rule, [&](const ir::Rule& deny) {
      const auto* denied = std::get_if<A>(&deny.access);
      return denied != nullptr && taken(*denied, *access);
    });
    if (values) f(rule, *access, *values);
  }
}

}  // namespace macc::lint
