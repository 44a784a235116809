// Finite automata over bytes, for the sources of this folder only. libfa determinizes and minimises without a bound
// and can't be interrupted, so a hostile pattern could hang it; these count what they do and give up with TooComplex.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/paths/path_pattern.h"

namespace macc::paths {

/// A deterministic automaton. Those that the functions below return are minimal, without dead states, and numbered
/// in breadth-first order of the bytes: equal languages have equal automata. The empty language has no states.
struct Dfa {
  using State = std::uint32_t;
  struct Edge {
    unsigned char first = 0, last = 0;
    State target = 0;
    friend bool operator==(const Edge&, const Edge&) = default;
  };
  std::vector<Edge> edges;              ///< of all states in turn; those of one state sorted and disjoint
  std::vector<std::uint32_t> begin{0};  ///< edges of state s: begin[s] up to begin[s + 1]
  std::vector<bool> accepting;          ///< one a state; state 0 is the start

  friend bool operator==(const Dfa&, const Dfa&) = default;
  [[nodiscard]] std::size_t size() const { return accepting.size(); }
  [[nodiscard]] bool empty() const { return accepting.empty(); }
  [[nodiscard]] std::span<const Edge> edges_of(State state) const {
    return {edges.data() + begin[state], edges.data() + begin[state + 1]};
  }
  [[nodiscard]] std::optional<State> step(State state, unsigned char byte) const;
  [[nodiscard]] bool accepts(std::string_view text) const;
  /// Appends the edges of the next state, joining neighbours.
  void close_state(bool accepts_here);
  void add_edge(unsigned char first, unsigned char last, State target);
};

/// A nondeterministic automaton to be built and determinized once. State 0 is the start. A word is in the language
/// when it leads to a state marked wanted and to none marked unwanted.
class Nfa {
 public:
  using State = std::uint32_t;
  Nfa() { add_state(); }

  State add_state();
  void add_edge(State from, unsigned char first, unsigned char last, State to);
  /// An edge for each byte that a name can hold.
  void add_name_byte(State from, State to);
  void add_epsilon(State from, State to) { states_[from].epsilons.push_back(to); }
  void want(State state) { states_[state].wanted = true; }
  void refuse(State state) { states_[state].unwanted = true; }
  /// All paths of the pattern, from the start.
  void add_pattern(const PathPattern& pattern, bool wanted);
  /// The language of `dfa` from `from` on; its end is `to`, or is wanted itself when `to` is not given.
  void add_dfa(const Dfa& dfa, State from, std::optional<State> to = std::nullopt);

  /// Throws TooComplex.
  [[nodiscard]] Dfa determinize() const;

 private:
  friend class Determinizer;
  struct Node {
    std::vector<Dfa::Edge> edges;
    std::vector<State> epsilons;
    bool wanted = false, unwanted = false;
  };
  State add_literal(State from, std::string_view bytes);
  State add_name(State from);
  State add_home(State from);
  State add_atom(State from, const Atom& atom);
  State add_sequence(State from, const Sequence& atoms);
  State add_component(State from, const Component& component);
  void add_tail(State from, const PathPattern& pattern, bool wanted);
  void mark(State state, bool wanted) { wanted ? want(state) : refuse(state); }

  std::vector<Node> states_;
};

enum class SetOperation : std::uint8_t { unite, intersect, subtract };

// All of these throw TooComplex when they would have to build or visit too much.
[[nodiscard]] Dfa minimise(const Dfa& dfa);
[[nodiscard]] Dfa combine(const Dfa& a, const Dfa& b, SetOperation operation);
[[nodiscard]] bool have_common_word(const Dfa& a, const Dfa& b);
[[nodiscard]] bool is_subset(const Dfa& subset, const Dfa& superset);
/// What may follow the words that lead to `state`.
[[nodiscard]] Dfa residual(const Dfa& dfa, Dfa::State state);
/// The words that can follow each of `states`, whichever of them one stands in.
[[nodiscard]] Dfa common_residual(const Dfa& dfa, const std::vector<Dfa::State>& states);

/// Every word with a '/' at its end that another word goes on behind.
[[nodiscard]] Dfa directories_above(const Dfa& dfa);

/// A language that competes with others for words.
struct LanguageClaim {
  const Dfa* dfa = nullptr;
  std::uint32_t group = 0;
};
inline constexpr std::uint32_t kUnclaimed = ~0U;
/// Divides `words` among the claims: a word is of the group of the last claim that accepts it, or of kUnclaimed. By
/// group, those without a word left out. Throws TooComplex.
[[nodiscard]] std::vector<std::pair<std::uint32_t, Dfa>> distribute(const Dfa& words,
                                                                    std::span<const LanguageClaim> claims);

/// Whether some claim accepts each word. Throws TooComplex.
[[nodiscard]] bool are_covered(const Dfa& words, std::span<const LanguageClaim> claims);

/// Each word less the '/' at its end, for words that have one; "/" stays.
[[nodiscard]] Dfa names_of_directories(const Dfa& dfa);
/// Each word with a '/' behind it; "/" stays.
[[nodiscard]] Dfa directories_with_names(const Dfa& dfa);
/// The words that start with `from`, with `to` in its place.
[[nodiscard]] Dfa with_other_head(const Dfa& dfa, std::string_view from, std::string_view to);

/// The bounds. 30,000 states hold a thousand usual patterns; the steps keep one operation at about 100 ms.
inline constexpr std::size_t max_states = 30'000;
inline constexpr std::size_t max_steps = 8'000'000;

}  // namespace macc::paths
