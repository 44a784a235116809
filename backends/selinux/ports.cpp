#include "backends/selinux/ports.h"

#include <algorithm>
#include <map>
#include <set>

namespace macc::backends::selinux {
namespace {

constexpr unsigned kLastPort = 65535;

/// Requested ranges of one protocol that have no type of the system's, with the first place that asked.
struct Wanted {
  ir::PortRange range;
  Span span;
};

std::string own_port_type(ir::Protocol protocol, ir::PortRange range) {
  std::string name = std::string(ir::word(protocol)) + "_" + std::to_string(range.first);
  if (range.first != range.last) name += "_" + std::to_string(range.last);
  return name + "_port_t";
}

std::vector<Wanted> wanted_ranges(const Input& input, ir::Protocol protocol) {
  std::vector<Wanted> list;
  for (const auto& domain : input.policy.domains) {
    for (const auto& rule : domain.rules) {
      const auto* network = std::get_if<ir::NetworkAccess>(&rule.access);
      if (network == nullptr || network->protocol != protocol || is_any(network->ports)) continue;
      if (network->named != ir::PortsId::none || rule.effect != ir::Effect::allow) continue;
      // UDP is checked at bind only.
      if (protocol == ir::Protocol::udp && !network->listen) continue;
      for (const auto& range : network->ports) list.push_back({range, rule.where.span});
    }
  }
  return list;
}

}  // namespace

bool is_any(const std::vector<ir::PortRange>& ranges) {
  return ranges.size() == 1 && ranges[0].first <= 1 && ranges[0].last == kLastPort;
}

bool overlap(ir::PortRange a, ir::PortRange b) { return a.first <= b.last && b.first <= a.last; }

std::string text_of(ir::Protocol protocol, ir::PortRange range) {
  std::string text = std::string(ir::word(protocol)) + " " + std::to_string(range.first);
  return range.first == range.last ? text : text + "-" + std::to_string(range.last);
}

std::vector<ir::PortRange> without(const std::vector<ir::PortRange>& from, const std::vector<ir::PortRange>& what) {
  std::vector<ir::PortRange> rest = from;
  for (const auto& cut : what) {
    std::vector<ir::PortRange> next;
    for (const auto& range : rest) {
      if (!overlap(range, cut)) {
        next.push_back(range);
        continue;
      }
      if (range.first < cut.first) next.push_back({range.first, static_cast<std::uint16_t>(cut.first - 1)});
      if (cut.last < range.last) next.push_back({static_cast<std::uint16_t>(cut.last + 1), range.last});
    }
    rest = std::move(next);
  }
  return rest;
}

PortPlan::PortPlan(const Input& input, const Platform& platform, NameTable& names) {
  if (!platform.base().is_skeleton()) add_base(platform.base());
  add_system(input.policy, platform);
  add_own(input, names);
}

namespace {

/// A range of so many ports is what a policy says of ports that belong to nobody (512-1023, 1024-32767 ...).
constexpr unsigned kDefaultWidth = 480;

std::optional<ir::Protocol> protocol_of(const std::string& word) {
  for (auto protocol : {ir::Protocol::tcp, ir::Protocol::udp, ir::Protocol::sctp})
    if (ir::word(protocol) == word) return protocol;
  return std::nullopt;
}

}  // namespace

/// The narrowest range that holds a port gives it its type.
void PortPlan::add_base(const Base& base) {
  std::vector<PortContext> contexts = base.ports();
  std::stable_sort(contexts.begin(), contexts.end(),
                   [](const PortContext& a, const PortContext& b) { return a.high - a.low < b.high - b.low; });
  std::map<ir::Protocol, std::vector<ir::PortRange>> known;
  for (const PortContext& context : contexts) {
    const auto protocol = protocol_of(context.protocol);
    if (!protocol || context.high < context.low) continue;
    std::vector<ir::PortRange>& taken = known[*protocol];
    const bool is_default = context.high - context.low + 1U >= kDefaultWidth;
    for (const auto& range : without({{context.low, context.high}}, taken))
      (is_default ? defaults_ : segments_).push_back({*protocol, range, context.type, false, "", {}});
    taken.push_back({context.low, context.high});
  }
}

void PortPlan::add_system(const ir::Policy& policy, const Platform& platform) {
  for (const auto& ports : policy.ports) {
    const std::vector<std::string> types = platform.bound(ports.bindings, "type");
    for (const auto& item : ports.items)
      for (const auto& range : item.ranges)
        for (const auto& rest : without({range}, known(item.protocol)))
          for (const auto& type : types)
            segments_.push_back({item.protocol, rest, type, false, ports.name, ports.span});
  }
}

std::vector<ir::PortRange> PortPlan::known(ir::Protocol protocol) const {
  std::vector<ir::PortRange> ranges;
  for (const auto& segment : segments_)
    if (segment.protocol == protocol) ranges.push_back(segment.range);
  return ranges;
}

void PortPlan::add_own(const Input& input, NameTable& names) {
  for (auto protocol : {ir::Protocol::tcp, ir::Protocol::udp, ir::Protocol::sctp}) {
    const std::vector<ir::PortRange> known = this->known(protocol);
    const std::vector<Wanted> wanted = wanted_ranges(input, protocol);
    // Cut wherever a wanted or known range begins or ends.
    std::set<unsigned> borders;
    for (const auto& want : wanted)
      for (const auto& range : without({want.range}, known)) {
        borders.insert(range.first);
        borders.insert(range.last + 1U);
      }
    for (auto it = borders.begin(); it != borders.end() && std::next(it) != borders.end(); ++it) {
      const ir::PortRange range{static_cast<std::uint16_t>(*it), static_cast<std::uint16_t>(*std::next(it) - 1)};
      auto user =
          std::find_if(wanted.begin(), wanted.end(), [&](const Wanted& want) { return overlap(want.range, range); });
      const bool taken = std::any_of(known.begin(), known.end(), [&](ir::PortRange k) { return overlap(k, range); });
      if (user == wanted.end() || taken) continue;
      const std::string type = own_port_type(protocol, range);
      names.claim(type, "port " + text_of(protocol, range), user->span);
      segments_.push_back({protocol, range, type, true, "", user->span, {}});
      for (const Wanted& want : wanted)
        if (overlap(want.range, range)) add_origin(segments_.back().origins, want.span);
    }
  }
}

std::vector<const PortSegment*> PortPlan::touching(ir::Protocol protocol,
                                                   const std::vector<ir::PortRange>& ranges) const {
  std::vector<const PortSegment*> list;
  for (const auto& segment : segments_)
    if (segment.protocol == protocol &&
        std::any_of(ranges.begin(), ranges.end(), [&](ir::PortRange range) { return overlap(range, segment.range); }))
      list.push_back(&segment);
  return list;
}

PortPlan::Left PortPlan::left_of_any(ir::Protocol protocol, const std::vector<ir::PortRange>& ranges) const {
  struct Default {
    ir::PortRange range;
    std::string_view type;
  };
  static constexpr Default kDefaults[] = {
#define MACC_PORT_DEFAULT(first, last, type) {{first, last}, type},
#include "backends/selinux/port_defaults.def"
#undef MACC_PORT_DEFAULT
  };
  std::map<std::string, std::vector<ir::PortRange>> types;
  std::vector<ir::PortRange> typed;
  for (const auto& segment : segments_) {
    if (segment.protocol != protocol) continue;
    types[segment.type].push_back(segment.range);
    typed.push_back(segment.range);
  }
  if (defaults_.empty())
    for (const Default& rest : kDefaults) types[std::string(rest.type)] = without({rest.range}, typed);
  for (const auto& rest : defaults_) {
    if (rest.protocol != protocol) continue;
    auto& ranges_of = types[rest.type];
    for (const auto& range : without({rest.range}, typed)) ranges_of.push_back(range);
  }
  Left left;
  for (const auto& [type, own] : types) {
    const auto denied = without(own, ranges);
    if (denied.empty()) continue;
    (without(own, denied).empty() ? left.gone : left.partly).insert(type);
  }
  return left;
}

std::vector<std::string> PortPlan::ports_of(const std::string& type) const {
  std::vector<std::string> list;
  for (const auto& segment : segments_)
    if (!segment.own && segment.type == type) list.push_back(text_of(segment.protocol, segment.range));
  return list;
}

}  // namespace macc::backends::selinux
