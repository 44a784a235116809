#include "compiler/lint/resources.h"

#include "compiler/lint/pairs.h"

namespace macc::lint {

ResourcesOf::ResourcesOf(const Context& context, ir::Kind kind) : context_(context) {
  const auto& resources = context.policy().resources;
  for (std::size_t i = 0; i < resources.size(); ++i) {
    if (resources[i].external || resources[i].kind != kind) continue;
    for (const paths::PathPattern& pattern : resources[i].paths.include) {
      for (std::string& start : starts_of(pattern)) index_.add(std::move(start), i);
    }
  }
}

std::vector<ir::ResourceId> ResourcesOf::near(const Grant& grant) const {
  std::vector<ir::ResourceId> out;
  for (const std::size_t id : ids_near(index_, grant.starts)) out.push_back(static_cast<ir::ResourceId>(id));
  return out;
}

}  // namespace macc::lint
