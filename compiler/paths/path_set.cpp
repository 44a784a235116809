#include "compiler/paths/path_set.h"

extern "C" {
#include <fa.h>
}

#include <algorithm>
#include <deque>
#include <functional>
#include <queue>
#include <unordered_map>
#include <utility>

#include "compiler/paths/automaton.h"
#include "compiler/paths/glance.h"
#include "compiler/paths/rewrite.h"

namespace macc::paths {

namespace {

/// Patterns of one set beyond this are no longer kept beside its automaton.
constexpr std::size_t max_patterns_kept = 512;

/// For more pairs of patterns an automaton is cheaper.
constexpr std::size_t max_pairs_looked_at = 1024;

std::string common_prefix(std::string a, const std::string& b) {
  a.resize(static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin()));
  return a;
}

/// Whether some word may start with both.
bool compatible(const std::string& a, const std::string& b) {
  const std::size_t length = std::min(a.size(), b.size());
  return a.compare(0, length, b, 0, length) == 0;
}

bool all_apart(const std::vector<PathPattern>& some, const std::vector<PathPattern>& others) {
  return std::all_of(some.begin(), some.end(), [&others](const PathPattern& a) {
    return std::all_of(others.begin(), others.end(), [&a](const PathPattern& b) { return surely_apart(a, b); });
  });
}

Dfa automaton_of(const PatternTerm& term) {
  Nfa nfa;
  for (const PathPattern& pattern : term.include) nfa.add_pattern(pattern, true);
  for (const PathPattern& pattern : term.exclude) nfa.add_pattern(pattern, false);
  return nfa.determinize();
}

Dfa automaton_of(const std::vector<PatternTerm>& terms) {
  // All terms without an exclude are one union.
  PatternTerm plain;
  Dfa result;
  for (const PatternTerm& term : terms) {
    if (term.exclude.empty()) {
      plain.include.insert(plain.include.end(), term.include.begin(), term.include.end());
    } else {
      const Dfa next = automaton_of(term);
      result = result.empty() ? next : combine(result, next, SetOperation::unite);
    }
  }
  if (plain.include.empty()) return result;
  const Dfa next = automaton_of(plain);
  return result.empty() ? next : combine(result, next, SetOperation::unite);
}

std::string prefix_of(const Dfa& dfa) {
  std::string prefix;
  if (dfa.empty()) return prefix;
  for (Dfa::State state = 0; !dfa.accepting[state];) {
    const auto edges = dfa.edges_of(state);
    if (edges.size() != 1 || edges[0].first != edges[0].last || prefix.size() > 4096) break;
    prefix += static_cast<char>(edges[0].first);
    state = edges[0].target;
  }
  return prefix;
}

}  // namespace

struct PathSet::Impl {
  /// As long as is_union: the set is the union of these terms. It then has an automaton only once one is asked for.
  std::vector<PatternTerm> terms;
  bool is_union = false;
  std::string prefix;
  mutable std::optional<Dfa> dfa;

  const Dfa& automaton() const {
    if (!dfa) dfa = automaton_of(terms);
    return *dfa;
  }
  /// Known without an automaton: no pattern is empty.
  bool surely_has_members() const {
    return is_union && std::any_of(terms.begin(), terms.end(), [](const PatternTerm& term) {
             return !term.include.empty() && term.exclude.empty();
           });
  }
  bool surely_empty() const {
    if (!is_union) return dfa->empty();
    return std::all_of(terms.begin(), terms.end(), [](const PatternTerm& term) { return term.include.empty(); });
  }
  std::size_t pattern_count() const {
    std::size_t count = 0;
    for (const PatternTerm& term : terms) count += term.include.size() + term.exclude.size();
    return count;
  }
  /// Known without an automaton: the starts of members or a look at the patterns tells the sets apart.
  bool surely_apart_from(const Impl& other) const {
    if (!compatible(prefix, other.prefix)) return true;
    if (!is_union || !other.is_union || pattern_count() * other.pattern_count() > max_pairs_looked_at) return false;
    return std::all_of(terms.begin(), terms.end(), [&other](const PatternTerm& x) {
      return std::all_of(other.terms.begin(), other.terms.end(),
                         [&x](const PatternTerm& y) { return all_apart(x.include, y.include); });
    });
  }
  /// Known by a look: each pattern of the other is one of ours, or beneath one, from which nothing is taken.
  bool surely_holds(const Impl& other) const {
    if (!is_union || !other.is_union || pattern_count() * other.pattern_count() > max_pairs_looked_at) return false;
    return std::all_of(other.terms.begin(), other.terms.end(), [this](const PatternTerm& inner) {
      return std::all_of(inner.include.begin(), inner.include.end(),
                         [this](const PathPattern& pattern) { return surely_holds(pattern); });
    });
  }
  bool surely_holds(const PathPattern& pattern) const {
    return std::any_of(terms.begin(), terms.end(), [&pattern](const PatternTerm& term) {
      return term.exclude.empty() &&
             std::any_of(term.include.begin(), term.include.end(),
                         [&pattern](const PathPattern& own) { return own == pattern || surely_beneath(pattern, own); });
    });
  }
  /// The patterns when the set is a plain union of them.
  std::optional<std::vector<PathPattern>> plain_union() const {
    if (!is_union) return std::nullopt;
    std::vector<PathPattern> patterns;
    for (const PatternTerm& term : terms) {
      if (!term.exclude.empty()) return std::nullopt;
      patterns.insert(patterns.end(), term.include.begin(), term.include.end());
    }
    return patterns;
  }

