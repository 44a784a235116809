#include "backends/apparmor/keys.h"

#include <algorithm>
#include <map>
#include <set>

namespace macc::backends::apparmor {

namespace {

constexpr std::size_t kMostNodes = 300'000;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;  // clang 14 needs it

/// Lower is more readable in an example.
int rank(unsigned char byte) {
  if (byte >= 'a' && byte <= 'z') return 0;
  if (byte > ' ' && byte < 0x7f) return 1;
  return 2;
}

}  // namespace

KeyField number16(unsigned value) {
  return KeyBytes{{static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)}};
}

KeyField one_of(const std::vector<unsigned>& values) {
  KeyByte out;
  for (const unsigned value : values) out.set.set(value);
  return out;
}

KeyField any_byte() {
  KeyByte out;
  out.set.set();
  return out;
}

KeyField any_text(bool may_be_empty) {
  KeyText out{{}, may_be_empty};
  out.set.set();
  out.set.reset(0);
  return out;
}

KeyField path_in(const paths::PathSet& set) {
  return KeyPath{std::make_shared<const paths::PathSet::Automaton>(set.automaton())};
}

std::size_t KeyWalk::add(KeyPattern pattern, bool guides) {
  patterns_.push_back(std::move(pattern));
  guides_.push_back(guides);
  return patterns_.size() - 1;
}

/// Goes past what a field may leave out.
void KeyWalk::enter(Positions& out, Position position) const {
  out.push_back(position);
  const KeyPattern& pattern = patterns_[position.pattern];
  if (position.field == pattern.size()) return;
  const bool ends = std::visit(Overloaded{[&](const KeyBytes& f) { return position.inside == f.bytes.size(); },
                                          [&](const KeyByte&) { return position.inside == 1; },
                                          [&](const KeyText& f) { return f.may_be_empty || position.inside == 1; },
                                          [&](const KeyPath& f) { return f.paths->states[position.inside].accepting; }},
                               pattern[position.field]);
  if (ends) enter(out, {position.pattern, position.field + 1, 0});
}

void KeyWalk::advance(Positions& out, const Position& at, unsigned char byte) const {
  if (at.field == patterns_[at.pattern].size()) return;
  const auto go = [&](std::uint32_t inside) { enter(out, {at.pattern, at.field, inside}); };
  std::visit(Overloaded{[&](const KeyBytes& f) {
                          if (at.inside < f.bytes.size() && static_cast<unsigned char>(f.bytes[at.inside]) == byte)
                            go(at.inside + 1);
                        },
                        [&](const KeyByte& f) {
                          if (at.inside == 0 && f.set[byte]) go(1);
                        },
                        [&](const KeyText& f) {
                          if (f.set[byte]) go(1);
                        },
                        [&](const KeyPath& f) {
                          for (const auto& edge : f.paths->states[at.inside].edges) {
                            if (edge.first <= byte && byte <= edge.last) go(edge.target);
                          }
                        }},
             patterns_[at.pattern][at.field]);
}

KeyWalk::Positions KeyWalk::stepped(const Positions& from, unsigned char byte) const {
  Positions out;
  for (const Position& position : from) advance(out, position, byte);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

bool KeyWalk::guided(const Positions& positions) const {
  return std::any_of(positions.begin(), positions.end(), [&](const Position& p) { return guides_[p.pattern]; });
}

std::vector<std::size_t> KeyWalk::complete(const Positions& positions) const {
  std::vector<std::size_t> out;
  for (const Position& p : positions) {
    if (p.field == patterns_[p.pattern].size()) out.push_back(p.pattern);
  }
  return out;
}

/// One byte of each class that neither the automaton nor a pattern tells apart.
std::vector<unsigned char> KeyWalk::representatives(const ByteAutomaton* automaton) const {
  std::vector<ByteSet> sets;
  ByteSet alone, cuts;
  for (const KeyPattern& pattern : patterns_) {
    for (const KeyField& field : pattern) {
      std::visit(
          Overloaded{[&](const KeyBytes& f) {
                       for (const char c : f.bytes) alone.set(static_cast<unsigned char>(c));
                     },
                     [&](const KeyByte& f) { sets.push_back(f.set); }, [&](const KeyText& f) { sets.push_back(f.set); },
                     [&](const KeyPath& f) {
                       for (const auto& state : f.paths->states) {
                         for (const auto& edge : state.edges) {
                           cuts.set(edge.first);
                           if (edge.last < 255) cuts.set(edge.last + 1U);
                         }
                       }
                     }},
          field);
    }
  }
  std::sort(sets.begin(), sets.end(), [](const ByteSet& a, const ByteSet& b) { return a.to_string() < b.to_string(); });
  sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
  std::map<std::vector<std::uint32_t>, unsigned char> classes;
  std::uint32_t interval = 0;
  for (unsigned b = 0; b < 256; ++b) {
    const auto byte = static_cast<unsigned char>(b);
    if (cuts[b]) ++interval;
    std::vector<std::uint32_t> key = {automaton == nullptr ? 0 : automaton->byte_class(byte), interval,
                                      alone[b] ? b + 1 : 0};
    for (const ByteSet& set : sets) key.push_back(set[b] ? 1 : 0);
    const auto [it, is_new] = classes.try_emplace(std::move(key), byte);
    if (rank(byte) < rank(it->second)) it->second = byte;
  }
  std::vector<unsigned char> out;
  for (const auto& [key, byte] : classes) out.push_back(byte);
  std::sort(out.begin(), out.end(),
            [](unsigned char a, unsigned char b) { return std::pair(rank(a), a) < std::pair(rank(b), b); });
  return out;
}

struct KeyWalk::Node {
  const std::pair<const Positions, std::uint32_t>* positions = nullptr;  // with a number
  ByteAutomaton::State state = ByteAutomaton::start;
  std::size_t before = 0;
  unsigned char byte = 0;
};

void KeyWalk::run(const ByteAutomaton* automaton, const Visit& visit) {
  const auto alphabet = representatives(automaton);
  std::map<Positions, std::uint32_t> numbers;
  std::set<std::pair<std::uint32_t, ByteAutomaton::State>> seen;
  std::vector<Node> nodes;
  const auto reach = [&](Positions positions, ByteAutomaton::State state, std::size_t before, unsigned char byte) {
    if (!guided(positions)) return;
    const auto it = numbers.try_emplace(std::move(positions), static_cast<std::uint32_t>(numbers.size())).first;
    if (!seen.emplace(it->second, state).second) return;
    if (nodes.size() >= kMostNodes) throw paths::TooComplex();
    nodes.push_back({&*it, state, before, byte});
  };
  Positions first;
  for (std::uint32_t i = 0; i < patterns_.size(); ++i) enter(first, {i, 0, 0});
  reach(std::move(first), ByteAutomaton::start, 0, 0);
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    const Node node = nodes[at];
    if (const auto found = complete(node.positions->first); !found.empty()) {
      std::string key;
      for (std::size_t i = at; i != 0; i = nodes[i].before) key += static_cast<char>(nodes[i].byte);
      std::reverse(key.begin(), key.end());
      visit(found, node.state, key);
    }
    for (const unsigned char byte : alphabet) {
      const auto next = automaton == nullptr ? ByteAutomaton::dead : automaton->step(node.state, byte);
      reach(stepped(node.positions->first, byte), next, at, byte);
    }
  }
}

}  // namespace macc::backends::apparmor
