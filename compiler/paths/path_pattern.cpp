#include "compiler/paths/path_pattern.h"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <utility>

namespace macc::paths {

namespace {

constexpr std::size_t max_bytes = 4096;
constexpr std::size_t max_components = 64;
constexpr std::size_t max_patterns = 64;
constexpr int max_brace_depth = 16;

/// Has a meaning of its own somewhere in a pattern.
bool is_special(char c) { return std::string_view("/*?[]{},\\").find(c) != std::string_view::npos; }
bool is_forbidden(unsigned char byte) { return byte == 0 || byte == '\n'; }
bool is_punctuation(unsigned char byte) {
  return (byte >= 0x20 && byte < 0x30) || (byte > '9' && byte < 'A') || (byte > 'Z' && byte < 'a') ||
         (byte > 'z' && byte < 0x7f);
}
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string hex_escape(unsigned char byte) {
  static constexpr char digits[] = "0123456789abcdef";
  return {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
}

std::string show_byte(unsigned char byte) {
  return byte < 0x20 || byte >= 0x7f ? hex_escape(byte) : std::string(1, static_cast<char>(byte));
}

// ---- normal form ----

void append_sequence(Sequence& out, Sequence atoms);

void add_choice(Alternatives& alternatives, Sequence choice) {
  auto& choices = alternatives.choices;
  if (std::find(choices.begin(), choices.end(), choice) == choices.end()) choices.push_back(std::move(choice));
}

Alternatives normal_alternatives(Alternatives alternatives) {
  Alternatives result;
  for (Sequence& choice : alternatives.choices) {
    Sequence atoms;
    append_sequence(atoms, std::move(choice));
    add_choice(result, std::move(atoms));
  }
  return result;
}

/// Appends in normal form: neighbouring literals are one, `**` inside a component is `*`, one choice is no choice.
void append_atom(Sequence& out, Atom atom) {
  if (auto* literal = std::get_if<Literal>(&atom.value)) {
    if (literal->bytes.empty()) return;
    if (auto* last = out.empty() ? nullptr : std::get_if<Literal>(&out.back().value)) {
      last->bytes += literal->bytes;
      return;
    }
  } else if (std::holds_alternative<AnyChars>(atom.value)) {
    if (!out.empty() && std::holds_alternative<AnyChars>(out.back().value)) return;
  } else if (auto* alternatives = std::get_if<Alternatives>(&atom.value)) {
    *alternatives = normal_alternatives(std::move(*alternatives));
    if (alternatives->choices.size() == 1) {
      append_sequence(out, std::move(alternatives->choices.front()));
      return;
    }
  }
  out.push_back(std::move(atom));
}

void append_sequence(Sequence& out, Sequence atoms) {
  for (Atom& atom : atoms) append_atom(out, std::move(atom));
}

using ByteSet = std::array<bool, 256>;

ByteSet bytes_of(const CharClass& value) {
  ByteSet in{};
  for (const CharClass::Range& range : value.ranges) {
    for (unsigned byte = range.first; byte <= range.last; ++byte) in[byte] = true;
  }
  in[0] = in['\n'] = in['/'] = false;
  return in;
}

/// Sorted, merged ranges without the bytes that no component holds; one byte alone is a literal, all of them `?`.
/// nullopt when nothing is left.
std::optional<Atom> normal_class(const CharClass& value) {
  const ByteSet in = bytes_of(value);
  CharClass result{value.negated, {}};
  std::size_t count = 0;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (!in[byte]) continue;
    ++count;
    const auto b = static_cast<unsigned char>(byte);
    if (!result.ranges.empty() && result.ranges.back().last + 1U == byte) {
      result.ranges.back().last = b;
    } else {
      result.ranges.push_back({b, b});
    }
  }
  constexpr std::size_t component_bytes = 256 - 3;
  if (count == (value.negated ? component_bytes : 0)) return std::nullopt;
  if (count == (value.negated ? 0 : component_bytes)) return Atom{AnyChar{}};
  if (count == 1 && !value.negated) return Atom{Literal{std::string(1, static_cast<char>(result.ranges[0].first))}};
  return Atom{std::move(result)};
}

bool is_any_name(const Component& component) {
  return component.atoms.size() == 1 && std::holds_alternative<AnyChars>(component.atoms[0].value);
}

// ---- reading ----

/// What the reader makes of the text: atoms, slashes, `**`, and groups that have to be expanded because their choices
/// hold one of the last two.
struct Node {
  enum class Kind : std::uint8_t { atom, slash, any_depth, group };
  Kind kind = Kind::atom;
  std::size_t offset = 0;
  std::size_t length = 1;
  std::optional<Atom> atom;
  std::vector<std::vector<Node>> choices;
};
using Nodes = std::vector<Node>;

struct Failure {
  PatternError error;
};

[[noreturn]] void fail(std::string message, std::size_t offset, std::size_t length = 1) {
  throw Failure{{std::move(message), offset, length}};
}

class Reader {
 public:
  explicit Reader(std::string_view raw) : raw_(raw) {}

