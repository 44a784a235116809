#include "backends/selinux/labels.h"

#include <algorithm>
#include <span>

#include "backends/selinux/cells.h"
#include "backends/selinux/contexts.h"

namespace macc::backends::selinux {
namespace {

using paths::PathPattern;
using paths::PathSet;

/// Paths of own resources that keep the label which this external one gives.
PathSet adopted_in(const Input& input, ir::ResourceId id) {
  PathSet set, inner;
  for (ir::ResourceId inside : input.policy.resource(id).inside) {
    const ir::Resource& resource = input.policy.resource(inside);
    if (resource.external) inner = inner | input.meaning.extent(inside);
    if (!resource.external && resource.adopt) set = set | input.meaning.region(inside);
  }
  return set.empty() ? set : (set & input.meaning.extent(id)) - inner;
}

Region system_region(const Input& input, ir::ResourceId id, std::span<const Region> own) {
  const ir::Resource& resource = input.policy.resource(id);
  Region region;
  region.origin = Region::Origin::system;
  region.resource = id;
  region.kind = resource.kind;
  region.what = input.policy.qualified_name(id);
  region.span = resource.where.span;
  region.set = input.meaning.region(id) | adopted_in(input, id);
  if (const auto* types = resource.bindings.find("selinux", "type")) region.types = *types;
  // What a project declares lies inside the system's extents; its patterns win wherever they reach.
  const std::string prefix = region.set.literal_prefix();
  for (const Region& cell : own)
    if (compatible(prefix, cell.prefix) && region.set.meets(cell.set)) region.set = region.set - cell.set;
  return region;
}

Region process_region() {
  Region region;
  region.origin = Region::Origin::process;
  region.types = {"self"};
  region.what = "the process's own files in /proc";
  PatternList patterns;
  paths::PatternError error;
  for (const char* text : {"/proc/self/**", "/proc/thread-self/**", "/proc/[0-9]*/**"})
    for (auto& pattern : PathPattern::parse(text, error)) patterns.push_back(std::move(pattern));
  region.set = PathSet::of(patterns);
  return region;
}

}  // namespace

Labels::Labels(const Input& input, NameTable& names, Diagnostics& diagnostics) {
  CellPlan plan = plan_cells(input, names, diagnostics);
  auto add = [&](Region region) {
    if (region.set.empty()) return;
    region.prefix = region.set.literal_prefix();
    region.automaton = region.set.automaton();
    regions_.push_back(std::move(region));
  };
  for (Region& cell : plan.cells) add(std::move(cell));
  const std::size_t cells = regions_.size();
  const Region process = process_region();
  add(process);
  for (std::size_t i = 0; i < input.policy.resources.size(); ++i) {
    if (!input.policy.resources[i].external) continue;
    Region region = system_region(input, static_cast<ir::ResourceId>(i), std::span(regions_).first(cells));
    if (compatible(region.set.literal_prefix(), process.set.literal_prefix())) region.set = region.set - process.set;
    add(std::move(region));
  }
  inherit();
  adopt(plan.adopted);
  if (!diagnostics.has_errors()) contexts_ = plan_contexts(plan.elements, regions_, diagnostics);
}

/// An adopted resource is labelled by the system, so the regions beneath it stay; it only gets their types by name.
void Labels::adopt(const std::vector<Region>& resources) {
  for (Region region : resources) {
    for (const Region* under : meeting(region.set)) {
      Region part = region;
      part.types = under->types;
      adopted_[region.resource].insert(adopted_[region.resource].end(), part.types.begin(), part.types.end());
    }
  }
}

/// What is left of a set when every region has taken its part. The set is the small side of each step: the union of all
/// regions would have thousands of states.
PathSet Labels::rest_of(PathSet set, bool inherited) const {
  const std::string prefix = set.literal_prefix();
  for (const Region& region : regions_) {
    if (set.empty()) break;
    if ((inherited || !region.inherited) && compatible(region.prefix, prefix) && region.set.meets(set))
      set = set - region.set;
  }
  return set;
}

void Labels::inherit() {
  std::vector<Region> folders;
  for (const Region& region : regions_) {
    if (region.origin != Region::Origin::system || region.prefix == "/" || region.types.empty()) continue;
    if (region.set.meets(PathSet::non_directories()) || !region.prefix.ends_with('/')) continue;
    paths::PatternError error;
    const auto tree = PathPattern::parse(PathPattern::literal(region.prefix).text() + "**", error);
    const PathSet inside = PathSet::of(tree) & PathSet::directories();
    if (tree.empty() || !region.set.contains(region.prefix) || !inside.meets(region.set)) continue;
    Region folder = region;
    folder.inherited = true;
    folder.set = rest_of(inside, false);
    folder.prefix = region.prefix;
    if (folder.set.empty()) continue;
    folder.automaton = folder.set.automaton();
    folders.push_back(std::move(folder));
  }
  for (Region& folder : folders) regions_.push_back(std::move(folder));
}

std::vector<const Region*> Labels::meeting(const PathSet& set) const {
  std::vector<const Region*> list;
  const std::string prefix = set.literal_prefix();
  for (const Region& region : regions_)
    if (!region.inherited && compatible(region.prefix, prefix) && region.set.meets(set)) list.push_back(&region);
  return list;
}

std::vector<const Region*> Labels::above(const PathSet& set) const {
  std::vector<const Region*> list;
  if (set.empty()) return list;
  const std::string prefix = set.literal_prefix();
  const Automaton members = set.automaton();
  for (const Region& region : regions_)
    if (compatible(region.prefix, prefix) && ancestor_in(members, region.automaton)) list.push_back(&region);
  return list;
}

std::optional<std::string> Labels::unlabelled(const PathSet& set) const { return rest_of(set, false).example(); }

std::optional<std::string> Labels::unlabelled_above(const PathSet& set) const {
  if (set.empty()) return std::nullopt;
  const std::string prefix = set.literal_prefix();
  std::vector<const Automaton*> near;
  for (const Region& region : regions_)
    if (compatible(region.prefix, prefix)) near.push_back(&region.automaton);
  return ancestor_outside(set.automaton(), near);
}

std::string Labels::type_of(ir::ResourceId resource) const {
  if (auto it = adopted_.find(resource); it != adopted_.end() && !it->second.empty()) return it->second[0];
  for (const Region& region : regions_)
    if (region.resource == resource && !region.types.empty()) return region.types[0];
  return "";
}

}  // namespace macc::backends::selinux
