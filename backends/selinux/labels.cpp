#include "backends/selinux/labels.h"

#include <algorithm>
#include <set>
#include <span>

#include "backends/selinux/base_choice.h"
#include "backends/selinux/cells.h"
#include "backends/selinux/contexts.h"
#include "backends/selinux/ground.h"

namespace macc::backends::selinux {
namespace {

using paths::PathPattern;
using paths::PathSet;

/// External resources of the build that count, as against those whose types go with a replaced module: their paths get
/// the label of what is around them.
class SystemRegions {
 public:
  SystemRegions(const Input& input, const Platform& platform) : input_(input), platform_(platform) {
    const std::set<std::string> gone = replaced_types(input);
    for (std::size_t i = 0; i < input.policy.resources.size() && !gone.empty(); ++i) {
      const auto* types = input.policy.resources[i].bindings.find("selinux", "type");
      if (!input.policy.resources[i].external || types == nullptr) continue;
      if (std::all_of(types->begin(), types->end(), [&](const auto& names) { return goes(names, gone); }))
        gone_.insert(static_cast<ir::ResourceId>(i));
    }
  }

  [[nodiscard]] bool is_gone(ir::ResourceId id) const { return gone_.count(id) != 0; }

  Region region(ir::ResourceId id) const {
    const ir::Resource& resource = input_.policy.resource(id);
    Region region;
    region.origin = Region::Origin::system;
    region.resource = id;
    region.kind = resource.kind;
    region.what = input_.policy.qualified_name(id);
    region.span = resource.where.span;
    region.set = input_.meaning.extent(id);
    // What a project declares inside has cells of its own, or keeps the label around it when it is adopted.
    std::vector<PathSet> inner;
    for (ir::ResourceId inside : resource.inside)
      if (input_.policy.resource(inside).external && !is_gone(inside)) inner.push_back(input_.meaning.extent(inside));
    region.set = region.set - unite(std::move(inner));
    region.types = platform_.bound(resource.bindings, "type");
    return region;
  }

 private:
  static bool goes(const std::vector<std::string>& alternatives, const std::set<std::string>& gone) {
    return std::any_of(alternatives.begin(), alternatives.end(),
                       [&](const auto& type) { return gone.count(type) != 0; });
  }

