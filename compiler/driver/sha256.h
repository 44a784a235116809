// SHA-256 (FIPS 180-4), for telling whether a file is the one that was written.
#pragma once

#include <string>
#include <string_view>

namespace macc::driver {

/// 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256(std::string_view data);

}  // namespace macc::driver
