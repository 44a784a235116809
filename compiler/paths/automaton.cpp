#include "compiler/paths/automaton.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <numeric>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "compiler/paths/path_set.h"

namespace macc::paths {

namespace {

/// Counts the work of one operation.
class Budget {
 public:
  void spend(std::size_t steps) {
    spent_ += steps;
    if (spent_ > max_steps) throw TooComplex();
  }

 private:
  std::size_t spent_ = 0;
};

void check_states(std::size_t count) {
  if (count > max_states) throw TooComplex();
}

constexpr Dfa::Edge name_bytes[] = {{1, '\n' - 1, 0}, {'\n' + 1, '/' - 1, 0}, {'/' + 1, 255, 0}};

}  // namespace

// ---- Dfa ----

std::optional<Dfa::State> Dfa::step(State state, unsigned char byte) const {
  for (const Edge& edge : edges_of(state)) {
    if (byte < edge.first) break;
    if (byte <= edge.last) return edge.target;
  }
  return std::nullopt;
}

bool Dfa::accepts(std::string_view text) const {
  if (empty()) return false;
  State state = 0;
  for (char c : text) {
    const std::optional<State> next = step(state, static_cast<unsigned char>(c));
    if (!next) return false;
    state = *next;
  }
  return accepting[state];
}

void Dfa::add_edge(unsigned char first, unsigned char last, State target) {
  const bool has_neighbour = edges.size() > begin.back() && edges.back().target == target;
  if (has_neighbour && edges.back().last + 1 == first) {
    edges.back().last = last;
  } else {
    edges.push_back({first, last, target});
  }
}

void Dfa::close_state(bool accepts_here) {
  accepting.push_back(accepts_here);
  begin.push_back(static_cast<std::uint32_t>(edges.size()));
}

// ---- Nfa: building ----

Nfa::State Nfa::add_state() {
  states_.emplace_back();
  return static_cast<State>(states_.size() - 1);
}

void Nfa::add_edge(State from, unsigned char first, unsigned char last, State to) {
  states_[from].edges.push_back({first, last, to});
}

void Nfa::add_name_byte(State from, State to) {
  for (const Dfa::Edge& range : name_bytes) add_edge(from, range.first, range.last, to);
}

Nfa::State Nfa::add_literal(State from, std::string_view bytes) {
  for (char c : bytes) {
    const State next = add_state();
    const auto byte = static_cast<unsigned char>(c);
    add_edge(from, byte, byte, next);
    from = next;
  }
  return from;
}

Nfa::State Nfa::add_name(State from) {
  const State name = add_state();
  add_name_byte(from, name);
  add_name_byte(name, name);
  return name;
}

Nfa::State Nfa::add_home(State from) {
  const State home = add_literal(from, "/root");
  add_epsilon(add_name(add_literal(from, "/home/")), home);
  return home;
}

namespace {

bool is_nullable(const Sequence& atoms) {
  return std::all_of(atoms.begin(), atoms.end(), [](const Atom& atom) {
    if (std::holds_alternative<AnyChars>(atom.value)) return true;
    const auto* alternatives = std::get_if<Alternatives>(&atom.value);
    return alternatives != nullptr &&
           std::any_of(alternatives->choices.begin(), alternatives->choices.end(), is_nullable);
  });
}

/// The bytes of a class as ranges, without those that no name holds.
std::vector<CharClass::Range> ranges_of(const CharClass& value) {
  std::bitset<256> in;
  for (const CharClass::Range& range : value.ranges) {
    for (unsigned byte = range.first; byte <= range.last; ++byte) in.set(byte);
  }
  if (value.negated) in.flip();
  in.reset(0).reset('\n').reset('/');
  std::vector<CharClass::Range> ranges;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (!in[byte]) continue;
    const auto b = static_cast<unsigned char>(byte);
    if (byte > 0 && in[byte - 1]) {
      ranges.back().last = b;
    } else {
      ranges.push_back({b, b});
    }
  }
  return ranges;
}

}  // namespace

