#include "compiler/ir/mount_options.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace macc::ir {

namespace {

/// Options that ask for what is there without them.
constexpr std::array<std::string_view, 7> kUnset = {"rw", "suid", "dev", "exec", "async", "atime", "diratime"};
constexpr std::array<std::string_view, 8> kPropagations = {"private", "rprivate", "shared",     "rshared",
                                                           "slave",   "rslave",   "unbindable", "runbindable"};

template <typename List>
bool has(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace

/// In the order in which the kernel looks at them.
MountKind mount_kind(const std::vector<std::string>& options) {
  if (has(options, "remount")) return MountKind::remount;
  if (has(options, "bind") || has(options, "rbind")) return MountKind::bind;
  const bool propagates = std::any_of(kPropagations.begin(), kPropagations.end(),
                                      [&](std::string_view word) { return has(options, word); });
  if (propagates) return MountKind::propagation;
  return has(options, "move") ? MountKind::move : MountKind::file_system;
}

std::vector<std::string> normal_options(const std::vector<std::string>& options) {
  const MountKind kind = mount_kind(options);
  const bool takes_others = kind == MountKind::file_system || kind == MountKind::remount;
  std::vector<std::string> out;
  for (const std::string& option : options) {
    // With an r before it, a word says the same of a whole tree.
    const bool says_nothing = has(kUnset, option) || has(options, "r" + option);
    if (!says_nothing && (takes_others || mount_kind({option}) == kind)) out.push_back(option);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (out.empty() && !options.empty()) out.emplace_back(kUnset.front());
  return out;
}

bool has_ignored_options(const std::vector<std::string>& options) {
  const MountKind kind = mount_kind(options);
  if (kind == MountKind::file_system || kind == MountKind::remount) return false;
  return std::any_of(options.begin(), options.end(),
                     [&](const std::string& option) { return !has(kUnset, option) && mount_kind({option}) != kind; });
}

bool names_file_system(MountKind kind) { return kind == MountKind::file_system; }

bool names_source(MountKind kind) { return kind != MountKind::remount && kind != MountKind::propagation; }

bool is_left_open(const MountAccess& open, const std::vector<std::string>& options) {
  const MountKind kind = mount_kind(options);
  return (open.fstypes.empty() || names_file_system(kind)) && (open.from.include.empty() || names_source(kind));
}

}  // namespace macc::ir
