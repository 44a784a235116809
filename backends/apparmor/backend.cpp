#include "backends/backend.h"

#include <algorithm>

#include "backends/apparmor/explain.h"
#include "backends/apparmor/install.h"
#include "backends/apparmor/lower.h"
#include "backends/apparmor/verify.h"

namespace macc::backends {

namespace {

class ApparmorBackend final : public Backend {
 public:
  [[nodiscard]] std::string_view name() const override { return "apparmor"; }
  [[nodiscard]] std::string_view description() const override { return "AppArmor profiles"; }

  [[nodiscard]] const std::vector<Setting>& settings() const override {
    static const std::vector<Setting> list = [] {
      Setting features{"features", apparmor::all_features().front().name, "what kernel and parser mediate", {}};
      for (const apparmor::Features& f : apparmor::all_features()) features.choices.push_back(f.name);
      const Setting disconnected{apparmor::kAttachDisconnected,
                                 "",
                                 "domains (MODULE.DOMAIN) that also use files of other mount namespaces",
                                 {},
                                 false,
                                 true};
      return std::vector<Setting>{features, disconnected};
    }();
    return list;
  }

  [[nodiscard]] Lowered lower(const Input& input, Diagnostics& diagnostics) const override {
    apparmor::LoweredPolicy policy = apparmor::lower_policy(input, apparmor::features_of(input.target), diagnostics);
    Lowered out;
    out.artifacts = policy.others;
    for (const apparmor::ProfileText& p : policy.profiles) {
      out.artifacts.push_back({p.path, p.written.text, "profile of " + p.name});
      for (const apparmor::WrittenPart& part : p.conditions) {
        out.artifacts.push_back({part.path, part.written.text, "rules of " + p.name + " under a condition"});
      }
    }
    const auto by_path = [](const Artifact& a, const Artifact& b) { return a.path < b.path; };
    std::sort(out.artifacts.begin(), out.artifacts.end(), by_path);
    apparmor::add_install_steps(input.policy, out);
    std::sort(out.artifacts.begin(), out.artifacts.end(), by_path);
    out.fidelity = policy.fidelity;
    out.plan = std::make_shared<apparmor::LoweringPlan>(std::move(policy));
    return out;
  }

  [[nodiscard]] Verification verify(const Input& input, const Lowered& lowered,
                                    Diagnostics& diagnostics) const override {
    return apparmor::verify_with_parser(input, apparmor::features_of(input.target), lowered, diagnostics);
  }

  [[nodiscard]] Explanation explain(const Input& input, const Lowered& lowered,
                                    const Question& question) const override {
    return apparmor::explain(input, lowered, question);
  }
};

}  // namespace

const Backend& apparmor_backend();
const Backend& apparmor_backend() {
  static const ApparmorBackend backend;
  return backend;
}

}  // namespace macc::backends