Nfa::State Nfa::add_atom(State from, const Atom& atom) {
  if (const auto* literal = std::get_if<Literal>(&atom.value)) return add_literal(from, literal->bytes);
  const State to = add_state();
  if (std::holds_alternative<AnyChars>(atom.value)) {
    add_epsilon(from, to);
    add_name_byte(to, to);
  } else if (std::holds_alternative<AnyChar>(atom.value)) {
    add_name_byte(from, to);
  } else if (const auto* value = std::get_if<CharClass>(&atom.value)) {
    for (const CharClass::Range& range : ranges_of(*value)) add_edge(from, range.first, range.last, to);
  } else {
    for (const Sequence& choice : std::get<Alternatives>(atom.value).choices) {
      add_epsilon(add_sequence(from, choice), to);
    }
  }
  return to;
}

Nfa::State Nfa::add_sequence(State from, const Sequence& atoms) {
  for (const Atom& atom : atoms) from = add_atom(from, atom);
  return from;
}

Nfa::State Nfa::add_component(State from, const Component& component) {
  if (component.any_depth) {
    const State between = add_state();
    add_epsilon(from, between);
    const State name = add_name(add_literal(between, "/"));
    add_epsilon(name, between);
    return between;
  }
  const State slash = add_literal(from, "/");
  if (!is_nullable(component.atoms)) return add_sequence(slash, component.atoms);
  // A copy of the component's states in which no byte has been read yet: its end leads nowhere, so that the empty
  // name is left out.
  const State first = add_state();
  const State end = add_sequence(first, component.atoms);
  const State copied = static_cast<State>(states_.size()) - first;
  for (State i = 0; i < copied; ++i) {
    const State copy = add_state();
    states_[copy].edges = states_[first + i].edges;
    for (State target : states_[first + i].epsilons) add_epsilon(copy, target + copied);
  }
  add_epsilon(slash, first + copied);
  return end;
}

void Nfa::add_tail(State from, const PathPattern& pattern, bool wanted) {
  const Tail tail = pattern.tail();
  if (tail == Tail::entry || tail == Tail::file) mark(from, wanted);
  if (tail == Tail::file) return;
  const State directory = add_literal(from, "/");
  if (!pattern.excludes_top()) mark(directory, wanted);
  if (tail != Tail::tree) return;
  const State name = add_name(directory);
  mark(name, wanted);
  const State beneath = add_literal(name, "/");
  mark(beneath, wanted);
  add_name_byte(beneath, name);
}

void Nfa::add_pattern(const PathPattern& pattern, bool wanted) {
  State at = 0;
  if (pattern.anchor() == PathPattern::Anchor::home) at = add_home(at);
  for (const Component& component : pattern.components()) at = add_component(at, component);
  add_tail(at, pattern, wanted);
}

void Nfa::add_dfa(const Dfa& dfa, State from, std::optional<State> to) {
  if (dfa.empty()) return;
  const auto base = static_cast<State>(states_.size());
  for (Dfa::State s = 0; s < dfa.size(); ++s) {
    const State state = add_state();
    for (const Dfa::Edge& edge : dfa.edges_of(s)) add_edge(state, edge.first, edge.last, base + edge.target);
    if (dfa.accepting[s] && to) add_epsilon(state, *to);
    if (dfa.accepting[s] && !to) want(state);
  }
  add_epsilon(from, base);
}

// ---- Nfa: the subset construction ----

class Determinizer {
 public:
  explicit Determinizer(const Nfa& nfa) : nfa_(nfa), stamps_(nfa.states_.size(), 0), closures_(nfa.states_.size()) {
    for (Nfa::State state = 0; state < nfa.states_.size(); ++state) closures_[state] = closure(state);
  }

  Dfa run() {
    number_of(closures_[0]);
    for (std::size_t i = 0; i < subsets_.size(); ++i) add_edges(*subsets_[i]);  // each appends one state
    return std::move(result_);
  }

 private:
  using Subset = std::vector<Nfa::State>;  // sorted
  struct SubsetHash {
    std::size_t operator()(const Subset& subset) const {
      std::size_t hash = subset.size();
      for (Nfa::State state : subset) hash = (hash ^ state) * 0x9e3779b97f4a7c15ULL;
      return hash ^ (hash >> 29);
    }
  };

