#include "backends/apparmor/glob.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace macc::backends::apparmor {

using paths::Atom;
using paths::Component;
using paths::PathPattern;
using paths::Sequence;
using paths::Tail;

bool operator==(const GlobChoice& a, const GlobChoice& b) { return a.choices == b.choices; }

Glob::Glob(std::string literal) {
  if (!literal.empty()) pieces.emplace_back(GlobLiteral{std::move(literal)});
}

void Glob::append(GlobPiece piece) {
  if (!pieces.empty()) {
    auto* last = std::get_if<GlobLiteral>(&pieces.back());
    const auto* next = std::get_if<GlobLiteral>(&piece);
    if (last != nullptr && next != nullptr) {
      last->bytes += next->bytes;
      return;
    }
    // Two stars side by side would be read as `**`.
    if (std::holds_alternative<GlobStar>(pieces.back()) && std::holds_alternative<GlobStar>(piece)) return;
  }
  pieces.push_back(std::move(piece));
}

void Glob::append(const Glob& other) {
  for (const GlobPiece& piece : other.pieces) append(piece);
}

namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;  // clang 14 needs it

// ---- patterns ----

bool may_be_empty(const Sequence& sequence);

bool may_be_empty(const Atom& atom) {
  return std::visit(
      Overloaded{[](const paths::Literal& l) { return l.bytes.empty(); }, [](const paths::AnyChars&) { return true; },
                 [](const paths::AnyChar&) { return false; }, [](const paths::CharClass&) { return false; },
                 [](const paths::Alternatives& a) {
                   return std::any_of(a.choices.begin(), a.choices.end(),
                                      [](const Sequence& s) { return may_be_empty(s); });
                 }},
      atom.value);
}

bool may_be_empty(const Sequence& sequence) {
  return std::all_of(sequence.begin(), sequence.end(), [](const Atom& a) { return may_be_empty(a); });
}

Glob glob_of(const Sequence& sequence);

Glob choice_of(std::vector<Glob> choices) {
  if (choices.size() == 1) return std::move(choices.front());
  Glob out;
  if (!choices.empty()) out.append(GlobChoice{std::move(choices)});
  return out;
}

Glob glob_of(const Atom& atom) {
  Glob out;
  std::visit(Overloaded{[&](const paths::Literal& l) { out = Glob(l.bytes); },
                        [&](const paths::AnyChars&) { out.append(GlobStar{}); },
                        [&](const paths::AnyChar&) { out.append(GlobAny{}); },
                        [&](const paths::CharClass& c) {
                          out.append(GlobClass{c.negated, c.ranges});
                        },
                        [&](const paths::Alternatives& a) {
                          std::vector<Glob> choices;
                          for (const Sequence& s : a.choices) choices.push_back(glob_of(s));
                          out = choice_of(std::move(choices));
                        }},
             atom.value);
  return out;
}

Glob glob_of(const Sequence& sequence) {
  Glob out;
  for (const Atom& atom : sequence) out.append(glob_of(atom));
  return out;
}

Glob nonempty(const Sequence& sequence);

/// What an atom that may be empty matches besides nothing.
Glob nonempty(const Atom& atom) {
  Glob out;
  if (std::holds_alternative<paths::AnyChars>(atom.value)) {
    out.append(GlobAny{});
    out.append(GlobStar{});
  } else if (const auto* alternatives = std::get_if<paths::Alternatives>(&atom.value)) {
    std::vector<Glob> choices;
    for (const Sequence& s : alternatives->choices) {
      Glob choice = may_be_empty(s) ? nonempty(s) : glob_of(s);
      if (!choice.pieces.empty()) choices.push_back(std::move(choice));
    }
    out = choice_of(std::move(choices));
  }
  return out;
}

/// A sequence whose atoms may all be empty, less the empty string: one atom is the first that is not.
Glob nonempty(const Sequence& sequence) {
  std::vector<Glob> choices;
  for (auto first = sequence.begin(); first != sequence.end(); ++first) {
    Glob choice = nonempty(*first);
    if (choice.pieces.empty()) continue;
    for (auto rest = std::next(first); rest != sequence.end(); ++rest) choice.append(glob_of(*rest));
    choices.push_back(std::move(choice));
  }
  return choice_of(std::move(choices));
}

/// One component. No component of a path is empty.
Glob glob_of_component(const Sequence& sequence) {
  const bool lone_star = sequence.size() == 1 && std::holds_alternative<paths::AnyChars>(sequence.front().value);
  Glob name;
  name.append(GlobName{});
  if (lone_star) return name;
  return may_be_empty(sequence) ? nonempty(sequence) : glob_of(sequence);
}

GlobPiece optional_piece(Glob something) { return GlobChoice{{Glob(), std::move(something)}}; }

/// `**` between slashes: zero or more components, each with its slash.
GlobPiece any_directories() {
  Glob deep;
  deep.append(GlobDeepStar{});
  deep.append(GlobLiteral{"/"});
  return optional_piece(std::move(deep));
}

