// What the grammar tells the formatter about the items of a file: where statements begin and end, which braces enclose
// what, where a line may be broken and what may be aligned. Private to compiler/syntax.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "compiler/syntax/antlr.h"
#include "compiler/syntax/items.h"

namespace macc::syntax {

inline constexpr std::uint32_t kNoIndex = ~0U;

/// A part of a statement that can stand in a column. In one statement slots come in this order.
enum class Slot : std::uint8_t {
  keyword,  ///< `resource` behind `public ...`
  name,
  sign,       ///< `:` or `=`
  value,      ///< a kind, or what follows `=`
  inside,     ///< `in ...`
  labelling,  ///< `adopt`, `relabel`
  level,
  body,
  decision,  ///< `allow` or `deny` of an expectation
  subject,
  phrase,
  protocol,
  objects,
  tail,       ///< what follows the objects: `owner`, `to ...`, `from ...`
  condition,  ///< `when ...`
};

/// A statement, a declaration, or what else has a line of its own. Items by index.
struct Statement {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::uint32_t first_block = kNoIndex;  ///< the first brace of its blocks
  bool may_share_line = false;           ///< with the one before it, if the author has them in one
  std::uint32_t sort = 0;                ///< only statements of one sort are aligned with each other; 0: with none
  /// The items that can stand in columns. Two of them share one when their slots and sorts are the same.
  struct Cell {
    Slot slot;
    std::uint32_t sort;
    std::uint32_t item;
  };
  std::vector<Cell> cells;
};

/// Braces with what is in them.
struct Group {
  std::uint32_t open = 0;
  std::uint32_t close = 0;
  std::uint32_t statement = 0;  ///< index of the one that it is a part of
  bool block = false;           ///< of statements; else a list
  bool part = false;            ///< a list that is only a part of its statement: of an `except`, an argument
};

struct Mark {
  std::uint32_t begins = kNoIndex;  ///< index of the statement that begins here
  bool ends = false;                ///< a statement ends here
  std::uint32_t opens = kNoIndex;   ///< index of the group whose brace this is
  bool closes = false;              ///< a group
  bool may_break = false;           ///< a line of the same statement may begin here
  bool no_space = false;            ///< stands directly behind the item before it
};

struct Marks {
  std::vector<Mark> of_item;
  std::vector<Statement> statements;
  std::vector<Group> groups;
};

[[nodiscard]] Marks marks_of(Grammar::FileContext& tree, const Items& items);

}  // namespace macc::syntax
