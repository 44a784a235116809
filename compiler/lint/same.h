// Whether rules say the same, or one no more than others.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/lint/context.h"

namespace macc::lint {

/// The same text for accesses that were written alike: names, sets of words and patterns in any order.
[[nodiscard]] std::string key_of(const ir::Access& access);
[[nodiscard]] std::string key_of(const ir::Condition& condition);

/// Whether an access holds no more than another one because it names fewer ports, capabilities, signals, processes,
/// methods, or places for sockets and mounts. Files and programs are not compared here.
[[nodiscard]] bool is_narrower(const Context& context, const ir::Access& access, const ir::Access& wider);

/// The rules that one statement gave, in one place of the source and of the includes that led there.
struct StatementRules {
  Span span;
  std::vector<const ir::Rule*> rules;
};
/// The statements of a domain that are written in it, not in an abstraction, in files that are looked at.
[[nodiscard]] std::vector<StatementRules> own_statements(const Context& context, const ir::Domain& domain);

/// The edit that removes a whole statement, its annotations, and an `if` around it in which nothing else stands. None
/// when a branch beside an `else` would be left empty.
[[nodiscard]] std::vector<Edit> without_statement(const Context& context, Span statement);

/// Finds what the allow rules of a domain say together, or its denies.
class Coverage {
 public:
  Coverage(const Context& context, const Subject& subject, ir::Effect effect);
  Coverage(const Coverage&) = delete;
  Coverage& operator=(const Coverage&) = delete;

  /// A rule takes no part from now on.
  void leave_out(const ir::Rule& rule) { left_out_.push_back(&rule); }
  /// Whether the others of the same effect say all that `rule` says, whenever it does. `by` gets one of them.
  [[nodiscard]] bool is_covered(const ir::Rule& rule, const ir::Rule*& by) const;

 private:
  [[nodiscard]] bool counts(const ir::Rule& other, const ir::Rule& rule) const;
  [[nodiscard]] bool paths_covered(const Grant& grant, const ir::Rule*& by) const;
  [[nodiscard]] bool words_covered(const ir::Rule& rule, const ir::Rule*& by) const;

  const Context& context_;
  const Subject& subject_;
  ir::Effect effect_;
  std::vector<const ir::Rule*> left_out_;
  std::vector<Grant> denials_;
  const std::vector<Grant>& on_paths_;  // of the same effect
  std::map<const ir::Rule*, const Grant*> grants_;
  std::map<std::string, std::vector<const ir::Rule*>> by_key_;
};

}  // namespace macc::lint
