#include "compiler/paths/rewrite.h"

#include <algorithm>
#include <bitset>
#include <map>
#include <utility>

#include "compiler/paths/path_set.h"

namespace macc::paths {

// Patterns have loops of two kinds only: `*` over the bytes of a name, and `**` over the names of a path. Everything
// else in the automaton must be free of cycles and is written out by first difference: names other than "ab" are
// [^a]*, a[^b]*, ab?* and "a". Where a cycle is met, the words that may follow *any* word of the loop are taken out as
// "`*` and then ..."; what remains is rewritten in its turn, or is given up.

namespace {

struct NoPatterns {};

constexpr int max_depth = 8;
/// Each loop tries several ways: without a bound they would multiply.
constexpr int max_loops = 60;
/// A loop of more states gives no pattern that anyone could read.
constexpr std::size_t max_loop_states = 64;
/// A component of the file system has at most 255 bytes.
constexpr std::size_t max_name_states = 3000;

using Sequences = std::vector<Sequence>;

/// What follows the slash of a directory.
struct Shape {
  std::vector<Component> components;
  Tail tail = Tail::entry;
  bool excludes_top = false;
};
using Shapes = std::vector<Shape>;

using States = std::vector<Dfa::State>;

const std::bitset<256>& name_bytes() {
  static const std::bitset<256> bytes = [] {
    std::bitset<256> set;
    return set.set().reset(0).reset('\n').reset('/');
  }();
  return bytes;
}

/// The bytes of a name that lead from `state` to each of its targets, in the order of the first byte.
std::vector<std::pair<Dfa::State, std::bitset<256>>> targets_of(const Dfa& dfa, Dfa::State state) {
  std::vector<std::pair<Dfa::State, std::bitset<256>>> targets;
  for (const Dfa::Edge& edge : dfa.edges_of(state)) {
    std::bitset<256> bytes;
    for (unsigned byte = edge.first; byte <= edge.last; ++byte) bytes.set(byte);
    bytes &= name_bytes();
    if (bytes.none()) continue;
    const auto known =
        std::find_if(targets.begin(), targets.end(), [&](const auto& target) { return target.first == edge.target; });
    if (known != targets.end()) {
      known->second |= bytes;
    } else {
      targets.emplace_back(edge.target, bytes);
    }
  }
  return targets;
}

std::vector<CharClass::Range> ranges_of(const std::bitset<256>& bytes) {
  std::vector<CharClass::Range> ranges;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (!bytes[byte]) continue;
    const auto b = static_cast<unsigned char>(byte);
    if (!ranges.empty() && ranges.back().last + 1U == byte) {
      ranges.back().last = b;
    } else {
      ranges.push_back({b, b});
    }
  }
  return ranges;
}

void add_edges(Nfa& nfa, Nfa::State from, const std::bitset<256>& bytes, Nfa::State to) {
  for (const CharClass::Range& range : ranges_of(bytes)) nfa.add_edge(from, range.first, range.last, to);
}

/// The state that every byte of a name leads to, if there is one.
std::optional<Dfa::State> only_target(const Dfa& dfa, Dfa::State state) {
  const auto targets = targets_of(dfa, state);
  if (targets.size() != 1 || targets[0].second != name_bytes()) return std::nullopt;
  return targets[0].first;
}

bool reads_every_byte(const Dfa& dfa, Dfa::State state) {
  std::bitset<256> bytes;
  for (const auto& [target, some] : targets_of(dfa, state)) bytes |= some;
  return bytes == name_bytes();
}

/// All that `next` leads to from `state`, over one step or more.
template <typename Next>
States reachable(const Dfa& dfa, Dfa::State state, Next next) {
  std::vector<bool> seen(dfa.size(), false);
  States found, pending = {state};
  while (!pending.empty()) {
    const Dfa::State from = pending.back();
    pending.pop_back();
    for (Dfa::State target : next(from)) {
      if (seen[target]) continue;
      seen[target] = true;
      found.push_back(target);
      pending.push_back(target);
    }
  }
  return found;
}

bool holds(const States& states, Dfa::State state) {
  return std::find(states.begin(), states.end(), state) != states.end();
}

/// The words that lead into `end`, up to their first time there.
Dfa words_into(const Dfa& dfa, Dfa::State end) {
  Nfa nfa;
  for (Dfa::State s = 0; s < dfa.size(); ++s) nfa.add_state();
  for (Dfa::State s = 0; s < dfa.size(); ++s) {
    if (s == end) continue;
    for (const Dfa::Edge& edge : dfa.edges_of(s)) nfa.add_edge(s + 1, edge.first, edge.last, edge.target + 1);
  }
  nfa.want(end + 1);
  nfa.add_epsilon(0, 1);
  return nfa.determinize();
}

Dfa minus(const Dfa& a, const Dfa& b) { return combine(a, b, SetOperation::subtract); }
Dfa united(const Dfa& a, const Dfa& b) { return combine(a, b, SetOperation::unite); }

// ---- names ----

class NameRewriter {
 public:
  explicit NameRewriter(std::size_t limit) : limit_(limit) {}

