// What a change is about, in patterns that a person can read and write.
#pragma once

#include <string>
#include <vector>

#include "compiler/query/gains.h"

namespace macc::query {

struct Told {
  std::vector<paths::PathPattern> include, except;
  bool exact = true;  ///< include less except is what changed; else it is some of that
};

class Teller {
 public:
  /// Both sides must outlive it. Paths that `sensitive` has come first.
  Teller(const Side& before, const Side& after, const std::vector<paths::PathPattern>& sensitive)
      : before_(before), after_(after), sensitive_(sensitive) {}

  /// The paths of a piece: the patterns of its rule where they tell it, else others that do.
  [[nodiscard]] Told tell(const Piece& piece) const;
  /// Whether pieces of one rule are told alike: what is told of one only does not concern the other at all, as a plain
  /// file does not concern `list`.
  [[nodiscard]] bool alike(const Piece& a, const Told& told_a, const Piece& b, const Told& told_b) const;
  /// What is told of one, with what is told of others that are alike.
  static void join(Told& told, const Told& more);
  /// Sensitive patterns before others, else as they were.
  void sort(std::vector<paths::PathPattern>& patterns) const;
  /// A path that changed: a sensitive one where there is one, else one of the first pattern. "" when there is none.
  [[nodiscard]] std::string example(const Piece& piece, const Told& told) const;

 private:
  [[nodiscard]] const Side& now(const Piece& piece) const {
    return piece.direction == Direction::gained ? after_ : before_;
  }
  [[nodiscard]] const Side& then(const Piece& piece) const {
    return piece.direction == Direction::gained ? before_ : after_;
  }
  [[nodiscard]] paths::PathSet members(const Piece& piece, const paths::PathPattern& pattern) const;
  [[nodiscard]] bool concerns(const Piece& piece, const std::vector<paths::PathPattern>& patterns,
                              const std::vector<paths::PathPattern>& but) const;
  [[nodiscard]] Told tell_whole(const Piece& piece, const ir::PathExpr& expr, const paths::PathSet& set) const;
  [[nodiscard]] Told tell_part(const Piece& piece, const ir::PathExpr& expr, const paths::PathSet& set) const;

  const Side& before_;
  const Side& after_;
  const std::vector<paths::PathPattern>& sensitive_;
};

/// Patterns as source would write them, without quotes.
[[nodiscard]] std::vector<std::string> texts(const std::vector<paths::PathPattern>& patterns);
/// The paths that a piece is about: of a mount those on which, and those from which where the rule names them.
[[nodiscard]] std::vector<paths::PathSet> sets_of(const Piece& piece);

}  // namespace macc::query
