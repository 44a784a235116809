// JSON as macc writes it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace macc::report {

using Json = nlohmann::ordered_json;

/// The text with a line break at its end. Texts in `json` are UTF-8. JSON may hold any character; what hides or
/// reorders text is written by number all the same, since people look at it.
[[nodiscard]] std::string text_of(const Json& json);

}  // namespace macc::report
