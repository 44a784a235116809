#include "compiler/paths/glance.h"

#include <algorithm>
#include <span>

namespace macc::paths {

namespace {

/// One byte of a name after the other, as long as they are told one by one.
class Bytes {
 public:
  enum class Kind : std::uint8_t { literal, set, open, end };
  struct Step {
    Kind kind = Kind::end;
    unsigned char byte = 0;                 // literal
    const CharClass* char_class = nullptr;  // set; null for any byte
  };
  enum class Direction : bool { forwards, backwards };

  Bytes(const Sequence& atoms, Direction direction) : atoms_(atoms), backwards_(direction == Direction::backwards) {}

  Step next() {
    if (atom_ == atoms_.size()) return {Kind::end};
    const Atom& atom = atoms_[backwards_ ? atoms_.size() - 1 - atom_ : atom_];
    if (const auto* literal = std::get_if<Literal>(&atom.value)) {
      const std::size_t last = literal->bytes.size() - 1;
      const auto byte = static_cast<unsigned char>(literal->bytes[backwards_ ? last - byte_ : byte_]);
      if (byte_++ == last) next_atom();
      return {Kind::literal, byte};
    }
    next_atom();
    if (std::holds_alternative<AnyChar>(atom.value)) return {Kind::set};
    if (const auto* char_class = std::get_if<CharClass>(&atom.value)) return {Kind::set, 0, char_class};
    return {Kind::open};
  }

 private:
  void next_atom() {
    ++atom_;
    byte_ = 0;
  }

  const Sequence& atoms_;
  bool backwards_;
  std::size_t atom_ = 0;
  std::size_t byte_ = 0;  // within a literal
};

bool excludes(const CharClass* char_class, unsigned char byte) {
  if (char_class == nullptr) return false;
  const bool listed = std::any_of(char_class->ranges.begin(), char_class->ranges.end(),
                                  [byte](const CharClass::Range& r) { return r.first <= byte && byte <= r.last; });
  return listed == char_class->negated;
}

bool apart_from(const Sequence& a, const Sequence& b, Bytes::Direction direction) {
  using Kind = Bytes::Kind;
  Bytes left(a, direction);
  Bytes right(b, direction);
  while (true) {
    const Bytes::Step x = left.next();
    const Bytes::Step y = right.next();
    if (x.kind == Kind::open || y.kind == Kind::open) return false;
    if (x.kind == Kind::end || y.kind == Kind::end) return x.kind != y.kind;  // of different length
    if (x.kind == Kind::literal && y.kind == Kind::literal && x.byte != y.byte) return true;
    if (x.kind == Kind::literal && y.kind == Kind::set && excludes(y.char_class, x.byte)) return true;
    if (x.kind == Kind::set && y.kind == Kind::literal && excludes(x.char_class, y.byte)) return true;
  }
}

/// The bytes of a name without wildcards; null for others.
const std::string* literal_name(const Sequence& atoms) {
  const auto* literal = atoms.size() == 1 ? std::get_if<Literal>(&atoms[0].value) : nullptr;
  return literal == nullptr ? nullptr : &literal->bytes;
}

/// Whether letters that each name of the sequence has are not in this name.
bool lacks_letters_of(const std::string& name, const Sequence& atoms) {
  return std::any_of(atoms.begin(), atoms.end(), [&name](const Atom& atom) {
    const auto* literal = std::get_if<Literal>(&atom.value);
    return literal != nullptr && name.find(literal->bytes) == std::string::npos;
  });
}

bool names_apart(const Sequence& a, const Sequence& b) {
  if (apart_from(a, b, Bytes::Direction::forwards) || apart_from(a, b, Bytes::Direction::backwards)) return true;
  const std::string* x = literal_name(a);
  const std::string* y = literal_name(b);
  return (x != nullptr && lacks_letters_of(*x, b)) || (y != nullptr && lacks_letters_of(*y, a));
}

using Components = std::vector<Component>;

/// The components of a pattern, behind those of a folder.
class Walk {
 public:
  explicit Walk(const PathPattern& pattern, std::span<const Component> folder = {})
      : pattern_(pattern), folder_(folder) {}

  /// Null behind the last one.
  [[nodiscard]] const Component* at(std::size_t i) const {
    if (i < folder_.size()) return &folder_[i];
    i -= folder_.size();
    return i < pattern_.components().size() ? &pattern_.components()[i] : nullptr;
  }
  [[nodiscard]] bool is_tree() const { return pattern_.tail() == Tail::tree; }

 private:
  const PathPattern& pattern_;
  std::span<const Component> folder_;
};

bool apart(const Walk& a, const Walk& b) {
  for (std::size_t i = 0;; ++i) {
    const Component* x = a.at(i);
    const Component* y = b.at(i);
    if (x == nullptr && y == nullptr) return false;
    if ((x != nullptr && x->any_depth) || (y != nullptr && y->any_depth)) return false;
    if (x == nullptr) return !a.is_tree();
    if (y == nullptr) return !b.is_tree();
    if (names_apart(x->atoms, y->atoms)) return true;
  }
}

bool is_literal(const Sequence& atoms) {
  return std::all_of(atoms.begin(), atoms.end(),
                     [](const Atom& atom) { return std::holds_alternative<Literal>(atom.value); });
}

/// Behind a wildcard of any length, or a choice of words, only letters and such wildcards: then the automaton need not
/// remember more than the last letters that it read.
bool is_small(const Component& component) {
  if (component.any_depth) return false;
  bool open = false;
  for (const Atom& atom : component.atoms) {
    if (std::holds_alternative<Literal>(atom.value)) continue;
    const auto* choice = std::get_if<Alternatives>(&atom.value);
    const bool is_star = std::holds_alternative<AnyChars>(atom.value);
    if (choice != nullptr && !std::all_of(choice->choices.begin(), choice->choices.end(), is_literal)) return false;
    if (open && !is_star) return false;
    open = open || is_star || choice != nullptr;
  }
  return true;
}

/// The folders that hold what is written `~`.
const std::vector<Components>& homes() {
  static const std::vector<Components> list = [] {
    std::vector<Components> out;
    PatternError error;
    for (const std::string& text : home_patterns()) out.push_back(PathPattern::parse(text, error).at(0).components());
    return out;
  }();
  return list;
}

}  // namespace

bool surely_apart(const PathPattern& a, const PathPattern& b) {
  // Two patterns in the same home differ where they differ behind it.
  if (a.anchor() == b.anchor()) return apart(Walk(a), Walk(b));
  const bool a_is_home = a.anchor() == PathPattern::Anchor::home;
  const Walk other(a_is_home ? b : a);
  return std::all_of(homes().begin(), homes().end(),
                     [&](const Components& home) { return apart(Walk(a_is_home ? a : b, home), other); });
}

bool surely_beneath(const PathPattern& inner, const PathPattern& tree) {
  const Components& top = tree.components();
  const Components& below = inner.components();
  if (tree.tail() != Tail::tree || tree.excludes_top() || tree.anchor() != inner.anchor()) return false;
  // The paths of `inner` are longer than the shortest of the tree: `**` never stands last.
  return below.size() > top.size() && std::equal(top.begin(), top.end(), below.begin());
}

bool surely_small(const PathPattern& pattern) {
  return std::all_of(pattern.components().begin(), pattern.components().end(), is_small);
}

}  // namespace macc::paths