  static std::shared_ptr<const Impl> of_terms(std::vector<PatternTerm> terms) {
    auto impl = std::make_shared<Impl>();
    impl->is_union = true;
    bool is_first = true;
    for (const PatternTerm& term : terms) {
      for (const PathPattern& pattern : term.include) {
        impl->prefix = is_first ? pattern.literal_prefix() : common_prefix(impl->prefix, pattern.literal_prefix());
        is_first = false;
      }
    }
    impl->terms = std::move(terms);
    return impl;
  }
  static std::shared_ptr<const Impl> of_automaton(Dfa dfa) {
    auto impl = std::make_shared<Impl>();
    impl->prefix = prefix_of(dfa);
    impl->dfa = std::move(dfa);
    return impl;
  }
};

PathSet::PathSet(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

const Dfa& PathSet::dfa() const { return impl_->automaton(); }

PathSet::PathSet() {
  static const std::shared_ptr<const Impl> none = Impl::of_terms({});
  impl_ = none;
}

PathSet PathSet::of(const PathPattern& pattern) { return PathSet(Impl::of_terms({{{pattern}, {}}})); }
PathSet PathSet::of(const std::vector<PathPattern>& patterns) { return PathSet(Impl::of_terms({{patterns, {}}})); }
PathSet PathSet::of(const std::vector<PathPattern>& include, const std::vector<PathPattern>& exclude) {
  return of(include) - of(exclude);
}

const PathSet& PathSet::all() {
  static const PathSet set = of(PathPattern::from_parts(PathPattern::Anchor::root, {}, Tail::tree));
  return set;
}
const PathSet& PathSet::directories() {
  static const PathSet set =
      of(PathPattern::from_parts(PathPattern::Anchor::root, {Component{true, {}}}, Tail::directory));
  return set;
}
const PathSet& PathSet::non_directories() {
  static const PathSet set = of(PathPattern::from_parts(
      PathPattern::Anchor::root, {Component{true, {}}, Component{false, {Atom{AnyChars{}}}}}, Tail::file));
  return set;
}

std::optional<PathSet> PathSet::from_regex(const std::string& regex) {
  struct Free {
    void operator()(struct fa* fa) const { fa_free(fa); }
  };
  struct fa* compiled = nullptr;
  if (fa_compile(regex.data(), regex.size(), &compiled) != 0 || compiled == nullptr) return std::nullopt;
  const std::unique_ptr<struct fa, Free> fa(compiled);

  Nfa nfa;
  std::unordered_map<struct state*, Nfa::State> numbers;
  for (struct state* s = fa_state_initial(compiled); s != nullptr; s = fa_state_next(s)) {
    numbers.emplace(s, nfa.add_state());
    if (numbers.size() > max_states) throw TooComplex();
  }
  nfa.add_epsilon(0, numbers.at(fa_state_initial(compiled)));
  for (const auto& [state, number] : numbers) {
    if (fa_state_is_accepting(state)) nfa.want(number);
    for (std::size_t i = 0; i < fa_state_num_trans(state); ++i) {
      struct state* target = nullptr;
      unsigned char first = 0, last = 0;
      if (fa_state_trans(state, i, &target, &first, &last) == 0) nfa.add_edge(number, first, last, numbers.at(target));
    }
  }
  return PathSet(Impl::of_automaton(nfa.determinize()));
}

PathSet PathSet::operator|(const PathSet& other) const {
  if (impl_->surely_empty()) return other;
  if (other.impl_->surely_empty() || impl_ == other.impl_) return *this;
  const bool small = impl_->pattern_count() + other.impl_->pattern_count() <= max_patterns_kept;
  if (impl_->is_union && other.impl_->is_union && small) {
    std::vector<PatternTerm> terms = impl_->terms;
    terms.insert(terms.end(), other.impl_->terms.begin(), other.impl_->terms.end());
    return PathSet(Impl::of_terms(std::move(terms)));
  }
  return PathSet(Impl::of_automaton(combine(impl_->automaton(), other.impl_->automaton(), SetOperation::unite)));
}

PathSet PathSet::operator&(const PathSet& other) const {
  if (impl_ == other.impl_) return *this;
  if (surely_apart(other)) return {};
  if (impl_->surely_holds(*other.impl_)) return other;
  if (other.impl_->surely_holds(*impl_)) return *this;
  return PathSet(Impl::of_automaton(combine(impl_->automaton(), other.impl_->automaton(), SetOperation::intersect)));
}

PathSet PathSet::operator-(const PathSet& other) const {
  if (impl_ == other.impl_) return {};
  if (impl_->surely_empty() || other.impl_->surely_empty() || !compatible(impl_->prefix, other.impl_->prefix)) {
    return *this;
  }
  const std::optional<std::vector<PathPattern>> excluded = other.impl_->plain_union();
  if (impl_->is_union && excluded &&
      impl_->pattern_count() + impl_->terms.size() * excluded->size() <= max_patterns_kept) {
    std::vector<PatternTerm> terms = impl_->terms;
    for (PatternTerm& term : terms) term.exclude.insert(term.exclude.end(), excluded->begin(), excluded->end());
    return PathSet(Impl::of_terms(std::move(terms)));
  }
  return PathSet(Impl::of_automaton(combine(impl_->automaton(), other.impl_->automaton(), SetOperation::subtract)));
}

bool PathSet::empty() const {
  return impl_->surely_empty() || (!impl_->surely_has_members() && impl_->automaton().empty());
}

bool PathSet::contains(const PathSet& subset) const {
  if (impl_ == subset.impl_ || subset.impl_->surely_empty()) return true;
  if (!compatible(impl_->prefix, subset.impl_->prefix)) return subset.empty();
  if (impl_->surely_holds(*subset.impl_)) return true;
  return is_subset(subset.impl_->automaton(), impl_->automaton());
}

bool PathSet::contains(std::string_view path) const {
  if (impl_->dfa) return impl_->dfa->accepts(path);
  const auto has = [&](const std::vector<PathPattern>& patterns) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const PathPattern& p) { return p.matches(path); });
  };
  return std::any_of(impl_->terms.begin(), impl_->terms.end(),
                     [&](const PatternTerm& term) { return has(term.include) && !has(term.exclude); });
}