  Nodes read_all() {
    Nodes nodes = read_sequence(0);
    if (pos_ < raw_.size()) fail("`}` without `{` before it; write `\\}` for the character", pos_);
    return nodes;
  }

 private:
  bool at_end() const { return pos_ >= raw_.size(); }
  char peek() const { return raw_[pos_]; }

  Nodes read_sequence(int depth) {
    Nodes nodes;
    while (!at_end() && peek() != '}' && !(depth > 0 && peek() == ',')) nodes.push_back(read_node(depth));
    return nodes;
  }

  Node read_node(int depth) {
    const std::size_t start = pos_;
    Node node;
    node.offset = start;
    switch (peek()) {
      case '/':
        node.kind = Node::Kind::slash;
        ++pos_;
        break;
      case '*': {
        while (!at_end() && peek() == '*') ++pos_;
        if (pos_ - start > 2) fail("more than two `*` in a row", start, pos_ - start);
        if (pos_ - start == 2)
          node.kind = Node::Kind::any_depth;
        else
          node.atom = Atom{AnyChars{}};
        break;
      }
      case '?':
        node.atom = Atom{AnyChar{}};
        ++pos_;
        break;
      case '[':
        node.atom = read_class();
        break;
      case ']':
        fail("`]` without `[` before it; write `\\]` for the character", start);
      case '{':
        node = read_group(depth + 1);
        break;
      default:
        node.atom = Atom{Literal{read_letters()}};
    }
    node.length = pos_ - start;
    return node;
  }

  /// One byte, and those behind it that stand for themselves.
  std::string read_letters() {
    std::string letters(1, static_cast<char>(read_byte()));
    while (!at_end() && !is_special(peek()) && !is_forbidden(static_cast<unsigned char>(peek()))) {
      letters += raw_[pos_++];
    }
    return letters;
  }

  unsigned char read_byte() {
    if (peek() == '\\') return read_escape();
    const auto byte = static_cast<unsigned char>(peek());
    if (is_forbidden(byte)) fail(byte == 0 ? "a path can't hold NUL" : "a path can't hold a line break here", pos_);
    ++pos_;
    return byte;
  }

  unsigned char read_escape() {
    const std::size_t start = pos_++;
    if (at_end()) fail("the pattern ends in the middle of an escape", start);
    const auto next = static_cast<unsigned char>(raw_[pos_++]);
    if (next == '/') fail("`/` can't be escaped: it always parts components", start, 2);
    if (is_punctuation(next)) return next;
    if (next != 'x') {
      fail("unknown escape; punctuation is escaped by `\\`, any other byte is written `\\xHH`", start, 2);
    }
    const int high = at_end() ? -1 : hex_value(raw_[pos_]);
    const int low = pos_ + 1 >= raw_.size() ? -1 : hex_value(raw_[pos_ + 1]);
    if (high < 0 || low < 0) fail("`\\x` takes two hexadecimal digits", start, 2);
    pos_ += 2;
    const auto byte = static_cast<unsigned char>(high * 16 + low);
    if (is_forbidden(byte) || byte == '/') {
      fail("`" + hex_escape(byte) + "` can't be part of a name: NUL, line breaks and `/` are not allowed", start, 4);
    }
    return byte;
  }

