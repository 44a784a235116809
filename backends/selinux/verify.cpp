#include "backends/selinux/verify.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "backends/selinux/base_choice.h"
#include "backends/selinux/cil.h"
#include "backends/selinux/constraints.h"
#include "backends/selinux/formats.h"
#include "backends/selinux/found.h"
#include "backends/selinux/label_check.h"
#include "backends/selinux/link/access.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/link/package.h"
#include "backends/selinux/names.h"
#include "backends/selinux/planned.h"
#include "backends/selinux/statements.h"
#include "backends/selinux/walk.h"

namespace macc::backends::selinux {
namespace {

/// From the names in line marks back to source files.
class Places {
 public:
  Places(const ir::Policy& policy, const SourceManager& sources) : sources_(sources) {
    for (const auto& domain : policy.domains) {
      note(domain.where.span);
      for (const auto& rule : domain.rules) note(rule.where.span);
    }
    for (const auto& resource : policy.resources) note(resource.where.span);
    for (const auto& boolean : policy.booleans) note(boolean.span);
  }

  /// An invalid span for a place in no source of ours.
  Span span(const LinkPlace& place) const {
    std::string name = place.file;
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
    auto it = files_.find(name);
    if (it == files_.end() || place.line == 0) return {};
    const SourceFile& file = sources_.file(it->second);
    const std::uint32_t begin = file.line_begin(place.line);
    std::string_view line = file.line(place.line);
    const std::size_t indent = std::min(line.find_first_not_of(" \t"), line.size());
    return {it->second, begin + static_cast<std::uint32_t>(indent), begin + static_cast<std::uint32_t>(line.size())};
  }

 private:
  void note(Span span) {
    if (span.valid()) files_.emplace(cil::mark_name(sources_.file(span.file).stable_path()), span.file);
  }