bool PathSet::surely_apart(const PathSet& other) const {
  return impl_->surely_empty() || other.impl_->surely_empty() || impl_->surely_apart_from(*other.impl_);
}

bool PathSet::meets(const PathSet& other) const {
  if (surely_apart(other)) return false;
  if (impl_->surely_holds(*other.impl_)) return !other.empty();
  if (other.impl_->surely_holds(*impl_)) return !empty();
  return have_common_word(impl_->automaton(), other.impl_->automaton());
}

bool PathSet::equals(const PathSet& other) const {
  return impl_ == other.impl_ || impl_->automaton() == other.impl_->automaton();
}

std::string PathSet::literal_prefix() const {
  // What is excluded can only make the prefix longer; that needs the automaton.
  if (impl_->plain_union() && impl_->pattern_count() == 1) return impl_->prefix;
  return prefix_of(impl_->automaton());
}

namespace {

/// More branches than these are not followed.
constexpr std::size_t max_open_heads = 16;
constexpr std::size_t max_head_length = 512;

std::size_t choices_at(const Dfa& dfa, Dfa::State state) {
  std::size_t count = 0;
  for (const Dfa::Edge& edge : dfa.edges_of(state)) count += edge.last - edge.first + 1U;
  return count;
}

}  // namespace

std::vector<Head> PathSet::heads() const {
  const Dfa& dfa = impl_->automaton();
  std::vector<Head> done;
  std::deque<std::pair<std::string, Dfa::State>> pending;
  if (!dfa.empty()) pending.emplace_back("", 0);
  while (!pending.empty()) {
    auto [text, state] = std::move(pending.front());
    pending.pop_front();
    if (text.size() >= max_head_length || pending.size() + choices_at(dfa, state) > max_open_heads) {
      done.push_back({std::move(text), false});
      continue;
    }
    if (dfa.accepting[state]) done.push_back({text, true});
    for (const Dfa::Edge& edge : dfa.edges_of(state)) {
      for (unsigned byte = edge.first; byte <= edge.last; ++byte) {
        pending.emplace_back(text + static_cast<char>(byte), edge.target);
      }
    }
  }
  return done;
}

