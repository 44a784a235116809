// The difference between two texts that differ in white space only.
#pragma once

#include <string>
#include <string_view>

#include "compiler/report/paint.h"

namespace macc::driver {

/// In unified form with three lines of context, as `patch` takes it; "" when there is none. `name` stands in the head
/// for both. The texts must hold the same characters in the same order but for spaces, tabs and line ends: lines belong
/// together when the same characters stand before their ends, which takes one pass.
[[nodiscard]] std::string line_diff(std::string_view before, std::string_view after, std::string_view name,
                                    const report::Painter& paint);

}  // namespace macc::driver
