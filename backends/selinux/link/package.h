// Module packages (.pp): a compiled module and its file contexts in one file, as semodule_package makes them.
#pragma once

#include <string>

namespace macc::backends::selinux {

/// A result, or why there is none (one sentence).
struct PackageResult {
  std::string bytes;
  std::string reason;
};

/// Packs a binary module, as checkmodule writes it, with the text of its file contexts (which may be empty). The same
/// bytes as `semodule_package -o x.pp -m x.mod -f x.fc`.
[[nodiscard]] PackageResult make_package(const std::string& module, const std::string& file_contexts);

/// What `semodule -i` makes of a package: its CIL.
[[nodiscard]] PackageResult package_text(const std::string& package);

}  // namespace macc::backends::selinux
