#include "backends/selinux/compiled_labels.h"

#include <algorithm>

#include "backends/selinux/walk.h"

namespace macc::backends::selinux {
namespace {

using paths::PathPattern;
using paths::PathSet;

PathSet trees(std::initializer_list<const char*> texts) {
  std::vector<PathPattern> patterns;
  paths::PatternError error;
  for (const char* text : texts)
    for (PathPattern& pattern : PathPattern::parse(text, error)) patterns.push_back(std::move(pattern));
  return PathSet::of(patterns);
}

bool is_everything(const PathSet& set) {
  return set.contains(PathSet::non_directories()) || set.contains(PathSet::directories());
}

}  // namespace

PathSet only(const std::string& path) {
  const PathSet both = PathSet::of(PathPattern::literal(path));
  return path.ends_with('/') ? both & PathSet::directories() : both & PathSet::non_directories();
}

std::string folder_of(std::string path) {
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path.substr(0, path.rfind('/') + 1);
}

CompiledLabels::CompiledLabels(const Planned& plan, const Base& base, const std::string& file_contexts)
    : plan_(plan),
      is_skeleton_(base.is_skeleton()),
      contexts_(base, file_contexts),
      kernel_(SystemContexts::of_kernel(base)),
      own_(own_types(plan)),
      process_(trees({"/proc/self/**", "/proc/thread-self/**"})),
      numbered_(trees({"/proc/[0-9]*/**"})) {}

std::vector<LabelledPart> CompiledLabels::parts_of(const PathSet& set) const {
  std::vector<LabelledPart> parts;
  PathSet rest = set;
  if (rest.meets(process_)) {
    parts.push_back({"self", kinds::all, rest & process_});
    rest = rest - process_;
  }
  if (rest.empty()) return parts;
  if (is_skeleton_)
    add_of_skeleton(rest, parts);
  else
    add_of_system(rest, parts);
  keep_named_classes(parts);
  return parts;
}

/// The kernel labels its own file systems as the policy says, whatever file contexts there are for them.
void CompiledLabels::add_of_system(const PathSet& set, std::vector<LabelledPart>& parts) const {
  const PathSet by_kernel = set & kernel_file_systems(), others = set - kernel_file_systems();
  const auto add = [&](std::vector<LabelledPart> more) {
    parts.insert(parts.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  };
  if (!others.empty()) add(is_everything(set) ? contexts_.every_label(others) : contexts_.divide(others));
  if (!by_kernel.empty()) add(kernel_.divide(by_kernel));
}

/// The skeleton labels hardly more than the standard library names: for the system's own paths, what `external`
/// declarations say counts.
void CompiledLabels::add_of_skeleton(const PathSet& set, std::vector<LabelledPart>& parts) const {
  std::vector<PathSet> others = {set};
  if (!is_everything(set)) {
    others.clear();
    for (LabelledPart& part : contexts_.divide(set)) {
      if (own_.contains(part.type))
        parts.push_back(std::move(part));
      else
        others.push_back(std::move(part.set));
    }
  }
  const PathSet rest = unite(std::move(others));
  if (rest.empty()) return;
  const auto division = plan_.labels.divide(rest);
  for (const Part& part : division->parts) {
    if (part.region->is_own() && !is_everything(set)) continue;  // planned, and not in the file contexts
    const std::string type = part.region->types.empty() ? std::string() : part.region->types[0];
    parts.push_back({type, part.kinds, part.set});
  }
  if (!division->rest.empty()) parts.push_back({"", kinds::all, division->rest});
}

/// Of a part with too many paths to tell apart: what an entry of the type matches has the label unless a later entry
/// matches it, too.
std::optional<std::string> CompiledLabels::example_of(const LabelledPart& part) const {
  for (std::size_t entry : contexts_.entries_of(part.type)) {
    if (contexts_.entries()[entry].kinds == kinds::directory) continue;
    auto path = (contexts_.names(entry) & part.set & PathSet::all()).example();
    if (path && type_of(*path) == part.type) return path;
  }
  return std::nullopt;
}

std::vector<Labelled> CompiledLabels::divide(const PathSet& set) const {
  std::vector<Labelled> labelled;
  const auto add = [&](const LabelledPart& part, Kinds kinds, PathSet paths) {
    if ((part.kinds & kinds) == 0) return;
    // Symlinks may stand anywhere; whoever asks about a path means what else is there.
    if ((part.kinds & kinds) == kinds::symlink && !part.of_class) return;
    if (auto example = paths.example())
      labelled.push_back({part.type, static_cast<Kinds>(part.kinds & kinds), std::move(paths), *example});
  };
  for (const LabelledPart& part : parts_of(set)) {
    if (part.exact) {
      add(part, kinds::but_directories, part.set & PathSet::non_directories());
      add(part, kinds::directory, part.set & PathSet::directories());
    } else if (const auto example = example_of(part)) {
      add(part, example->ends_with('/') ? kinds::directory : kinds::but_directories, only(*example));
    }
  }
  // Files are what people think of first.
  std::stable_partition(labelled.begin(), labelled.end(),
                        [](const Labelled& part) { return part.kinds != kinds::directory; });
  return labelled;
}

std::string CompiledLabels::type_of(const std::string& path) const {
  const std::vector<LabelledPart> parts = parts_of(only(path));
  const auto among = [&](Kinds kind) {
    return std::find_if(parts.begin(), parts.end(),
                        [&](const LabelledPart& part) { return (part.kinds & kind) != 0 && !part.type.empty(); });
  };
  const auto file = among(path.ends_with('/') ? kinds::directory : kinds::file);
  if (file != parts.end()) return file->type;
  const auto other = among(kinds::all & ~kinds::symlink);
  return other == parts.end() ? std::string() : other->type;
}

std::string CompiledLabels::inherited_by(const std::string& path) const {
  for (std::string folder = folder_of(path);; folder = folder_of(folder)) {
    if (std::string type = type_of(folder); !type.empty()) return type;
    if (folder == "/") return {};
  }
}

}  // namespace macc::backends::selinux
