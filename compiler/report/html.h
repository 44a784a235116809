// Text in HTML.
#pragma once

#include <string>
#include <string_view>

namespace macc::report {

/// Text for an element or an attribute between double quotes: nothing of it is markup, and nothing steers a terminal or
/// hides.
[[nodiscard]] std::string html(std::string_view text);

}  // namespace macc::report