PathSet PathSet::directories_above() const {
  return PathSet(Impl::of_automaton(paths::directories_above(impl_->automaton())));
}

std::vector<PathShare> PathSet::divide(std::span<const Claim> claims) const {
  std::vector<LanguageClaim> languages;
  languages.reserve(claims.size());
  for (const Claim& claim : claims) languages.push_back({&claim.set->impl_->automaton(), claim.group});
  std::vector<PathShare> shares;
  for (auto& [group, dfa] : distribute(impl_->automaton(), languages))
    shares.push_back({group, PathSet(Impl::of_automaton(std::move(dfa)))});
  return shares;
}

bool PathSet::is_covered_by(std::span<const Claim> claims) const {
  std::vector<LanguageClaim> languages;
  languages.reserve(claims.size());
  for (const Claim& claim : claims) languages.push_back({&claim.set->impl_->automaton(), claim.group});
  return are_covered(impl_->automaton(), languages);
}

PathSet PathSet::directory_names() const {
  return PathSet(Impl::of_automaton(names_of_directories(impl_->automaton())));
}

PathSet PathSet::as_directories() const {
  // The root's name gives "//" too.
  return PathSet(Impl::of_automaton(directories_with_names(impl_->automaton()))) & directories();
}

PathSet PathSet::with_other_head(std::string_view from, std::string_view to) const {
  return PathSet(Impl::of_automaton(paths::with_other_head(impl_->automaton(), from, to)));
}

// ---- examples ----

namespace {

/// How unlike a name that a person would write a byte is.
std::uint32_t cost_of(unsigned char byte) {
  if (byte >= 'a' && byte <= 'z') return 10;
  if (byte == '/') return 10;
  if (byte >= '0' && byte <= '9') return 11;
  if (byte >= 'A' && byte <= 'Z') return 12;
  if (byte == '.' || byte == '-' || byte == '_') return 13;
  if (byte > ' ' && byte < 0x7f) return 20;
  return byte >= 0x80 || byte == ' ' ? 50 : 200;
}

/// The cheapest word, found by Dijkstra's algorithm; equal costs go to the smaller byte. What has been read of the
/// present name is tracked, so that no component is "." or "..".
class ExampleSearch {
 public:
  enum class Want : std::uint8_t { file, anything };
  ExampleSearch(const Dfa& dfa, Want want, bool allow_dots) : dfa_(dfa), want_(want), allow_dots_(allow_dots) {}

  std::optional<std::string> run() {
    reach({0, 0, no_parent, 0, 0});
    while (!queue_.empty()) {
      const std::uint32_t index = queue_.top().second;
      queue_.pop();
      const Node node = nodes_[index];
      if (done_[key_of(node)]) continue;
      done_[key_of(node)] = true;
      if (is_goal(node)) return word_to(index);
      for (const Dfa::Edge& edge : dfa_.edges_of(node.state)) follow(index, edge);
    }
    return std::nullopt;
  }

 private:
  static constexpr std::uint32_t no_parent = ~0U;
  /// What stands in the present name: nothing, ".", "..", anything else.
  enum Name : std::uint8_t { nothing, one_dot, two_dots, other };
  struct Node {
    Dfa::State state;
    std::uint64_t cost;
    std::uint32_t parent;
    std::uint8_t name;
    unsigned char byte;
  };

