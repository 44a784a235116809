// Socket families and types between AppArmor's words and the kernel's numbers: network_numbers.def.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace macc::backends::apparmor {

/// No family and no type has this number.
inline constexpr unsigned kNoNumber = 0xffff;
[[nodiscard]] unsigned family_number(std::string_view word);
[[nodiscard]] unsigned type_number(std::string_view word);
[[nodiscard]] const std::vector<unsigned>& type_numbers();
/// The number itself where it has no word.
[[nodiscard]] std::string family_word(unsigned number);
[[nodiscard]] std::string type_word(unsigned number);

}  // namespace macc::backends::apparmor
