#include "backends/selinux/ground.h"

#include <algorithm>
#include <set>

#include "backends/selinux/link/grantees.h"
#include "backends/selinux/platform.h"

namespace macc::backends::selinux {
namespace {

using paths::PathPattern;
using paths::PathSet;

/// Names in a sentence are examples; all of them stand in `macc base show --type`.
constexpr std::size_t kShown = 6;

struct Taken {
  std::string path, type;
};

std::string count_of(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i) text += (i == 0 ? "`" : ", `") + names[i] + "`";
  if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
  return text;
}

class GroundCheck {
 public:
  GroundCheck(const Input& input, const Labels& labels, const Base& base, Diagnostics& diagnostics)
      : input_(input), labels_(labels), contexts_(*labels.system_contexts()), base_(base), diagnostics_(diagnostics) {}

  void run() {
    for (const Region& region : labels_.regions()) {
      if (!region.is_own() || is_settled(region)) continue;
      if (const auto taken = find(region)) report(region, *taken);
    }
  }

 private:
  /// Whether the author said that the label goes.
  [[nodiscard]] bool is_settled(const Region& region) const {
    const ir::Policy& policy = input_.policy;
    if (region.resource != ir::ResourceId::none && policy.resource(region.resource).relabel) return true;
    const ir::DomainId owner =
        region.resource == ir::ResourceId::none ? region.domain : policy.resource(region.resource).owner;
    if (owner == ir::DomainId::none) return false;
    const auto& list = policy.domain(owner).replaces;
    return std::any_of(list.begin(), list.end(), [](const ir::Replacement& r) { return r.backend == "selinux"; });
  }

  [[nodiscard]] std::optional<Taken> find(const Region& region) const {
    for (const SystemContexts::Moved& moved : contexts_.as_looked_up(region.set)) {
      const auto back = [&](std::string path) {
        return moved.from.empty() ? path : moved.from + path.substr(moved.to.size());
      };
      const PathSet files = moved.set & PathSet::non_directories();
      const PathSet folders = (moved.set & PathSet::directories()).directory_names();
      for (const bool as_folder : {false, true})
        for (const PathSet& names : pieces_of(as_folder ? folders : files))
          if (auto taken = find(region, names, as_folder)) {
            taken->path = back(taken->path);
            return taken;
          }
    }
    return std::nullopt;
  }

  /// An entry that is about these names: one that only says what is somewhere above them is no claim to them.
  [[nodiscard]] std::optional<Taken> find(const Region& region, const PathSet& names, bool as_folder) const {
    std::string prefix = names.literal_prefix();
    if (prefix.size() > 1 && prefix.ends_with('/')) prefix.pop_back();
    for (std::size_t id : contexts_.near_names(names)) {
      const SystemEntry& entry = contexts_.entries()[id];
      const Kinds kind = as_folder ? kinds::directory : kinds::file;
      if (entry.type.empty() || (entry.kinds & kind) == 0 || is_place(entry.type)) continue;
      if (!entry.head().starts_with(prefix)) continue;
      const auto name = (names & contexts_.names(id)).example();
      if (!name || !labelled_as(*name, kind, entry.type) || above(region).contains(entry.type)) continue;
      return Taken{as_folder ? *name + "/" : *name, entry.type};
    }
    return std::nullopt;
  }

  [[nodiscard]] bool labelled_as(const std::string& name, Kinds kind, const std::string& type) const {
    const auto parts = contexts_.divide(PathSet::of(PathPattern::literal(name)));
    return std::any_of(parts.begin(), parts.end(), [&](const LabelledPart& part) {
      return part.type == type && (part.kinds & kind) != 0 &&
             part.set.contains(kind == kinds::directory ? name + "/" : name);
    });
  }

  /// The labels of the folders above.
  [[nodiscard]] std::set<std::string> above(const Region& region) const {
    std::set<std::string> types;
    for (const LabelledPart& part : contexts_.divide(region.set.directories_above() - region.set))
      types.insert(part.type);
    return types;
  }

  void report(const Region& region, const Taken& taken) {
    Diagnostic& diagnostic = diagnostics_.report(Code::E1024, region.span,
                                                 "the system already labels `" + printable(taken.path) + "` as `" +
                                                     taken.type + "`, which " + region.what + " would replace");
    say_entries(taken.type, diagnostic);
    std::vector<std::string> changing, looking;
    for (const Grantee& grantee : grantees_of(base_, taken.type))
      (grantee.changes ? changing : looking).push_back(grantee.name);
    const std::string who = who_has(changing, looking);
    if (region.origin == Region::Origin::own)
      diagnostic.note("`adopt` keeps that type: it labels " +
                      count_of(contexts_.entries_of(taken.type).size(), "file context") + " of the system, and " + who);
    if (region.origin == Region::Origin::own)
      diagnostic.note("`relabel` takes these paths away from them: all that is said to have access loses it here");
    // The module `base` holds what no policy can be without.
    const std::string module = module_of(base_, taken.type);
    if (module != "base")
      diagnostic.note("`replaces selinux \"" + (module.empty() ? "NAME" : module) +
                      "\";` in the domain takes out the system's module that owns the type");
  }

  /// Where the system confines the program, that is the first thing to know.
  void say_entries(const std::string& type, Diagnostic& diagnostic) const {
    std::vector<std::string> domains;
    for (const SystemEntryPoint& entry : entry_points_of(base_, type))
      if (domains.empty() || domains.back() != entry.domain) domains.push_back(entry.domain);
    if (!domains.empty())
      diagnostic.note("the system already confines what is started from there, as " + listed(domains));
  }

  static std::string who_has(const std::vector<std::string>& changing, const std::vector<std::string>& looking) {
    if (changing.empty() && looking.empty()) return "nobody else has access to it";
    std::string text;
    if (!changing.empty()) text = listed(changing) + " may change what has it";
    if (!looking.empty()) text += (text.empty() ? "" : ", ") + listed(looking) + " may look at it";
    return text;
  }

  const Input& input_;
  const Labels& labels_;
  const SystemContexts& contexts_;
  const Base& base_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_ground(const Input& input, const Labels& labels, const Base& base, Diagnostics& diagnostics) {
  if (labels.system_contexts() != nullptr) GroundCheck(input, labels, base, diagnostics).run();
}

}  // namespace macc::backends::selinux
