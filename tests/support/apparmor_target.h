// Lowers policies for AppArmor and compiles the profiles with the real apparmor_parser, for unit tests.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/apparmor/features.h"
#include "backends/apparmor/lower.h"
#include "backends/backend.h"
#include "compiler/base/process.h"
#include "tests/support/analyzed.h"
#include "tests/support/apparmor_blob.h"

namespace macc::backends {
const Backend& apparmor_backend();
}

namespace macc::test {

/// A folder that is removed with everything in it.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "macc-test-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  /// Returns the path.
  std::string write(const std::string& name, const std::string& content) const {
    const auto path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }
  [[nodiscard]] std::string path(const std::string& name = "") const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// The parser's path; a test without it fails and says so.
inline std::string apparmor_parser() {
  const std::string parser = find_program("apparmor_parser");
  REQUIRE_MESSAGE(!parser.empty(), "apparmor_parser is missing: install the package apparmor");
  return parser;
}

struct Compiled {
  std::string error;  ///< what the parser said when it refused
  std::vector<CompiledProfile> profiles;
  std::string bytes;  ///< as the kernel would get them
};

/// Compiles a text beneath `folder`/apparmor.d with the features of a target.
inline Compiled compile_profile(const ScratchFolder& folder, const std::string& file, const std::string& target) {
  const auto& features = *backends::apparmor::find_features(target);
  const std::string base = folder.path("apparmor.d");
  const auto result =
      run_process({apparmor_parser(), "--config-file=" + folder.write("parser.conf", ""), "-QKS",
                   "--kernel-features=" + folder.write("features", backends::apparmor::kernel_features(features)),
                   "--base=" + base, "--Include=" + base, "--warn=rule-not-enforced", "--warn=abi",
                   "--Werror=rule-not-enforced", "--Werror=abi", file},
                  std::chrono::minutes(1));
  if (result.status != 0) return {result.err.empty() ? "failed" : result.err, {}, ""};
  return {"", read_compiled_policy(result.out), result.out};
}

/// A policy lowered for one target.
class ApparmorTarget {
 public:
  explicit ApparmorTarget(const std::string& text, const std::string& features = "debian12", bool with_library = false,
                          const std::map<std::string, std::string>& settings = {})
      : analyzed(analyze(text, {}, with_library)), meaning(analyzed->policy), features_(features) {
    REQUIRE_MESSAGE(analyzed->messages() == "", analyzed->messages());
    target.backend = "apparmor";
    target.settings = settings;
    target.settings["features"] = features;
    lowered = backends::apparmor_backend().lower(input(), analyzed->diagnostics);
  }

  [[nodiscard]] backends::Input input() const { return {analyzed->policy, meaning, analyzed->sources, target}; }

  [[nodiscard]] std::string artifact(const std::string& path) const {
    for (const auto& a : lowered.artifacts) {
      if (a.path == path) return a.content;
    }
    return "";
  }

  /// The compiled profile of a domain's file. `switches` by "$macc_MODULE_NAME".
  CompiledProfile compile(const std::string& name, const std::map<std::string, bool>& switches = {}) const {
    return compile_all(name, switches).front();
  }

  /// The same with the profiles of its private domains behind it.
  std::vector<CompiledProfile> compile_all(const std::string& name,
                                           const std::map<std::string, bool>& switches = {}) const {
    ScratchFolder folder;
    const auto& features = *backends::apparmor::find_features(features_);
    folder.write("apparmor.d/abi/" + features.abi, backends::apparmor::abi_features(features));
    for (const auto& a : lowered.artifacts) folder.write(a.path, a.content);
    for (const auto& a : backends::apparmor::tunables_with(analyzed->policy, values(switches)))
      folder.write(a.path, a.content);
    const Compiled out = compile_profile(folder, folder.path("apparmor.d/" + name), features_);
    REQUIRE_MESSAGE(out.error == "", out.error << artifact("apparmor.d/" + name));
    REQUIRE(!out.profiles.empty());
    return out.profiles;
  }

  [[nodiscard]] std::vector<std::string> topics() const {
    std::vector<std::string> out;
    for (const auto& t : lowered.fidelity.topics) out.push_back(t.key);
    return out;
  }
  [[nodiscard]] bool topic(const std::string& key) const {
    const auto all = topics();
    return std::find(all.begin(), all.end(), key) != all.end();
  }

  std::unique_ptr<Analyzed> analyzed;
  ir::Meaning meaning;
  backends::Target target;
  backends::Lowered lowered;

 private:
  [[nodiscard]] ir::Assignment values(const std::map<std::string, bool>& switches) const {
    ir::Assignment out;
    for (const ir::Boolean& b : analyzed->policy.booleans) {
      const auto it = switches.find("$macc_" + b.module + "_" + b.name);
      out.push_back(it == switches.end() ? b.value : it->second);
    }
    return out;
  }

  std::string features_;
};

}  // namespace macc::test
