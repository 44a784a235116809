// A policy, lowered for SELinux and linked with the bundled skeleton, for tests that read the result back.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "backends/selinux/link/access.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/link/lookup.h"
#include "backends/selinux/lower.h"
#include "tests/support/analyzed.h"

namespace macc::backends {
const Backend& selinux_backend();
}

namespace macc::test {

namespace se = macc::backends::selinux;

/// A policy, lowered and linked with the bundled skeleton.
struct SelinuxTarget {
  std::unique_ptr<Analyzed> analyzed;
  std::unique_ptr<ir::Meaning> meaning;
  backends::Target target;
  Diagnostics diagnostics;
  backends::Lowered lowered;
  se::LinkResult linked;
  std::unique_ptr<se::CompiledPolicy> policy;

  backends::Input input() const { return {analyzed->policy, *meaning, analyzed->sources, target}; }

  std::string messages() const {
    std::string out = analyzed->messages();
    for (const auto& d : diagnostics.all()) {
      out += std::string(info(d.code).id) + " " + analyzed->sources.describe(d.primary.span) + " " + d.message + "\n";
    }
    for (const auto& m : linked.messages) out += "link: " + m.text + "\n";
    return out;
  }

  bool has(Code code) const {
    return std::any_of(diagnostics.all().begin(), diagnostics.all().end(),
                       [&](const Diagnostic& d) { return d.code == code; });
  }

  /// The conditions under which a permission is there, "" for always; "-" when it never is.
  std::string condition(const std::string& source, const std::string& target_type, const std::string& class_name,
                        const std::string& permission) const {
    std::string found = "-";
    for (const auto& access : policy->access_of(source)) {
      if (access.target != target_type || access.class_name != class_name) continue;
      const auto& list = access.permissions;
      if (std::find(list.begin(), list.end(), permission) != list.end()) found = access.condition;
    }
    return found;
  }
  bool may(const std::string& source, const std::string& target_type, const std::string& class_name,
           const std::string& permission) const {
    return condition(source, target_type, class_name, permission) != "-";
  }

  std::string label(const std::string& path, se::ObjectKind kind = se::ObjectKind::file) const {
    const auto result = se::lookup(linked.file_contexts, {{path, kind}});
    REQUIRE(result.error == "");
    return result.contexts[0] ? se::type_of_context(*result.contexts[0]) : "";
  }

  std::string cil(const std::string& file = "m.cil") const {
    for (const auto& artifact : lowered.artifacts)
      if (artifact.path == file) return artifact.content;
    return "";
  }

  std::vector<std::string> fidelity(const std::string& rule) const {
    std::vector<std::string> list;
    for (const auto& entry : lowered.fidelity.entries)
      if (entry.rule == rule) list.push_back(std::string(backends::word(entry.fidelity)) + " " + entry.topic);
    return list;
  }
};

/// A policy without errors of its own, not lowered yet.
inline std::unique_ptr<SelinuxTarget> target_of(const std::string& text) {
  auto built = std::make_unique<SelinuxTarget>();
  built->analyzed = analyze(text, {}, true);
  CAPTURE(built->analyzed->messages());
  REQUIRE(!built->analyzed->diagnostics.has_errors());
  built->meaning = std::make_unique<ir::Meaning>(built->analyzed->policy);
  built->target.name = "t";
  built->target.backend = "selinux";
  return built;
}

/// `names` is the target's setting of that name.
inline std::unique_ptr<SelinuxTarget> lower_on(const std::shared_ptr<const se::Base>& base, const std::string& text,
                                               const std::string& names = "") {
  auto built = target_of(text);
  if (!names.empty()) built->target.settings["names"] = names;
  built->lowered = se::lower_policy(built->input(), base, built->diagnostics);
  return built;
}

inline std::unique_ptr<SelinuxTarget> lower_only(const std::string& text) {
  auto built = target_of(text);
  built->target.settings["base"] = "skeleton";
  built->lowered = backends::selinux_backend().lower(built->input(), built->diagnostics);
  return built;
}

/// Links what was lowered without errors.
inline void link_on(SelinuxTarget& built, const se::Base& base, const se::LinkOptions& options = {}) {
  std::vector<se::CilModule> modules;
  for (const auto& artifact : built.lowered.artifacts)
    if (artifact.path.ends_with(".cil")) modules.push_back({artifact.path, artifact.content});
  built.linked = se::link(base, modules, options);
  CAPTURE(built.messages());
  REQUIRE(!built.diagnostics.has_errors());
  REQUIRE(built.linked.ok);
  built.policy = se::CompiledPolicy::read(built.linked.image);
  REQUIRE(built.policy);
}

inline void link(SelinuxTarget& built) { link_on(built, *se::Base::skeleton()); }

inline std::unique_ptr<SelinuxTarget> build(const std::string& text) {
  auto built = lower_only(text);
  link(*built);
  return built;
}

}  // namespace macc::test
