// Paths of processes. The kernel asks AppArmor about /proc with a process's number, whatever a program wrote there.
#pragma once

#include <optional>

#include "compiler/paths/path_pattern.h"

namespace macc::backends::apparmor {

/// "/proc/NUMBER/" and everything beneath it.
[[nodiscard]] paths::PathPattern process_files();

/// A pattern beneath /proc/self, /proc/thread-self or /proc/* with the number's digits in their place; nullopt for any
/// other pattern.
[[nodiscard]] std::optional<paths::PathPattern> with_process_number(const paths::PathPattern& pattern);

}  // namespace macc::backends::apparmor
