#include "tests/kernel/planner/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "backends/apparmor/build.h"
#include "backends/apparmor/lower.h"
#include "backends/selinux/base_choice.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/link/lookup.h"
#include "backends/selinux/names.h"
#include "tests/kernel/planner/entries.h"
#include "tests/kernel/planner/expectation.h"
#include "tests/kernel/planner/phrases.h"
#include "tests/kernel/planner/policy.h"

namespace macc::kernel {

using nlohmann::json;

namespace {

/// The paths that operations name, and the folders that they are in.
std::set<std::string> paths_of(const Build& build) {
  std::set<std::string> out;
  for (const Case& one : build.cases) {
    for (const Operation& operation : one.operations) {
      const std::string parameters = parameters_of(one, operation);
      for (std::size_t i = 0; i < parameters.size(); ++i) {
        const std::string& argument = operation.arguments[i];
        if ((parameters[i] != 'P' && parameters[i] != 'U') || argument.front() != '/') continue;
        out.insert(argument);
        out.insert(argument.substr(0, argument.find_last_of('/', argument.size() - 2) + 1));
      }
    }
  }
  return out;
}

/// The type of each path in the system's policy with the build's modules, as macc's own linker sees it.
std::map<std::string, std::string> types_of(const Build& build, const backends::Input& input,
                                            const std::vector<backends::Artifact>& artifacts) {
  namespace se = backends::selinux;
  const se::BaseOrReason base = se::chosen_base(input);
  if (base.base == nullptr) throw BadCase(base.reason);
  std::vector<se::CilModule> modules;
  for (const backends::Artifact& a : artifacts) {
    if (a.path.ends_with(".cil")) modules.push_back({a.path, a.content});
  }
  const auto base_name = input.target.settings.find("base");
  if (base_name != input.target.settings.end() && base_name->second == "skeleton")
    modules.push_back({"homes.cil", read_text(build.cases.front().folder / "../../base/homes.cil")});
  const se::LinkResult linked = se::link(*base.base, modules);
  std::vector<se::LookupQuery> queries;
  for (const std::string& path : paths_of(build)) {
    const bool directory = path.ends_with('/') && path.size() > 1;
    queries.push_back({directory ? path.substr(0, path.size() - 1) : path,
                       directory ? se::ObjectKind::directory : se::ObjectKind::file});
  }
  const se::LookupResult found = se::lookup(linked.file_contexts, queries, base.base->label_aliases());
  if (!linked.ok || !found.error.empty()) throw BadCase("the labels of the cases' paths are not known " + found.error);
  std::map<std::string, std::string> out;
  std::size_t i = 0;
  for (const std::string& path : paths_of(build)) {
    const auto& context = found.contexts[i++];
    if (context) out[path] = se::type_of_context(*context);
  }
  return out;
}

Built build_target(const Build& build, const backends::Target& target, Plan& plan) {
  const backends::Input input{build.policy, *build.meaning, build.sources, target};
  const backends::Backend& backend = *backends::find(target.backend);
  Diagnostics found;
  backends::Lowered lowered = backend.lower(input, found);
  if (found.has_errors()) throw BadCase(shown(build.sources, found));
  const backends::Verification verification = backend.verify(input, lowered, found);
  if (found.has_errors()) throw BadCase(shown(build.sources, found));
  if (verification.status != backends::Verification::Status::passed) {
    throw BadCase(fmt::format("{}: the artifacts were not checked: {}", target.name, verification.reason));
  }
  Built out{target, backends::merged(lowered.fidelity, verification.found)};
  if (target.backend == "selinux") out.types = types_of(build, input, lowered.artifacts);
  plan.artifacts[target.name] = std::move(lowered.artifacts);
  return out;
}

json described(const Build& build, const ir::Assignment& values) {
  json out = json::object();
  for (std::size_t i = 0; i < values.size(); ++i) out[build.policy.booleans[i].name] = bool{values[i]};
  return out;
}

json described(const Case& in, const Thing& thing) {
  return {{"kind", thing.kind},
          {"words", thing.words},
          {"options", thing.options},
          {"place", fmt::format("{}:{}", (in.folder / "world").string(), thing.line)}};
}

json described(const Build& build, const std::vector<Built>& targets, const Case& in, const Operation& operation,
               const Asked& asked) {
  json out = {{"text", operation.text},
              {"place", in.place(operation)},
              {"domain", operation.domain},
              {"operation", operation.name},
              {"parameters", parameters_of(in, operation)},
              {"arguments", operation.arguments},
              {"booleans", described(build, values_for(build, in, operation))},
              {"meaning", is_allowed(build, in, operation, asked)},
              {"expected", json::object()}};
  for (const Built& target : targets) {
    const Expectation expected = expectation_of(build, target, in, operation, asked);
    out["expected"][target.target.name] = {
        {"decision", word(expected.kind)}, {"told", word(expected.told)}, {"why", expected.why}};
  }
  return out;
}

/// The files of AppArmor's switches for each setting that operations ask for: what an administrator would write there.
json tunables(const Build& build) {
  std::set<ir::Assignment> settings{ir::declared_values(build.policy)};
  for (const Case& one : build.cases) {
    for (const Operation& operation : one.operations) settings.insert(values_for(build, one, operation));
  }
  json out = json::array();
  for (const ir::Assignment& values : settings) {
    json files = json::object();
    for (const backends::Artifact& a : backends::apparmor::tunables_with(build.policy, values))
      files[a.path] = a.content;
    out.push_back({{"booleans", described(build, values)}, {"files", files}});
  }
  return out;
}

json described(const Build& build, ir::DomainId id) {
  const ir::Domain& domain = build.policy.domain(id);
  json steps = json::array();
  for (const Step& step : way_into(build.policy, id)) {
    steps.push_back(
        {{"by", step.by}, {"path", step.path}, {"level", step.level}, {"unit", step.unit}, {"type", step.type}});
  }
  return {{"type", backends::selinux::domain_type(domain)},
          {"profile", backends::apparmor::label_of(build.policy, id)},
          {"level", domain.level},
          {"way", steps}};
}

json described(const Build& build, const std::vector<Built>& targets) {
  json out = {{"targets", json::object()},
              {"domains", json::object()},
              {"declared", described(build, ir::declared_values(build.policy))},
              {"tunables", tunables(build)},
              {"cases", json::array()}};
  for (const Built& target : targets) {
    out["targets"][target.target.name] = {{"backend", target.target.backend}, {"settings", target.target.settings}};
  }
  for (std::size_t i = 0; i < build.policy.domains.size(); ++i) {
    const auto id = static_cast<ir::DomainId>(i);
    const ir::Domain& domain = build.policy.domain(id);
    if (!domain.external) out["domains"][domain.name] = described(build, id);
  }
  for (std::size_t i = 0; i < build.cases.size(); ++i) {
    const Case& one = build.cases[i];
    json world = json::array(), operations = json::array();
    for (const Thing& thing : one.world) world.push_back(described(one, thing));
    for (std::size_t k = 0; k < one.operations.size(); ++k) {
      operations.push_back(described(build, targets, one, one.operations[k], build.asked[i][k]));
    }
    out["cases"].push_back({{"name", one.name}, {"world", world}, {"operations", operations}});
  }
  return out;
}

}  // namespace

Plan plan_for(const std::filesystem::path& cases) {
  const std::unique_ptr<Build> build = compile(cases);
  Plan plan;
  std::vector<Built> targets;
  for (const project::Target& target : build->project.targets) {
    targets.push_back(build_target(*build, target.target, plan));
  }
  plan.json = described(*build, targets).dump(1) + "\n";
  return plan;
}

}  // namespace macc::kernel