  /// The states that read a byte or end a word, among those that `state` reaches without reading.
  Subset closure(Nfa::State state) {
    Subset found, pending = {state};
    ++stamp_;
    stamps_[state] = stamp_;
    while (!pending.empty()) {
      const Nfa::State s = pending.back();
      pending.pop_back();
      const Nfa::Node& node = nfa_.states_[s];
      budget_.spend(1 + node.epsilons.size());
      if (!node.edges.empty() || node.wanted || node.unwanted) found.push_back(s);
      for (Nfa::State next : node.epsilons) {
        if (stamps_[next] == stamp_) continue;
        stamps_[next] = stamp_;
        pending.push_back(next);
      }
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  Dfa::State number_of(const Subset& subset) {
    const auto [place, is_new] = numbers_.try_emplace(subset, static_cast<Dfa::State>(subsets_.size()));
    if (is_new) {
      subsets_.push_back(&place->first);
      check_states(subsets_.size());
      budget_.spend(subset.size());
    }
    return place->second;
  }

  /// The union of closures.
  Subset closure_of(const std::vector<Nfa::State>& targets) {
    if (targets.size() == 1) return closures_[targets[0]];
    Subset subset;
    ++stamp_;
    for (Nfa::State target : targets) {
      budget_.spend(closures_[target].size());
      for (Nfa::State state : closures_[target]) {
        if (stamps_[state] == stamp_) continue;
        stamps_[state] = stamp_;
        subset.push_back(state);
      }
    }
    std::sort(subset.begin(), subset.end());
    return subset;
  }

  bool accepts(const Subset& subset) const {
    const auto& states = nfa_.states_;
    return std::any_of(subset.begin(), subset.end(), [&](Nfa::State s) { return states[s].wanted; }) &&
           std::none_of(subset.begin(), subset.end(), [&](Nfa::State s) { return states[s].unwanted; });
  }

  /// One state whose edges are in order and apart, as most are: nothing has to be cut.
  bool is_simple(const Subset& subset) const {
    if (subset.size() != 1) return false;
    const auto& edges = nfa_.states_[subset[0]].edges;
    for (std::size_t i = 1; i < edges.size(); ++i) {
      if (edges[i].first <= edges[i - 1].last) return false;
    }
    return true;
  }

  void add_edges(const Subset& subset) {
    if (is_simple(subset)) {
      const Nfa::Node& node = nfa_.states_[subset[0]];
      budget_.spend(1 + node.edges.size());
      for (const Dfa::Edge& edge : node.edges) {
        result_.add_edge(edge.first, edge.last, number_of(closures_[edge.target]));
      }
      result_.close_state(node.wanted && !node.unwanted);
      return;
    }
    std::bitset<257> cuts;
    for (Nfa::State state : subset) {
      budget_.spend(1 + nfa_.states_[state].edges.size());
      for (const Dfa::Edge& edge : nfa_.states_[state].edges) {
        cuts.set(edge.first);
        cuts.set(edge.last + 1U);
      }
    }
    std::array<unsigned, 258> segment_at{};  // first byte -> segment
    std::vector<unsigned> starts;
    for (unsigned byte = 0; byte <= 256; ++byte) {
      segment_at[byte] = static_cast<unsigned>(starts.size());
      if (cuts[byte]) starts.push_back(byte);
    }
    if (segments_.size() < starts.size()) segments_.resize(starts.size());
    for (std::size_t i = 0; i < starts.size(); ++i) segments_[i].clear();
    for (Nfa::State state : subset) {
      for (const Dfa::Edge& edge : nfa_.states_[state].edges) {
        for (unsigned i = segment_at[edge.first]; starts[i] <= edge.last; ++i) segments_[i].push_back(edge.target);
      }
    }
    for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
      if (segments_[i].empty()) continue;
      budget_.spend(segments_[i].size());
      const Dfa::State target = number_of(closure_of(segments_[i]));
      result_.add_edge(static_cast<unsigned char>(starts[i]), static_cast<unsigned char>(starts[i + 1] - 1), target);
    }
    result_.close_state(accepts(subset));
  }

  const Nfa& nfa_;
  Budget budget_;
  std::uint32_t stamp_ = 0;
  std::vector<std::uint32_t> stamps_;
  std::vector<Subset> closures_;
  std::unordered_map<Subset, Dfa::State, SubsetHash> numbers_;
  std::vector<const Subset*> subsets_;  // in the order of their numbers
  std::vector<std::vector<Nfa::State>> segments_;
  Dfa result_;
};

Dfa Nfa::determinize() const { return minimise(Determinizer(*this).run()); }

// ---- minimising ----

namespace {

/// The states from which each state is reached by one edge.
class Sources {
 public:
  explicit Sources(const Dfa& dfa) : begin_(dfa.size() + 1, 0), sources_(dfa.edges.size()) {
    for (const Dfa::Edge& edge : dfa.edges) ++begin_[edge.target + 1];
    std::partial_sum(begin_.begin(), begin_.end(), begin_.begin());
    std::vector<std::uint32_t> fill(begin_.begin(), begin_.end() - 1);
    for (Dfa::State s = 0; s < dfa.size(); ++s) {
      for (const Dfa::Edge& edge : dfa.edges_of(s)) sources_[fill[edge.target]++] = s;
    }
  }
  std::span<const Dfa::State> of(Dfa::State state) const {
    return {sources_.data() + begin_[state], sources_.data() + begin_[state + 1]};
  }

