// The plan of labels: which type each path has. Own resources are split into cells, a type each; the rest belongs to
// the system and takes the type that an `external` declaration gives it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "backends/backend.h"
#include "backends/selinux/names.h"
#include "backends/selinux/platform.h"
#include "backends/selinux/rules.h"
#include "backends/selinux/system_contexts.h"
#include "compiler/paths/path_index.h"
#include "compiler/paths/path_set.h"

namespace macc::backends::selinux {

/// Paths with one label. Regions of the system hold all that their declaration describes: own cells and the process's
/// own files take their paths out of them, which Labels::divide() does.
struct Region {
  enum class Origin : std::uint8_t {
    own,      ///< a cell of an own resource
    entry,    ///< executables that enter an own domain
    adopted,  ///< an own resource that keeps the system's type
    system,   ///< an external resource
    process,  ///< /proc/self and /proc/PID: the type of the domain that asks
  } origin = Origin::own;
  std::vector<std::string> types;  ///< one for own cells; "self" for Origin::process
  paths::PathSet set;
  ir::ResourceId resource = ir::ResourceId::none;
  ir::DomainId domain = ir::DomainId::none;  ///< Origin::entry: who is entered
  std::optional<ir::Kind> kind;
  std::string module;  ///< whose CIL declares the type; own and entry
  std::string what;    ///< "resource config of acme.ledger.ledgerd"
  Span span;
  Span cut = {};  ///< the rule that tells a cell from the rest of its resource; invalid for none
  /// Folders beneath one that is only described as a folder (/run, /tmp): they have its type, since a label comes from
  /// the directory at creation. Their contents are unknown, so no rule can be about them.
  bool inherited = false;
  /// Everything that the system's own file contexts give one type. `set` is empty: nobody asks for all of it.
  bool by_contexts = false;

  [[nodiscard]] bool is_own() const { return origin == Origin::own || origin == Origin::entry; }
};

/// A path that must have a label once the policy is installed, for the check by lookup.
struct Witness {
  std::string path;  ///< a final '/' for a directory
  std::vector<std::string> types;
  Span span;
};

/// Paths of a set that have the label of one region.
struct Part {
  const Region* region;
  paths::PathSet set;
  Kinds kinds = kinds::all;  ///< objects that have it; those of other kinds have other labels, or are not there
};

/// A set divided by label.
struct Division {
  std::vector<Part> parts;  ///< disjoint, in the order of the regions
  paths::PathSet rest;      ///< paths that no region covers
};

class Labels {
 public:
  Labels() = default;
  /// Plans everything and reports what cannot be planned.
  Labels(const Input& input, const Platform& platform, NameTable& names, Diagnostics& diagnostics);

  /// Own cells first, then the process's own files, the system, and folders that inherit.
  [[nodiscard]] const std::vector<Region>& regions() const { return regions_; }
  /// What labels the paths of a set have.
  [[nodiscard]] std::shared_ptr<const Division> divide(const paths::PathSet& set) const;
  /// The directories above a set, divided by label. Folders that inherit count here, since no rule names them.
  [[nodiscard]] std::shared_ptr<const Division> divide_above(const paths::PathSet& set) const;
  /// A path outside the set that has the label of the region for sure.
  [[nodiscard]] std::optional<std::string> outside(const Region& region, const paths::PathSet& set) const;
  /// Whether a path of the set has the label of the region.
  [[nodiscard]] bool reaches(const Region& region, const paths::PathSet& set) const;
  /// What else of the system has one of the region's types, so that a grant on the type is one on it: "etc_t: /etc/.*".
  /// Good until the next call.
  [[nodiscard]] const std::vector<std::string>& others_of(const Region& region, const paths::PathSet& set) const;
  /// The system's own file contexts; null without a policy that has them.
  [[nodiscard]] const SystemContexts* system_contexts() const { return system_.get(); }
  /// The folders that the system labels as others; the first one that a path is in, counts.
  [[nodiscard]] const std::vector<LabelAlias>& aliases() const { return aliases_; }
  /// File contexts by module.
  [[nodiscard]] const std::map<std::string, std::vector<FileContext>>& contexts() const { return contexts_; }
  /// The types of the system that an adopted resource keeps.
  [[nodiscard]] std::set<std::string> types_adopted_by(ir::ResourceId resource) const;
  /// The main type of a resource, for raw text; "" for an external one without a binding.
  [[nodiscard]] std::string type_of(ir::ResourceId resource) const;

 private:
  void add(Region region);
  void adopt(const std::vector<Region>& resources);
  void inherit();
  enum class Folders : std::uint8_t { described, inherited };
  [[nodiscard]] Division compute(const paths::PathSet& set, Folders folders) const;
  [[nodiscard]] std::optional<std::string> example_in(const Region& region, paths::PathSet set) const;
  [[nodiscard]] std::vector<std::string> find_others(const Region& region, const paths::PathSet& set) const;
  void use_contexts(const Base& base);
  void take_labelled(Division& division, std::vector<LabelledPart> parts) const;
  /// Takes from what is left of `set` the paths that the system labels.
  void divide_by_contexts(Division& division, const paths::PathSet& set) const;
  const Region& region_of_type(const std::string& type) const;

  std::vector<Region> regions_;
  paths::PathIndex index_;
  std::map<std::string, std::vector<std::size_t>> system_by_type_;
  std::unique_ptr<const SystemContexts> system_, kernel_;  ///< of the base; null for the skeleton
  std::vector<LabelAlias> aliases_;
  mutable std::map<std::string, std::unique_ptr<const Region>> by_type_;  ///< of the system's own file contexts

  // What was asked before: rules that come from one abstraction speak of the same sets.
  struct Answer {
    paths::PathSet asked;  // keeps its identity taken
    std::shared_ptr<const Division> division;
  };
  using Answers = std::unordered_map<const void*, Answer>;
  mutable Answers divided_, divided_above_;
  struct Others {
    paths::PathSet asked;
    std::vector<std::string> entries;
  };
  mutable std::map<std::pair<const Region*, const void*>, Others> others_;
  mutable std::map<const Region*, std::optional<std::string>> examples_;
  std::map<std::string, std::vector<FileContext>> contexts_;
  std::map<ir::ResourceId, std::vector<std::string>> adopted_;
};

/// The union of many sets.
[[nodiscard]] paths::PathSet unite(std::vector<paths::PathSet> sets);

}  // namespace macc::backends::selinux
