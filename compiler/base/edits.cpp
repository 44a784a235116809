#include "compiler/base/edits.h"

#include <algorithm>
#include <string_view>

namespace macc {

namespace {

bool overlap(Span a, Span b) { return a.begin < b.end && b.begin < a.end; }

bool removes_lines(const std::string& text, const Edit& edit) {
  const auto line_begins = [&](std::size_t at) { return at == 0 || text[at - 1] == '\n'; };
  return edit.replacement.empty() && edit.span.begin != edit.span.end && line_begins(edit.span.begin) &&
         line_begins(edit.span.end);
}

}  // namespace

bool go_together(const std::vector<Edit>& all, const std::vector<Edit>& edits) {
  return std::none_of(edits.begin(), edits.end(), [&](const Edit& edit) {
    return std::any_of(all.begin(), all.end(), [&](const Edit& other) {
      return overlap(edit.span, other.span) || edit.span.begin == other.span.begin;
    });
  });
}

void sort_by_place(std::vector<Edit>& edits) {
  std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.span.begin < b.span.begin; });
}

void close_gaps(const std::string& text, std::vector<Edit>& edits) {
  for (std::size_t first = 0, next = 0; first < edits.size(); first = next) {
    next = first + 1;
    if (!removes_lines(text, edits[first])) continue;
    while (next < edits.size() && edits[next].span.begin == edits[next - 1].span.end &&
           removes_lines(text, edits[next]))
      ++next;
    std::uint32_t& begin = edits[first].span.begin;
    std::uint32_t& end = edits[next - 1].span.end;
    const std::string_view above = std::string_view(text).substr(0, begin), below = std::string_view(text).substr(end);
    const bool blank_above = above.ends_with("\n\n") || above.empty();
    if (below.starts_with('\n') && (blank_above || above.ends_with("{\n"))) {
      ++end;
      continue;
    }
    const std::size_t next_word = below.find_first_not_of(" \t");
    const bool closes = next_word == std::string_view::npos || below[next_word] == '}';
    if (closes && above.ends_with("\n\n") && (first == 0 || edits[first - 1].span.end < begin)) --begin;
  }
}

}  // namespace macc