  /// A component that matches just the words of `names`, which holds no empty word.
  Component component(const Dfa& names) {
    if (names.size() > max_name_states) throw NoPatterns();
    // No component is empty, so the empty word may be taken in where that makes things simpler.
    Nfa with_empty;
    with_empty.add_dfa(names, 0);
    with_empty.want(0);
    const Dfa extended = with_empty.determinize();
    Sequences sequences = shortest_of(extended.size() < names.size() ? extended : names, 0);
    std::erase_if(sequences, [](const Sequence& sequence) { return sequence.empty(); });
    if (sequences.empty()) throw NoPatterns();
    for (Sequence& sequence : sequences) std::reverse(sequence.begin(), sequence.end());
    if (sequences.size() == 1) return {false, std::move(sequences[0])};
    return {false, {Atom{Alternatives{std::move(sequences)}}}};
  }

 private:
  // Sequences are made from their ends, so the last atom stands first in all that follows.

  Sequences rewrite(const Dfa& dfa, int depth) {
    if (dfa.empty()) return {};
    if (depth > max_depth) throw NoPatterns();
    return rewrite_from(dfa, 0, depth);
  }

  /// Names are split from the front or from the back ("*[^y]", "*[^e]y", ... for names that don't end in "ey"),
  /// whichever gives less text.
  Sequences shortest_of(const Dfa& dfa, int depth) {
    std::optional<Sequences> forward = attempt(dfa, depth), backward;
    try {
      backward = attempt(reversed(dfa), depth);
    } catch (const TooComplex&) {
      // Some languages are small from one side only.
    }
    if (!forward && !backward) throw NoPatterns();
    if (backward) {
      for (Sequence& sequence : *backward) std::reverse(sequence.begin(), sequence.end());
    }
    if (!backward) return std::move(*forward);
    if (!forward) return std::move(*backward);
    return std::move(size_of(*forward) <= size_of(*backward) ? *forward : *backward);
  }

  std::optional<Sequences> attempt(const Dfa& dfa, int depth) {
    try {
      return rewrite(dfa, depth);
    } catch (const NoPatterns&) {
      return std::nullopt;
    }
  }

  static std::size_t size_of(const Sequences& sequences) {
    std::size_t size = 0;
    for (const Sequence& sequence : sequences) size += 1 + sequence.size();
    return size;
  }

  static Dfa reversed(const Dfa& dfa) {
    Nfa nfa;
    for (Dfa::State s = 0; s < dfa.size(); ++s) nfa.add_state();
    for (Dfa::State s = 0; s < dfa.size(); ++s) {
      for (const Dfa::Edge& edge : dfa.edges_of(s)) nfa.add_edge(edge.target + 1, edge.first, edge.last, s + 1);
      if (dfa.accepting[s]) nfa.add_epsilon(0, s + 1);
    }
    if (!dfa.empty()) nfa.want(1);
    return nfa.determinize();
  }

  static bool is_any(const Dfa& dfa, Dfa::State state) {
    return dfa.accepting[state] && only_target(dfa, state) == state;
  }

  Sequences rewrite_from(const Dfa& dfa, Dfa::State state, int depth) {
    if (is_any(dfa, state)) return {{Atom{AnyChars{}}}};
    if (is_on_cycle(dfa, state)) return rewrite_loop(state == 0 ? dfa : residual(dfa, state), depth + 1);
    Sequences result;
    if (dfa.accepting[state]) result.emplace_back();
    for (const auto& [target, bytes] : targets_of(dfa, state)) {
      add_in_front(result, {atom_of(bytes)}, rewrite_from(dfa, target, depth));
    }
    return result;
  }

