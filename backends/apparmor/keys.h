// Accesses that are no files have keys in the compiled policy: a class, then fields that the kernel puts together
// ("signal, number, peer"). Key patterns say which keys a rule is about; the walk compares them with what was compiled,
// for every key that the kernel can ask for.
#pragma once

#include <bitset>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backends/apparmor/blob.h"
#include "compiler/paths/path_set.h"

namespace macc::backends::apparmor {

using ByteSet = std::bitset<256>;

/// These bytes.
struct KeyBytes {
  std::string bytes;
};
/// One byte of a set.
struct KeyByte {
  ByteSet set;
};
/// Any number of bytes of a set.
struct KeyText {
  ByteSet set;
  bool may_be_empty = true;
};
/// A path of a set.
struct KeyPath {
  std::shared_ptr<const paths::PathSet::Automaton> paths;
};
using KeyField = std::variant<KeyBytes, KeyByte, KeyText, KeyPath>;
using KeyPattern = std::vector<KeyField>;

[[nodiscard]] inline KeyField bytes(std::string text) { return KeyBytes{std::move(text)}; }
/// The end of a text.
[[nodiscard]] inline KeyField nul() { return KeyBytes{std::string(1, '\0')}; }
/// A number of 16 bits.
[[nodiscard]] KeyField number16(unsigned value);
[[nodiscard]] KeyField one_of(const std::vector<unsigned>& values);
[[nodiscard]] KeyField any_byte();
/// Any bytes but NUL.
[[nodiscard]] KeyField any_text(bool may_be_empty = true);
[[nodiscard]] KeyField path_in(const paths::PathSet& set);

/// Patterns and a compiled automaton, walked together.
class KeyWalk {
 public:
  /// Returns the pattern's number, from 0. Keys are asked for as long as some pattern with `guides` goes on: those say
  /// which keys there are.
  std::size_t add(KeyPattern pattern, bool guides);

  /// `complete`: the numbers of the patterns that the key matches, sorted.
  using Visit =
      std::function<void(const std::vector<std::size_t>& complete, ByteAutomaton::State state, const std::string& key)>;
  /// Every combination of matches and states, the shortest key of each. `automaton` null: one that accepts nothing.
  /// Throws paths::TooComplex.
  void run(const ByteAutomaton* automaton, const Visit& visit);

 private:
  /// How far a key is in a pattern.
  struct Position {
    std::uint32_t pattern = 0, field = 0, inside = 0;
    friend auto operator<=>(const Position&, const Position&) = default;
  };
  using Positions = std::vector<Position>;
  struct Node;

  [[nodiscard]] std::vector<unsigned char> representatives(const ByteAutomaton* automaton) const;
  void enter(Positions& out, Position position) const;
  void advance(Positions& out, const Position& position, unsigned char byte) const;
  [[nodiscard]] Positions stepped(const Positions& from, unsigned char byte) const;
  [[nodiscard]] bool guided(const Positions& positions) const;
  [[nodiscard]] std::vector<std::size_t> complete(const Positions& positions) const;

  std::vector<KeyPattern> patterns_;
  std::vector<bool> guides_;
};

}  // namespace macc::backends::apparmor
