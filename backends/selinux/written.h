// What is written in a policy, by its places: phrases, and the includes through which they came.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "compiler/ir/policy.h"

namespace macc::backends::selinux {

/// A statement or a declaration. One of an abstraction stands once for each domain that includes it.
struct Written {
  using What = std::variant<const ir::Rule*, const ir::Obligation*, const ir::Entry*, const ir::RawText*,
                            const ir::Domain*, const ir::Resource*, const ir::Boolean*, const ir::Ports*>;
  Span place;
  ir::DomainId domain = ir::DomainId::none;  ///< whose it is; none for what belongs to a module
  What what;
};

class WrittenIndex {
 public:
  /// The policy has to outlive this. External declarations are left out, but for ports.
  explicit WrittenIndex(const ir::Policy& policy);

  /// What stands at a place, by domain.
  [[nodiscard]] std::span<const Written> at(Span place) const;
  [[nodiscard]] std::span<const Written> at(Span place, ir::DomainId domain) const;
  /// "allow read config", "entry /usr/bin/d", "resource config"
  [[nodiscard]] std::string phrase(const Written& written) const;
  /// nullptr for what cannot come from an abstraction.
  [[nodiscard]] static const ir::Provenance* provenance(const Written& written);

  /// The domain that a type of the build is of, or whose resource it is of; none for another name.
  [[nodiscard]] ir::DomainId owner(std::string_view type) const;
  [[nodiscard]] const std::vector<ir::DomainId>& domains_of(std::string_view module) const;

 private:
  void add_domain(ir::DomainId id);

  const ir::Policy& policy_;
  std::vector<Written> written_;  // sorted by place and domain
  std::map<std::string, ir::DomainId, std::less<>> owners_;
  std::map<std::string, std::vector<ir::DomainId>, std::less<>> domains_;  // by module
};

}  // namespace macc::backends::selinux