  void add_in_front(Sequences& result, const Sequence& front, Sequences rest) const {
    for (Sequence& sequence : rest) {
      sequence.insert(sequence.end(), front.rbegin(), front.rend());
      result.push_back(std::move(sequence));
      if (result.size() > limit_) throw NoPatterns();
    }
  }

  static Atom atom_of(const std::bitset<256>& bytes) {
    if (bytes == name_bytes()) return Atom{AnyChar{}};
    if (bytes.count() == 1) {
      unsigned byte = 0;
      while (!bytes[byte]) ++byte;
      return Atom{Literal{std::string(1, static_cast<char>(byte))}};
    }
    CharClass value;
    value.negated = bytes.count() > 128;
    value.ranges = ranges_of(value.negated ? ~bytes & name_bytes() : bytes);
    return Atom{std::move(value)};
  }

  static bool is_on_cycle(const Dfa& dfa, Dfa::State state) {
    const auto next = [&](Dfa::State from) {
      States targets;
      for (const Dfa::Edge& edge : dfa.edges_of(from)) targets.push_back(edge.target);
      return targets;
    };
    return holds(reachable(dfa, state, next), state);
  }

  /// Any name, at least one byte of it if asked, and then a word of `dfa`.
  static Dfa any_before(const Dfa& dfa, bool at_least_one) {
    Nfa nfa;
    const Nfa::State loop = nfa.add_state();
    if (at_least_one) {
      nfa.add_name_byte(0, loop);
    } else {
      nfa.add_epsilon(0, loop);
    }
    nfa.add_name_byte(loop, loop);
    nfa.add_dfa(dfa, loop);
    return nfa.determinize();
  }
  static Dfa any_after(const Dfa& dfa) {
    Nfa nfa;
    const Nfa::State end = nfa.add_state();
    nfa.add_name_byte(end, end);
    nfa.want(end);
    nfa.add_dfa(dfa, 0, end);
    return nfa.determinize();
  }

  /// The start of `dfa` is on a cycle.
  Sequences rewrite_loop(const Dfa& dfa, int depth) {
    if (depth > max_depth || ++loops_ > max_loops || dfa.size() > max_loop_states) throw NoPatterns();
    States states;
    for (Dfa::State s = 0; s < dfa.size(); ++s) {
      if (!reads_every_byte(dfa, s)) throw NoPatterns();
      states.push_back(s);
    }
    const Dfa endings = common_residual(dfa, states);
    Sequences result;
    Dfa covered;
    take_infixes(endings, result, covered, depth);
    take_endings(dfa, endings, result, covered, depth);
    if (result.empty()) throw NoPatterns();
    Sequences rest = rewrite(minus(dfa, covered), depth + 1);
    add_in_front(result, {}, std::move(rest));
    return result;
  }

  /// `*x*`
  void take_infixes(const Dfa& endings, Sequences& result, Dfa& covered, int depth) {
    for (Dfa::State s = 0; s < endings.size(); ++s) {
      if (!is_any(endings, s)) continue;
      const Dfa all = words_into(endings, s);
      const Dfa infixes = minus(all, any_before(all, true));
      for (Sequence& infix : shortest_of(infixes, depth + 1)) {
        infix.insert(infix.begin(), Atom{AnyChars{}});
        add_in_front(result, {Atom{AnyChars{}}}, {std::move(infix)});
      }
      covered = any_before(any_after(infixes), false);
    }
  }

  /// `*x`
  void take_endings(const Dfa& dfa, const Dfa& endings, Sequences& result, Dfa& covered, int depth) {
    if (endings.empty()) return;
    const Dfa shortest = minus(minus(endings, any_before(endings, true)), covered);
    try {
      Sequences found;
      add_in_front(found, {Atom{AnyChars{}}}, shortest_of(shortest, depth + 1));
      add_in_front(result, {}, std::move(found));
      covered = united(covered, any_before(shortest, false));
    } catch (const NoPatterns&) {
      take_exits(dfa, endings, result, covered, depth);
    }
  }

