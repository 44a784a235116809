// How information or control gets from one domain to another: through what one writes and the other reads or runs,
// through sockets, signals, the bus, and by starting it. Conditions are taken as they could be switched: a way that
// is there for some values of the booleans is a way. What denies take away whenever a rule holds is none. What is
// mounted over the files of another is not looked at.
#pragma once

#include <functional>
#include <memory>
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

/// The steps between the domains of one policy, found as they are asked for. The cost is that of the rules and of the
/// pairs of rules that look as if they met, not of all pairs of domains. Not for use by several threads at once. May
/// throw paths::TooComplex.
class Flows {
 public:
  explicit Flows(const ir::Meaning& meaning);
  Flows(const Flows&) = delete;
  Flows& operator=(const Flows&) = delete;
  ~Flows();

  /// A shortest way; empty when there is none.
  [[nodiscard]] std::vector<Hop> way(ir::DomainId from, ir::DomainId to) const;
  /// Every step between domains of the policy, at most one of each kind from one to another, in order of their names.
  [[nodiscard]] std::vector<Hop> all() const;

 private:
  using Wanted = std::function<bool(ir::DomainId)>;
  /// The steps from a domain to those others that are wanted, in the order of these.
  [[nodiscard]] std::vector<Hop> steps(ir::DomainId from, const Wanted& wanted) const;

  class Files;
  class Others;
  const ir::Meaning& meaning_;
  std::unique_ptr<Files> files_;
  std::unique_ptr<Others> others_;
};

}  // namespace macc::query
