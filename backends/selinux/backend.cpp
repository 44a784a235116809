#include "backends/backend.h"

#include "backends/selinux/base_choice.h"
#include "backends/selinux/base_tool.h"
#include "backends/selinux/checkmodule.h"
#include "backends/selinux/explain.h"
#include "backends/selinux/lower.h"
#include "backends/selinux/probe.h"
#include "backends/selinux/verify.h"

namespace macc::backends {
namespace {

class SelinuxBackend final : public Backend {
 public:
  std::string_view name() const override { return "selinux"; }
  std::string_view description() const override { return "modules and file contexts for the reference policy"; }

  const std::vector<Setting>& settings() const override {
    static const std::vector<Setting> list = {
        {"base",
         "auto",
         "the policy to link with: the installed one, a bundled skeleton of the reference policy, or a file of "
         "`macc base import`",
         {"auto", "installed", "skeleton"},
         true},
        {"format",
         "cil",
         "what to write: CIL, sources of the reference policy's build (.te, .fc, .if), or module packages (.pp)",
         {"cil", "te", "pp"},
         false},
        {"names",
         "",
         "names of the system's policy that macc does not find itself: \"init_runtime=TYPE, ...\"",
         {},
         false},
        {"policy", "default", "the name of the installed policy, a folder of /usr/share/selinux", {}, false},
    };
    return list;
  }

  const BaseTool* bases() const override { return &selinux::base_tool(); }

  std::vector<std::string> depends_on(const Target& target) const override {
    std::vector<std::string> paths = selinux::depends_on(target);
    paths.push_back(selinux::checkmodule_program());
    return paths;
  }

  Lowered lower(const Input& input, Diagnostics& diagnostics) const override {
    return selinux::lower_policy(input, diagnostics);
  }

  Verification verify(const Input& input, const Lowered& lowered, Diagnostics& diagnostics) const override {
    return selinux::verify_artifacts(input, lowered, diagnostics);
  }

  Explanation explain(const Input& input, const Lowered& lowered, const Question& question) const override {
    return selinux::explain(input, lowered, question);
  }

  std::vector<ProbeAnswer> probe(const Input& input, const Lowered& lowered,
                                 const std::vector<Probe>& probes) const override {
    return selinux::probe_artifacts(input, lowered, probes);
  }
};

}  // namespace

const Backend& selinux_backend() {
  static const SelinuxBackend backend;
  return backend;
}

}  // namespace macc::backends