/// "/" or what stands for `~/`.
Glob start_of(const PathPattern& pattern) {
  Glob out("/");
  if (pattern.anchor() == PathPattern::Anchor::root) return out;
  std::vector<Glob> homes;
  for (const std::string& home : paths::home_patterns()) {
    paths::PatternError error;
    for (const PathPattern& p : PathPattern::parse(home + "/", error)) {
      Glob glob = *glob_of(p, Shape::directories);
      auto& first = std::get<GlobLiteral>(glob.pieces.front());
      first.bytes.erase(0, 1);
      homes.push_back(std::move(glob));
    }
  }
  out.append(choice_of(std::move(homes)));
  return out;
}

/// What lies in a tree, behind its directory's slash.
Glob beneath(Shape shape, bool with_top) {
  Glob deep;
  deep.append(GlobDeepStar{});
  if (shape == Shape::files) deep.append(GlobClass{true, {}});
  if (shape == Shape::directories) deep.append(GlobLiteral{"/"});
  if (shape == Shape::files || !with_top) return deep;
  Glob out;
  out.append(optional_piece(std::move(deep)));
  return out;
}

}  // namespace

std::optional<Glob> glob_of(const PathPattern& pattern, Shape shape) {
  if (pattern.tail() == Tail::directory && shape == Shape::files) return std::nullopt;
  Glob out = start_of(pattern);
  const auto& components = pattern.components();
  for (std::size_t i = 0; i < components.size(); ++i) {
    if (components[i].any_depth) {
      out.append(any_directories());
      continue;
    }
    out.append(glob_of_component(components[i].atoms));
    if (i + 1 != components.size() || pattern.tail() != Tail::entry) out.append(GlobLiteral{"/"});
  }
  if (pattern.tail() == Tail::tree) out.append(beneath(shape, !pattern.excludes_top()));
  if (pattern.tail() == Tail::entry && shape == Shape::directories) out.append(GlobLiteral{"/"});
  if (pattern.tail() == Tail::entry && shape == Shape::both) out.append(optional_piece(Glob("/")));
  return out;
}

std::vector<Glob> globs_of(const std::vector<PathPattern>& patterns, Shape shape) {
  std::vector<Glob> out;
  for (const PathPattern& p : patterns) {
    if (auto glob = glob_of(p, shape)) out.push_back(std::move(*glob));
  }
  return out;
}

Glob one_of(const std::vector<Glob>& globs) {
  if (globs.size() == 1) return globs.front();
  Glob out("/");  // AppArmor wants a path to begin with a slash, not with a brace
  std::vector<Glob> rest = globs;
  for (Glob& g : rest) {
    auto& first = std::get<GlobLiteral>(g.pieces.front());
    first.bytes.erase(0, 1);
    if (first.bytes.empty()) g.pieces.erase(g.pieces.begin());
  }
  out.append(choice_of(std::move(rest)));
  return out;
}

// ---- text ----

namespace {

/// Bytes that mean nothing to the scanner, to the pattern reader or to the variable expansion.
bool is_plain(unsigned char c) {
  const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric ||
         (c != 0 && std::string_view("/._-+:=%~ ").find(static_cast<char>(c)) != std::string_view::npos);
}

std::string escaped(std::string_view bytes) {
  std::string out;
  for (char raw : bytes) {
    const auto c = static_cast<unsigned char>(raw);
    if (is_plain(c)) {
      out += raw;
    } else {
      out += fmt::format("\\{:03o}", c);
    }
  }
  return out;
}

std::string class_byte(unsigned char c) {
  return is_plain(c) ? std::string(1, static_cast<char>(c)) : fmt::format("\\{:03o}", c);
}

bool has(const GlobClass& c, unsigned byte) {
  return std::any_of(c.ranges.begin(), c.ranges.end(),
                     [&](const auto& r) { return r.first <= byte && byte <= r.last; });
}

/// A negated class by what is in it.
GlobClass spelled_out(const GlobClass& c) {
  GlobClass out;
  for (unsigned byte = 1; byte < 256; ++byte) {
    if (byte == '/' || has(c, byte)) continue;
    const auto b = static_cast<unsigned char>(byte);
    if (!out.ranges.empty() && out.ranges.back().last + 1U == byte) {
      out.ranges.back().last = b;
    } else {
      out.ranges.push_back({b, b});
    }
  }
  return out;
}

/// The text of a class. The parser decodes octal escapes before it looks for what has a meaning in a class, and turns
/// its own punctuation into a backslash with it (all seen with 3.0.8):
/// - a dash is a dash at the head only, and a caret anywhere but there;
/// - an escape at the end of a range is read as a backslash, so ranges end in plain bytes;
/// - a comma brings a backslash into the class, so it stands outside.
class ClassText {
 public:
  explicit ClassText(const GlobClass& c) : negated_(c.negated) {
    for (const auto& range : c.ranges) add(range.first, range.last);
    if (comma_ && (negated_ || has(c, '\\'))) {
      comma_ = false;
      inside_ += class_byte(',');
    }
  }