  static std::uint64_t key_of(const Node& node) { return std::uint64_t{node.state} * 4 + node.name; }
  bool has_dots(const Node& node) const { return !allow_dots_ && (node.name == one_dot || node.name == two_dots); }
  bool is_goal(const Node& node) const {
    return dfa_.accepting[node.state] && !has_dots(node) && (want_ == Want::anything || node.name != nothing);
  }
  void reach(Node node) {
    const auto found = done_.find(key_of(node));
    if (found != done_.end() && found->second) return;
    nodes_.push_back(node);
    queue_.emplace(node.cost, static_cast<std::uint32_t>(nodes_.size() - 1));
  }
  void follow_byte(std::uint32_t from, unsigned char byte, Dfa::State target) {
    const Node& node = nodes_[from];
    if (byte == '/' && has_dots(node)) return;
    std::uint8_t name = other;
    if (byte == '/') name = nothing;
    if (byte == '.' && node.name < two_dots) name = node.name + 1;
    reach({target, node.cost + cost_of(byte), from, name, byte});
  }
  void follow(std::uint32_t from, const Dfa::Edge& edge) {
    // The cheapest byte that is neither '/' nor '.', and these two by themselves.
    int best = -1;
    for (unsigned byte = edge.first; byte <= edge.last; ++byte) {
      const auto b = static_cast<unsigned char>(byte);
      if (b == '/' || b == '.') {
        follow_byte(from, b, edge.target);
      } else if (best < 0 || cost_of(b) < cost_of(static_cast<unsigned char>(best))) {
        best = b;
      }
    }
    if (best >= 0) follow_byte(from, static_cast<unsigned char>(best), edge.target);
  }
  std::string word_to(std::uint32_t index) const {
    std::string word;
    for (; nodes_[index].parent != no_parent; index = nodes_[index].parent) {
      word += static_cast<char>(nodes_[index].byte);
    }
    std::reverse(word.begin(), word.end());
    return word;
  }

  const Dfa& dfa_;
  Want want_;
  bool allow_dots_;
  std::vector<Node> nodes_;
  using Entry = std::pair<std::uint64_t, std::uint32_t>;  // cost, node: ties go to the node that came first
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
  std::unordered_map<std::uint64_t, bool> done_;
};

}  // namespace

std::optional<std::string> PathSet::example() const {
  const Dfa& dfa = impl_->automaton();
  if (dfa.empty()) return std::nullopt;
  using Want = ExampleSearch::Want;
  for (const auto& [want, allow_dots] : {std::pair{Want::file, false}, {Want::anything, false}}) {
    if (auto word = ExampleSearch(dfa, want, allow_dots).run()) return word;
  }
  return ExampleSearch(dfa, Want::anything, true).run();
}

PathSet PathSet::from_automaton(const Automaton& automaton) {
  Nfa nfa;
  const Nfa::State first = nfa.add_state();
  for (std::size_t s = 1; s < automaton.states.size(); ++s) nfa.add_state();
  nfa.add_epsilon(0, first);
  for (std::size_t s = 0; s < automaton.states.size(); ++s) {
    const auto state = static_cast<Nfa::State>(first + s);
    for (const Automaton::Edge& edge : automaton.states[s].edges)
      nfa.add_edge(state, edge.first, edge.last, first + edge.target);
    if (automaton.states[s].accepting) nfa.want(state);
  }
  return PathSet(Impl::of_automaton(nfa.determinize()));
}

PathSet::Automaton PathSet::automaton() const {
  const Dfa& dfa = impl_->automaton();
  Automaton result;
  for (Dfa::State s = 0; s < dfa.size(); ++s) {
    Automaton::State state{dfa.accepting[s], {}};
    for (const Dfa::Edge& edge : dfa.edges_of(s)) state.edges.push_back({edge.first, edge.last, edge.target});
    result.states.push_back(std::move(state));
  }
  if (result.states.empty()) result.states.emplace_back();
  return result;
}

std::optional<std::vector<PathPattern>> PathSet::as_patterns(std::size_t limit) const {
  const auto verified = [&](std::optional<std::vector<PathPattern>> patterns) {
    if (patterns && (patterns->size() > limit || !of(*patterns).equals(*this))) patterns.reset();
    return patterns;
  };
  try {
    if (impl_->is_union) {
      if (auto patterns = verified(rewrite_terms(impl_->terms, limit))) return patterns;
    }
    return verified(rewrite_automaton(impl_->automaton(), limit));
  } catch (const TooComplex&) {
    return std::nullopt;
  }
}

}  // namespace macc::paths
