#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

/// A resource inside another one takes its paths out of it: that alone may be what it is for.
bool lies_in_another(const ir::Policy& policy, ir::ResourceId id) {
  return std::any_of(policy.resources.begin(), policy.resources.end(), [&](const ir::Resource& outer) {
    return !outer.external && std::find(outer.inside.begin(), outer.inside.end(), id) != outer.inside.end();
  });
}

/// The paths of a rule on something else than files and programs: sockets, mounts, what is handed over.
const ir::PathExpr* other_paths(const ir::Rule& rule) {
  if (const auto* socket = std::get_if<ir::UnixAccess>(&rule.access)) return &socket->paths;
  if (const auto* use = std::get_if<ir::UseAccess>(&rule.access)) return &use->paths;
  if (const auto* mount = std::get_if<ir::MountAccess>(&rule.access)) return &mount->on;
  if (const auto* paths = std::get_if<ir::PathsAccess>(&rule.access)) return &paths->paths;
  return nullptr;
}

bool is_reached(const Context& context, ir::ResourceId id) {
  const ir::PathExpr& paths = context.policy().resource(id).paths;
  std::vector<std::string> starts;
  for (const auto& pattern : paths.include) {
    for (std::string& start : starts_of(pattern)) starts.push_back(std::move(start));
  }
  const auto reaches = [&](const Grant& grant) {
    return near(grant.starts, starts) && context.meaning().set(*grant.paths).meets(context.meaning().extent(id));
  };
  const auto concerns = [&](const ir::Rule& rule) {
    const ir::PathExpr* on = other_paths(rule);
    return on != nullptr && context.meaning().set(*on).meets(context.meaning().extent(id));
  };
  return std::any_of(context.all_domains().begin(), context.all_domains().end(), [&](const Subject& domain) {
    return std::any_of(domain.reach->grants().begin(), domain.reach->grants().end(), reaches) ||
           std::any_of(domain.domain->rules.begin(), domain.domain->rules.end(), concerns);
  });
}

}  // namespace

void unused_resource(Context& context) {
  for (const ir::UnusedName& unused : context.policy().unused) {
    if (unused.kind != ir::UnusedName::Kind::resource) continue;
    if (lies_in_another(context.policy(), unused.resource) || is_reached(context, unused.resource)) continue;
    const ir::Resource& resource = context.policy().resource(unused.resource);
    context.report(Code::L0111, resource.owner, resource.where, fmt::format("no rule is about `{}`", unused.name))
        .note("its files get a label of their own, which nobody may use")
        .note("allow what the program does with it, or remove it")
        .about(unused.name);
  }
}

}  // namespace macc::lint::rules