 private:
  std::vector<std::uint32_t> begin_;
  std::vector<Dfa::State> sources_;
};

/// The automaton without states from which no word can be accepted; empty when the start is one.
Dfa without_dead_states(const Dfa& dfa) {
  const Sources sources(dfa);
  std::vector<bool> live = dfa.accepting;
  std::vector<Dfa::State> pending;
  for (Dfa::State s = 0; s < dfa.size(); ++s) {
    if (live[s]) pending.push_back(s);
  }
  while (!pending.empty()) {
    const Dfa::State state = pending.back();
    pending.pop_back();
    for (Dfa::State source : sources.of(state)) {
      if (live[source]) continue;
      live[source] = true;
      pending.push_back(source);
    }
  }
  if (dfa.empty() || !live[0]) return {};
  std::vector<Dfa::State> numbers(dfa.size(), 0);
  Dfa::State count = 0;
  for (Dfa::State s = 0; s < dfa.size(); ++s) {
    if (live[s]) numbers[s] = count++;
  }
  Dfa result;
  for (Dfa::State s = 0; s < dfa.size(); ++s) {
    if (!live[s]) continue;
    for (const Dfa::Edge& edge : dfa.edges_of(s)) {
      if (live[edge.target]) result.add_edge(edge.first, edge.last, numbers[edge.target]);
    }
    result.close_state(dfa.accepting[s]);
  }
  return result;
}

/// A partition of 0..n-1 that is refined by marking some items of a block and splitting them off.
class Partition {
 public:
  /// `order` lists the items block by block; `ends` says where each block ends.
  Partition(std::vector<std::uint32_t> order, const std::vector<std::uint32_t>& ends)
      : items_(std::move(order)), place_(items_.size()), block_(items_.size()) {
    std::uint32_t first = 0;
    for (std::uint32_t end : ends) {
      for (std::uint32_t i = first; i < end; ++i) {
        place_[items_[i]] = i;
        block_[items_[i]] = static_cast<std::uint32_t>(blocks_.size());
      }
      blocks_.push_back({first, end, 0});
      first = end;
    }
  }
  std::size_t size() const { return blocks_.size(); }
  std::uint32_t block_of(std::uint32_t item) const { return block_[item]; }
  std::span<const std::uint32_t> items(std::size_t block) const {
    return {items_.data() + blocks_[block].first, items_.data() + blocks_[block].end};
  }
  /// An item is marked at most once between two splits.
  void mark(std::uint32_t item) {
    Block& block = blocks_[block_[item]];
    if (block.marked == 0) touched_.push_back(block_[item]);
    const std::uint32_t to = block.first + block.marked++;
    const std::uint32_t from = place_[item];
    std::swap(items_[from], items_[to]);
    place_[items_[from]] = from;
    place_[items_[to]] = to;
  }
  /// The smaller half gets the new number: that is what keeps refinement at n log n.
  void split() {
    for (std::uint32_t touched : touched_) {
      Block& block = blocks_[touched];
      const std::uint32_t middle = block.first + std::exchange(block.marked, 0);
      if (middle == block.end) continue;
      Block half{block.first, middle, 0};
      if (middle - block.first <= block.end - middle) {
        block.first = middle;
      } else {
        half = {middle, block.end, 0};
        block.end = middle;
      }
      for (std::uint32_t i = half.first; i < half.end; ++i)
        block_[items_[i]] = static_cast<std::uint32_t>(blocks_.size());
      blocks_.push_back(half);
    }
    touched_.clear();
  }

