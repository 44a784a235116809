// The compiler of the module language, which libsepol does not have: checkmodule, run as a program.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backends/selinux/module_language.h"

namespace macc::backends::selinux {

/// Its path; "" where it is not installed.
[[nodiscard]] std::string checkmodule_program();

struct CompiledModule {
  std::string bytes;                  ///< the binary module (.mod); empty unless it was compiled
  std::string trouble;                ///< why checkmodule could not be run, one sentence; else ""
  std::vector<std::string> messages;  ///< what it said of a text that it refuses, printable
  Span span;                          ///< of the line that it refuses first, where known
};

/// Compiles a text of Dialect::plain, the source of the module `name`, for the levels and categories of the system's
/// policy.
[[nodiscard]] CompiledModule compile_module(const std::string& name, const ModuleText& text);

}  // namespace macc::backends::selinux
