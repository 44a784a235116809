#include "backends/apparmor/install.h"

#include <algorithm>
#include <map>

#include "backends/apparmor/build.h"
#include "backends/shell.h"

namespace macc::backends::apparmor {

namespace {

constexpr std::string_view kTunables = "apparmor.d/tunables/", kConditions = "apparmor.d/macc.d/",
                           kUnits = "systemd/system/";

/// Where the file of the build belongs on the system.
std::string place_of(const std::string& path) { return "/etc/" + path; }

/// Nothing of the policy asks for these lines.
std::vector<ArtifactOrigin> origins_of(const std::string& text) {
  std::vector<ArtifactOrigin> out;
  std::uint32_t line = 1;
  for (std::size_t at = 0; at < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end != at) out.push_back({line, "every build: how it is installed and removed", {}});
    at = end + 1;
  }
  return out;
}

class Steps {
 public:
  Steps(const ir::Policy& policy, Lowered& lowered) : policy_(policy), lowered_(lowered) {
    for (const Artifact& a : lowered.artifacts) {
      const std::string& path = a.path;
      if (path.starts_with(kUnits)) {
        units_.push_back(path);
      } else if (path.starts_with(kTunables)) {
        tunables_.push_back(path);
      } else if (path.starts_with(kConditions)) {
        conditions_[path.substr(0, path.rfind('/'))].push_back(path);
      } else {
        profiles_.push_back(path);
      }
    }
  }

  void run() {
    std::vector<std::string>& install = lowered_.install;
    // Whoever turned a switch keeps it so.
    for (const std::string& path : tunables_) {
      install.push_back(shell_command("test -e", {place_of(path)}) + " || " + copy(path));
    }
    for (const auto& [folder, paths] : conditions_) {
      install.push_back(shell_command("install -D -m 0644 -t", {place_of(folder)}) + shell_command("", paths));
    }
    if (!profiles_.empty()) {
      install.push_back(shell_command("install -m 0644 -t /etc/apparmor.d", profiles_));
      install.push_back(shell_command("apparmor_parser -r", places(profiles_)));
    }
    for (const std::string& path : units_) install.push_back(copy(path));
    if (!units_.empty()) install.emplace_back("systemctl daemon-reload");
    remove();
    Artifact list{"INSTALL.txt", text(), "the commands that install and remove this build"};
    list.origins = origins_of(list.content);
    lowered_.artifacts.push_back(std::move(list));
  }

 private:
  static std::string copy(const std::string& path) {
    return shell_command("install -D -m 0644", {path, place_of(path)});
  }

  static std::vector<std::string> places(const std::vector<std::string>& paths) {
    std::vector<std::string> out;
    for (const std::string& path : paths) out.push_back(place_of(path));
    return out;
  }

  /// Units first: systemd refuses to start one whose profile is not loaded.
  void remove() {
    std::vector<std::string>& list = lowered_.remove;
    if (!units_.empty()) {
      list.push_back(shell_command("rm -f", places(units_)));
      list.emplace_back("systemctl daemon-reload");
    }
    if (!profiles_.empty()) list.push_back(shell_command("apparmor_parser -R", places(profiles_)));
    std::vector<std::string> files = places(profiles_);
    for (const std::string& path : tunables_) files.push_back(place_of(path));
    if (!files.empty()) list.push_back(shell_command("rm -f", files));
    std::vector<std::string> folders;
    for (const auto& [folder, paths] : conditions_) folders.push_back(place_of(folder));
    if (!folders.empty()) list.push_back(shell_command("rm -rf", folders));
  }

  [[nodiscard]] std::string text() const {
    std::string out = "As root, in this folder. To install:\n\n";
    for (const auto& line : lowered_.install) out += "    " + line + "\n";
    out += "\nThen restart what the policy is about. To remove:\n\n";
    for (const auto& line : lowered_.remove) out += "    " + line + "\n";
    out +=
        "\nRules of this site belong into /etc/apparmor.d/local/PROFILE, which every profile includes where it is "
        "there.\n";
    return out + replaced() + switches();
  }

  [[nodiscard]] std::string replaced() const {
    std::string out;
    for (const ir::Domain& domain : policy_.domains) {
      for (const ir::Replacement& r : domain.replaces) {
        if (r.backend == "apparmor") out += "    " + printable(r.what, 400) + "\n";
      }
    }
    if (out.empty()) return out;
    return "\nThese profiles of the system are replaced. Where another file defines one, link it into\n"
           "/etc/apparmor.d/disable first:\n\n" +
           out;
  }

  [[nodiscard]] std::string switches() const {
    std::string out;
    for (std::size_t i = 0; i < policy_.booleans.size(); ++i) {
      const ir::Boolean& boolean = policy_.booleans[i];
      out += "\n    @{" + switch_of(policy_, static_cast<ir::BooleanId>(i)).variable + "} turns " + boolean.name +
             (boolean.value ? " off" : " on") + "\n";
      std::string_view rest = boolean.doc;
      while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        out += "        " + printable(rest.substr(0, end), 400) + "\n";
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    }
    if (out.empty()) return out;
    return "\nSwitches, in /etc/apparmor.d/tunables/macc.d. Files that are there already are kept; what a newer policy "
           "adds\n"
           "has to be copied into them. Load the profiles again after a change:\n" +
           out;
  }

  const ir::Policy& policy_;
  Lowered& lowered_;
  std::vector<std::string> profiles_, tunables_, units_;
  std::map<std::string, std::vector<std::string>> conditions_;  ///< by their folder
};

}  // namespace

void add_install_steps(const ir::Policy& policy, Lowered& lowered) { Steps(policy, lowered).run(); }

}  // namespace macc::backends::apparmor
