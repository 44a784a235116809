// Mounts that a domain may make.
#pragma once

#include <optional>
#include <string_view>

#include "compiler/ir/mount_options.h"
#include "compiler/lint/context.h"

namespace macc::lint {

/// Calls `f(rule, access, values)` for each mount rule in effect that no deny of every file system and source takes
/// away.
template <typename F>
void each_mount(const Context& context, const Subject& subject, F f) {
  const auto taken = [&](const ir::MountAccess& deny, const ir::MountAccess& allow) {
    const bool options = deny.options.empty() || ir::normal_options(deny.options) == ir::normal_options(allow.options);
    return deny.fstypes.empty() && options && deny.from.include.empty() &&
           context.meaning().set(deny.on).contains(context.meaning().set(allow.on));
  };
  each_access<ir::MountAccess>(context, *subject.domain, taken, f);
}

/// The folder of the system that a mount could take the place of.
[[nodiscard]] std::optional<std::string_view> replaced_folder(const Context& context, const ir::MountAccess& access);

/// Whether a mount rule does not say what is mounted, or lets it take the place of what controls the system.
[[nodiscard]] bool mounts_anything(const Context& context, const ir::MountAccess& access);

}  // namespace macc::lint
