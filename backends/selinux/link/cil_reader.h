// Reading CIL: just its lists, and the line marks in it. What the statements mean is libsepol's business.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/selinux/link/link.h"

namespace macc::backends::selinux {

/// A list, a symbol or a quoted text (with its quotes). Views point into the text that was read.
struct CilExpression {
  std::string_view atom;  ///< empty for a list
  std::vector<CilExpression> items;
  std::uint32_t line = 0;  ///< 1-based, where it begins

  [[nodiscard]] bool is_list() const { return atom.empty(); }
  /// The item's symbol; "" past the end and for a list.
  [[nodiscard]] std::string_view symbol(std::size_t index) const;
  /// The keyword of a statement.
  [[nodiscard]] std::string_view head() const { return symbol(0); }
};

/// Calls `visit` for each statement at the top, in order. Never fails: what is no list is passed over, and a list that
/// is not closed ends with the text. Nesting deeper than 200 is cut off.
void for_each_statement(std::string_view text, const std::function<void(CilExpression&)>& visit);

/// In one line, with single spaces.
void append_text(const CilExpression& expression, std::string& out);
[[nodiscard]] std::string to_text(const CilExpression& expression);

/// Which place the marks of a text give for one of its lines.
class LineMarks {
 public:
  explicit LineMarks(std::string_view text);
  /// The innermost mark around a 1-based line; false when there is none.
  [[nodiscard]] bool find(std::uint32_t line, LinkPlace& place) const;

 private:
  struct Mark {
    std::uint32_t first = 0;  // 0: nothing is marked from here on
    std::uint32_t begin = 0;  // the line of the text where it begins to hold
    bool counts = false;      // lms: lines go on counting
    std::string file;
  };
  std::vector<Mark> marks_;  // by begin
};

}  // namespace macc::backends::selinux
