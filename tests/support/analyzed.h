// Analyses policies held in strings, for unit tests.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compiler/ir/meaning.h"
#include "compiler/sema/sema.h"
#include "stdlib/stdlib.h"

namespace macc::test {

/// A policy with everything that was needed to make it.
struct Analyzed {
  SourceManager sources;
  Diagnostics diagnostics;
  ir::Policy policy;

  [[nodiscard]] bool has(Code code) const {
    for (const Diagnostic& d : diagnostics.all()) {
      if (d.code == code) return true;
    }
    return false;
  }
  /// "E0201 nothing is called ...", one a line.
  [[nodiscard]] std::string messages() const {
    std::string out;
    for (const Diagnostic& d : diagnostics.all()) {
      out += std::string(info(d.code).id) + " " + sources.describe(d.primary.span) + " " + d.message + "\n";
    }
    return out;
  }
  [[nodiscard]] ir::DomainId domain(const std::string& name) const {
    for (std::size_t i = 0; i < policy.domains.size(); ++i) {
      if (policy.domains[i].name == name) return static_cast<ir::DomainId>(i);
    }
    return ir::DomainId::none;
  }
};

class MapFinder : public sema::ModuleFinder {
 public:
  /// `with_library`: modules that are not in the map come from the standard library.
  MapFinder(SourceManager& sources, std::map<std::string, std::string> modules, bool with_library)
      : sources_(sources), modules_(std::move(modules)), with_library_(with_library) {}

  std::optional<sema::Found> find(const std::string& module) override {
    if (const auto it = modules_.find(module); it != modules_.end()) {
      return sema::Found{sources_.add(module + ".macc", it->second)};
    }
    if (!with_library_) return std::nullopt;
    const auto text = stdlib::find(module);
    if (!text) return std::nullopt;
    const FileId file = sources_.add(std::string(kBundled) + module + ".macc", std::string(*text));
    return sema::Found{file, stdlib::tree(module, file)};
  }
  std::vector<std::string> known() const override {
    std::vector<std::string> out;
    for (const auto& [name, text] : modules_) out.push_back(name);
    return out;
  }

 private:
  SourceManager& sources_;
  std::map<std::string, std::string> modules_;
  bool with_library_;
};

/// `text` as the only file of a project; `modules` can be imported. Without the standard library unless asked.
inline std::unique_ptr<Analyzed> analyze(const std::string& text, std::map<std::string, std::string> modules = {},
                                         bool with_library = false, bool site = false,
                                         std::vector<std::string> list_modules = {}) {
  auto out = std::make_unique<Analyzed>();
  MapFinder finder(out->sources, std::move(modules), with_library);
  const FileId file = out->sources.add("test.macc", text);
  sema::Options options;
  options.backends = {"selinux", "apparmor"};
  options.list_modules = std::move(list_modules);
  out->policy = sema::analyze(out->sources, {{file, site}}, finder, out->diagnostics, options);
  return out;
}

}  // namespace macc::test
