// What a system's policy calls the things that the lowering speaks of. What differs between policies is data with
// alternatives (platform.def and its neighbours); here the data meet one policy.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/selinux/link/link.h"
#include "compiler/ir/policy.h"

namespace macc::backends::selinux {

/// The things that have a name in every policy, or in most.
enum class Name : std::uint8_t {
#define MACC_NAME(id, kind, alternatives, need, what, without) id,
#include "backends/selinux/platform.def"
#undef MACC_NAME
};

enum class NameKind : std::uint8_t { type, attribute, role, user };
[[nodiscard]] std::string_view word(NameKind kind);
/// "init_runtime", as the target's setting `names` writes it.
[[nodiscard]] std::string_view id_of(Name name);

/// The target's setting `names`: "init=systemd_t, system_bus=bus_t". A fault is one sentence in `problems`.
[[nodiscard]] std::map<Name, std::string> renamed(std::string_view setting, const Base& base,
                                                  std::vector<std::string>& problems);

/// What a table of names says about one policy.
struct PlatformFinding {
  std::string id;  ///< as the setting `names` writes it; "" for what has none there
  NameKind kind = NameKind::type;
  std::string what;                     ///< "the program that starts services"; of a file system its name
  std::vector<std::string> looked_for;  ///< in order of preference
  std::string found;                    ///< "" when the policy has none of them
  bool required = false;
  std::string without;  ///< what is lost without an optional one
};

/// A guarded access: a neverallow refuses it to every domain that is not in the attribute.
struct Gate {
  std::string target;  ///< a type, or "self"
  std::string class_name, permission, attribute;
};

/// Whether a type says where something is, not whose it is.
[[nodiscard]] bool is_place(std::string_view type);

/// The names of one policy.
class Platform {
 public:
  /// `base` is not null. `renamed` are names that the target gives itself, before all alternatives.
  explicit Platform(std::shared_ptr<const Base> base, const std::map<Name, std::string>& renamed = {});

  /// The first alternative that the policy has; "" for none.
  [[nodiscard]] const std::string& operator[](Name name) const { return names_[static_cast<std::size_t>(name)]; }
  [[nodiscard]] bool has_permission(std::string_view class_name, std::string_view permission) const;
  [[nodiscard]] const Base& base() const { return *base_; }

  /// The roles of logged-in users: those of their domains but that of services, sorted.
  [[nodiscard]] std::vector<std::string> login_roles() const;
  /// Type of a file system ("tmpfs" -> "tmpfs_t"); "" when it is not known.
  [[nodiscard]] std::string filesystem_type(std::string_view fstype) const;
  /// Attributes of the types of own files of a kind, and of the file that a domain is entered by.
  [[nodiscard]] std::vector<std::string> file_attributes(ir::Kind kind) const;
  [[nodiscard]] std::vector<std::string> entry_attributes() const;
  /// The guarded accesses of this policy. Where its attribute is missing, the access is not guarded.
  [[nodiscard]] const std::vector<Gate>& gates() const { return gates_; }

  /// What a binding stands for on this policy: for each of its values the first alternative that the policy has. Values
  /// without one are left out. On the skeleton, which is no real system's, they stand for their first alternative.
  [[nodiscard]] std::vector<std::string> bound(const ir::Bindings& bindings, std::string_view key) const;
  /// The values of a binding for which the policy has no alternative, as written: "a_t or b_t".
  [[nodiscard]] std::vector<std::string> unbound(const ir::Bindings& bindings, std::string_view key) const;

 private:
  std::shared_ptr<const Base> base_;
  std::vector<std::string> names_;
  std::vector<Gate> gates_;
};

/// All that the lowering would look for in a policy, and what it finds there, in the order of the tables.
[[nodiscard]] std::vector<PlatformFinding> check_platform(const Base& base);

}  // namespace macc::backends::selinux