  const SourceManager& sources_;
  std::map<std::string, FileId> files_;
};

Code code_of(LinkProblem problem) {
  switch (problem) {
    case LinkProblem::redeclared:
      return Code::E1002;
    case LinkProblem::unresolved_name:
      return Code::E1022;
    case LinkProblem::filecon:
      return Code::E1024;
    default:
      return Code::E1020;
  }
}

void report_message(const LinkMessage& message, const Places& places, Diagnostics& diagnostics) {
  // Roles of login users stand in optional blocks on purpose: a system has some of them.
  if (message.problem == LinkProblem::optional_left_out) return;
  std::vector<Span> spans;
  for (const LinkPlace& place : message.places)
    if (Span span = places.span(place); span.valid() && std::find(spans.begin(), spans.end(), span) == spans.end())
      spans.push_back(span);
  Diagnostic diagnostic(code_of(message.problem), spans.empty() ? Span{} : spans.front(), message.text);
  if (message.level == LinkMessage::Level::warning) diagnostic.severity = Severity::warning;
  for (std::size_t i = 1; i < spans.size(); ++i) diagnostic.also(spans[i], "and here");
  if (message.problem == LinkProblem::filecon)
    diagnostic.note("say which module of the system the domain replaces: `replaces selinux \"NAME\";`");
  for (const auto& rule : message.rules) diagnostic.note("the rule `" + printable(rule, 300) + "` breaks it");
  diagnostics.add(std::move(diagnostic));
}

/// The modules as they would be without raw text; empty when none has any.
std::vector<CilModule> without_raw(const Planned& plan, const SourceManager& sources) {
  const auto has_raw = [](const auto& entry) { return !entry.second.raw.empty(); };
  if (std::none_of(plan.modules.begin(), plan.modules.end(), has_raw)) return {};
  std::vector<CilModule> list;
  for (const auto& [name, module] : plan.modules) {
    Module copy = module;
    copy.raw.clear();
    list.push_back({module_file(name) + ".cil", to_cil(copy, sources, "")});
  }
  return list;
}

std::unique_ptr<CompiledPolicy> read_policy(const LinkResult& linked) {
  auto policy = CompiledPolicy::read(linked.image);
  if (!policy) throw std::logic_error("libsepol cannot read the policy that it wrote");
  return policy;
}

std::unique_ptr<CompiledPolicy> linked_policy(const Base& base, const std::vector<CilModule>& modules) {
  const LinkResult linked = link(base, modules);
  return linked.ok ? read_policy(linked) : nullptr;
}

std::vector<CilModule> planned_modules(const Planned& plan, const SourceManager& sources) {
  std::vector<CilModule> list;
  for (const auto& [name, module] : plan.modules)
    list.push_back({module_file(name) + ".cil", to_cil(module, sources, "")});
  return list;
}

/// Explains all that the linked policy lets our types do, and what it lets others do to them.
FidelityReport account(const Input& input, const Planned& plan, const Base& base, const LinkResult& linked,
                       bool as_planned, Diagnostics& diagnostics) {
  const auto policy = read_policy(linked);
  const BaseRules rules(base);
  WalkInput walk_input{input, plan, base, rules, *policy};
  std::unique_ptr<CompiledPolicy> with, without;
  if (const auto modules = without_raw(plan, input.sources); !modules.empty()) {
    without = linked_policy(base, modules);
    if (!as_planned) with = linked_policy(base, planned_modules(plan, input.sources));
    walk_input.with_raw = as_planned ? policy.get() : with.get();
    walk_input.without_raw = without.get();
    walk_input.raw_is_needed = !without;
  }
  const auto walked = walk(walk_input, diagnostics);
  check_constraints(input, plan, base, linked.image, diagnostics);
  return find_more(input, plan, *policy, walked, walk_input.raw_is_needed);
}

/// What was planned as CIL, for the formats that are not: the checks read it, and the linker names lines of the policy.
Lowered with_cil(const Input& input, const Lowered& lowered, const Planned& plan) {
  Lowered copy{.artifacts = {}, .fidelity = lowered.fidelity, .plan = lowered.plan};
  for (const auto& [name, module] : plan.modules)
    copy.artifacts.push_back({module_file(name) + ".cil", to_cil(module, input.sources, ""), ""});
  return copy;
}

/// Links what checkmodule makes of the artifacts, and compares what that grants with what was planned. The reason why
/// that cannot be done, or "".
std::string check_packages(const Input& input, const Lowered& lowered, const Base& base, const LinkResult& planned,
                           const LinkOptions& options, Diagnostics& diagnostics) {
  Emitted emitted = emitted_modules(input, lowered, diagnostics);
  if (!emitted.reason.empty()) return emitted.reason;
  if (diagnostics.has_errors()) return "";
  if (!takes_packages(base)) {
    if (!base.modules().empty() && !base.is_skeleton()) {
      diagnostics.report(Code::E1043, {}, base.description() + " takes no module packages: all of it is CIL")
          .note("build this target with `format = \"cil\"`");
      return "";
    }
    emitted.modules.push_back(package_declarations());
  }
  const LinkResult linked = link(base, emitted.modules, options);
  const Places places(input.policy, input.sources);
  for (const LinkMessage& message : linked.messages) report_message(message, places, diagnostics);
  if (!linked.ok) return "";
  const auto before = CompiledPolicy::read(planned.image), after = CompiledPolicy::read(linked.image);
  for (std::size_t i = 0; i < input.policy.domains.size(); ++i) {
    const ir::Domain& domain = input.policy.domains[i];
    if (domain.external) continue;
    const std::string type = domain_type(domain);
    if (before->access_of(type) == after->access_of(type) && before->access_to(type) == after->access_to(type) &&
        before->transitions_of(type) == after->transitions_of(type))
      continue;
    diagnostics
        .report(Code::E1043, domain.where.span,
                "the compiled module grants `" + domain.name + "` something else than was planned")
        .note("this is a mistake of macc; `format = \"cil\"` is written another way");
  }
  if (planned.file_contexts != linked.file_contexts)
    diagnostics.report(Code::E1043, {}, "the compiled modules label files otherwise than was planned");
  return "";
}

bool declares_types(const Planned& plan) {
  return std::any_of(plan.modules.begin(), plan.modules.end(),
                     [](const auto& entry) { return !entry.second.types.empty(); });
}

}  // namespace

Verification verify_artifacts(const Input& input, const Lowered& lowered, Diagnostics& diagnostics) {
  Verification verification;
  verification.checker = linker_name();
  const BaseOrReason opened = chosen_base(input);
  if (!opened.base) {
    verification.reason = opened.reason + "; install selinux-policy-default, or set `base = \"skeleton\"`";
    return verification;
  }
  verification.against = opened.base->description();
  verification.notices = opened.base->notices();
  if (opened.base->is_skeleton()) verification.reason = opened.reason;
  const auto& plan = dynamic_cast<const Planned&>(*lowered.plan);
  const std::size_t before = diagnostics.error_count();
  const bool is_cil = format_of(input.target) == Format::cil;
  const Lowered converted = is_cil ? Lowered{} : with_cil(input, lowered, plan);
  const Lowered& as_cil = is_cil ? lowered : converted;
  std::vector<CilModule> modules;
  for (const Artifact& artifact : as_cil.artifacts)
    if (artifact.path.ends_with(".cil")) modules.push_back({artifact.path, artifact.content});
  const bool as_planned = check_statements(as_cil.artifacts, plan, diagnostics);
  check_effects(input, as_cil, plan, diagnostics);
  LinkOptions options;
  // Without a type of ours, nothing of the base would be left.
  options.whole_base = input.full || !declares_types(plan);
  const LinkResult linked = link(*opened.base, modules, options);
  const Places places(input.policy, input.sources);
  for (const LinkMessage& message : linked.messages) report_message(message, places, diagnostics);
  if (linked.ok) check_labels(input, plan.labels, *opened.base, linked, diagnostics);
  if (linked.ok) verification.found = account(input, plan, *opened.base, linked, as_planned, diagnostics);
  if (linked.ok && format_of(input.target) != Format::cil) {
    verification.checker = "checkmodule and " + linker_name();
    if (std::string reason = check_packages(input, lowered, *opened.base, linked, options, diagnostics);
        !reason.empty()) {
      verification.reason = std::move(reason);
      return verification;
    }
  }
  verification.status =
      linked.ok && diagnostics.error_count() == before ? Verification::Status::passed : Verification::Status::failed;
  return verification;
}

}  // namespace macc::backends::selinux