  Atom read_class() {
    const std::size_t start = pos_++;
    CharClass value;
    if (!at_end() && peek() == '^') {
      value.negated = true;
      ++pos_;
    } else if (!at_end() && peek() == '!') {
      fail("a class is negated by `^`; write `\\!` for the character", pos_);
    }
    while (!at_end() && peek() != ']') read_range(value);
    if (at_end()) fail("`[` is never closed; write `\\[` for the character", start);
    ++pos_;
    if (value.ranges.empty()) fail("empty class", start, pos_ - start);
    std::optional<Atom> atom = normal_class(value);
    if (!atom) fail("this class matches no character that a name can hold", start, pos_ - start);
    return std::move(*atom);
  }

  void read_range(CharClass& value) {
    const std::size_t start = pos_;
    const unsigned char first = read_class_byte();
    unsigned char last = first;
    if (pos_ + 1 < raw_.size() && peek() == '-' && raw_[pos_ + 1] != ']') {
      ++pos_;
      last = read_class_byte();
    }
    if (last < first) {
      fail("the range runs backwards: `" + show_byte(first) + "` comes after `" + show_byte(last) + "`", start,
           pos_ - start);
    }
    value.ranges.push_back({first, last});
  }

  unsigned char read_class_byte() {
    const auto byte = static_cast<unsigned char>(peek());
    if (byte == '[') fail("`[` inside a class; write `\\[` for the character", pos_);
    if (byte == '/') fail("`/` inside a class; a class matches one character of a name, never `/`", pos_);
    if (byte >= 0x80) fail("a class holds single bytes; write alternatives such as `{é,è}`, or `\\xHH`", pos_);
    return read_byte();
  }

  Node read_group(int depth) {
    const std::size_t start = pos_++;
    if (depth > max_brace_depth) fail("braces are nested more than 16 deep", start);
    Node node;
    node.offset = start;
    node.choices.push_back(read_sequence(depth));
    while (!at_end() && peek() == ',') {
      ++pos_;
      node.choices.push_back(read_sequence(depth));
    }
    if (at_end()) fail("`{` is never closed; write `\\{` for the character", start);
    ++pos_;
    const bool plain = std::all_of(node.choices.begin(), node.choices.end(), [](const Nodes& choice) {
      return std::all_of(choice.begin(), choice.end(), [](const Node& n) { return n.kind == Node::Kind::atom; });
    });
    if (!plain) {
      node.kind = Node::Kind::group;
      return node;
    }
    Alternatives alternatives;
    for (Nodes& choice : node.choices) {
      Sequence atoms;
      for (Node& n : choice) append_atom(atoms, std::move(*n.atom));
      alternatives.choices.push_back(std::move(atoms));
    }
    node.choices.clear();
    node.atom = Atom{normal_alternatives(std::move(alternatives))};
    return node;
  }

