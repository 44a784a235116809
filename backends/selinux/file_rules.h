// Shared by the rules that speak of files: what denies leave of an access, and wishes for labels of new files.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "backends/selinux/lowering.h"
#include "backends/selinux/walks.h"

namespace macc::backends::selinux {

/// The file denials of a domain.
class FileDenials {
 public:
  explicit FileDenials(Subject& subject);

  struct Rest {
    paths::PathSet objects;
    Guard guard;
  };
  struct Denial {
    const ir::Rule* rule;
    const ir::FileAccess* access;
    Guard guard;
  };
  [[nodiscard]] const std::vector<Denial>& all() const { return list_; }
  /// The directories that head trees on whose entries a verb is denied, while it is not on them.
  [[nodiscard]] const paths::PathSet& heads(ir::Verb verb);

  /// What is left of objects on which a verb is allowed under a guard; nullopt when nothing is. A type of the system
  /// that is denied in part stays granted, which is said about the denial. `region` may be null.
  [[nodiscard]] std::optional<Rest> subtract(ir::Verb verb, const paths::PathSet& objects, const Guard& guard,
                                             const Region* region);

 private:
  Subject& subject_;
  std::vector<Denial> list_;
  std::map<ir::Verb, paths::PathSet> heads_;
};

/// Notes that new files in directories of `above` are to have the label of `region`.
void wish(Subject& subject, const ir::Rule& rule, const Region& region, const Region& above, const Children& children,
          ir::Verb verb);

}  // namespace macc::backends::selinux
