#include "compiler/lint/mounts.h"

#include <algorithm>
#include <string_view>

namespace macc::lint {

namespace {

/// Options with which a mount that is there is changed, so that no file system takes the place of files.
constexpr std::string_view kChanges[] = {"remount", "private", "rprivate",   "shared",     "rshared",
                                         "slave",   "rslave",  "unbindable", "runbindable"};

/// Over one of these a mount replaces what controls the system.
constexpr std::string_view kOfTheSystem[] = {"/", "/etc/", "/usr/", "/usr/bin/"};

bool only_changes(const ir::MountAccess& access) {
  return std::any_of(access.options.begin(), access.options.end(), [](const std::string& option) {
    return std::find(std::begin(kChanges), std::end(kChanges), option) != std::end(kChanges);
  });
}

}  // namespace

std::optional<std::string_view> replaced_folder(const Context& context, const ir::MountAccess& access) {
  if (only_changes(access)) return std::nullopt;
  const paths::PathSet on = context.meaning().set(access.on);
  for (const std::string_view folder : kOfTheSystem) {
    if (on.contains(folder)) return folder;
  }
  return std::nullopt;
}

bool mounts_anything(const Context& context, const ir::MountAccess& access) {
  if (only_changes(access)) return false;
  return (access.fstypes.empty() && access.from.include.empty()) || replaced_folder(context, access);
}

}  // namespace macc::lint
