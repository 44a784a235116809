#include "backends/apparmor/compiled_artifacts.h"

#include <fmt/format.h>

#include <algorithm>

#include "backends/apparmor/build.h"
#include "backends/apparmor/profile_files.h"

namespace macc::backends::apparmor {

CompiledArtifacts::CompiledArtifacts(const Input& input, const Lowered& lowered)
    : input_(input),
      lowered_(lowered),
      plan_(dynamic_cast<const LoweringPlan&>(*lowered.plan)),
      parser_(plan_.features) {
  if (!parser_.installed()) {
    why_none_ = "apparmor_parser is not installed (package apparmor)";
    return;
  }
  unchecked_.emplace(plan_.policy, plan_.features, input_.sources, parser_.version());
  why_none_ = put_all();
}

bool CompiledArtifacts::put(const Artifact& artifact) {
  return parser_.put(artifact.path, unchecked_->readable(artifact).value_or(""));
}

std::string CompiledArtifacts::put_all() {
  for (const Artifact& artifact : lowered_.artifacts) {
    if (!unchecked_->readable(artifact)) return fmt::format("the {} is not what macc wrote", artifact.what);
    if (!put(artifact)) return "no temporary folder could be written";
    if (is_profile(artifact))
      booleans_[artifact.path] = booleans_in(input_.policy, text_with_conditions(lowered_, artifact));
  }
  return "";
}

CompiledArtifacts::Compiled CompiledArtifacts::compile(const Artifact& artifact, const ir::Assignment& values) {
  for (const Artifact& switches : tunables_with(input_.policy, values)) {
    if (!put(switches)) return {{}, "no temporary folder could be written"};
  }
  // The distribution's own files, which raw texts include, have rules that this target does not enforce.
  const Compilation result = parser_.compile(artifact.path, Parser::Unenforced::said);
  if (result.end != Compilation::End::compiled) {
    const std::string said = result.said.empty() ? "" : ": " + result.said.front();
    return {{}, fmt::format("apparmor_parser does not compile the {}{}", artifact.what, said)};
  }
  Compiled out{read_policy(result.policy), ""};
  if (!out.policy.error.empty())
    out.why_not =
        fmt::format("what apparmor_parser made of the {} cannot be read: {}", artifact.what, out.policy.error);
  return out;
}

const CompiledArtifacts::Compiled& CompiledArtifacts::compiled(const Artifact& artifact, const ir::Assignment& values) {
  ir::Assignment relevant = ir::declared_values(input_.policy);
  for (const ir::BooleanId id : booleans_[artifact.path])
    relevant.at(static_cast<std::size_t>(id)) = values.at(static_cast<std::size_t>(id));
  const std::pair key(artifact.path, relevant);
  auto it = compiled_.find(key);
  if (it == compiled_.end()) it = compiled_.emplace(key, compile(artifact, relevant)).first;
  return it->second;
}

CompiledArtifacts::Found CompiledArtifacts::profile_of(ir::DomainId id, const ir::Assignment& values) {
  if (!why_none_.empty()) return {nullptr, why_none_};
  ir::DomainId top = id;
  while (input_.policy.domain(top).parent != ir::DomainId::none) top = input_.policy.domain(top).parent;
  const auto& profiles = plan_.policy.profiles;
  const auto text =
      std::find_if(profiles.begin(), profiles.end(), [&](const ProfileText& p) { return p.domain == top; });
  if (text == profiles.end())
    return {nullptr, fmt::format("`{}` has no profile of this build", input_.policy.domain(id).name)};
  const auto artifact = std::find_if(lowered_.artifacts.begin(), lowered_.artifacts.end(),
                                     [&](const Artifact& a) { return a.path == text->path; });
  if (artifact == lowered_.artifacts.end()) return {nullptr, fmt::format("there is no {}", text->path)};
  const Compiled& policy = compiled(*artifact, values);
  if (!policy.why_not.empty()) return {nullptr, policy.why_not};
  const std::string label = label_of(input_.policy, id);
  for (const CompiledProfile& profile : policy.policy.profiles) {
    if (profile.name == label) return {&profile, ""};
  }
  return {nullptr, fmt::format("`{}` holds no profile `{}`", text->path, printable(label, 200))};
}

}  // namespace macc::backends::apparmor
