#include "compiler/lint/mounts.h"

namespace macc::lint {

bool mounts_anything(const Context& context, const ir::MountAccess& access) {
  if (access.fstypes.empty() && access.from.include.empty()) return true;
  // Over /etc or /usr/bin a mount replaces what controls the system.
  const paths::PathSet on = context.meaning().set(access.on);
  return on.contains("/etc/") || on.contains("/usr/") || on.contains("/usr/bin/") || on.contains("/");
}

}  // namespace macc::lint
