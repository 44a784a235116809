// From what changed of single operations to lines that a reader can weigh: what one rule brought or took is one change.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "compiler/query/gains.h"
#include "compiler/query/told.h"

namespace macc::query {

/// The changes that these pieces are: those of one rule under the same circumstances are one. What was gained comes
/// first, else they are in the order of the source. `operations` has all operations of both sides.
[[nodiscard]] std::vector<Change> changes_from(std::vector<Piece> pieces, const std::set<Operation>& operations,
                                               const Side& before, const Side& after, const Teller& teller);

/// Whether a domain may do this without a rule.
[[nodiscard]] bool is_always_there(const Operation& operation, const std::string& self);

}  // namespace macc::query
