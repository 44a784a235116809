// Edits of one text that are made together. Their places are those of the text before any of them.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/diagnostic.h"

namespace macc {

/// No edit touches the same place as one of `all`.
[[nodiscard]] bool go_together(const std::vector<Edit>& all, const std::vector<Edit>& edits);

void sort_by_place(std::vector<Edit>& edits);

/// Where lines are removed between two blank ones, or between one and a brace, a blank one goes with them. The edits
/// are in order.
void close_gaps(const std::string& text, std::vector<Edit>& edits);

}  // namespace macc
