#include "backends/selinux/label_check.h"

#include <algorithm>
#include <set>

#include "backends/selinux/link/lookup.h"
#include "backends/selinux/platform.h"

namespace macc::backends::selinux {
namespace {

using paths::PathSet;

LookupQuery query(const std::string& path, ObjectKind kind = ObjectKind::file) {
  if (path == "/" || !path.ends_with('/')) return {path, path == "/" ? ObjectKind::directory : kind};
  return {path.substr(0, path.size() - 1), ObjectKind::directory};
}

/// Kinds of objects that a path without a final slash can be.
constexpr ObjectKind kKinds[] = {ObjectKind::file, ObjectKind::symlink,     ObjectKind::socket,
                                 ObjectKind::fifo, ObjectKind::char_device, ObjectKind::block_device};

/// Paths on file systems of the kernel's own, whose labels the policy gives by file system: file contexts say nothing
/// of them.
bool labelled_by_the_kernel(const std::string& path) { return path.starts_with("/proc/") || path.starts_with("/sys/"); }

/// Examples of system paths that rules of the build really speak of.
std::vector<Witness> system_witnesses(const Input& input, const Labels& labels) {
  std::vector<Witness> list;
  std::set<const Region*> seen;
  auto add = [&](const ir::PathExpr& paths, Span span) {
    const auto divided = labels.divide(input.meaning.set(paths));
    for (const auto& [region, part, which] : divided->parts) {
      if (region->origin != Region::Origin::system || region->types.empty() || seen.contains(region)) continue;
      const PathSet files = part & PathSet::non_directories();
      auto path = files.empty() ? part.example() : files.example();
      if (path && !labelled_by_the_kernel(*path) && seen.insert(region).second)
        list.push_back({*path, region->types, span});
    }
  };
  // A type that a project declares for the system's paths is no more than a claim where the system says it itself.
  for (const Region& region : labels.regions()) {
    if (region.origin != Region::Origin::system || region.inherited || region.types.empty()) continue;
    if (input.policy.resource(region.resource).module.starts_with("std.")) continue;
    const auto path = (region.set - kernel_file_systems()).example();
    if (path) list.push_back({*path, region.types, region.span});
  }
  for (const auto& domain : input.policy.domains)
    for (const auto& rule : domain.rules) {
      if (const auto* file = std::get_if<ir::FileAccess>(&rule.access)) add(file->paths, rule.where.span);
      if (const auto* exec = std::get_if<ir::ExecAccess>(&rule.access)) add(exec->paths, rule.where.span);
      if (const auto* socket = std::get_if<ir::UnixAccess>(&rule.access)) add(socket->paths, rule.where.span);
    }
  return list;
}

class LabelCheck {
 public:
  LabelCheck(const Base& base, const LinkResult& linked, Diagnostics& diagnostics)
      : base_(base), linked_(linked), diagnostics_(diagnostics) {}

  void own(const std::vector<Region>& regions) {
    std::vector<Witness> list;
    for (const Region& region : regions) {
      if (!region.is_own()) continue;
      for (const PathSet& part : {region.set & PathSet::non_directories(), region.set & PathSet::directories()})
        if (auto path = part.example()) list.push_back({*path, region.types, region.span});
    }
    compare(list, {ObjectKind::file}, Code::E1021);
  }

  /// A system's path is often of one kind only, which a declaration does not say: any kind may have the type.
  void system(const std::vector<Witness>& witnesses) {
    compare(witnesses, {std::begin(kKinds), std::end(kKinds)}, Code::E1023);
  }

 private:
  /// Reports each path that gets none of its types as any of the kinds.
  void compare(const std::vector<Witness>& witnesses, const std::vector<ObjectKind>& kinds, Code code) {
    std::vector<LookupQuery> queries;
    for (const Witness& witness : witnesses)
      for (ObjectKind kind : kinds) queries.push_back(query(witness.path, kind));
    const LookupResult result =
        lookup(linked_.file_contexts, queries, base_.label_aliases(), base_.local_file_contexts());
    if (!result.error.empty()) {
      diagnostics_.report(Code::E1020, {}, "the file contexts cannot be looked up: " + result.error);
      return;
    }
    for (std::size_t i = 0; i < witnesses.size(); ++i) {
      std::vector<std::string> found;
      for (std::size_t k = 0; k < kinds.size(); ++k) {
        const FoundContext& context = result.contexts[i * kinds.size() + k];
        found.push_back(context ? type_of_context(*context) : "");
      }
      // What the system leaves without a label gets one when it is made.
      if (code == Code::E1023 && found.front().empty()) continue;
      if (std::none_of(found.begin(), found.end(), [&](const auto& type) { return expected(witnesses[i], type); }))
        report(witnesses[i], found.front(), code);
    }
  }

  bool expected(const Witness& witness, const std::string& found) const {
    return std::any_of(witness.types.begin(), witness.types.end(), [&](const std::string& type) {
      return type == found || (!found.empty() && base_.canonical_type(type) == base_.canonical_type(found) &&
                               !base_.canonical_type(type).empty());
    });
  }

  void report(const Witness& witness, const std::string& found, Code code) {
    const std::string path = "`" + printable(witness.path) + "`";
    const std::string label = found.empty() ? "no label" : "the label `" + found + "`";
    if (code == Code::E1023) {
      diagnostics_.report(
          code, witness.span,
          path + " has " + label + " on this system, but `" + witness.types[0] + "` is declared for it");
      return;
    }
    diagnostics_.report(code, witness.span, path + " would get " + label + " instead of `" + witness.types[0] + "`")
        .note(
            "an entry of the system's own file contexts is matched later than ours: leave these paths out, or `adopt` "
            "the resource");
  }

  const Base& base_;
  const LinkResult& linked_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_labels(const Input& input, const Labels& labels, const Base& base, const LinkResult& linked,
                  Diagnostics& diagnostics) {
  LabelCheck check(base, linked, diagnostics);
  check.own(labels.regions());
  if (base.is_skeleton()) return;  // it has labels for the names of the standard library only
  check.system(system_witnesses(input, labels));
}

}  // namespace macc::backends::selinux
