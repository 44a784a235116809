// The names of a policy and how they belong together.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/selinux/link/link.h"

namespace macc::backends::selinux {

struct Inventory {
  using Names = std::set<std::string, std::less<>>;
  template <typename T>
  using ByName = std::map<std::string, T, std::less<>>;

  std::vector<std::string> types;                  ///< sorted, without aliases
  ByName<std::string> aliases;                     ///< alias -> type
  ByName<std::vector<std::string>> attributes;     ///< attribute -> types, sorted
  ByName<std::vector<std::string>> roles_of_type;  ///< type -> roles, sorted
  ByName<Names> permissions_of_class;              ///< with the common ones
  Names roles, role_attributes;
  std::vector<PolicyUser> users;                       ///< sorted by name
  std::vector<PolicyBoolean> booleans;                 ///< sorted by name
  std::vector<std::string> sensitivities, categories;  ///< in the policy's order
  std::vector<PortContext> ports;                      ///< sorted by protocol, low, high
  std::vector<GenfsContext> genfs_contexts;            ///< sorted by file system, path, class
  std::vector<FsUse> fs_uses;                          ///< sorted by file system
  std::vector<std::string> neverallows;                ///< in the policy's order
  bool mls = false;
  std::string handle_unknown;             ///< "allow", "deny", "reject"; "" when the policy does not say
  std::vector<std::string> capabilities;  ///< of the policy, sorted

  [[nodiscard]] bool has_type(std::string_view name) const;
  [[nodiscard]] bool has_user(std::string_view name) const;
  [[nodiscard]] bool has_boolean(std::string_view name) const;
  /// Any name that a statement could refer to.
  [[nodiscard]] bool knows(std::string_view name) const;
};

/// From CIL whose optional blocks are gone (see condense.h).
[[nodiscard]] Inventory take_inventory(std::string_view cil);

}  // namespace macc::backends::selinux
