// The file contexts of homes: what genhomedircon makes of HOME_DIR, HOME_ROOT and user lines.
#pragma once

#include <string>
#include <string_view>

namespace macc::backends::selinux {

struct SplitContexts {
  std::string system;  ///< file_contexts
  std::string homes;   ///< file_contexts.homedirs: /root, and /home/NAME of any name
};

/// Splits the linker's file contexts. Login users are `unconfined_u`, as in a default installation.
[[nodiscard]] SplitContexts split_contexts(std::string_view file_contexts);

}  // namespace macc::backends::selinux
