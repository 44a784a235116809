// What the options of a mount stand for: some ask for what is there without them, some make the call another one.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/policy.h"

namespace macc::ir {

/// What mount(2) does. It names a file system and a source, no file system for `bind` and `move`, and neither for the
/// others: those change a mount that is there.
enum class MountKind : std::uint8_t { file_system, bind, move, remount, propagation };
[[nodiscard]] MountKind mount_kind(const std::vector<std::string>& options);
[[nodiscard]] bool names_file_system(MountKind kind);
[[nodiscard]] bool names_source(MountKind kind);

/// The words that tell these options from others, sorted. Those that ask for what is there without them (`rw`, `suid`)
/// say nothing beside others, `rbind` holds `bind`, and mount(2) looks at no others with `bind`, `move` and changes of
/// propagation. Empty for no options alone: `rw` is left where nothing else is.
[[nodiscard]] std::vector<std::string> normal_options(const std::vector<std::string>& options);
/// Whether there are some that mount(2) does not look at.
[[nodiscard]] bool has_ignored_options(const std::vector<std::string>& options);

/// Whether an access that leaves the options open is about mounts with these: any, but for those that can't name what
/// it names.
[[nodiscard]] bool is_left_open(const MountAccess& open, const std::vector<std::string>& options);

}  // namespace macc::ir
