// The plan of labels: which type each path has. Own resources are split into cells, a type each; the rest belongs to
// the system and takes the type that an `external` declaration gives it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "backends/selinux/names.h"
#include "backends/selinux/rules.h"
#include "backends/selinux/walks.h"
#include "compiler/paths/path_set.h"

namespace macc::backends::selinux {

/// Paths with one label.
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
  /// Folders beneath one that is only described as a folder (/run, /tmp): they have its type, since a label comes from
  /// the directory at creation. Their contents are unknown, so no rule can be about them.
  bool inherited = false;
  std::string prefix;  ///< literal head of the set
  Automaton automaton;

  [[nodiscard]] bool is_own() const { return origin == Origin::own || origin == Origin::entry; }
};

/// A path that must have a label once the policy is installed, for the check by lookup.
struct Witness {
  std::string path;  ///< a final '/' for a directory
  std::vector<std::string> types;
  Span span;
};

using PatternList = std::vector<paths::PathPattern>;

class Labels {
 public:
  /// Plans everything and reports what cannot be planned.
  Labels(const Input& input, NameTable& names, Diagnostics& diagnostics);

  [[nodiscard]] const std::vector<Region>& regions() const { return regions_; }
  /// Regions that share a path with the set, in order.
  [[nodiscard]] std::vector<const Region*> meeting(const paths::PathSet& set) const;
  /// Regions with a directory above a member of the set.
  [[nodiscard]] std::vector<const Region*> above(const paths::PathSet& set) const;
  /// A path of the set that no region covers.
  [[nodiscard]] std::optional<std::string> unlabelled(const paths::PathSet& set) const;
  /// A directory above the set that no region covers.
  [[nodiscard]] std::optional<std::string> unlabelled_above(const paths::PathSet& set) const;
  /// File contexts by module.
  [[nodiscard]] const std::map<std::string, std::vector<FileContext>>& contexts() const { return contexts_; }
  /// The main type of a resource, for raw text; "" for an external one without a binding.
  [[nodiscard]] std::string type_of(ir::ResourceId resource) const;

 private:
  void adopt(const std::vector<Region>& resources);
  void inherit();
  [[nodiscard]] paths::PathSet rest_of(paths::PathSet set, bool inherited) const;
  std::vector<Region> regions_;
  std::map<std::string, std::vector<FileContext>> contexts_;
  std::map<ir::ResourceId, std::vector<std::string>> adopted_;
};

}  // namespace macc::backends::selinux
