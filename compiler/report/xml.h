// Text in XML.
#pragma once

#include <string>
#include <string_view>

namespace macc::report {

/// Text for an element or an attribute. XML holds no controls and no U+FFFE, U+FFFF, not even by number: these are
/// written as messages show them.
[[nodiscard]] std::string xml(std::string_view text);

}  // namespace macc::report
