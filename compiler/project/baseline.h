// The findings that a project had before it began to lint: a JSON file beside the policies.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compiler/lint/lint.h"
#include "compiler/project/loader.h"

namespace macc::project {

/// What was found, part by part: a finding is known when all that it is about is, under the same condition or always.
/// What was found in one rule and is now in two stays known; what reaches further is new. docs/linter.md describes the
/// file.
class Baseline {
 public:
  struct Item {
    std::string lint, domain, subject, condition;  ///< for people who read the file
  };

  /// Reads a file. nullopt, with the reason reported, when it can't be used.
  [[nodiscard]] static std::optional<Baseline> read(Loader& loader, const std::filesystem::path& path);
  /// What is found now, without what `locked` names: that is never excused.
  [[nodiscard]] static Baseline of(const std::vector<lint::Finding>& findings, const std::set<Code>& locked);

  /// Takes the findings out that the baseline holds; returns how many.
  std::size_t take_out(std::vector<lint::Finding>& findings, const std::set<Code>& locked);
  /// What take_out() left: findings of the baseline that did not come again.
  [[nodiscard]] std::size_t gone() const { return items_.size() - matched_.size(); }
  /// The baseline without those.
  [[nodiscard]] Baseline pruned() const;

  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::size_t size() const { return items_.size(); }

 private:
  /// The fingerprints of what a finding is about; nullopt when the baseline does not hold all of it.
  [[nodiscard]] std::optional<std::set<std::string>> known_parts(const lint::Finding& finding) const;

  std::map<std::string, Item> items_;  // by fingerprint
  std::set<std::string> matched_;      // fingerprints
};

}  // namespace macc::project
