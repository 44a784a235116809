// How information or control gets from one domain to another: through what one writes and the other reads or runs,
// through sockets, signals, the bus, and by starting it. Conditions are taken as they could be switched: a way that
// is there for some values of the booleans is a way.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/query/permissions.h"

namespace macc::query {

/// One step between two domains.
struct Hop {
  ir::DomainId from = ir::DomainId::none, to = ir::DomainId::none;
  enum class Kind : std::uint8_t {
    file,
    code,
    network,
    unix_socket,
    handed_over,
    signal,
    process,
    start,
    bus
  } kind = Kind::file;
  std::string how;                  ///< "writes /run/x, which is read"
  const ir::Rule* giver = nullptr;  ///< the rule of `from`; null where it needs none
  const ir::Rule* taker = nullptr;  ///< the rule of `to`; null where it needs none
};
/// "file", "code" ...
[[nodiscard]] std::string_view word(Hop::Kind kind);
/// Whether a step lets `from` steer `to`, and does not only inform it.
[[nodiscard]] bool is_control(Hop::Kind kind);

class Flows {
 public:
  explicit Flows(const ir::Meaning& meaning);

  /// The steps from one domain to another, at most one of each kind.
  [[nodiscard]] std::vector<Hop> between(ir::DomainId from, ir::DomainId to) const;
  /// A shortest way; empty when there is none.
  [[nodiscard]] std::vector<Hop> way(ir::DomainId from, ir::DomainId to) const;
  /// Every step between domains of the policy, in order of their names.
  [[nodiscard]] std::vector<Hop> all() const;

 private:
  struct OnPaths {
    const ir::Rule* rule = nullptr;  ///< null for an entry
    paths::PathSet set;
    std::string verb;
    bool code = false;
  };
  struct Node {
    std::vector<OnPaths> gives, takes;
    paths::PathSet given, taken;
  };
  [[nodiscard]] std::optional<Hop> by_file(ir::DomainId from, ir::DomainId to, bool code) const;
  void by_rules(ir::DomainId from, ir::DomainId to, std::vector<Hop>& out) const;
  [[nodiscard]] Node node_of(const ir::Domain& domain) const;

  const ir::Meaning& meaning_;
  std::vector<Node> nodes_;  ///< by DomainId
};

}  // namespace macc::query