  std::string_view raw_;
  std::size_t pos_ = 0;
};

/// All ways through the groups that cross components.
std::vector<Nodes> expand(Nodes nodes) {
  const auto is_group = [](const Node& node) { return node.kind == Node::Kind::group; };
  if (std::none_of(nodes.begin(), nodes.end(), is_group)) return {std::move(nodes)};
  std::vector<Nodes> results(1);
  for (const Node& node : nodes) {
    if (!is_group(node)) {
      for (Nodes& result : results) result.push_back(node);
      continue;
    }
    std::vector<Nodes> next;
    for (const Nodes& choice : node.choices) {
      for (const Nodes& way : expand(choice)) {
        for (const Nodes& before : results) {
          if (next.size() == max_patterns) {
            fail("these alternatives expand to more than 64 patterns", node.offset, node.length);
          }
          next.push_back(before);
          next.back().insert(next.back().end(), way.begin(), way.end());
        }
      }
    }
    results = std::move(next);
  }
  return results;
}

bool is_dots(const Component& component) {
  if (component.atoms.size() != 1) return false;
  const auto* literal = std::get_if<Literal>(&component.atoms[0].value);
  return literal != nullptr && (literal->bytes == "." || literal->bytes == "..");
}

/// The nodes between two slashes.
Component component_of(const Node* first, const Node* last) {
  Component component;
  for (const Node* node = first; node != last; ++node) {
    if (node->kind == Node::Kind::any_depth) {
      if (last - first == 1) {
        component.any_depth = true;
        return component;
      }
      fail("`**` must be a whole component, as in `/usr/lib/**/*.so`; inside a name write `*`", node->offset,
           node->length);
    }
    append_atom(component.atoms, *node->atom);
  }
  return component;
}

PathPattern pattern_of(const Nodes& nodes, PathPattern::Anchor anchor) {
  if (nodes.empty() || nodes.front().kind != Node::Kind::slash) {
    fail("a path must be absolute: it starts with `/` or `~/`", nodes.empty() ? 0 : nodes.front().offset);
  }
  std::vector<Component> components;
  Tail tail = Tail::entry;
  std::size_t start = 1;
  while (start <= nodes.size()) {
    std::size_t end = start;
    while (end < nodes.size() && nodes[end].kind != Node::Kind::slash) ++end;
    const std::size_t offset = nodes[std::min(start, nodes.size() - 1)].offset;
    if (start == nodes.size()) {
      tail = Tail::directory;
      break;
    }
    Component component = component_of(nodes.data() + start, nodes.data() + end);
    if (!component.any_depth && component.atoms.empty()) fail("empty component in a path", offset);
    if (is_dots(component)) fail("`.` and `..` can't stand in a pattern: name what the path leads to", offset);
    components.push_back(std::move(component));
    if (components.size() > max_components) fail("more than 64 components in a path", offset);
    start = end + 1;
  }
  if (tail == Tail::entry && components.back().any_depth) {
    components.pop_back();
    tail = Tail::tree;
  }
  return PathPattern::from_parts(anchor, std::move(components), tail);
}

std::vector<PathPattern> parse_or_throw(std::string_view raw) {
  if (raw.size() > max_bytes) fail("the path pattern is longer than 4096 bytes", max_bytes);
  auto anchor = PathPattern::Anchor::root;
  Nodes nodes = Reader(raw).read_all();
  if (raw.starts_with("~/")) {
    anchor = PathPattern::Anchor::home;
    nodes.erase(nodes.begin());
  } else if (raw.starts_with('~')) {
    fail("`~` stands for every home directory and is followed by `/`", 0);
  }
  std::vector<PathPattern> patterns;
  for (const Nodes& way : expand(std::move(nodes))) {
    PathPattern pattern = pattern_of(way, anchor);
    if (pattern.text().size() > max_bytes) fail("the path pattern is longer than 4096 bytes when escaped", 0);
    if (std::find(patterns.begin(), patterns.end(), pattern) == patterns.end()) patterns.push_back(std::move(pattern));
  }
  return patterns;
}

// ---- writing ----

/// Length of the UTF-8 character at the start of `text`, 0 when it is malformed or would not show as itself.
std::size_t printable_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  std::uint32_t code = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3fU);
  }
  constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool malformed = code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff);
  const bool control = code < 0xa0;
  // Marks that reorder or hide the text around them.
  const bool invisible = (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
                         (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
  return malformed || control || invisible ? 0 : length;
}

void write_literal(std::string& out, std::string_view bytes, bool in_alternatives) {
  static constexpr std::string_view special = "\\\"*?[]{}$";
  while (!bytes.empty()) {
    const auto byte = static_cast<unsigned char>(bytes[0]);
    std::size_t length = 1;
    if (special.find(bytes[0]) != std::string_view::npos || (in_alternatives && byte == ',')) {
      out += '\\';
      out += bytes[0];
    } else if (byte >= 0x80 && (length = printable_character(bytes)) > 0) {
      out += bytes.substr(0, length);
    } else {
      out += show_byte(byte);
      length = 1;
    }
    bytes.remove_prefix(length);
  }
}

void write_class_byte(std::string& out, unsigned char byte) {
  static constexpr std::string_view special = "\\\"[]^-!{}$";
  if (special.find(static_cast<char>(byte)) != std::string_view::npos) out += '\\';
  out += show_byte(byte);
}

void write_class(std::string& out, const CharClass& value) {
  out += value.negated ? "[^" : "[";
  for (const CharClass::Range& range : value.ranges) {
    write_class_byte(out, range.first);
    if (range.last > range.first + 1) out += '-';
    if (range.last > range.first) write_class_byte(out, range.last);
  }
  out += ']';
}

void write_sequence(std::string& out, const Sequence& atoms, bool in_alternatives);

struct AtomWriter {
  std::string& out;
  bool in_alternatives;
  void operator()(const Literal& literal) const { write_literal(out, literal.bytes, in_alternatives); }
  void operator()(const AnyChars&) const { out += '*'; }
  void operator()(const AnyChar&) const { out += '?'; }
  void operator()(const CharClass& value) const { write_class(out, value); }
  void operator()(const Alternatives& alternatives) const {
    char before = '{';
    for (const Sequence& choice : alternatives.choices) {
      out += before;
      write_sequence(out, choice, true);
      before = ',';
    }
    out += '}';
  }
};

void write_sequence(std::string& out, const Sequence& atoms, bool in_alternatives) {
  for (const Atom& atom : atoms) std::visit(AtomWriter{out, in_alternatives}, atom.value);
}

// ---- matching ----

/// Offsets into a name at which a match may stand; offset i means that i bytes are consumed.
using Offsets = std::vector<bool>;

Offsets advance(const Sequence& atoms, std::string_view name, Offsets from);

struct AtomMatcher {
  std::string_view name;
  const Offsets& from;

  Offsets none() const { return Offsets(from.size(), false); }
  template <typename Accepts>
  Offsets one_byte(Accepts accepts) const {
    Offsets to = none();
    for (std::size_t i = 0; i < name.size(); ++i) to[i + 1] = from[i] && accepts(static_cast<unsigned char>(name[i]));
    return to;
  }

  Offsets operator()(const Literal& literal) const {
    Offsets to = none();
    for (std::size_t i = 0; i + literal.bytes.size() <= name.size(); ++i) {
      if (from[i] && name.substr(i).starts_with(literal.bytes)) to[i + literal.bytes.size()] = true;
    }
    return to;
  }
  Offsets operator()(const AnyChars&) const {
    Offsets to = from;
    for (std::size_t i = 1; i < to.size(); ++i) to[i] = to[i] || to[i - 1];
    return to;
  }
  Offsets operator()(const AnyChar&) const {
    return one_byte([](unsigned char) { return true; });
  }
  Offsets operator()(const CharClass& value) const {
    return one_byte([&](unsigned char byte) {
      const bool listed = std::any_of(value.ranges.begin(), value.ranges.end(), [&](const CharClass::Range& range) {
        return range.first <= byte && byte <= range.last;
      });
      return listed != value.negated;
    });
  }
  Offsets operator()(const Alternatives& alternatives) const {
    Offsets to = none();
    for (const Sequence& choice : alternatives.choices) {
      const Offsets way = advance(choice, name, from);
      for (std::size_t i = 0; i < to.size(); ++i) to[i] = to[i] || way[i];
    }
    return to;
  }
};

Offsets advance(const Sequence& atoms, std::string_view name, Offsets from) {
  for (const Atom& atom : atoms) from = std::visit(AtomMatcher{name, from}, atom.value);
  return from;
}

bool matches_name(const Component& component, std::string_view name) {
  Offsets start(name.size() + 1, false);
  start[0] = true;
  return !name.empty() && advance(component.atoms, name, std::move(start)).back();
}

/// The components of a well-formed path, nullopt for any other string.
struct SplitPath {
  std::vector<std::string_view> names;
  bool is_directory = false;
};
std::optional<SplitPath> split(std::string_view path) {
  constexpr std::string_view forbidden("\0\n", 2);
  if (!path.starts_with('/') || path.find("//") != path.npos || path.find_first_of(forbidden) != path.npos) {
    return std::nullopt;
  }
  SplitPath result;
  result.is_directory = path.ends_with('/');
  path.remove_prefix(1);
  if (result.is_directory && !path.empty()) path.remove_suffix(1);
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    result.names.push_back(path.substr(0, slash));
    path.remove_prefix(slash == path.npos ? path.size() : slash + 1);
  }
  return result;
}