  /// `*a*b`, where the shortest endings a[^a]*b are no pattern: follows the ways out of the first state instead.
  void take_exits(const Dfa& dfa, const Dfa& endings, Sequences& result, Dfa& covered, int depth) {
    for (const auto& [target, bytes] : targets_of(dfa, 0)) {
      if (target == 0) continue;
      Nfa nfa;
      const Nfa::State after = nfa.add_state();
      add_edges(nfa, 0, bytes, after);
      nfa.add_dfa(residual(dfa, target), after);
      const Dfa exit = nfa.determinize();
      if (!is_subset(exit, endings)) continue;
      add_in_front(result, {Atom{AnyChars{}}, atom_of(bytes)}, rewrite_from(dfa, target, depth + 1));
      covered = united(covered, any_before(exit, false));
    }
  }

  std::size_t limit_;
  int loops_ = 0;
};

// ---- paths ----

class PathRewriter {
 public:
  explicit PathRewriter(std::size_t limit) : limit_(limit), names_(limit) {}

  /// `dfa` is what follows the slash of a directory.
  Shapes rewrite(const Dfa& dfa, int depth) {
    if (dfa.empty()) return {};
    if (depth > max_depth) throw NoPatterns();
    return rewrite_from(dfa, 0, depth);
  }

 private:
  /// Whether everything follows, with the empty word or without it.
  static bool is_everything_beneath(const Dfa& dfa, Dfa::State state) {
    const std::optional<Dfa::State> name = only_target(dfa, state);
    if (!name || dfa.step(state, '/') || !dfa.accepting[*name] || only_target(dfa, *name) != name) return false;
    const std::optional<Dfa::State> beneath = dfa.step(*name, '/');
    return beneath && dfa.accepting[*beneath] && only_target(dfa, *beneath) == name && !dfa.step(*beneath, '/');
  }
  static bool is_tree(const Dfa& dfa, Dfa::State state) {
    return dfa.accepting[state] && is_everything_beneath(dfa, state);
  }

  /// The states inside the names that begin at `state`.
  static States name_states(const Dfa& dfa, Dfa::State state) {
    return reachable(dfa, state, [&](Dfa::State from) {
      States targets;
      for (const auto& [target, bytes] : targets_of(dfa, from)) targets.push_back(target);
      return targets;
    });
  }
  /// The directories one name beneath `state`.
  static States directories(const Dfa& dfa, Dfa::State state) {
    States found;
    for (Dfa::State name : name_states(dfa, state)) {
      const std::optional<Dfa::State> target = dfa.step(name, '/');
      if (target && !holds(found, *target)) found.push_back(*target);
    }
    return found;
  }
  static States all_directories(const Dfa& dfa, Dfa::State state) {
    return reachable(dfa, state, [&](Dfa::State from) { return directories(dfa, from); });
  }

  /// The names from `state` whose last state is an end.
  template <typename IsEnd>
  static Dfa names(const Dfa& dfa, Dfa::State state, IsEnd is_end) {
    Nfa nfa;
    const States inside = name_states(dfa, state);
    std::map<Dfa::State, Nfa::State> numbers;
    for (Dfa::State s : inside) {
      const Nfa::State number = nfa.add_state();
      numbers.emplace(s, number);
      if (is_end(s)) nfa.want(number);
    }
    // The start is a state of its own: the automaton may use `state` inside a name, too.
    const auto copy_edges = [&](Dfa::State from, Nfa::State to) {
      for (const auto& [target, bytes] : targets_of(dfa, from)) add_edges(nfa, to, bytes, numbers.at(target));
    };
    copy_edges(state, 0);
    for (const auto& [s, number] : numbers) copy_edges(s, number);
    return nfa.determinize();
  }

  Shapes rewrite_from(const Dfa& dfa, Dfa::State state, int depth) {
    if (is_everything_beneath(dfa, state)) return {{{}, Tail::tree, !dfa.accepting[state]}};
    if (holds(all_directories(dfa, state), state)) {
      return rewrite_loop(state == 0 ? dfa : residual(dfa, state), depth + 1);
    }
    Shapes result;
    if (dfa.accepting[state]) result.push_back({{}, Tail::directory, false});
    add_leaves(dfa, state, result);
    for (Dfa::State directory : directories(dfa, state)) {
      if (is_leaf(dfa, directory)) continue;
      const Dfa inside = names(dfa, state, [&](Dfa::State s) { return dfa.step(s, '/') == directory; });
      add_in_front(result, names_.component(inside), rewrite_from(dfa, directory, depth));
    }
    return result;
  }

