// The pages that explain diagnostics, carried in the binary.
#pragma once

#include <string_view>

#include "compiler/base/diagnostic.h"

namespace macc::driver {

/// docs/diagnostics/MACC-....md of the code. The text lives as long as the program.
[[nodiscard]] std::string_view page_of(Code code);

}  // namespace macc::driver
