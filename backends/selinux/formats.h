// The formats in which a target gets its modules, and the files of each.
#pragma once

#include <string>
#include <vector>

#include "backends/backend.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/lowering.h"
#include "backends/selinux/planned.h"
#include "backends/selinux/written.h"

namespace macc::backends::selinux {

enum class Format : std::uint8_t {
  cil,  ///< what semodule installs as it is
  te,   ///< source for the reference policy's build, and the same as checkmodule reads it
  pp,   ///< module packages, and the source that they are made from
};
[[nodiscard]] Format format_of(const Target& target);

/// The file that semodule installs a module from, "acme_ledger.cil".
[[nodiscard]] std::string installed_file(Format format, const std::string& name);

/// The files of one module, whose name in the system's store is `name`; `what` says what it is, for people. What the
/// format cannot say is reported. Texts that are compiled later go into `planned`. With `written` they say where their
/// lines come from.
[[nodiscard]] std::vector<Artifact> module_files(Context& context, const Module& module, const std::string& name,
                                                 const std::string& what, Planned& planned,
                                                 const WrittenIndex* written);

/// What semodule makes of the module packages of a build, as CIL, or the reason why that cannot be said. For the
/// formats te and pp. A refusal of checkmodule is reported.
struct Emitted {
  std::vector<CilModule> modules;
  std::string reason;
};
[[nodiscard]] Emitted emitted_modules(const Input& input, const Lowered& lowered, Diagnostics& diagnostics);

}  // namespace macc::backends::selinux
