// What a compiled policy allows, read from the binary image: attributes expanded, conditional rules with their
// condition.
#pragma once

#include <compare>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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