/// Drops the names of a home directory from the front; false when the path is in no home.
bool enter_home(std::vector<std::string_view>& names) {
  const std::size_t depth = names.empty() ? 0 : names[0] == "root" ? 1 : names[0] == "home" ? 2 : 0;
  if (depth == 0 || names.size() < depth) return false;
  names.erase(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(depth));
  return true;
}

/// How many components of the pattern may be matched so far; `**` can also be skipped.
class ComponentStates {
 public:
  explicit ComponentStates(const std::vector<Component>& components)
      : components_(components), active_(components.size() + 1, false) {
    active_[0] = true;
    skip_any_depth();
  }
  void step(std::string_view name) {
    std::vector<bool> next(active_.size(), false);
    for (std::size_t i = 0; i < components_.size(); ++i) {
      if (!active_[i]) continue;
      if (components_[i].any_depth) {
        next[i] = true;
      } else if (matches_name(components_[i], name)) {
        next[i + 1] = true;
      }
    }
    active_ = std::move(next);
    skip_any_depth();
  }
  bool finished() const { return active_.back(); }

 private:
  void skip_any_depth() {
    for (std::size_t i = 0; i < components_.size(); ++i) {
      if (active_[i] && components_[i].any_depth) active_[i + 1] = true;
    }
  }
  const std::vector<Component>& components_;
  std::vector<bool> active_;
};

