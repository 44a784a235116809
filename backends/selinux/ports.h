// Ports to types: those that `external ports` names keep the system's type; the others get one of our own, cut where
// the ranges of different rules cross, so that two domains that use one port share its type.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "backends/selinux/names.h"
#include "backends/selinux/platform.h"
#include "backends/selinux/rules.h"

namespace macc::backends::selinux {

struct PortSegment {
  ir::Protocol protocol{};
  ir::PortRange range;
  std::string type;
  bool own = false;
  std::string name;  ///< of the external declaration
  Span span;
  Origins origins = {};  ///< of an own one: the rules that speak of its ports
};

class PortPlan {
 public:
  PortPlan(const Input& input, const Platform& platform, NameTable& names);

  /// All segments that the ranges touch, in order.
  [[nodiscard]] std::vector<const PortSegment*> touching(ir::Protocol protocol,
                                                         const std::vector<ir::PortRange>& ranges) const;
  /// Types none of whose ports are left of the ranges, and those of which only some are left: what a deny leaves of
  /// `any`. With the ports that have no type of their own, in the types that the system gives them.
  struct Left {
    std::set<std::string> gone, partly;
  };
  [[nodiscard]] Left left_of_any(ir::Protocol protocol, const std::vector<ir::PortRange>& ranges) const;
  /// Ranges of all system segments of a type.
  [[nodiscard]] std::vector<std::string> ports_of(const std::string& type) const;
  [[nodiscard]] const std::vector<PortSegment>& segments() const { return segments_; }

 private:
  void add_system(const ir::Policy& policy, const Platform& platform);
  void add_own(const Input& input, NameTable& names);
  void add_base(const Base& base);
  /// Ports that have a segment.
  [[nodiscard]] std::vector<ir::PortRange> known(ir::Protocol protocol) const;
  std::vector<PortSegment> segments_;
  std::vector<PortSegment> defaults_;  ///< of the base: types of ports that belong to nobody
};

[[nodiscard]] bool is_any(const std::vector<ir::PortRange>& ranges);
[[nodiscard]] std::string text_of(ir::Protocol protocol, ir::PortRange range);
/// `from` less `what`.
[[nodiscard]] std::vector<ir::PortRange> without(const std::vector<ir::PortRange>& from,
                                                 const std::vector<ir::PortRange>& what);
[[nodiscard]] bool overlap(ir::PortRange a, ir::PortRange b);

}  // namespace macc::backends::selinux