  [[nodiscard]] std::string text() const {
    std::string inside = std::string(dash_ ? "-" : "") + (negated_ ? "/" : "") + inside_;
    const bool caret_alone = caret_ && inside.empty();
    if (caret_) inside += class_byte('^');
    if (!caret_alone && !inside.empty()) inside = (negated_ ? "[^" : "[") + inside + "]";
    if (!comma_) return inside;
    return inside.empty() ? class_byte(',') : "{" + class_byte(',') + "," + inside + "}";
  }

 private:
  static bool may_end_range(unsigned c) {
    return c != '-' && (c < 0x20 || c > 0x7e || is_plain(static_cast<unsigned char>(c)));
  }

  void add(unsigned first, unsigned last) {
    while (first <= last && !may_end_range(first)) add_one(first++);
    while (first < last && !may_end_range(last)) add_one(last--);
    if (first > last) return;
    inside_ += class_byte(static_cast<unsigned char>(first));
    if (last > first) inside_ += "-" + class_byte(static_cast<unsigned char>(last));
  }

  void add_one(unsigned byte) {
    if (byte == '-') {
      dash_ = true;
    } else if (byte == '^') {
      caret_ = true;
    } else if (byte == ',') {
      comma_ = true;
    } else {
      inside_ += class_byte(static_cast<unsigned char>(byte));
    }
  }

  bool negated_;
  bool dash_ = false, caret_ = false, comma_ = false;
  std::string inside_;
};

/// `may_take_nul`: whether a negated class may stand as one.
std::string class_text(const GlobClass& c, bool may_take_nul) {
  const bool comma_alone = has(c, ',') && !has(c, '\\');
  if (c.negated && (!may_take_nul || comma_alone)) return ClassText(spelled_out(c)).text();
  return ClassText(c).text();
}

/// Writes pieces behind what is written already. A star asks for at least one byte only where AppArmor finds it alone
/// between slashes, or at the end of the whole text; elsewhere a `?` has to say so.
class Renderer {
 public:
  explicit Renderer(Followed followed) : followed_(followed) {}
  std::string take() { return std::move(out_); }

  /// `whole`: not a choice of another glob. `end`: nothing of the text stands behind it.
  void glob(const Glob& g, bool whole, bool end) {
    for (std::size_t i = 0; i < g.pieces.size(); ++i) {
      const bool last = i + 1 == g.pieces.size();
      const auto* next = last ? nullptr : std::get_if<GlobLiteral>(&g.pieces[i + 1]);
      const bool before_slash = next != nullptr && next->bytes.starts_with('/');
      const bool behind_slash = out_.ends_with('/');
      const bool lone = behind_slash && (before_slash || (last && whole));
      std::visit(Overloaded{[&](const GlobLiteral& l) { out_ += escaped(l.bytes); },
                            [&](const GlobName&) { out_ += lone ? "*" : "?*"; }, [&](const GlobStar&) { out_ += "*"; },
                            [&](const GlobDeepStar&) { out_ += behind_slash && last && !whole ? "?**" : "**"; },
                            [&](const GlobAny&) { out_ += "?"; },
                            [&](const GlobClass& c) { out_ += class_text(c, may_take_nul(last && end)); },
                            [&](const GlobChoice& c) { choice(c, last && end); }},
                 g.pieces[i]);
    }
  }

 private:
  /// Whether a negated class may match a NUL here. At the end of a name it does no harm: the one NUL is gone then.
  bool may_take_nul(bool at_end) const {
    return followed_ == Followed::by_nothing || (followed_ == Followed::by_path && at_end);
  }

  void choice(const GlobChoice& c, bool end) {
    for (std::size_t i = 0; i < c.choices.size(); ++i) {
      out_ += i == 0 ? '{' : ',';
      glob(c.choices[i], false, end);
    }
    out_ += '}';
  }

  Followed followed_;
  std::string out_;
};

}  // namespace

std::string render(const Glob& glob, Followed followed) {
  Renderer renderer(followed);
  renderer.glob(glob, true, true);
  return renderer.take();
}

std::string quoted(std::string_view literal) { return '"' + escaped(literal) + '"'; }
std::string quoted_name(std::string_view name) {
  // The parser leaves a backslash before what means something in a pattern, written as \\NNN or not (seen with 3.0.8).
  static constexpr std::string_view kPatternBytes = "{}[]*?^,\\";
  std::string out;
  for (const char c : name)
    out += kPatternBytes.find(c) != std::string_view::npos ? std::string(1, c) : escaped({&c, 1});
  return '"' + out + '"';
}

std::string quoted(const Glob& glob, Followed followed) { return '"' + render(glob, followed) + '"'; }

}  // namespace macc::backends::apparmor
