#include "backends/backend.h"

#include <algorithm>
#include <memory>

#include "backends/apparmor/explain.h"
#include "backends/apparmor/install.h"
#include "backends/apparmor/lower.h"
#include "backends/apparmor/parser.h"
#include "backends/apparmor/probe.h"
#include "backends/apparmor/target.h"
#include "backends/apparmor/verify.h"

namespace macc::backends {

namespace {

class ApparmorBackend final : public Backend {
 public:
  [[nodiscard]] std::string_view name() const override { return "apparmor"; }
  [[nodiscard]] std::string_view description() const override { return "AppArmor profiles"; }

  [[nodiscard]] const std::vector<Setting>& settings() const override { return apparmor::target_settings(); }

  [[nodiscard]] std::vector<std::string> depends_on(const Target& target) const override {
    std::vector<std::string> paths = {apparmor::parser_program(), std::string(apparmor::kDistribution)};
    if (const std::string file = apparmor::features_path(target); !file.empty()) paths.push_back(file);
    return paths;
  }

  [[nodiscard]] Lowered lower(const Input& input, Diagnostics& diagnostics) const override {
    auto features = apparmor::choose_features(input.target, diagnostics);
    if (!features) return {};
    auto plan = std::make_shared<apparmor::LoweringPlan>();
    plan->features = std::move(*features);
    apparmor::LoweredPolicy policy = apparmor::lower_policy(input, plan->features, diagnostics);
    Lowered out;
    out.artifacts = policy.others;
    for (const apparmor::ProfileText& p : policy.profiles) {
      out.artifacts.push_back({p.path, p.written.text, "profile of " + p.name, p.written.origins});
      for (const apparmor::WrittenPart& part : p.conditions) {
        out.artifacts.push_back(
            {part.path, part.written.text, "rules of " + p.name + " under a condition", part.written.origins});
      }
    }
    const auto by_path = [](const Artifact& a, const Artifact& b) { return a.path < b.path; };
    std::sort(out.artifacts.begin(), out.artifacts.end(), by_path);
    apparmor::add_install_steps(input.policy, out);
    std::sort(out.artifacts.begin(), out.artifacts.end(), by_path);
    out.fidelity = policy.fidelity;
    out.fidelity.mediation = apparmor::mediation_of(plan->features);
    plan->policy = std::move(policy);
    out.plan = std::move(plan);
    return out;
  }

  [[nodiscard]] Verification verify(const Input& input, const Lowered& lowered,
                                    Diagnostics& diagnostics) const override {
    return apparmor::verify_with_parser(input, lowered, diagnostics);
  }

  [[nodiscard]] Explanation explain(const Input& input, const Lowered& lowered,
                                    const Question& question) const override {
    return apparmor::explain(input, lowered, question);
  }

  [[nodiscard]] std::vector<ProbeAnswer> probe(const Input& input, const Lowered& lowered,
                                               const std::vector<Probe>& probes) const override {
    return apparmor::probe(input, lowered, probes);
  }
};

}  // namespace

const Backend& apparmor_backend();
const Backend& apparmor_backend() {
  static const ApparmorBackend backend;
  return backend;
}

}  // namespace macc::backends
