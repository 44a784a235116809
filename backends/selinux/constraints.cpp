#include "backends/selinux/constraints.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

#include "backends/selinux/link/decision.h"
#include "backends/selinux/link/lookup.h"
#include "backends/selinux/lower_levels.h"
#include "backends/selinux/names.h"
#include "backends/selinux/planned_rules.h"

namespace macc::backends::selinux {
namespace {

constexpr std::string_view kLowest = "s0";

/// The contexts that types can have.
class Contexts {
 public:
  Contexts(const Input& input, const Planned& plan, const Base& base) : base_(base) {
    for (const auto& [name, module] : plan.modules) {
      object_user_ = module.user;
      object_role_ = module.object_role;
      for (const auto& [role, type] : module.role_types)
        if (role != module.object_role) roles_[type].insert(role);
      for (const FileContext& context : module.file_contexts) levels_[context.type].insert(context.level.text());
    }
    for (const ir::Domain& domain : input.policy.domains)
      if (!domain.external)
        for (const Running& way : ways_to_run(domain)) ranges_[domain_type(domain)].insert(way.range.text());
    note_levels(base.file_contexts());
    note_levels(base.local_file_contexts());
  }

  /// Notes that a domain makes objects of a type.
  void add_maker(const std::string& type, const std::string& domain) { makers_[type].insert(domain); }

  [[nodiscard]] bool is_domain(const std::string& type) const { return roles_.contains(type); }

  /// With each user that may have one of the type's roles. A domain without a range of its own runs at that of who
  /// starts it.
  [[nodiscard]] std::vector<SecurityContext> of_process(const std::string& type) const {
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

  /// What is installed with its label, and what domains make.
  [[nodiscard]] std::vector<SecurityContext> of_object(const std::string& type) const {
    std::set<std::pair<std::string, std::string>> kinds;
    const auto levels = levels_.find(type);
    if (levels == levels_.end())
      kinds.emplace(object_user_, kLowest);
    else
      for (const std::string& level : levels->second) kinds.emplace(object_user_, level);
    if (const auto makers = makers_.find(type); makers != makers_.end())
      for (const std::string& maker : makers->second)
        for (const SecurityContext& process : of_process(maker))
          kinds.emplace(process.user, process.range.substr(0, process.range.find('-')));
    std::vector<SecurityContext> list;
    for (const auto& [user, level] : kinds) list.push_back({user, object_role_, type, level});
    return list;
  }

 private:
  static std::set<std::string> lowest() { return {std::string(kLowest)}; }

  /// The levels of types in lines of file contexts.
  void note_levels(std::string_view lines) {
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

  const Base& base_;
  std::string object_user_, object_role_;
  std::map<std::string, std::set<std::string>> roles_;   // of own types
  std::map<std::string, std::set<std::string>> ranges_;  // of own domains
  std::map<std::string, std::set<std::string>> levels_;  // of files
  std::map<std::string, std::set<std::string>> makers_;  // domains by what they make
};

/// Where a rule of the source, and no baseline, asks for a permission.
Span asking_rule(const VectorValue& value, const std::string& permission) {
  for (const Origin& origin : value.origins_of(permission))
    if (origin.baseline == Baseline::rule && origin.span.valid()) return origin.span;
  return {};
}

Meeting meeting_of(const PlannedAllow& allow, const Contexts& contexts, const Base& base) {
  Meeting meeting;
  meeting.class_name = allow.key->class_name;
  meeting.sources = contexts.of_process(allow.source);
  if (allow.target == allow.source)
    meeting.targets = meeting.sources;
  else if (contexts.is_domain(allow.target) || !base.roles_of(allow.target).empty())
    meeting.targets = contexts.of_process(allow.target);
  else
    meeting.targets = contexts.of_object(allow.target);
  for (const std::string& permission : allow.value->permissions)
    if (asking_rule(*allow.value, permission).valid()) meeting.permissions.push_back(permission);
  return meeting;
}

}  // namespace

void check_constraints(const Input& input, const Planned& plan, const Base& base, const std::string& image,
                       Diagnostics& diagnostics) {
  const PlannedRules planned(plan, base);
  Contexts contexts(input, plan, base);
  for (const PlannedAllow& allow : planned.all())
    if (allow.value->permissions.contains("create")) contexts.add_maker(allow.target, allow.source);
  std::vector<Meeting> meetings;
  std::vector<const PlannedAllow*> asked;
  for (const PlannedAllow& allow : planned.all()) {
    if (!contexts.is_domain(allow.source)) continue;
    meetings.push_back(meeting_of(allow, contexts, base));
    asked.push_back(&allow);
  }
  const Refusals refusals = refused_by_constraints(image, meetings);
  if (!refusals.reason.empty()) {
    diagnostics.report(Code::E1020, {}, "the constraints of the policy cannot be evaluated: " + refusals.reason);
    return;
  }
  std::map<Span, std::vector<std::string>> by_rule;
  for (std::size_t i = 0; i < meetings.size(); ++i) {
    const auto& refused = refusals.refused[i];
    if (refused.empty()) continue;
    auto& accesses = by_rule[asking_rule(*asked[i]->value, refused.front())];
    // Plain files are what people think of first.
    accesses.insert(meetings[i].class_name == "file" ? accesses.begin() : accesses.end(),
                    fmt::format("let `{}` do `{} {{ {} }}` on `{}`", asked[i]->source, meetings[i].class_name,
                                fmt::join(refused, " "), asked[i]->target));
  }
  for (const auto& [span, accesses] : by_rule) {
    Diagnostic& diagnostic = diagnostics.report(
        Code::E1051, span,
        fmt::format("constraints of the system's policy never {}, which this asks for", accesses.front()));
    for (std::size_t i = 1; i < accesses.size(); ++i) diagnostic.note("nor do they " + accesses[i]);
    diagnostic.note("constraints compare users, roles and levels: `seinfo --constrain` lists them");
  }
}

}  // namespace macc::backends::selinux
