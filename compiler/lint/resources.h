// Rules against resources of a kind.
#pragma once

#include <vector>

#include "compiler/lint/context.h"
#include "compiler/paths/path_index.h"

namespace macc::lint {

/// The resources of the project of one kind, found by the start of their paths.
class ResourcesOf {
 public:
  ResourcesOf(const Context& context, ir::Kind kind);

  /// Calls `f(resource_id, use, reached)` once for each resource and statement of the subject that allows one of the
  /// verbs on paths that belong to the resource, and for which `wanted(resource)` holds.
  template <typename Wanted, typename F>
  void each_reached(const Subject& subject, ir::VerbSet verbs, Wanted wanted, F f) const {
    for (const Grant& grant : subject.reach->grants()) {
      if (grant.rule == nullptr || grant.exec || !grant.verbs.meets(verbs)) continue;
      for (const ir::ResourceId id : near(grant)) {
        if (!wanted(context_.policy().resource(id))) continue;
        for (const ir::Verb verb : (grant.verbs & verbs).list()) {
          const Use use{&grant, verb, false};
          const auto reached = subject.reach->reached({use}, context_.meaning().region(id));
          if (!reached) continue;
          f(id, use, *reached);
          break;
        }
      }
    }
  }

 private:
  [[nodiscard]] std::vector<ir::ResourceId> near(const Grant& grant) const;

  const Context& context_;
  paths::PrefixIndex index_;
};

}  // namespace macc::lint
