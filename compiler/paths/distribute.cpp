// Division of a language among others: the words of one automaton are walked together with all claims at once, so that
// the cost follows the words and the claims near them, not the product of all claims.
#include <algorithm>
#include <array>
#include <bitset>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "compiler/paths/automaton.h"
#include "compiler/paths/path_set.h"

namespace macc::paths {
namespace {

/// What a fraction of a second allows. Most trees of a system stay far below; those that hold many patterns with
/// wildcards at both ends do not.
constexpr std::size_t max_walked_states = 100'000;
constexpr std::size_t max_walked_steps = 600'000;
/// A word that no claim accepts shows soon or hardly ever.
constexpr std::size_t max_search_steps = 200'000;

/// Where one claim stands.
struct Place {
  std::uint32_t claim = 0;
  Dfa::State state = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

/// Where the word and the claims that still hold its beginnings stand, the claims in their order.
struct Situation {
  Dfa::State word = 0;
  std::vector<Place> places;
  friend bool operator==(const Situation&, const Situation&) = default;
};

struct SituationHash {
  std::size_t operator()(const Situation& situation) const {
    std::size_t hash = situation.word;
    for (const Place& place : situation.places)
      hash = (hash ^ (std::uint64_t{place.claim} << 32 | place.state)) * 0x9e3779b97f4a7c15ULL;
    return hash ^ (hash >> 29);
  }
};

/// Whether the automaton goes on from the state with any byte of a path.
bool is_total(const Dfa& dfa, Dfa::State state) {
  std::bitset<256> seen;
  for (const Dfa::Edge& edge : dfa.edges_of(state))
    for (unsigned byte = edge.first; byte <= edge.last; ++byte) seen.set(byte);
  seen.set(0).set('\n');
  return seen.all();
}

/// What can still follow in the states of claims, compared with each other. Expressions like `/lib(/.*)?/libX.+\.so`
/// wait for a name and then for an end: dozens of them, each waiting or not, would make as many situations as there are
/// subsets. But where one has seen its name, what it takes holds what the waiting ones take.
class Remainders {
 public:
  Remainders(const Dfa& words, std::span<const LanguageClaim> claims) {
    for (const LanguageClaim& claim : claims) dfas_.push_back(claim.dfa);
    dfas_.push_back(&words);
    for (const Dfa* dfa : dfas_) {
      is_wide_.emplace_back(dfa->size(), unknown);
      ids_.emplace_back(dfa->size(), kNone);
    }
  }

  /// The words as a claim of their own.
  [[nodiscard]] Place of_words(Dfa::State state) const { return {static_cast<std::uint32_t>(dfas_.size() - 1), state}; }

  /// Whether the state takes more than an earlier one of its claim in which any byte could follow, too.
  bool is_wide(Place place) {
    std::uint8_t& known = is_wide_[place.claim][place.state];
    if (known == unknown) known = find_wide(place) ? yes : no;
    return known == yes;
  }

  /// Whether all that can follow in `a` can follow in `b`.
  bool contains(Place b, Place a) {
    const std::uint64_t key = std::uint64_t{id(a)} << 32 | id(b);
    const auto [it, fresh] = contained_.try_emplace(key, false);
    if (fresh) it->second = is_subset(languages_[id(a)], languages_[id(b)]);
    return it->second;
  }

 private:
  enum Answer : std::uint8_t { unknown, no, yes };
  static constexpr std::uint32_t kNone = ~0U;

  bool find_wide(Place place) {
    const Dfa& dfa = *dfas_[place.claim];
    if (!is_total(dfa, place.state)) return false;
    if (dfa.accepting[place.state]) return true;
    for (Dfa::State s = 0; s < place.state; ++s)
      if (is_total(dfa, s) && contains(place, {place.claim, s})) return true;
    return false;
  }

  std::uint32_t id(Place place) {
    std::uint32_t& known = ids_[place.claim][place.state];
    if (known != kNone) return known;
    Dfa language = residual(*dfas_[place.claim], place.state);
    const auto [it, fresh] = numbers_.try_emplace(text_of(language), static_cast<std::uint32_t>(languages_.size()));
    if (fresh) languages_.push_back(std::move(language));
    return known = it->second;
  }

