// Path expressions of AppArmor profiles ("globs") as a structure. Nothing here is text with syntax in it: the writer
// renders a Glob, and whatever bytes a policy put into a literal stay literal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/paths/path_pattern.h"

namespace macc::backends::apparmor {

struct Glob;

struct GlobLiteral {
  std::string bytes;  ///< '/' included
  friend bool operator==(const GlobLiteral&, const GlobLiteral&) = default;
};
/// A whole name: at least one byte, none of them '/'.
struct GlobName {
  friend bool operator==(const GlobName&, const GlobName&) = default;
};
/// `*` as a part of a name: any number of bytes, none of them '/'.
struct GlobStar {
  friend bool operator==(const GlobStar&, const GlobStar&) = default;
};
/// `**`: any bytes; at least one directly behind a '/'.
struct GlobDeepStar {
  friend bool operator==(const GlobDeepStar&, const GlobDeepStar&) = default;
};
/// `?`: one byte but '/'.
struct GlobAny {
  friend bool operator==(const GlobAny&, const GlobAny&) = default;
};
/// `[a-z]`; a negated one never matches '/'.
struct GlobClass {
  bool negated = false;
  std::vector<paths::CharClass::Range> ranges;
  friend bool operator==(const GlobClass&, const GlobClass&) = default;
};
/// `{a,b}`, of two choices at least; a choice may be empty.
struct GlobChoice {
  std::vector<Glob> choices;
  friend bool operator==(const GlobChoice&, const GlobChoice&);
};
using GlobPiece = std::variant<GlobLiteral, GlobName, GlobStar, GlobDeepStar, GlobAny, GlobClass, GlobChoice>;

struct Glob {
  std::vector<GlobPiece> pieces;

  Glob() = default;
  explicit Glob(std::string literal);
  /// Adjacent literals become one, adjacent stars too.
  void append(GlobPiece piece);
  void append(const Glob& other);
  friend bool operator==(const Glob&, const Glob&) = default;
};

/// What of a pattern a permission is about. In AppArmor, as in macc, a directory's path ends with '/'.
enum class Shape : std::uint8_t { files, directories, both };

/// The glob that matches what of the pattern has this shape; nullopt when nothing has ("/x/" as files).
[[nodiscard]] std::optional<Glob> glob_of(const paths::PathPattern& pattern, Shape shape);
[[nodiscard]] std::vector<Glob> globs_of(const std::vector<paths::PathPattern>& patterns, Shape shape);

/// One glob that matches what any of them does; they must not be empty and must begin with '/'.
[[nodiscard]] Glob one_of(const std::vector<Glob>& globs);

/// The parser joins the fields of link and mount rules with NUL bytes, and its negated classes match one (seen with
/// 3.0.8): a link's name could then reach into its target. There the classes say what is in them.
enum class Followed : std::uint8_t { by_nothing, by_path, by_field };

/// The syntax of AppArmor, without quotes. Every byte that could mean anything is written as \NNN.
[[nodiscard]] std::string render(const Glob& glob, Followed followed = Followed::by_nothing);
/// Text that stands for itself where AppArmor reads a pattern (names of peers, of bus connections), in quotes.
[[nodiscard]] std::string quoted(std::string_view literal);
[[nodiscard]] std::string quoted(const Glob& glob, Followed followed = Followed::by_nothing);
/// A profile's name where AppArmor reads it as it stands (the head of a profile, the target of an exec), in quotes.
[[nodiscard]] std::string quoted_name(std::string_view name);

/// apparmor_parser's scanner cannot take longer tokens.
inline constexpr std::size_t kLongestGlob = 8000;

}  // namespace macc::backends::apparmor
