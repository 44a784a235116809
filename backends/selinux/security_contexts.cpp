#include "backends/selinux/security_contexts.h"

#include <algorithm>

#include "backends/selinux/link/lookup.h"
#include "backends/selinux/lower_levels.h"
#include "backends/selinux/names.h"

namespace macc::backends::selinux {
namespace {

constexpr std::string_view kLowest = "s0";

std::string lowest_of(const std::string& range) { return range.substr(0, range.find('-')); }

std::set<std::string> lowest() { return {std::string(kLowest)}; }

}  // namespace

SecurityContexts::SecurityContexts(const Input& input, const Planned& plan, const Base& base) : base_(base) {
  for (const auto& [name, module] : plan.modules) {
    object_user_ = module.user;
    object_role_ = module.object_role;
    for (const auto& [pair, origins] : module.role_types)
      if (pair.first != module.object_role) roles_[pair.second].insert(pair.first);
    for (const FileContext& context : module.file_contexts) levels_[context.type].insert(context.level.text());
  }
  for (const ir::Domain& domain : input.policy.domains)
    if (!domain.external)
      for (const Running& way : ways_to_run(domain)) ranges_[domain_type(domain)].insert(way.range.text());
  note_levels(base.file_contexts());
  note_levels(base.local_file_contexts());
}

std::vector<SecurityContext> SecurityContexts::of_process(const std::string& type) const {
  std::vector<SecurityContext> list;
  const auto own = roles_.find(type);
  const std::vector<std::string> of_base = base_.roles_of(type);
  const std::set<std::string> roles = own == roles_.end() ? std::set(of_base.begin(), of_base.end()) : own->second;
  for (const PolicyUser& user : base_.users())
    for (const std::string& role : user.roles) {
      if (!roles.contains(role) || role == object_role_) continue;
      std::set<std::string> ranges = {std::string(kLowest), range_of(user)};
      if (const auto planned = ranges_.find(type); planned != ranges_.end() && planned->second != lowest())
        ranges = planned->second;
      for (const std::string& range : ranges) list.push_back({user.name, role, type, range});
    }
  return list;
}

std::vector<SecurityContext> SecurityContexts::of_object(const std::string& type) const {
  std::set<std::pair<std::string, std::string>> kinds;
  const auto levels = levels_.find(type);
  if (levels == levels_.end())
    kinds.emplace(object_user_, kLowest);
  else
    for (const std::string& level : levels->second) kinds.emplace(object_user_, level);
  if (const auto makers = makers_.find(type); makers != makers_.end())
    for (const std::string& maker : makers->second)
      for (const SecurityContext& process : of_process(maker)) kinds.emplace(process.user, lowest_of(process.range));
  std::vector<SecurityContext> list;
  for (const auto& [user, level] : kinds) list.push_back({user, object_role_, type, level});
  return list;
}

SecurityContext SecurityContexts::of_made(const std::string& type, const SecurityContext& maker) const {
  return {maker.user, object_role_, type, lowest_of(maker.range)};
}

std::vector<SecurityContext> SecurityContexts::of_target(const std::string& type) const {
  const std::vector<std::string> roles = base_.roles_of(type);
  const bool runs = std::any_of(roles.begin(), roles.end(), [&](const auto& role) { return role != object_role_; });
  return is_domain(type) || runs ? of_process(type) : of_object(type);
}

/// The levels of types in lines of file contexts.
void SecurityContexts::note_levels(std::string_view lines) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    const std::size_t column = line.find_last_of(" \t");
    if (column == std::string_view::npos) continue;
    const std::string context(line.substr(column + 1));
    const std::string type = type_of_context(context);
    const std::size_t level = context.find(':' + type + ':');
    if (!type.empty() && level != std::string::npos) levels_[type].insert(context.substr(level + type.size() + 2));
  }
}

}  // namespace macc::backends::selinux
