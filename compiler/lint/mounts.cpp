#include "compiler/lint/mounts.h"

#include <string_view>

namespace macc::lint {

namespace {

/// Over one of these a mount replaces what controls the system.
constexpr std::string_view kOfTheSystem[] = {"/", "/etc/", "/usr/", "/usr/bin/"};

/// Of a mount that is there, so that no file system takes the place of files.
bool only_changes(const ir::MountAccess& access) {
  const ir::MountKind kind = ir::mount_kind(access.options);
  return kind == ir::MountKind::remount || kind == ir::MountKind::propagation;
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
