// Which labels paths have where the artifacts are installed: read from the file contexts that the linker wrote, and not
// from the plan. What a base does not know of its system is taken from what the policy declares about it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backends/selinux/kinds.h"
#include "backends/selinux/planned.h"
#include "backends/selinux/system_contexts.h"
#include "compiler/paths/path_set.h"

namespace macc::backends::selinux {

/// Paths that have one label: directories, or none of them.
struct Labelled {
  std::string type;  ///< "" where nothing gives one; "self": that of the process that asks
  Kinds kinds = kinds::all;
  paths::PathSet set;
  std::string example;  ///< a member
};

class CompiledLabels {
 public:
  /// `plan` and `base` have to outlive this.
  CompiledLabels(const Planned& plan, const Base& base, const std::string& file_contexts);

  /// The labels in a set. Where its paths are too many to be told apart, one stands for all with its label. Throws
  /// paths::TooComplex.
  [[nodiscard]] std::vector<Labelled> divide(const paths::PathSet& set) const;
  /// The type of one path, as the kind of object that most likely stands there; "" for none.
  [[nodiscard]] std::string type_of(const std::string& path) const;
  /// What a file that is made at a path gets from the folders above it; "" when none of them has a label.
  [[nodiscard]] std::string inherited_by(const std::string& path) const;
  /// The files of processes by their numbers: their labels are those of processes that nobody knows before.
  [[nodiscard]] const paths::PathSet& of_any_process() const { return numbered_; }

 private:
  [[nodiscard]] std::vector<LabelledPart> parts_of(const paths::PathSet& set) const;
  void add_of_system(const paths::PathSet& set, std::vector<LabelledPart>& parts) const;
  void add_of_skeleton(const paths::PathSet& set, std::vector<LabelledPart>& parts) const;
  [[nodiscard]] std::optional<std::string> example_of(const LabelledPart& part) const;

  const Planned& plan_;
  bool is_skeleton_;
  SystemContexts contexts_, kernel_;
  std::set<std::string> own_;
  paths::PathSet process_, numbered_;
};

/// The one path, and nothing beside it.
[[nodiscard]] paths::PathSet only(const std::string& path);
/// The folder that a path is in, "/etc/" of "/etc/x" and of "/etc/x/"; "/" of itself.
[[nodiscard]] std::string folder_of(std::string path);

}  // namespace macc::backends::selinux
