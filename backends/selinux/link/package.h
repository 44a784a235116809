// Module packages (.pp): a compiled module and its file contexts in one file, as semodule_package makes them.
#pragma once

#include <string>

#include "backends/selinux/link/link.h"

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

/// Whether packages can be linked with a base: their CIL puts the names that they require into an attribute which the
/// base package of a policy declares. One that is written in CIL has none, and a binary policy has lost it.
[[nodiscard]] bool takes_packages(const Base& base);
/// That declaration, to link packages with a binary policy whose system has it.
[[nodiscard]] CilModule package_declarations();

}  // namespace macc::backends::selinux