  static std::string text_of(const Dfa& dfa) {
    std::string text;
    for (Dfa::State s = 0; s < dfa.size(); ++s) {
      text += dfa.accepting[s] ? '+' : '-';
      for (const Dfa::Edge& edge : dfa.edges_of(s)) {
        text += static_cast<char>(edge.first);
        text += static_cast<char>(edge.last);
        text += std::to_string(edge.target) + ',';
      }
    }
    return text;
  }

  std::vector<const Dfa*> dfas_;  // of the claims, then that of the words
  std::vector<std::vector<std::uint8_t>> is_wide_;
  std::vector<std::vector<std::uint32_t>> ids_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<Dfa> languages_;
  std::unordered_map<std::uint64_t, bool> contained_;
};

class Distributor {
 public:
  Distributor(const Dfa& words, std::span<const LanguageClaim> claims, std::size_t max_steps)
      : words_(words), claims_(claims), max_steps_(max_steps), remainders_(words, claims) {}

  std::vector<std::pair<std::uint32_t, Dfa>> run() {
    start();
    for (std::size_t i = 0; i < situations_.size(); ++i) walk(*situations_[i]);
    return by_group();
  }

  /// Whether there is a word that no claim accepts. Looks no further than to the first one, and there first where
  /// claims have come to their end.
  bool leaves_a_word() {
    start();
    std::vector<Dfa::State> pending;
    std::size_t seen = 0;
    for (;;) {
      const std::size_t before = pending.size();
      for (; seen < situations_.size(); ++seen) pending.push_back(static_cast<Dfa::State>(seen));
      std::sort(pending.begin() + static_cast<std::ptrdiff_t>(before), pending.end(),
                [&](auto a, auto b) { return situations_[a]->places.size() > situations_[b]->places.size(); });
      if (pending.empty()) return false;
      const Situation& next = *situations_[pending.back()];
      pending.pop_back();
      // The first place is the only one that takes all that is left, as the others behind it are what hides nothing.
      if (!next.places.empty() && remainders_.is_wide(next.places[0]) && takes_all_words(next.places[0], next.word))
        continue;
      walk(next);
      if (words_.accepting[next.word] && group_of(next) == kUnclaimed) return true;
    }
  }

 private:
  void start() {
    if (words_.empty()) return;
    Situation start;
    for (std::uint32_t i = 0; i < claims_.size(); ++i)
      if (!claims_[i].dfa->empty()) start.places.push_back({i, 0});
    number_of(std::move(start));
  }

  void spend(std::size_t steps) {
    spent_ += steps;
    if (spent_ > max_steps_) throw TooComplex();
  }

  bool spend_one() {
    spend(1);
    return true;
  }

  Dfa::State number_of(Situation situation) {
    drop_hidden(situation.places, situation.word);
    const auto [place, is_new] =
        numbers_.try_emplace(std::move(situation), static_cast<Dfa::State>(situations_.size()));
    if (is_new) {
      situations_.push_back(&place->first);
      if (situations_.size() > max_walked_states) throw TooComplex();
      spend(place->first.places.size());
    }
    return place->second;
  }

  /// Drops places that make no difference: what they take is taken later, or by another one of their group.
  void drop_hidden(std::vector<Place>& places, Dfa::State word) {
    for (std::size_t wide = places.size(); wide-- > 0;) {
      if (wide >= places.size() || !remainders_.is_wide(places[wide])) continue;
      if (takes_all_words(places[wide], word)) {
        places.erase(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(wide));
        return;
      }
      std::size_t kept = 0, at = 0;  // of the wide one, once it is reached
      for (std::size_t i = 0; i < places.size(); ++i) {
        if (i == wide) at = kept;
        if (i != wide && spend_one() && is_hidden(places, i, wide)) continue;
        places[kept++] = places[i];
      }
      places.resize(kept);
      wide = at;
    }
  }