bool is_clean(std::string_view path) {
  const std::optional<SplitPath> parts = split(path);
  return parts && std::none_of(parts->names.begin(), parts->names.end(),
                               [](std::string_view name) { return name == "." || name == ".."; });
}

}  // namespace

bool operator==(const Alternatives& a, const Alternatives& b) { return a.choices == b.choices; }

std::vector<PathPattern> PathPattern::parse(std::string_view raw, PatternError& error) {
  try {
    return parse_or_throw(raw);
  } catch (Failure& failure) {
    error = std::move(failure.error);
    return {};
  }
}

PathPattern PathPattern::from_parts(Anchor anchor, std::vector<Component> components, Tail tail, bool excludes_top) {
  PathPattern pattern;
  pattern.anchor_ = anchor;
  for (Component& component : components) {
    if (component.any_depth && !pattern.components_.empty() && pattern.components_.back().any_depth) continue;
    Component normal{component.any_depth, {}};
    append_sequence(normal.atoms, std::move(component.atoms));
    pattern.components_.push_back(std::move(normal));
  }
  auto& parts = pattern.components_;
  // "/x/**/*" is everything beneath x.
  if (tail == Tail::entry && parts.size() >= 2 && is_any_name(parts.back()) && parts[parts.size() - 2].any_depth) {
    parts.pop_back();
    tail = Tail::tree;
    excludes_top = true;
  }
  if (tail == Tail::tree && !parts.empty() && parts.back().any_depth) parts.pop_back();
  pattern.tail_ = tail;
  pattern.excludes_top_ = excludes_top && tail == Tail::tree;
  return pattern;
}