  const Input& input_;
  const Platform& platform_;
  std::set<ir::ResourceId> gone_;
};

Region process_region() {
  Region region;
  region.origin = Region::Origin::process;
  region.types = {"self"};
  region.what = "the process's own files in /proc";
  std::vector<PathPattern> patterns;
  paths::PatternError error;
  for (const char* text : {"/proc/self/**", "/proc/thread-self/**", "/proc/[0-9]*/**"})
    for (auto& pattern : PathPattern::parse(text, error)) patterns.push_back(std::move(pattern));
  region.set = PathSet::of(patterns);
  return region;
}

}  // namespace

PathSet unite(std::vector<PathSet> sets) {
  if (sets.empty()) return {};
  // In pairs of like size, so that each set is copied a few times only.
  for (std::size_t step = 1; step < sets.size(); step *= 2)
    for (std::size_t i = 0; i + step < sets.size(); i += 2 * step) sets[i] = sets[i] | sets[i + step];
  return sets[0];
}

Labels::Labels(const Input& input, const Platform& platform, NameTable& names, Diagnostics& diagnostics) {
  const Base& base = platform.base();
  aliases_ = base.label_aliases();
  if (!base.is_skeleton()) use_contexts(base);
  CellPlan plan = plan_cells(input, names, diagnostics);
  for (Region& cell : plan.cells) add(std::move(cell));
  add(process_region());
  const SystemRegions system(input, platform);
  for (std::size_t i = 0; i < input.policy.resources.size(); ++i) {
    const auto id = static_cast<ir::ResourceId>(i);
    if (input.policy.resources[i].external && !system.is_gone(id)) add(system.region(id));
  }
  inherit();
  adopt(plan.adopted);
  if (system_ != nullptr) check_ground(input, *this, base, diagnostics);
  if (!diagnostics.has_errors()) contexts_ = plan_contexts(plan.elements, *this, diagnostics);
}

void Labels::use_contexts(const Base& base) {
  system_ = std::make_unique<const SystemContexts>(base);
  kernel_ = std::make_unique<const SystemContexts>(SystemContexts::of_kernel(base));
}

void Labels::add(Region region) {
  if (region.set.empty()) return;
  index_.add(region.set, regions_.size());
  if (region.origin == Region::Origin::system && !region.inherited)
    for (const auto& type : region.types) system_by_type_[type].push_back(regions_.size());
  regions_.push_back(std::move(region));
}

/// An adopted resource is labelled by the system, so the regions beneath it stay; it only gets their types by name.
void Labels::adopt(const std::vector<Region>& resources) {
  for (const Region& region : resources) {
    auto& types = adopted_[region.resource];
    for (const Part& part : divide(region.set)->parts)
      types.insert(types.end(), part.region->types.begin(), part.region->types.end());
  }
}

void Labels::inherit() {
  std::vector<std::pair<std::string, Region>> folders;
  for (const Region& region : regions_) {
    const std::string prefix = region.set.literal_prefix();
    if (region.origin != Region::Origin::system || prefix == "/" || region.types.empty()) continue;
    if (region.set.meets(PathSet::non_directories()) || !prefix.ends_with('/')) continue;
    paths::PatternError error;
    const auto tree = PathPattern::parse(PathPattern::literal(prefix).text() + "**", error);
    const PathSet inside = PathSet::of(tree) & PathSet::directories();
    if (tree.empty() || !region.set.contains(prefix) || !inside.meets(region.set)) continue;
    Region folder = region;
    folder.inherited = true;
    folder.set = inside;
    folders.emplace_back(prefix, std::move(folder));
  }
  // The innermost folder decides.
  std::stable_sort(folders.begin(), folders.end(),
                   [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  for (auto& [prefix, folder] : folders) add(std::move(folder));
}

Division Labels::compute(const PathSet& set, Folders folders) const {
  Division division;
  division.rest = set;
  std::vector<PathSet> taken;
  const auto take_out = [&] {
    if (!taken.empty()) division.rest = division.rest - unite(std::move(taken));
    taken.clear();
  };
  // Regions of one rank are disjoint; those of a later rank get what the earlier ones leave.
  const auto rank = [](const Region& region) {
    return region.inherited ? 3 : region.is_own() ? 0 : region.origin == Region::Origin::process ? 1 : 2;
  };
  int present = 0;
  bool asked_system = system_ == nullptr;
  const auto ask_system = [&] {
    take_out();
    if (!asked_system) divide_by_contexts(division, set);
    asked_system = true;
  };
  for (std::size_t id : index_.near(set)) {
    const Region& region = regions_[id];
    if (region.inherited && folders == Folders::described) break;
    if (rank(region) != present || region.inherited) take_out();
    if (rank(region) >= 2) ask_system();
    present = rank(region);
    if (division.rest.empty()) break;
    PathSet part = division.rest & region.set;
    if (part.empty()) continue;
    taken.push_back(part);
    division.parts.push_back({&region, std::move(part)});
  }
  ask_system();
  return division;
}

void Labels::divide_by_contexts(Division& division, const PathSet& set) const {
  const PathSet by_kernel = division.rest & kernel_file_systems(), others = division.rest - kernel_file_systems();
  const bool everything = set.contains(PathSet::non_directories()) || set.contains(PathSet::directories());
  division.rest = {};
  std::vector<LabelledPart> parts;
  if (!others.empty()) parts = everything ? system_->every_label(others) : system_->divide(others);
  take_labelled(division, std::move(parts));
  if (by_kernel.empty()) return;
  take_labelled(division, kernel_->divide(by_kernel));
  // Tools give these file systems labels of file contexts too, once they are mounted.
  Division given;
  take_labelled(given, system_->divide(by_kernel));
  division.parts.insert(division.parts.end(), given.parts.begin(), given.parts.end());
}

void Labels::take_labelled(Division& division, std::vector<LabelledPart> parts) const {
  std::vector<PathSet> labelled, unlabelled;
  for (const LabelledPart& part : parts) (part.type.empty() ? unlabelled : labelled).push_back(part.set);
  std::erase_if(parts, [](const LabelledPart& part) { return part.type.empty(); });
  keep_named_classes(parts);
  for (LabelledPart& part : parts)
    division.parts.push_back({&region_of_type(part.type), std::move(part.set), part.kinds});
  // Paths that have a label as one kind of object are known, whatever the other kinds have.
  if (unlabelled.empty()) return;
  PathSet bare = unite(std::move(unlabelled));
  for (const PathSet& set : labelled)
    if (bare.meets(set)) bare = bare - set;
  division.rest = division.rest | bare;
}

const Region& Labels::region_of_type(const std::string& type) const {
  std::unique_ptr<const Region>& known = by_type_[type];
  if (known == nullptr) {
    Region region;
    region.origin = Region::Origin::system;
    region.types = {type};
    region.what = "what the system labels `" + type + "`";
    region.by_contexts = true;
    known = std::make_unique<const Region>(std::move(region));
  }
  return *known;
}

namespace {

/// Answers that are kept: what one service asks is soon forgotten, what all of them ask is soon computed again.
constexpr std::size_t kMaxAnswers = 4096;

template <typename Answers, typename Compute>
std::shared_ptr<const Division> answer(Answers& known, const PathSet& set, Compute compute) {
  if (auto it = known.find(set.identity()); it != known.end()) return it->second.division;
  if (known.size() >= kMaxAnswers) known.clear();
  auto division = std::make_shared<const Division>(compute());
  known.emplace(set.identity(), typename Answers::mapped_type{set, division});
  return division;
}

}  // namespace

std::shared_ptr<const Division> Labels::divide(const PathSet& set) const {
  return answer(divided_, set, [&] { return compute(set, Folders::described); });
}

std::shared_ptr<const Division> Labels::divide_above(const PathSet& set) const {
  return answer(divided_above_, set, [&] { return compute(set.directories_above(), Folders::inherited); });
}

/// An example of what is left of the set when the own cells are taken out, without taking out more of them than needed:
/// there may be thousands.
std::optional<std::string> Labels::example_in(const Region& region, PathSet set) const {
  const auto taken_by = [&](const std::string& path) -> const Region* {
    for (std::size_t id : index_.near(path)) {
      const Region& other = regions_[id];
      if (other.origin == Region::Origin::system) return nullptr;
      if (other.set.contains(path)) return &other;
    }
    return nullptr;
  };
  for (;;) {
    auto path = set.example();
    if (!path || region.is_own()) return path;
    const Region* other = taken_by(*path);
    if (other == nullptr || other == &region) return path;
    set = set - other->set;
  }
}

std::optional<std::string> Labels::outside(const Region& region, const PathSet& set) const {
  // One example of the region answers most questions: rules name a small part of what the system describes.
  auto [it, fresh] = examples_.try_emplace(&region);
  if (fresh) it->second = example_in(region, region.set);
  if (!it->second || !set.contains(*it->second)) return it->second;
  return example_in(region, region.set - set);
}

bool Labels::reaches(const Region& region, const PathSet& set) const {
  return example_in(region, region.set & set).has_value();
}

const std::vector<std::string>& Labels::others_of(const Region& region, const PathSet& set) const {
  if (others_.size() >= kMaxAnswers) others_.clear();
  const auto [it, fresh] = others_.try_emplace({&region, set.identity()}, Others{set, {}});
  if (fresh) it->second.entries = find_others(region, set);
  return it->second.entries;
}

std::vector<std::string> Labels::find_others(const Region& region, const PathSet& set) const {
  std::vector<std::string> others;
  for (const std::string& type : region.types) {
    if (system_ != nullptr) {
      for (const SystemContexts* contexts : {system_.get(), kernel_.get()})
        for (std::string& entry : contexts->beyond(type, set)) others.push_back(type + ": " + entry);
    }
    const auto it = system_by_type_.find(type);
    if (it == system_by_type_.end() || (system_ != nullptr && region.by_contexts)) continue;
    for (std::size_t id : it->second)
      if (outside(regions_[id], set)) others.push_back(type + ": " + regions_[id].what);
  }
  return others;
}

std::set<std::string> Labels::types_adopted_by(ir::ResourceId resource) const {
  const auto it = adopted_.find(resource);
  return it == adopted_.end() ? std::set<std::string>() : std::set(it->second.begin(), it->second.end());
}

std::string Labels::type_of(ir::ResourceId resource) const {
  if (auto it = adopted_.find(resource); it != adopted_.end() && !it->second.empty()) return it->second[0];
  for (const Region& region : regions_)
    if (region.resource == resource && !region.types.empty()) return region.types[0];
  return "";
}

}  // namespace macc::backends::selinux
