// Sets of paths as regular languages: exact emptiness, intersection, difference, containment and examples.
// Same convention as path_pattern.h: a final '/' marks a directory. Built on libfa; immutable and cheap to copy.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/paths/path_pattern.h"

namespace macc::paths {

/// Thrown when a set would need more states than `max_states` (hostile or absurd input); callers that work for a
/// user turn it into a diagnostic.
class TooComplex;

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
  /// From a POSIX extended regular expression over bytes as libfa reads it; nullopt when it does not compile.
  [[nodiscard]] static std::optional<PathSet> from_regex(const std::string& regex);

  [[nodiscard]] PathSet operator|(const PathSet& other) const;
  [[nodiscard]] PathSet operator&(const PathSet& other) const;
  [[nodiscard]] PathSet operator-(const PathSet& other) const;

  [[nodiscard]] bool empty() const;
  [[nodiscard]] bool contains(const PathSet& subset) const;
  [[nodiscard]] bool contains(std::string_view path) const;
  [[nodiscard]] bool meets(const PathSet& other) const;
  [[nodiscard]] bool equals(const PathSet& other) const;
  /// A short readable member, the same at each call; nullopt when empty.
  [[nodiscard]] std::optional<std::string> example() const;
  /// Bytes with which every member starts (up to the first choice); "" for the empty set.
  [[nodiscard]] std::string literal_prefix() const;

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
    std::vector<State> states;  // 0 is the start; dead states are left out
  };
  [[nodiscard]] Automaton automaton() const;

  /// The set as a finite union of patterns where that is possible ("/a/**" less "/a/b/**" becomes "/a/", "/a/[^b]*"
  /// ...); nullopt when it is not, or would need more than `limit` patterns.
  [[nodiscard]] std::optional<std::vector<PathPattern>> as_patterns(std::size_t limit = 256) const;

 private:
  struct Impl;
  explicit PathSet(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

class TooComplex : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "path set needs too many states"; }
};

}  // namespace macc::paths
