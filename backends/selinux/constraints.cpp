#include "backends/selinux/constraints.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "backends/selinux/link/decision.h"
#include "backends/selinux/planned_rules.h"
#include "backends/selinux/security_contexts.h"

namespace macc::backends::selinux {
namespace {

/// Where a rule of the source, and no baseline, asks for a permission.
Span asking_rule(const VectorValue& value, const std::string& permission) {
  for (const Origin& origin : value.origins_of(permission))
    if (origin.baseline == Baseline::rule && origin.span.valid()) return origin.span;
  return {};
}

Meeting meeting_of(const PlannedAllow& allow, const SecurityContexts& contexts) {
  Meeting meeting;
  meeting.class_name = allow.key->class_name;
  meeting.sources = contexts.of_process(allow.source);
  meeting.targets = contexts.of_target(allow.target);
  for (const std::string& permission : allow.value->permissions)
    if (asking_rule(*allow.value, permission).valid()) meeting.permissions.push_back(permission);
  return meeting;
}

}  // namespace

void check_constraints(const Input& input, const Planned& plan, const Base& base, const std::string& image,
                       Diagnostics& diagnostics) {
  const PlannedRules planned(plan, base);
  SecurityContexts contexts(input, plan, base);
  for (const PlannedAllow& allow : planned.all())
    if (allow.value->permissions.contains("create")) contexts.add_maker(allow.target, allow.source);
  std::vector<Meeting> meetings;
  std::vector<const PlannedAllow*> asked;
  for (const PlannedAllow& allow : planned.all()) {
    if (!contexts.is_domain(allow.source)) continue;
    meetings.push_back(meeting_of(allow, contexts));
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
