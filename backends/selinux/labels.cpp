#include "backends/selinux/labels.h"

#include <algorithm>
#include <set>
#include <span>

#include "backends/selinux/base_choice.h"
#include "backends/selinux/cells.h"
#include "backends/selinux/contexts.h"

namespace macc::backends::selinux {
namespace {

using paths::PathPattern;
using paths::PathSet;

/// External resources of the build that count, as against those whose types go with a replaced module: their paths get
/// the label of what is around them.
class SystemRegions {
 public:
  explicit SystemRegions(const Input& input) : input_(input) {
    const std::set<std::string> gone = replaced_types(input);
    for (std::size_t i = 0; i < input.policy.resources.size() && !gone.empty(); ++i) {
      const auto* types = input.policy.resources[i].bindings.find("selinux", "type");
      if (!input.policy.resources[i].external || types == nullptr) continue;
      if (std::all_of(types->begin(), types->end(), [&](const auto& type) { return gone.count(type) != 0; }))
        gone_.insert(static_cast<ir::ResourceId>(i));
    }
  }

  [[nodiscard]] bool is_gone(ir::ResourceId id) const { return gone_.count(id) != 0; }

  Region region(ir::ResourceId id, std::span<const Region> own) const {
    const ir::Resource& resource = input_.policy.resource(id);
    Region region;
    region.origin = Region::Origin::system;
    region.resource = id;
    region.kind = resource.kind;
    region.what = input_.policy.qualified_name(id);
    region.span = resource.where.span;
    region.set = input_.meaning.region(id) | left_to(id);
    if (const auto* types = resource.bindings.find("selinux", "type")) region.types = *types;
    // What a project declares lies inside the system's extents; its patterns win wherever they reach.
    const std::string prefix = region.set.literal_prefix();
    for (const Region& cell : own)
      if (compatible(prefix, cell.prefix) && region.set.meets(cell.set)) region.set = region.set - cell.set;
    return region;
  }

 private:
  /// Paths inside a resource that belong to others by name, but keep its label.
  PathSet left_to(ir::ResourceId id) const {
    PathSet set;
    collect(id, set);
    if (set.empty()) return set;
    set = set & input_.meaning.extent(id);
    for (ir::ResourceId inside : input_.policy.resource(id).inside)
      if (input_.policy.resource(inside).external && !is_gone(inside) && input_.meaning.extent(inside).meets(set))
        set = set - input_.meaning.extent(inside);
    return set;
  }

  void collect(ir::ResourceId id, PathSet& set) const {
    for (ir::ResourceId inside : input_.policy.resource(id).inside) {
      const ir::Resource& resource = input_.policy.resource(inside);
      if (!is_gone(inside) && (resource.external || !resource.adopt)) continue;
      set = set | input_.meaning.region(inside);
      if (is_gone(inside)) collect(inside, set);
    }
  }

  const Input& input_;
  std::set<ir::ResourceId> gone_;
};

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
  const SystemRegions system(input);
  for (std::size_t i = 0; i < input.policy.resources.size(); ++i) {
    const auto id = static_cast<ir::ResourceId>(i);
    if (!input.policy.resources[i].external || system.is_gone(id)) continue;
    Region region = system.region(id, std::span(regions_).first(cells));
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