  bool takes_all_words(Place place, Dfa::State word) { return remainders_.contains(place, remainders_.of_words(word)); }

  bool is_hidden(const std::vector<Place>& places, std::size_t i, std::size_t wide) {
    if (i > wide && !one_group(places, wide, i)) return false;
    return remainders_.contains(places[wide], places[i]);
  }

  [[nodiscard]] bool one_group(const std::vector<Place>& places, std::size_t first, std::size_t last) const {
    for (std::size_t i = first; i < last; ++i)
      if (claims_[places[i].claim].group != claims_[places[last].claim].group) return false;
    return true;
  }

  std::uint32_t group_of(const Situation& situation) const {
    for (auto place = situation.places.rbegin(); place != situation.places.rend(); ++place)
      if (claims_[place->claim].dfa->accepting[place->state]) return claims_[place->claim].group;
    return kUnclaimed;
  }

  void walk(const Situation& from) {
    for (const Dfa::Edge& edge : words_.edges_of(from.word)) walk_edge(from, edge);
    const bool ends = words_.accepting[from.word];
    graph_.close_state(ends);
    groups_.push_back(ends ? group_of(from) : kUnclaimed);
  }

  /// One edge of the words, cut where an edge of a claim begins or ends.
  void walk_edge(const Situation& from, const Dfa::Edge& edge) {
    std::bitset<257> cuts;
    cuts.set(edge.first);
    for (const Place& place : from.places) {
      const auto edges = claims_[place.claim].dfa->edges_of(place.state);
      spend(1 + edges.size());
      for (const Dfa::Edge& other : edges) {
        if (other.last < edge.first || other.first > edge.last) continue;
        cuts.set(std::max(other.first, edge.first));
        cuts.set(std::min<unsigned>(other.last, edge.last) + 1U);
      }
    }
    std::vector<unsigned> starts;
    for (unsigned byte = edge.first; byte <= edge.last; ++byte)
      if (cuts[byte]) starts.push_back(byte);
    std::vector<Situation> next(starts.size());
    for (Situation& situation : next) situation.word = edge.target;
    for (const Place& place : from.places) {
      for (const Dfa::Edge& other : claims_[place.claim].dfa->edges_of(place.state)) {
        if (other.last < edge.first || other.first > edge.last) continue;
        const auto first = std::lower_bound(starts.begin(), starts.end(), std::max(other.first, edge.first));
        for (auto at = first; at != starts.end() && *at <= other.last; ++at)
          next[static_cast<std::size_t>(at - starts.begin())].places.push_back({place.claim, other.target});
      }
    }
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const unsigned last = i + 1 < starts.size() ? starts[i + 1] - 1 : edge.last;
      const Dfa::State target = number_of(std::move(next[i]));
      graph_.add_edge(static_cast<unsigned char>(starts[i]), static_cast<unsigned char>(last), target);
    }
  }

  /// The part of the walked graph that leads to words of each group.
  [[nodiscard]] std::vector<std::pair<std::uint32_t, Dfa>> by_group() const {
    std::map<std::uint32_t, std::vector<Dfa::State>> ends;
    for (Dfa::State s = 0; s < graph_.size(); ++s)
      if (graph_.accepting[s]) ends[groups_[s]].push_back(s);
    std::vector<std::vector<Dfa::State>> sources(graph_.size());
    for (Dfa::State s = 0; s < graph_.size(); ++s)
      for (const Dfa::Edge& edge : graph_.edges_of(s)) sources[edge.target].push_back(s);
    std::vector<std::pair<std::uint32_t, Dfa>> result;
    std::vector<std::uint32_t> stamps(graph_.size(), 0);
    std::uint32_t stamp = 0;
    for (const auto& [group, states] : ends)
      result.emplace_back(group, minimise(part_of(states, sources, stamps, ++stamp)));
    return result;
  }