  void add_in_front(Shapes& result, const Component& front, Shapes rest) const {
    for (Shape& shape : rest) {
      shape.components.insert(shape.components.begin(), front);
      result.push_back(std::move(shape));
      if (result.size() > limit_) throw NoPatterns();
    }
  }

  static bool is_leaf(const Dfa& dfa, Dfa::State state) { return dfa.accepting[state] && dfa.edges_of(state).empty(); }

  void add_names(Shapes& result, const Dfa& dfa, Tail tail) {
    if (!dfa.empty()) result.push_back({{names_.component(dfa)}, tail, false});
  }

  static std::size_t text_size(const Shapes& shapes) {
    std::size_t size = 0;
    for (const Shape& shape : shapes) {
      size += PathPattern::from_parts(PathPattern::Anchor::root, shape.components, shape.tail).text().size();
    }
    return size;
  }

  /// Files, and directories with nothing beneath: as entries where a name stands for both, or each by itself,
  /// whichever is shorter.
  void add_leaves(const Dfa& dfa, Dfa::State state, Shapes& result) {
    const auto is_file = [&](Dfa::State s) { return bool{dfa.accepting[s]}; };
    const auto is_directory = [&](Dfa::State s) {
      const std::optional<Dfa::State> target = dfa.step(s, '/');
      return target && is_leaf(dfa, *target);
    };
    const Dfa files = names(dfa, state, is_file);
    const Dfa directory_names = names(dfa, state, is_directory);
    const Dfa entries = combine(files, directory_names, SetOperation::intersect);
    Shapes apart;
    add_names(apart, files, Tail::file);
    add_names(apart, directory_names, Tail::directory);
    if (!entries.empty()) {
      Shapes joined;
      add_names(joined, entries, Tail::entry);
      add_names(joined, minus(files, entries), Tail::file);
      add_names(joined, minus(directory_names, entries), Tail::directory);
      if (text_size(joined) <= text_size(apart)) apart = std::move(joined);
    }
    result.insert(result.end(), apart.begin(), apart.end());
  }

  /// Any directories, at least one if asked, and then a path of `dfa`.
  static Dfa any_before(const Dfa& dfa, bool at_least_one) {
    Nfa nfa;
    const Nfa::State name = nfa.add_state(), directory = nfa.add_state();
    if (!at_least_one) nfa.add_epsilon(0, directory);
    nfa.add_name_byte(0, name);
    nfa.add_name_byte(directory, name);
    nfa.add_name_byte(name, name);
    nfa.add_edge(name, '/', '/', directory);
    nfa.add_dfa(dfa, directory);
    return nfa.determinize();
  }
  static Dfa tree_after(const Dfa& dfa) {
    Nfa nfa;
    const Nfa::State directory = nfa.add_state(), name = nfa.add_state();
    nfa.want(directory);
    nfa.want(name);
    nfa.add_name_byte(directory, name);
    nfa.add_name_byte(name, name);
    nfa.add_edge(name, '/', '/', directory);
    nfa.add_dfa(dfa, 0, directory);
    return nfa.determinize();
  }

  /// The start of `dfa` can be come back to by names.
  Shapes rewrite_loop(const Dfa& dfa, int depth) {
    if (depth > max_depth || ++loops_ > max_loops) throw NoPatterns();
    const States loop = all_directories(dfa, 0);
    if (loop.size() > max_loop_states) throw NoPatterns();
    for (Dfa::State directory : loop) check_every_name_leads_on(dfa, directory);
    const Dfa endings = common_residual(dfa, loop);
    if (endings.empty()) throw NoPatterns();
    const Component any_depth{true, {}};
    Shapes result;
    Dfa covered;
    for (Dfa::State s = 0; s < endings.size(); ++s) {
      if (s == 0 || !is_tree(endings, s)) continue;
      const Dfa all = words_into(endings, s);
      const Dfa trees = tree_after(minus(all, any_before(all, true)));
      add_in_front(result, any_depth, rewrite(trees, depth + 1));
      covered = any_before(trees, false);
    }
    const Dfa shortest = minus(minus(endings, any_before(endings, true)), covered);
    add_in_front(result, any_depth, rewrite(shortest, depth + 1));
    covered = united(covered, any_before(shortest, false));
    Shapes rest = rewrite(minus(dfa, covered), depth + 1);
    result.insert(result.end(), rest.begin(), rest.end());
    return result;
  }

