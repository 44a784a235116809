#include "tests/kernel/planner/entries.h"

#include <optional>
#include <set>

namespace macc::kernel {

namespace {

std::optional<std::string> one_path(const ir::PathExpr& paths) {
  for (const paths::PathPattern& pattern : paths.include) {
    if (pattern.is_literal()) return pattern.literal_prefix();
  }
  return std::nullopt;
}

/// The type in which an external domain runs, as the newest system calls it; "" where it has none.
std::string type_of(const ir::Domain& external) {
  const auto* values = external.bindings.find("selinux", "type");
  return values == nullptr || values->empty() ? "" : values->front().front();
}

std::string_view starter(ir::Entry::From from) {
  switch (from) {
    case ir::Entry::From::init:
      return "init";
    case ir::Entry::From::user:
      return "user";
    case ir::Entry::From::unit:
      return "unit";
    case ir::Entry::From::external:
      return "external";
    default:
      return "";
  }
}

std::optional<Step> started(const ir::Policy& policy, const ir::Domain& domain) {
  for (const ir::Entry& entry : domain.entries) {
    const auto path = one_path(entry.paths);
    const std::string_view by = starter(entry.from);
    if (!path || by.empty()) continue;
    Step out{std::string(by), *path, entry.unit, entry.level, ""};
    if (entry.from == ir::Entry::From::external) out.type = type_of(policy.domain(entry.external));
    return out;
  }
  return std::nullopt;
}

/// Depth first is enough: chains in the cases are short and have no choice.
std::vector<Step> search(const ir::Policy& policy, ir::DomainId target, std::set<ir::DomainId>& seen) {
  if (!seen.insert(target).second) return {};
  if (const auto step = started(policy, policy.domain(target))) return {*step};
  for (std::size_t i = 0; i < policy.domains.size(); ++i) {
    for (const ir::Rule& rule : policy.domains[i].rules) {
      const auto* exec = std::get_if<ir::ExecAccess>(&rule.access);
      if (exec == nullptr || rule.effect == ir::Effect::deny || exec->target != target) continue;
      const auto path = one_path(exec->paths);
      std::vector<Step> way = path ? search(policy, static_cast<ir::DomainId>(i), seen) : std::vector<Step>();
      if (way.empty()) continue;
      way.push_back({"domain", *path, "", "", ""});
      return way;
    }
  }
  return {};
}

}  // namespace

std::vector<Step> way_into(const ir::Policy& policy, ir::DomainId domain) {
  std::set<ir::DomainId> seen;
  return search(policy, domain, seen);
}

}  // namespace macc::kernel
