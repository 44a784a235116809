#include "compiler/lint/ports.h"

#include <fmt/format.h>

#include <algorithm>

namespace macc::lint {

namespace {

std::vector<ir::PortRange> without(const std::vector<ir::PortRange>& ports, const ir::PortRange& taken) {
  std::vector<ir::PortRange> out;
  for (const ir::PortRange& range : ports) {
    if (taken.last < range.first || range.last < taken.first) {
      out.push_back(range);
      continue;
    }
    if (range.first < taken.first) out.push_back({range.first, static_cast<std::uint16_t>(taken.first - 1)});
    if (taken.last < range.last) out.push_back({static_cast<std::uint16_t>(taken.last + 1), range.last});
  }
  return out;
}

}  // namespace

unsigned OpenPorts::count() const {
  unsigned all = 0;
  for (const ir::PortRange& range : ports) all += static_cast<unsigned>(range.last - range.first) + 1;
  return all;
}

bool OpenPorts::has(std::uint16_t port) const {
  return std::any_of(ports.begin(), ports.end(),
                     [&](const ir::PortRange& range) { return range.first <= port && port <= range.last; });
}

namespace {

/// Values of the booleans under which a rule is in effect; if there are any, those under which no conditional deny is.
std::optional<ir::Assignment> widest_values(const Context& context, const ir::Domain& domain, const ir::Rule& rule,
                                            const ir::NetworkAccess& access) {
  const auto values = context.in_effect(domain, rule, [&](const ir::Rule& deny) {
    const auto* denied = std::get_if<ir::NetworkAccess>(&deny.access);
    return denied != nullptr && denied->listen == access.listen && denied->protocol == access.protocol &&
           !deny.condition.is_always();
  });
  return values ? values : context.in_effect(domain, rule);
}

}  // namespace

namespace {

/// What of a rule's ports no deny takes away under some values.
std::vector<ir::PortRange> left_of(const ir::Domain& domain, const ir::NetworkAccess& access,
                                   const ir::Assignment& values) {
  std::vector<ir::PortRange> out = access.ports;
  for (const ir::Rule& deny : domain.rules) {
    const auto* denied = std::get_if<ir::NetworkAccess>(&deny.access);
    if (denied == nullptr || deny.effect != ir::Effect::deny || denied->listen != access.listen) continue;
    if (denied->protocol != access.protocol || !ir::holds(deny.condition, values)) continue;
    for (const ir::PortRange& range : denied->ports) out = without(out, range);
  }
  return out;
}

}  // namespace

std::vector<OpenPorts> open_ports(const Context& context, const ir::Domain& domain, bool listen) {
  std::vector<OpenPorts> out;
  for (const ir::Rule& rule : domain.rules) {
    const auto* access = std::get_if<ir::NetworkAccess>(&rule.access);
    if (access == nullptr || rule.effect != ir::Effect::allow || access->listen != listen) continue;
    const auto values = widest_values(context, domain, rule, *access);
    if (!values) continue;
    OpenPorts open{&rule, access, left_of(domain, *access, *values), *values};
    if (!open.ports.empty()) out.push_back(std::move(open));
  }
  return out;
}

namespace {

/// The rules of a protocol that hold under the values of one of them, as if they were one rule.
std::optional<AllPorts> together(const ir::Domain& domain, const std::vector<OpenPorts>& open, const OpenPorts& first) {
  AllPorts out{{first.rule}, first.access->protocol, first.values};
  OpenPorts sum = first;
  for (const OpenPorts& other : open) {
    if (other.rule == first.rule || other.access->protocol != out.protocol) continue;
    if (!ir::holds(other.rule->condition, out.values)) continue;
    std::vector<ir::PortRange> fresh = left_of(domain, *other.access, out.values);
    for (const ir::PortRange& range : sum.ports) fresh = without(fresh, range);
    if (fresh.empty()) continue;
    sum.ports.insert(sum.ports.end(), fresh.begin(), fresh.end());
    out.rules.push_back(other.rule);
  }
  return sum.count() >= kNearlyAllPorts ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace

std::vector<AllPorts> all_ports(const Context& context, const ir::Domain& domain, bool listen) {
  std::vector<OpenPorts> open = open_ports(context, domain, listen);
  std::stable_sort(open.begin(), open.end(), [](const auto& a, const auto& b) { return a.count() > b.count(); });
  std::vector<AllPorts> out;
  const auto has = [&](ir::Protocol protocol) {
    return std::any_of(out.begin(), out.end(), [&](const AllPorts& all) { return all.protocol == protocol; });
  };
  for (const OpenPorts& one : open) {
    if (one.count() >= kNearlyAllPorts) {
      out.push_back({{one.rule}, one.access->protocol, one.values});
    } else if (!has(one.access->protocol)) {
      if (auto all = together(domain, open, one)) out.push_back(std::move(*all));
    }
  }
  return out;
}

void look_for_all_ports(Context& context, Code lint, bool listen, std::string_view deed, std::string_view harm,
                        std::string_view advice) {
  for (const Subject& subject : context.subjects()) {
    for (const AllPorts& all : all_ports(context, *subject.domain, listen)) {
      Report report = context.report(lint, subject.id, all.rules.front()->where,
                                     fmt::format("`{}` may {} every port of {}{}", subject.domain->name, deed,
                                                 ir::word(all.protocol), context.when(all.values)));
      for (std::size_t i = 1; i < all.rules.size(); ++i) report.with(all.rules[i]->where, "and these");
      report.note(std::string(harm)).note(std::string(advice));
      report.about(fmt::format("{} every port of {}", deed, ir::word(all.protocol)));
    }
  }
}

}  // namespace macc::lint
