// An automaton and the sets of the meaning, walked together: every pair of states that some path leads to, the
// shortest paths first.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "backends/apparmor/blob.h"
#include "compiler/paths/overlay.h"

namespace macc::backends::apparmor {

class Product {
 public:
  using State = ByteAutomaton::State;
  /// Where a path leads.
  struct Place {
    paths::Overlay::State meaning = paths::Overlay::start;
    State compiled = ByteAutomaton::start;
  };
  /// Called once for each pair of states.
  using Visit = std::function<void(const Place&)>;

  /// `compiled` null: an automaton that accepts nothing. Both must outlive this.
  Product(paths::Overlay& overlay, const ByteAutomaton* compiled);

  /// Pairs of states that were visited.
  using Seen = std::unordered_set<std::uint64_t>;
  /// Throws paths::TooComplex when there are too many pairs.
  void walk(State from, const Visit& visit);
  /// The same, but not where another walk has been.
  void walk(State from, Seen& seen, const Visit& visit);
  /// The shortest path to the place that visit was called with last, in letters where there is a choice.
  [[nodiscard]] std::string path() const;

 private:
  /// A byte of each class that neither side tells apart, readable ones first.
  struct Step {
    unsigned char byte = 0;
    std::size_t interval = 0;
  };
  struct Node {
    Place place;
    std::size_t before = 0;
    unsigned char byte = 0;
  };
  void find_steps();
  const std::vector<State>& compiled_row(State state);

  paths::Overlay& overlay_;
  const ByteAutomaton* compiled_;
  std::vector<Step> steps_;
  std::unordered_map<State, std::vector<State>> rows_;  ///< of the compiled automaton, by step
  std::vector<State> nowhere_;
  std::vector<Node> nodes_;
  std::size_t at_ = 0;
};

}  // namespace macc::backends::apparmor
