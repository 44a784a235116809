#include "compiler/lint/mounts.h"

#include <algorithm>
#include <string_view>

namespace macc::lint {

namespace {

/// Options with which a mount that is there is changed, so that no file system takes the place of files.
constexpr std::string_view kChanges[] = {"remount", "private", "rprivate",   "shared",    "rshared",
                                         "slave",   "rslave",  "unbindable", "runbindable"};

bool only_changes(const ir::MountAccess& access) {
  return std::any_of(access.options.begin(), access.options.end(), [](const std::string& option) {
    return std::find(std::begin(kChanges), std::end(kChanges), option) != std::end(kChanges);
  });
}

}  // namespace

bool mounts_anything(const Context& context, const ir::MountAccess& access) {
  if (only_changes(access)) return false;
  if (access.fstypes.empty() && access.from.include.empty()) return true;
  // Over /etc or /usr/bin a mount replaces what controls the system.
  const paths::PathSet on = context.meaning().set(access.on);
  return on.contains("/etc/") || on.contains("/usr/") || on.contains("/usr/bin/") || on.contains("/");
}

}  // namespace macc::lint
