// Sets of paths as regular languages: exact emptiness, intersection, difference, containment and examples.
// Same convention as path_pattern.h: a final '/' marks a directory. Immutable and cheap to copy. An automaton is built
// when a question needs one and kept in the set, also through const calls: not for use by several threads at once.
//
// Bounds: a set of more than 30,000 states, or an operation of more than some 100 ms, throws TooComplex (automaton.h
// has the numbers). All but the plain look-ups (copying, literal sets, contains(path) before an automaton was needed)
// may.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/paths/path_pattern.h"

namespace macc::paths {

/// Thrown when a set would need too many states or too much work (hostile or absurd input); callers that work for a
/// user turn it into a diagnostic.
class TooComplex;
struct Dfa;

/// A literal start of members of a set.
struct Head {
  std::string text;
  bool whole = false;  ///< the text is a member itself; else members go on behind it
};

struct PathShare;

class PathSet {
 public:
  /// The empty set.
  PathSet();
  [[nodiscard]] static PathSet of(const PathPattern& pattern);
  [[nodiscard]] static PathSet of(const std::vector<PathPattern>& patterns);
  /// Union of `include` less union of `exclude`.
  [[nodiscard]] static PathSet of(const std::vector<PathPattern>& include, const std::vector<PathPattern>& exclude);
  /// Every well-formed path; all directories; all that is no directory.
  [[nodiscard]] static const PathSet& all();
  [[nodiscard]] static const PathSet& directories();
  [[nodiscard]] static const PathSet& non_directories();
  /// From a POSIX extended regular expression over bytes as libfa reads it ('.' is any byte but a newline, '/' too);
  /// nullopt when it does not compile. The set may hold strings that are no paths: intersect it with all() to part
  /// with them.
  [[nodiscard]] static std::optional<PathSet> from_regex(const std::string& regex);

  [[nodiscard]] PathSet operator|(const PathSet& other) const;
  [[nodiscard]] PathSet operator&(const PathSet& other) const;
  [[nodiscard]] PathSet operator-(const PathSet& other) const;

  [[nodiscard]] bool empty() const;
  [[nodiscard]] bool contains(const PathSet& subset) const;
  [[nodiscard]] bool contains(std::string_view path) const;
  [[nodiscard]] bool meets(const PathSet& other) const;
  /// True when a look at the patterns tells that they do not meet. False says nothing; never throws.
  [[nodiscard]] bool surely_apart(const PathSet& other) const;
  [[nodiscard]] bool equals(const PathSet& other) const;
  /// The same for copies of one set, as long as one of them lives; sets that are equal may differ in it.
  [[nodiscard]] const void* identity() const { return impl_.get(); }
  /// A short readable member, the same at each call: letters where there is a choice, a file rather than a directory,
  /// no component "." or "..", where the set has such a member. nullopt when empty.
  [[nodiscard]] std::optional<std::string> example() const;
  /// Bytes with which every member starts (up to the first choice); "" for the empty set.
  [[nodiscard]] std::string literal_prefix() const;
  /// Literal starts of all members: each member is a whole head or begins with an open one. `/a/**` and `/b/c` together
  /// have a common prefix of one byte, but several heads. At most a few dozen.
  [[nodiscard]] std::vector<Head> heads() const;
  /// Every directory above a member, the root too.
  [[nodiscard]] PathSet directories_above() const;

  /// One of several sets that compete for paths.
  struct Claim {
    const PathSet* set = nullptr;
    std::uint32_t group = 0;
  };
  static constexpr std::uint32_t unclaimed = ~0U;
  /// Divides the set: each member goes to the group of the last claim that holds it, or to `unclaimed`. Sorted by
  /// group, without empty shares.
  [[nodiscard]] std::vector<PathShare> divide(std::span<const Claim> claims) const;
  /// Whether some claim holds each member.
  [[nodiscard]] bool is_covered_by(std::span<const Claim> claims) const;

  // Names are paths without the final '/' of directories, as regular expressions of the platforms see them.
  /// The names of the set's directories.
  [[nodiscard]] PathSet directory_names() const;
  /// The directories that have these names.
  [[nodiscard]] PathSet as_directories() const;
  /// Members that start with `from`, with `to` in its place.
  [[nodiscard]] PathSet with_other_head(std::string_view from, std::string_view to) const;

  /// The minimal deterministic automaton, for backends that write it in a syntax of their own.
  struct Automaton {
    struct Edge {
      unsigned char first = 0, last = 0;
      std::uint32_t target = 0;
    };
    struct State {
      bool accepting = false;
      std::vector<Edge> edges;  // sorted by first, disjoint
    };
    /// 0 is the start, the others in breadth-first order of the bytes, so that equal sets have equal automata. Dead
    /// states are left out; the empty set has a start that accepts nothing.
    std::vector<State> states;
  };
  [[nodiscard]] Automaton automaton() const;
  /// The set of what an automaton of any making accepts; as from_regex, it may hold strings that are no paths. State 0
  /// is the start, edges of a state are disjoint and lead to states that are there. Throws TooComplex.
  [[nodiscard]] static PathSet from_automaton(const Automaton& automaton);

  /// The set as a finite union of patterns, exactly; nullopt when none was found with at most `limit` patterns.
  /// "/a/**" less "/a/b/**" becomes "/a/", "/a/*" (Tail::file) and "/a/{[^b]*,b?*}/**". Patterns that nothing was
  /// subtracted from come back as they were written.
  [[nodiscard]] std::optional<std::vector<PathPattern>> as_patterns(std::size_t limit = 256) const;

 private:
  friend class Overlay;
  struct Impl;
  [[nodiscard]] const Dfa& dfa() const;
  explicit PathSet(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

/// What PathSet::divide() gives to one group of claims.
struct PathShare {
  std::uint32_t group = 0;
  PathSet set;
};

class TooComplex : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "path set needs too many states"; }
};

}  // namespace macc::paths
