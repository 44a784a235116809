// Who may do something on the files of a resource.
#pragma once

#include <vector>

#include "compiler/paths/path_index.h"
#include "compiler/query/permissions.h"

namespace macc::query {

struct Reach {
  ir::DomainId domain = ir::DomainId::none;
  ir::VerbSet verbs;
};

/// Under the declared values of the booleans, on files of the process's own user as well. The cost of an answer is that
/// of the rules near the resource, not of all domains. The meaning must outlive it.
class Reaches {
 public:
  explicit Reaches(const ir::Meaning& meaning);

  /// The domains that may do something on the resource itself, not on those inside it, by their qualified names. May
  /// throw paths::TooComplex.
  [[nodiscard]] std::vector<Reach> of(ir::ResourceId resource) const;

 private:
  /// A rule, or an entry, through which a domain may have a verb.
  struct Grant {
    std::size_t rank = 0;  ///< of its domain in domains_
    const ir::PathExpr* paths = nullptr;
    ir::VerbSet verbs;
  };
  void add(Grant grant);
  [[nodiscard]] bool leaves(const Grant& grant, ir::Verb verb, const paths::PathSet& region) const;

  const ir::Meaning& meaning_;
  std::vector<ir::DomainId> domains_;
  std::vector<std::vector<const ir::FileAccess*>> denies_;  ///< by rank
  std::vector<Grant> grants_;                               ///< by rank
  paths::PrefixIndex index_;                                ///< of grants_
};

}  // namespace macc::query