 private:
  struct Block {
    std::uint32_t first, end, marked;
  };
  std::vector<std::uint32_t> items_, place_, block_, touched_;
  std::vector<Block> blocks_;
};

/// Edges cut into classes of bytes that no edge tells apart.
struct Transition {
  std::uint32_t label;
  Dfa::State source, target;
};
std::vector<Transition> transitions_of(const Dfa& dfa) {
  std::bitset<257> cuts;
  for (const Dfa::Edge& edge : dfa.edges) {
    cuts.set(edge.first);
    cuts.set(edge.last + 1U);
  }
  std::array<std::uint32_t, 257> label{};
  for (unsigned byte = 1; byte <= 256; ++byte) label[byte] = label[byte - 1] + (cuts[byte] ? 1 : 0);
  Budget budget;
  std::vector<Transition> transitions;
  for (Dfa::State s = 0; s < dfa.size(); ++s) {
    for (const Dfa::Edge& edge : dfa.edges_of(s)) {
      budget.spend(label[edge.last] - label[edge.first] + 1);
      for (std::uint32_t l = label[edge.first]; l <= label[edge.last]; ++l) transitions.push_back({l, s, edge.target});
    }
  }
  return transitions;
}

/// Block numbers of equivalent states. Blocks of states and groups of transitions with one label into one block refine
/// each other until neither splits.
std::vector<std::uint32_t> equivalent_states(const Dfa& dfa) {
  const auto count = static_cast<std::uint32_t>(dfa.size());
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  Partition blocks(order, {count});
  for (std::uint32_t s = 0; s < count; ++s) {
    if (dfa.accepting[s]) blocks.mark(s);
  }
  blocks.split();

  std::vector<Transition> transitions = transitions_of(dfa);
  std::stable_sort(transitions.begin(), transitions.end(),
                   [](const Transition& a, const Transition& b) { return a.label < b.label; });
  order.resize(transitions.size());
  std::iota(order.begin(), order.end(), 0U);
  std::vector<std::uint32_t> ends;
  for (std::uint32_t t = 0; t < transitions.size(); ++t) {
    if (t + 1 == transitions.size() || transitions[t + 1].label != transitions[t].label) ends.push_back(t + 1);
  }
  Partition groups(order, ends);

  std::vector<std::uint32_t> incoming_begin(count + 1, 0), incoming(transitions.size());
  for (const Transition& t : transitions) ++incoming_begin[t.target + 1];
  std::partial_sum(incoming_begin.begin(), incoming_begin.end(), incoming_begin.begin());
  std::vector<std::uint32_t> fill(incoming_begin.begin(), incoming_begin.end() - 1);
  for (std::uint32_t t = 0; t < transitions.size(); ++t) incoming[fill[transitions[t].target]++] = t;

  std::size_t done_blocks = 1;  // splitting by all blocks but one is enough
  for (std::size_t group = 0; group < groups.size(); ++group) {
    for (std::uint32_t t : groups.items(group)) blocks.mark(transitions[t].source);
    blocks.split();
    for (; done_blocks < blocks.size(); ++done_blocks) {
      for (std::uint32_t s : blocks.items(done_blocks)) {
        for (std::uint32_t i = incoming_begin[s]; i < incoming_begin[s + 1]; ++i) groups.mark(incoming[i]);
      }
      groups.split();
    }
  }
  std::vector<std::uint32_t> result(count);
  for (std::uint32_t s = 0; s < count; ++s) result[s] = blocks.block_of(s);
  return result;
}

/// The states that no cycle leads to, each before those that it leads to. Paths are mostly literal, so most states are
/// among them.
std::vector<Dfa::State> states_before_cycles(const Dfa& dfa) {
  std::vector<std::uint32_t> incoming(dfa.size(), 0);
  for (const Dfa::Edge& edge : dfa.edges) ++incoming[edge.target];
  std::vector<Dfa::State> order;
  if (incoming[0] == 0) order.push_back(0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (const Dfa::Edge& edge : dfa.edges_of(order[i])) {
      if (--incoming[edge.target] == 0) order.push_back(edge.target);
    }
  }
  return order;
}

/// Numbers of classes of equivalent states. States that a cycle leads to are compared by refining a partition, the
/// others from the end on by what their edges say.
class Classes {
 public:
  explicit Classes(const Dfa& dfa) : dfa_(dfa), class_of_(dfa.size(), unknown) {
    const std::vector<Dfa::State> before = states_before_cycles(dfa);
    number_the_rest(before);
    for (auto state = before.rbegin(); state != before.rend(); ++state) number(*state);
  }
  std::uint32_t of(Dfa::State state) const { return class_of_[state]; }

