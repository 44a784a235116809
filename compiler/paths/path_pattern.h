// Path patterns: from the text of a policy to a structure, and back to text. The meaning of a pattern as a set of
// paths is in path_set.h; matches() is an independent, direct reading of the same meaning.
//
// Convention used everywhere: a path string that ends with '/' names a directory, any other a file, symlink, fifo,
// socket or device node. "/" is the root directory. There is no empty component and no NUL or newline.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace macc::paths {

struct Atom;
/// Atoms in sequence, within one component.
using Sequence = std::vector<Atom>;

struct Literal {
  std::string bytes;  // any but '/', NUL, newline
  friend bool operator==(const Literal&, const Literal&) = default;
};
struct AnyChars {  // `*`: any bytes of one component; a whole component `*` needs at least one
  friend bool operator==(const AnyChars&, const AnyChars&) = default;
};
struct AnyChar {  // `?`: one byte, so not every UTF-8 character
  friend bool operator==(const AnyChar&, const AnyChar&) = default;
};
/// `[a-z]`, `[^x]`: never matches '/', NUL or newline.
struct CharClass {
  struct Range {
    unsigned char first = 0, last = 0;
    friend bool operator==(const Range&, const Range&) = default;
  };
  bool negated = false;
  std::vector<Range> ranges;
  friend bool operator==(const CharClass&, const CharClass&) = default;
};
/// `{a,b}` without '/' inside (alternatives across components are expanded by parse).
struct Alternatives {
  std::vector<Sequence> choices;
  friend bool operator==(const Alternatives&, const Alternatives&);
};
struct Atom {
  std::variant<Literal, AnyChars, AnyChar, CharClass, Alternatives> value;
  friend bool operator==(const Atom&, const Atom&) = default;
};

/// One name between slashes, or `**` (zero or more whole components).
struct Component {
  bool any_depth = false;  // `**`; then atoms is empty
  Sequence atoms;
  friend bool operator==(const Component&, const Component&) = default;
};

/// What stands at the end of a pattern.
enum class Tail : std::uint8_t {
  entry,      ///< "/a/b": whatever has this name, a file or a directory
  directory,  ///< "/a/b/": only the directory
  tree,       ///< "/a/b/**": the directory and everything beneath it
  /// "/a/b" where it is no directory. The language has no syntax for it: parse never gives it, only
  /// PathSet::as_patterns does, and text() writes it as an entry.
  file,
};

struct PatternError {
  std::string message;     ///< a sentence for a diagnostic, lower case, no full stop
  std::size_t offset = 0;  ///< byte in the parsed text that it is about
  std::size_t length = 1;
};

class PathPattern {
 public:
  /// Where the pattern starts: at the root, or in each home directory (see home_patterns()).
  enum class Anchor : std::uint8_t { root, home /* ~/ : every home directory */ };

  /// Reads the raw text of a string literal (escapes undecoded). More than one pattern results from alternatives
  /// that cross components or hold `**`; at most 64, else an error. Limits: 4096 bytes as read and as text(), 64
  /// components, braces 16 deep. On error the vector is empty and `error` says why: relative path, empty component,
  /// "." or "..", `**` that is not a whole component, unbalanced braces or brackets, unknown escape, NUL or newline...
  [[nodiscard]] static std::vector<PathPattern> parse(std::string_view raw, PatternError& error);
  /// The pattern of exactly this name: with '/' at its end the directory, else an entry (file or directory). Throws
  /// std::invalid_argument when `path` is not absolute and clean.
  [[nodiscard]] static PathPattern literal(std::string_view path);
  /// A pattern from its parts, brought to the same normal form that parse gives. The caller answers for components
  /// that parse would refuse (an empty one, "." and ".."). `excludes_top` is for trees only.
  [[nodiscard]] static PathPattern from_parts(Anchor anchor, std::vector<Component> components, Tail tail,
                                              bool excludes_top = false);

  [[nodiscard]] Anchor anchor() const { return anchor_; }
  [[nodiscard]] Tail tail() const { return tail_; }
  [[nodiscard]] const std::vector<Component>& components() const { return components_; }

  /// Whether a concrete path is in the pattern; false for a path that is not well-formed. A home pattern matches
  /// beneath "/root" and beneath "/home/NAME" for any NAME. Takes time in proportion to the product of both lengths
  /// at most, whatever the pattern.
  [[nodiscard]] bool matches(std::string_view path) const;

  /// True when the pattern names one path only (an entry counts as one name).
  [[nodiscard]] bool is_literal() const;
  /// The bytes with which every match starts, up to the first wildcard.
  [[nodiscard]] std::string literal_prefix() const;
  /// Canonical macc text; parse(text()) gives the same pattern.
  [[nodiscard]] std::string text() const;

  /// The same pattern, but without the top directory of a tree: "/x/**" becomes "/x/" + at least one component
  /// beneath. What create, delete and rename in a tree are about. Others are returned unchanged. Its text is
  /// "/x/**/*", which parse reads as the same pattern.
  [[nodiscard]] PathPattern entries_beneath() const;
  [[nodiscard]] bool excludes_top() const { return excludes_top_; }

  friend bool operator==(const PathPattern&, const PathPattern&) = default;

 private:
  Anchor anchor_ = Anchor::root;
  Tail tail_ = Tail::entry;
  bool excludes_top_ = false;  // only with Tail::tree
  std::vector<Component> components_;
};

/// Decodes a text that is no pattern: \" \\ \$ and other punctuation, \xHH, \t. Returns false with `error` set for an
/// unknown escape or a NUL; `out` is then unspecified.
[[nodiscard]] bool decode_text(std::string_view raw, std::string& out, PatternError& error);

/// The home directories that `~` stands for in the meaning, as pattern texts: "/root" and "/home/*".
[[nodiscard]] const std::vector<std::string>& home_patterns();

}  // namespace macc::paths
