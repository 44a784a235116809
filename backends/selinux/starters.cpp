#include "backends/selinux/starters.h"

#include <optional>

namespace macc::backends::selinux {
namespace {

Starters by_entries(const ir::Domain& domain) {
  using From = ir::Entry::From;
  Starters starters;
  for (const auto& entry : domain.entries) {
    starters.init |= entry.from == From::init || entry.from == From::unit;
    starters.users |= entry.from == From::user;
    if (entry.from == From::external) starters.externals.insert(entry.external);
  }
  return starters;
}

/// The domain that a rule leads into.
std::optional<ir::DomainId> next_of(const ir::Rule& rule) {
  if (rule.effect != ir::Effect::allow) return std::nullopt;
  if (const auto* exec = std::get_if<ir::ExecAccess>(&rule.access))
    if (exec->mode == ir::ExecAccess::Mode::transition) return exec->target;
  if (const auto* process = std::get_if<ir::ProcessAccess>(&rule.access))
    if (process->kind == ir::ProcessAccess::Kind::become && process->peer.kind == ir::Peer::Kind::domain)
      return process->peer.domain;
  return std::nullopt;
}

}  // namespace

bool Starters::add(const Starters& other) {
  const bool more_init = other.init && !init, more_users = other.users && !users;
  init |= other.init;
  users |= other.users;
  const std::size_t before = externals.size();
  externals.insert(other.externals.begin(), other.externals.end());
  return more_init || more_users || externals.size() != before;
}

std::vector<Starters> starters_of(const ir::Policy& policy) {
  std::vector<Starters> list;
  std::vector<std::size_t> open;
  for (const auto& domain : policy.domains) {
    open.push_back(list.size());
    list.push_back(by_entries(domain));
  }
  while (!open.empty()) {
    const std::size_t from = open.back();
    open.pop_back();
    for (const auto& rule : policy.domains[from].rules) {
      const auto next = next_of(rule);
      if (!next || *next == ir::DomainId::none) continue;
      const auto to = static_cast<std::size_t>(*next);
      if (list[to].add(list[from])) open.push_back(to);
    }
  }
  return list;
}

}  // namespace macc::backends::selinux
