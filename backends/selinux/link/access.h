// What a compiled policy allows, read from the binary image: attributes expanded, conditional rules with their
// condition.
#pragma once

#include <compare>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/selinux/link/switches.h"

namespace macc::backends::selinux {

/// `source` may do `permissions` on objects of type `target`.
struct Access {
  std::string target;
  std::string class_name;
  std::string condition;                 ///< "" always; else booleans: "a", "not a", "(a and b)"
  std::vector<std::string> permissions;  ///< sorted

  friend bool operator==(const Access&, const Access&) = default;
  friend auto operator<=>(const Access&, const Access&) = default;
};

/// `source`, the subject, as target of somebody's rule.
struct AccessTo {
  std::string source;
  Access access;

  friend bool operator==(const AccessTo&, const AccessTo&) = default;
  friend auto operator<=>(const AccessTo&, const AccessTo&) = default;
};

struct Transition {
  std::string source;
  std::string target;
  std::string class_name;
  std::string name;       ///< the object's name for a named transition; else ""
  std::string result;     ///< the new type
  std::string condition;  ///< as in Access

  friend bool operator==(const Transition&, const Transition&) = default;
  friend auto operator<=>(const Transition&, const Transition&) = default;
};

/// A rule as the policy has it: source and target are types or attributes.
struct PolicyRule {
  enum class Kind : std::uint8_t { allow, extended, transition, member, change } kind = Kind::allow;
  std::string_view source, target, class_name;  ///< views into the policy
  std::vector<std::string_view> permissions;    ///< allow
  std::string_view result;                      ///< transition, member, change: the new type
  std::string_view name;                        ///< transition: the object's name, "" for any
  Switches condition;
};

/// The level of what `source` starts or makes from `target`.
struct RangeRule {
  std::string source, target, class_name;
  friend auto operator<=>(const RangeRule&, const RangeRule&) = default;
};

/// A binary policy in memory.
class CompiledPolicy {
 public:
  /// nullptr when the image is no policy.
  [[nodiscard]] static std::unique_ptr<CompiledPolicy> read(const std::string& image);

  [[nodiscard]] bool has_type(std::string_view type) const;
  /// All that `source` may do, by target, class, condition; each (target, class, condition) once. A permission that is
  /// allowed always is not repeated under a condition. Constraints (MLS, roles) are not applied.
  [[nodiscard]] std::vector<Access> access_of(std::string_view source) const;
  /// All that others (and it itself) may do to `target`.
  [[nodiscard]] std::vector<AccessTo> access_to(std::string_view target) const;
  /// Type transitions with `source` as subject, attributes expanded.
  [[nodiscard]] std::vector<Transition> transitions_of(std::string_view source) const;
  /// Every rule in which one of `types` takes part, itself or through an attribute, as source, target or result; and
  /// rules between just the two names of one of `pairs`.
  [[nodiscard]] std::vector<PolicyRule> rules_about(const std::set<std::string>& types,
                                                    const std::set<std::pair<std::string, std::string>>& pairs) const;
  /// The policy's own copy of the name of a type or an attribute; "" when it has none.
  [[nodiscard]] std::string_view name_of(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> permissive_types() const;  ///< sorted
  /// (role, type) of these types.
  [[nodiscard]] std::set<std::pair<std::string, std::string>> roles_of(const std::set<std::string>& types) const;
  /// Range transitions with one of the types on a side.
  [[nodiscard]] std::set<RangeRule> ranges_about(const std::set<std::string>& types) const;
  /// The type that bounds a type; "" when none does.
  [[nodiscard]] std::string parent_of(std::string_view type) const;
  /// Types in an attribute that the image kept (attributes that no rule uses are gone from it), sorted.
  [[nodiscard]] std::vector<std::string> types_in(std::string_view attribute) const;
  [[nodiscard]] std::vector<std::string> attributes_of(std::string_view type) const;

  CompiledPolicy(const CompiledPolicy&) = delete;
  CompiledPolicy& operator=(const CompiledPolicy&) = delete;
  ~CompiledPolicy();

 private:
  struct Data;
  explicit CompiledPolicy(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace macc::backends::selinux
