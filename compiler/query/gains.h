// What one of two policies allows of one operation, and the other does not.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compiler/ir/meaning.h"
#include "compiler/query/difference.h"
#include "compiler/query/permissions.h"

namespace macc::query {

/// A domain in one of the two policies.
struct Side {
  const ir::Meaning& meaning;
  ir::DomainId id = ir::DomainId::none;  ///< none when it has no such domain
  Permissions permissions;

  [[nodiscard]] const ir::Policy& policy() const { return meaning.policy(); }
  [[nodiscard]] const ir::Domain* domain() const { return id == ir::DomainId::none ? nullptr : &policy().domain(id); }
};

/// Part of what a rule allows that the other policy does not, for some values of the booleans.
struct Piece {
  Direction direction = Direction::gained;
  Operation operation;
  Term term;
  Extent extent;
  bool part = false;     ///< only for some of the paths of the rule
  bool others = false;   ///< of what a kAny of the operation stands for, some did not change
  bool foreign = false;  ///< of files of other users: of those of the process's own user it differs
  std::string when;
  const ir::Rule* denied_by = nullptr;  ///< in the policy that does not allow it
};

/// A term with what is asked of it again and again.
class Said {
 public:
  Said(const ir::Meaning& meaning, const Term& term);

  [[nodiscard]] const Term& term() const { return term_; }
  /// The same for terms of one operation that say the same whenever they hold, in both policies.
  [[nodiscard]] const std::string& print() const { return print_; }
  [[nodiscard]] const Extent& extent() const;
  /// True when a look at the patterns tells that the two share nothing. False says nothing.
  [[nodiscard]] bool surely_apart(const Said& other) const {
    return reach_ && other.reach_ && reach_->surely_apart(*other.reach_);
  }

 private:
  const ir::Meaning& meaning_;
  Term term_;
  std::string print_;
  std::optional<paths::PathSet> reach_;  // all paths that the patterns name; none where it is about no paths
  mutable std::optional<Extent> extent_;
};

/// The terms about one operation.
struct Speakers {
  std::vector<Said> allows, denies;
  Speakers(const ir::Meaning& meaning, const std::vector<Term>& terms);
};

/// The pieces of `now` that `then` does not allow, for one operation. What both say alike is left out before any sets
/// are built, so that the work is in proportion to what changed. May throw paths::TooComplex.
class OneWay {
 public:
  /// `mine` and `theirs`: the terms of both about the operation, as far as they have to do with what differs.
  OneWay(const Side& now, const Side& then, Operation operation, Direction direction, const std::vector<Term>& mine,
         const std::vector<Term>& theirs);

  /// For each value of these booleans, by their qualified names.
  [[nodiscard]] std::vector<Piece> run(const std::vector<std::string>& switches) const;
  /// The same where each policy's booleans have their own declared values.
  [[nodiscard]] std::vector<Piece> by_default() const;

 private:
  [[nodiscard]] std::map<std::size_t, Piece> pieces_under(const ir::Assignment& values,
                                                          const ir::Assignment& other_values) const;

  const Side& now_;
  const Side& then_;
  Operation operation_;
  Direction direction_;
  Speakers mine_, theirs_;
};

/// The terms of both sides about one operation that have to do with what differs between them: those that only one side
/// has, or that hold otherwise, and all that share paths with these. Of any other thing both sides say the same.
/// `switches`: booleans whose terms count as different.
struct Concerned {
  std::vector<Term> before, after;
  Concerned(const Side& before_side, const Side& after_side, const Operation& operation,
            const std::set<std::string>& switches);
};

/// The qualified names of the booleans that conditions of terms are about.
void add_names(const ir::Policy& policy, const std::vector<Term>& terms, std::set<std::string>& out);

/// "acme.shop.mail"
[[nodiscard]] std::string name_of(const ir::Boolean& boolean);

}  // namespace macc::query
