// Which permissions to name first.
#pragma once

#include <string_view>

namespace macc::backends::selinux {

/// 0 is the worst; see dangers.def.
[[nodiscard]] int danger(std::string_view class_name, std::string_view permission);

}  // namespace macc::backends::selinux