 private:
  static constexpr std::uint32_t unknown = ~0U;
  using Signature = std::vector<std::uint32_t>;
  struct Hash {
    std::size_t operator()(const Signature& signature) const {
      std::size_t hash = signature.size();
      for (std::uint32_t word : signature) hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
      return hash;
    }
  };

  void number_the_rest(const std::vector<Dfa::State>& before) {
    std::vector<bool> is_before(dfa_.size(), false);
    for (Dfa::State state : before) is_before[state] = true;
    std::vector<Dfa::State> rest;
    std::vector<Dfa::State> numbers(dfa_.size(), 0);
    for (Dfa::State s = 0; s < dfa_.size(); ++s) {
      if (is_before[s]) continue;
      numbers[s] = static_cast<Dfa::State>(rest.size());
      rest.push_back(s);
    }
    Dfa part;
    for (Dfa::State state : rest) {
      for (const Dfa::Edge& edge : dfa_.edges_of(state)) part.add_edge(edge.first, edge.last, numbers[edge.target]);
      part.close_state(dfa_.accepting[state]);
    }
    const std::vector<std::uint32_t> blocks = part.empty() ? std::vector<std::uint32_t>() : equivalent_states(part);
    for (std::size_t i = 0; i < rest.size(); ++i) {
      class_of_[rest[i]] = blocks[i];
      count_ = std::max(count_, blocks[i] + 1);
    }
    for (Dfa::State state : rest) known_.emplace(signature_of(state), class_of_[state]);
  }

  void number(Dfa::State state) {
    const auto [it, is_new] = known_.emplace(signature_of(state), count_);
    if (is_new) ++count_;
    class_of_[state] = it->second;
  }

  /// Whether it accepts, and its edges with those that lead to one class joined.
  Signature signature_of(Dfa::State state) const {
    Signature signature = {dfa_.accepting[state] ? 1U : 0U};
    unsigned end = 256;
    for (const Dfa::Edge& edge : dfa_.edges_of(state)) {
      const std::uint32_t target = class_of_[edge.target];
      if (edge.first == end && target == signature.back()) {
        signature[signature.size() - 2] += edge.last - edge.first + 1U;
      } else {
        signature.insert(signature.end(), {edge.first, edge.last, target});
      }
      end = edge.last + 1U;
    }
    return signature;
  }