  [[nodiscard]] Dfa part_of(const std::vector<Dfa::State>& ends, const std::vector<std::vector<Dfa::State>>& sources,
                            std::vector<std::uint32_t>& stamps, std::uint32_t stamp) const {
    std::vector<Dfa::State> members = ends;
    for (Dfa::State end : ends) stamps[end] = stamp;
    for (std::size_t i = 0; i < members.size(); ++i)
      for (Dfa::State source : sources[members[i]]) {
        if (stamps[source] == stamp) continue;
        stamps[source] = stamp;
        members.push_back(source);
      }
    std::sort(members.begin(), members.end());  // the start is state 0
    std::unordered_map<Dfa::State, Dfa::State> numbers;
    for (Dfa::State member : members) numbers.emplace(member, static_cast<Dfa::State>(numbers.size()));
    Dfa part;
    auto end = ends.begin();  // sorted too
    for (Dfa::State member : members) {
      for (const Dfa::Edge& edge : graph_.edges_of(member))
        if (stamps[edge.target] == stamp) part.add_edge(edge.first, edge.last, numbers.at(edge.target));
      const bool accepts = end != ends.end() && *end == member;
      if (accepts) ++end;
      part.close_state(accepts);
    }
    return part;
  }

  const Dfa& words_;
  std::span<const LanguageClaim> claims_;
  std::size_t max_steps_;
  Remainders remainders_;
  std::unordered_map<Situation, Dfa::State, SituationHash> numbers_;
  std::vector<const Situation*> situations_;  // in the order of their numbers
  Dfa graph_;
  std::vector<std::uint32_t> groups_;  // of accepting states
  std::size_t spent_ = 0;
};

}  // namespace

std::vector<std::pair<std::uint32_t, Dfa>> distribute(const Dfa& words, std::span<const LanguageClaim> claims) {
  return Distributor(words, claims, max_walked_steps).run();
}

bool are_covered(const Dfa& words, std::span<const LanguageClaim> claims) {
  return !Distributor(words, claims, max_search_steps).leaves_a_word();
}

Dfa names_of_directories(const Dfa& dfa) {
  if (dfa.empty()) return {};
  Nfa nfa;
  for (Dfa::State s = 0; s < dfa.size(); ++s) nfa.add_state();
  // State s of the automaton is s + 1 here. The start gets edges of its own: it is no name, but may be like one.
  for (Dfa::State s = 0; s < dfa.size(); ++s) {
    for (const Dfa::Edge& edge : dfa.edges_of(s)) {
      nfa.add_edge(s + 1, edge.first, edge.last, edge.target + 1);
      if (s == 0) nfa.add_edge(0, edge.first, edge.last, edge.target + 1);
    }
    const auto behind = dfa.step(s, '/');
    if (behind && dfa.accepting[*behind]) nfa.want(s + 1);
  }
  if (dfa.accepts("/")) {
    const Nfa::State root = nfa.add_state();
    nfa.add_edge(0, '/', '/', root);
    nfa.want(root);
  }
  return nfa.determinize();
}

Dfa directories_with_names(const Dfa& dfa) {
  Nfa nfa;
  const Nfa::State name = nfa.add_state();
  const Nfa::State directory = nfa.add_state();
  nfa.add_dfa(dfa, 0, name);
  nfa.add_edge(name, '/', '/', directory);
  nfa.want(directory);
  if (dfa.accepts("/")) {
    const Nfa::State root = nfa.add_state();
    nfa.add_edge(0, '/', '/', root);
    nfa.want(root);
  }
  return nfa.determinize();
}

Dfa with_other_head(const Dfa& dfa, std::string_view from, std::string_view to) {
  if (dfa.empty()) return {};
  Dfa::State state = 0;
  for (char c : from) {
    const auto next = dfa.step(state, static_cast<unsigned char>(c));
    if (!next) return {};
    state = *next;
  }
  Nfa nfa;
  Nfa::State at = 0;
  for (char c : to) {
    const Nfa::State next = nfa.add_state();
    nfa.add_edge(at, static_cast<unsigned char>(c), static_cast<unsigned char>(c), next);
    at = next;
  }
  const Nfa::State end = nfa.add_state();
  nfa.want(end);
  nfa.add_dfa(residual(dfa, state), at, end);
  return nfa.determinize();
}

}  // namespace macc::paths