PathPattern PathPattern::literal(std::string_view path) {
  if (!is_clean(path)) throw std::invalid_argument("not an absolute and clean path");
  const SplitPath parts = *split(path);
  std::vector<Component> components;
  for (std::string_view name : parts.names) components.push_back({false, {Atom{Literal{std::string(name)}}}});
  return from_parts(Anchor::root, std::move(components), parts.is_directory ? Tail::directory : Tail::entry);
}

bool PathPattern::matches(std::string_view path) const {
  std::optional<SplitPath> parts = split(path);
  if (!parts || (anchor_ == Anchor::home && !enter_home(parts->names))) return false;
  ComponentStates states(components_);
  for (std::string_view name : parts->names) {
    if (tail_ == Tail::tree && states.finished()) return true;
    states.step(name);
  }
  if (!states.finished()) return false;
  switch (tail_) {
    case Tail::entry:
      return true;
    case Tail::directory:
      return parts->is_directory;
    case Tail::tree:
      return parts->is_directory && !excludes_top_;
    case Tail::file:
      return !parts->is_directory;
  }
  return false;
}

bool PathPattern::is_literal() const {
  if (anchor_ == Anchor::home || tail_ == Tail::tree) return false;
  return std::all_of(components_.begin(), components_.end(), [](const Component& component) {
    return component.atoms.size() == 1 && std::holds_alternative<Literal>(component.atoms[0].value);
  });
}

std::string PathPattern::literal_prefix() const {
  if (anchor_ == Anchor::home) return "/";
  std::string prefix;
  for (const Component& component : components_) {
    prefix += '/';
    if (component.any_depth) return prefix;
    const auto* literal = std::get_if<Literal>(&component.atoms.front().value);
    if (literal != nullptr) prefix += literal->bytes;
    if (literal == nullptr || component.atoms.size() > 1) return prefix;
  }
  if (tail_ == Tail::directory || tail_ == Tail::tree) prefix += '/';
  return prefix;
}

std::string PathPattern::text() const {
  std::string out = anchor_ == Anchor::home ? "~" : "";
  for (const Component& component : components_) {
    out += '/';
    if (component.any_depth) out += "**";
    write_sequence(out, component.atoms, false);
  }
  if (tail_ == Tail::directory) out += '/';
  if (tail_ == Tail::tree) out += excludes_top_ ? "/**/*" : "/**";
  return out;
}

PathPattern PathPattern::entries_beneath() const {
  PathPattern pattern = *this;
  pattern.excludes_top_ = tail_ == Tail::tree;
  return pattern;
}

bool decode_text(std::string_view raw, std::string& out, PatternError& error) {
  out.clear();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\0') {
      error = {"a text can't hold NUL", i, 1};
      return false;
    }
    if (raw[i] != '\\') {
      out += raw[i];
      continue;
    }
    const char next = i + 1 < raw.size() ? raw[i + 1] : '\0';
    const int high = i + 2 < raw.size() ? hex_value(raw[i + 2]) : -1;
    const int low = i + 3 < raw.size() ? hex_value(raw[i + 3]) : -1;
    if (is_punctuation(static_cast<unsigned char>(next))) {
      out += next;
      i += 1;
    } else if (next == 't') {
      out += '\t';
      i += 1;
    } else if (next == 'x' && high >= 0 && low >= 0 && high + low > 0) {
      out += static_cast<char>(high * 16 + low);
      i += 3;
    } else {
      error = next == 'x' ? PatternError{"`\\x` takes two hexadecimal digits, and not `00`", i, 2}
                          : PatternError{"unknown escape", i, std::min<std::size_t>(2, raw.size() - i)};
      return false;
    }
  }
  return true;
}

const std::vector<std::string>& home_patterns() {
  static const std::vector<std::string> homes = {"/root", "/home/*"};
  return homes;
}

}  // namespace macc::paths