  static void check_every_name_leads_on(const Dfa& dfa, Dfa::State directory) {
    if (!reads_every_byte(dfa, directory)) throw NoPatterns();
    for (Dfa::State name : name_states(dfa, directory)) {
      if (!reads_every_byte(dfa, name) || !dfa.step(name, '/')) throw NoPatterns();
    }
  }

  std::size_t limit_;
  int loops_ = 0;
  NameRewriter names_;
};

bool meets(const PathPattern& a, const PathPattern& b) { return PathSet::of(a).meets(PathSet::of(b)); }

PathPattern with_anchor(const PathPattern& pattern, PathPattern::Anchor anchor) {
  return PathPattern::from_parts(anchor, pattern.components(), pattern.tail(), pattern.excludes_top());
}

/// Beneath the homes the same as it would be beneath the root: so it is rewritten there, and put back.
std::optional<std::vector<PathPattern>> rewrite_in_home(const PathPattern& include,
                                                        const std::vector<PathPattern>& exclude, std::size_t limit) {
  Nfa nfa;
  nfa.add_pattern(with_anchor(include, PathPattern::Anchor::root), true);
  for (const PathPattern& pattern : exclude) nfa.add_pattern(with_anchor(pattern, PathPattern::Anchor::root), false);
  auto patterns = rewrite_automaton(nfa.determinize(), limit);
  if (!patterns) return std::nullopt;
  for (PathPattern& pattern : *patterns) pattern = with_anchor(pattern, PathPattern::Anchor::home);
  return patterns;
}

std::optional<std::vector<PathPattern>> rewrite_difference(const PathPattern& include,
                                                           const std::vector<PathPattern>& exclude, std::size_t limit) {
  std::vector<PathPattern> met;
  std::copy_if(exclude.begin(), exclude.end(), std::back_inserter(met),
               [&](const PathPattern& pattern) { return meets(include, pattern); });
  if (met.empty()) return std::vector<PathPattern>{include};
  const auto is_home = [](const PathPattern& pattern) { return pattern.anchor() == PathPattern::Anchor::home; };
  if (is_home(include) && std::all_of(met.begin(), met.end(), is_home)) return rewrite_in_home(include, met, limit);
  Nfa nfa;
  nfa.add_pattern(include, true);
  for (const PathPattern& pattern : met) nfa.add_pattern(pattern, false);
  return rewrite_automaton(nfa.determinize(), limit);
}

}  // namespace

std::optional<std::vector<PathPattern>> rewrite_automaton(const Dfa& dfa, std::size_t limit) {
  std::vector<PathPattern> patterns;
  if (dfa.empty()) return patterns;
  const std::optional<Dfa::State> root = dfa.step(0, '/');
  if (!root) return std::nullopt;
  try {
    for (Shape& shape : PathRewriter(limit).rewrite(residual(dfa, *root), 0)) {
      patterns.push_back(PathPattern::from_parts(PathPattern::Anchor::root, std::move(shape.components), shape.tail,
                                                 shape.excludes_top));
    }
  } catch (const NoPatterns&) {
    return std::nullopt;
  }
  return patterns;
}

std::optional<std::vector<PathPattern>> rewrite_terms(const std::vector<PatternTerm>& terms, std::size_t limit) {
  std::vector<PathPattern> result;
  for (const PatternTerm& term : terms) {
    for (const PathPattern& include : term.include) {
      auto patterns = rewrite_difference(include, term.exclude, limit);
      if (!patterns) return std::nullopt;
      for (PathPattern& pattern : *patterns) {
        if (std::find(result.begin(), result.end(), pattern) == result.end()) result.push_back(std::move(pattern));
      }
      if (result.size() > limit) return std::nullopt;
    }
  }
  return result;
}

}  // namespace macc::paths
