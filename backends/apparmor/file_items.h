// The file accesses of a domain taken apart: one item a verb, each with the permissions it needs and the paths it is
// about. Socket files, handed-over files, programs, and what other phrases imply are items too, since AppArmor has one
// set of permissions for all of them. Lowering writes them, and verification looks for them in what was compiled.
#pragma once

#include <optional>
#include <vector>

#include "backends/apparmor/build.h"
#include "compiler/paths/path_set.h"

namespace macc::backends::apparmor {

/// The permissions that AppArmor tells apart.
enum class Bit : std::uint8_t { read, write, lock, map, exec };
inline constexpr Bit kBits[] = {Bit::read, Bit::write, Bit::lock, Bit::map, Bit::exec};

struct FileItem {
  enum class Kind : std::uint8_t {
    verb,
    listen,
    connect,
    use,
    exec,
    queue,
    /// The domain's programs, its own processes in /proc, those that it inspects. Denied with the verb.
    implied
  } kind = Kind::verb;
  ir::Verb verb = ir::Verb::read;  ///< decides what of the paths it is about; the verb itself for Kind::verb
  FilePermissions permissions;
  std::optional<ExecMode> exec;
  std::optional<Bit> decisive;  ///< without it the item is denied; none: AppArmor has no such permission
  ir::PathExpr paths;           ///< with process numbers in place of /proc/self
  bool owner = false, audit = false;
  Guard guard = Guard::always();
  const ir::Rule* rule = nullptr;  ///< null for what is always there
  Origin origin;

  [[nodiscard]] bool needs(Bit bit) const;
  [[nodiscard]] Shape shape() const { return shape_for(verb); }
};

/// Items of all file accesses of the domain, those of allow rules (and what is implied) apart from those of deny rules.
/// Notes in the fidelity log where a path says `self` and the kernel a number.
struct FileItems {
  std::vector<FileItem> allows, denies;
};
[[nodiscard]] FileItems file_items(Build& build, ir::DomainId id);
/// What one rule, which need not be of the domain, comes to: an allow.
[[nodiscard]] std::vector<FileItem> file_items_of(Build& build, ir::DomainId id, const ir::Rule& rule);

/// Whether the deny speaks about what the allow gives, paths, owner and conditions aside.
[[nodiscard]] bool same_operation(const FileItem& deny, const FileItem& allow);

}  // namespace macc::backends::apparmor
