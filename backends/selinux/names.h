// Names that the lowering makes up: types, port types, attributes. They are stable and readable, and a collision,
// inside the build or with the base, is an error that names both sides.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "compiler/base/diagnostic.h"
#include "compiler/ir/policy.h"

namespace macc::backends::selinux {

/// Bytes other than letters, digits and '_' become '_'; never empty, never starting with a digit.
[[nodiscard]] std::string identifier(std::string_view text);

[[nodiscard]] std::string domain_type(const ir::Domain& domain);                                  ///< ledgerd_t
[[nodiscard]] std::string exec_type(const ir::Domain& domain);                                    ///< ledgerd_exec_t
[[nodiscard]] std::string resource_type(const ir::Policy& policy, const ir::Resource& resource);  ///< ledgerd_config_t
[[nodiscard]] std::string module_file(std::string_view module);                                   ///< acme_ledger

class NameTable {
 public:
  explicit NameTable(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}
  /// Takes a name for something. False, with a diagnostic, when something else has it.
  bool claim(const std::string& name, const std::string& what, Span span);
  /// "" when the name is free.
  [[nodiscard]] std::string owner(const std::string& name) const;
  struct Claim {
    std::string what;
    Span span;
  };
  [[nodiscard]] const std::map<std::string, Claim>& claims() const { return claims_; }

 private:
  Diagnostics& diagnostics_;
  std::map<std::string, Claim> claims_;
};

}  // namespace macc::backends::selinux