  const Dfa& dfa_;
  std::vector<std::uint32_t> class_of_;
  std::uint32_t count_ = 0;
  std::unordered_map<Signature, std::uint32_t, Hash> known_;
};

}  // namespace

Dfa minimise(const Dfa& with_dead_states) {
  const Dfa dfa = without_dead_states(with_dead_states);
  if (dfa.empty()) return {};
  const Classes classes(dfa);
  constexpr Dfa::State unnumbered = ~0U;
  std::vector<Dfa::State> numbers(dfa.size(), unnumbered);  // of classes
  std::vector<Dfa::State> members;                          // one state a class, in the order of the numbers
  const auto number_of = [&](Dfa::State state) {
    Dfa::State& number = numbers[classes.of(state)];
    if (number == unnumbered) {
      number = static_cast<Dfa::State>(members.size());
      members.push_back(state);
    }
    return number;
  };
  Dfa result;
  number_of(0);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Dfa::State member = members[i];
    for (const Dfa::Edge& edge : dfa.edges_of(member)) {
      result.add_edge(edge.first, edge.last, number_of(edge.target));
    }
    result.close_state(dfa.accepting[member]);
  }
  return result;
}

// ---- two automata side by side ----

namespace {

constexpr Dfa::State dead = ~0U;

std::span<const Dfa::Edge> edges_from(const Dfa& dfa, Dfa::State state) {
  return state == dead ? std::span<const Dfa::Edge>() : dfa.edges_of(state);
}
bool accepts_at(const Dfa& dfa, Dfa::State state) { return state != dead && dfa.accepting[state]; }
Dfa::State start_of(const Dfa& dfa) { return dfa.empty() ? dead : 0; }
std::uint64_t key_of(Dfa::State a, Dfa::State b) { return std::uint64_t{a} << 32 | b; }

/// Calls visit(first, last, target in a or dead, target in b or dead) for each range on which neither changes.
template <typename Visit>
void for_each_common_range(std::span<const Dfa::Edge> a, std::span<const Dfa::Edge> b, Visit visit) {
  std::size_t i = 0, j = 0;
  unsigned byte = 0;
  while (i < a.size() || j < b.size()) {
    unsigned first = 256, end = 256;
    for (const Dfa::Edge* edge : {i < a.size() ? &a[i] : nullptr, j < b.size() ? &b[j] : nullptr}) {
      if (edge != nullptr) first = std::min(first, std::max<unsigned>(edge->first, byte));
    }
    const bool in_a = i < a.size() && a[i].first <= first;
    const bool in_b = j < b.size() && b[j].first <= first;
    if (i < a.size()) end = std::min(end, in_a ? a[i].last + 1U : a[i].first);
    if (j < b.size()) end = std::min(end, in_b ? b[j].last + 1U : b[j].first);
    visit(static_cast<unsigned char>(first), static_cast<unsigned char>(end - 1), in_a ? a[i].target : dead,
          in_b ? b[j].target : dead);
    byte = end;
    if (in_a && a[i].last < byte) ++i;
    if (in_b && b[j].last < byte) ++j;
  }
}

/// Walks the pairs of states that one word leads to, while `wanted(a, b)` of the pair; stops when `found` says so.
template <typename Wanted, typename Found>
bool search_pairs(const Dfa& a, const Dfa& b, Wanted wanted, Found found) {
  Budget budget;
  std::vector<std::pair<Dfa::State, Dfa::State>> pending;
  std::unordered_set<std::uint64_t> seen;
  const auto visit = [&](Dfa::State x, Dfa::State y) {
    if (wanted(x, y) && seen.insert(key_of(x, y)).second) pending.emplace_back(x, y);
  };
  visit(start_of(a), start_of(b));
  while (!pending.empty()) {
    const auto [x, y] = pending.back();
    pending.pop_back();
    if (found(x, y)) return true;
    const auto from_a = edges_from(a, x), from_b = edges_from(b, y);
    budget.spend(1 + from_a.size() + from_b.size());
    for_each_common_range(from_a, from_b,
                          [&](unsigned char, unsigned char, Dfa::State p, Dfa::State q) { visit(p, q); });
  }
  return false;
}

}  // namespace

Dfa combine(const Dfa& a, const Dfa& b, SetOperation operation) {
  Dfa result;
  std::unordered_map<std::uint64_t, Dfa::State> numbers;
  std::vector<std::pair<Dfa::State, Dfa::State>> pairs;
  Budget budget;
  const auto is_hopeless = [&](Dfa::State x, Dfa::State y) {
    switch (operation) {
      case SetOperation::unite:
        return x == dead && y == dead;
      case SetOperation::intersect:
        return x == dead || y == dead;
      case SetOperation::subtract:
        return x == dead;
    }
    return true;
  };
  const auto number_of = [&](Dfa::State x, Dfa::State y) {
    const auto [place, is_new] = numbers.try_emplace(key_of(x, y), static_cast<Dfa::State>(pairs.size()));
    if (is_new) {
      pairs.emplace_back(x, y);
      check_states(pairs.size());
    }
    return place->second;
  };
  if (is_hopeless(start_of(a), start_of(b))) return {};
  number_of(start_of(a), start_of(b));
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto [x, y] = pairs[i];
    const auto from_a = edges_from(a, x), from_b = edges_from(b, y);
    budget.spend(1 + from_a.size() + from_b.size());
    for_each_common_range(from_a, from_b, [&](unsigned char first, unsigned char last, Dfa::State p, Dfa::State q) {
      if (!is_hopeless(p, q)) result.add_edge(first, last, number_of(p, q));
    });
    const bool in_a = accepts_at(a, x), in_b = accepts_at(b, y);
    result.close_state(operation == SetOperation::unite       ? in_a || in_b
                       : operation == SetOperation::intersect ? in_a && in_b
                                                              : in_a && !in_b);
  }
  return minimise(result);
}

bool have_common_word(const Dfa& a, const Dfa& b) {
  return search_pairs(
      a, b, [](Dfa::State x, Dfa::State y) { return x != dead && y != dead; },
      [&](Dfa::State x, Dfa::State y) { return a.accepting[x] && b.accepting[y]; });
}

bool is_subset(const Dfa& subset, const Dfa& superset) {
  // Without dead states, a state of the subset where the superset has none is itself a counterexample.
  return !search_pairs(
      subset, superset, [](Dfa::State x, Dfa::State) { return x != dead; },
      [&](Dfa::State x, Dfa::State y) { return y == dead || (subset.accepting[x] && !superset.accepting[y]); });
}

Dfa residual(const Dfa& dfa, Dfa::State state) {
  // What a minimal automaton does from one state on is minimal, too: the states only get other numbers.
  constexpr Dfa::State unnumbered = ~0U;
  std::vector<Dfa::State> numbers(dfa.size(), unnumbered);
  std::vector<Dfa::State> members = {state};
  numbers[state] = 0;
  Dfa result;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Dfa::State member = members[i];
    for (const Dfa::Edge& edge : dfa.edges_of(member)) {
      if (numbers[edge.target] == unnumbered) {
        numbers[edge.target] = static_cast<Dfa::State>(members.size());
        members.push_back(edge.target);
      }
      result.add_edge(edge.first, edge.last, numbers[edge.target]);
    }
    result.close_state(dfa.accepting[member]);
  }
  return result;
}

Dfa directories_above(const Dfa& dfa) {
  if (dfa.empty()) return {};
  // State 2s + 1 is s behind a '/', state 2s is s behind anything else. Without dead states, edges lead to a member.
  Dfa result;
  for (Dfa::State s = 0; s < dfa.size(); ++s) {
    for (const bool behind_slash : {false, true}) {
      for (const Dfa::Edge& edge : dfa.edges_of(s)) {
        if (edge.first < '/') {
          result.add_edge(edge.first, std::min<unsigned char>(edge.last, '/' - 1), edge.target * 2);
        }
        if (edge.first <= '/' && '/' <= edge.last) result.add_edge('/', '/', edge.target * 2 + 1);
        if (edge.last > '/') {
          result.add_edge(std::max<unsigned char>(edge.first, '/' + 1), edge.last, edge.target * 2);
        }
      }
      result.close_state(behind_slash && !dfa.edges_of(s).empty());
    }
  }
  return minimise(result);
}

Dfa common_residual(const Dfa& dfa, const std::vector<Dfa::State>& states) {
  // Words of the automaton from each of the states: intersect one by one, small automata stay small.
  Dfa result;
  bool is_first = true;
  for (Dfa::State state : states) {
    const Dfa next = residual(dfa, state);
    result = is_first ? next : combine(result, next, SetOperation::intersect);
    is_first = false;
    if (result.empty()) break;
  }
  return result;
}

}  // namespace macc::paths
