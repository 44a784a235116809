#include "backends/selinux/moves.h"

#include <algorithm>

#include "backends/selinux/walks.h"
#include "compiler/paths/path_index.h"

namespace macc::backends::selinux {
namespace {

/// An own cell with entries in directories of one type.
struct Hanging {
  const Region* cell;
  Children children;
};

/// A deny or a promise about files of one domain.
struct Prohibition {
  const ir::Domain* domain;
  const ir::FileAccess* access;
  paths::PathSet set;
  Span span;
  std::string what;  // "this `deny`"
};

/// Folders that are file systems of their own on every system that systemd starts: nothing is moved across.
constexpr std::string_view kFileSystems[] = {"/dev/shm/", "/dev/", "/proc/", "/run/", "/sys/"};

/// The file systems that hold paths of a set; "" is any other.
std::set<std::string_view> file_systems(const paths::PathSet& set) {
  std::set<std::string_view> list;
  for (const paths::Head& head : set.heads()) {
    const auto* found = std::find_if(std::begin(kFileSystems), std::end(kFileSystems),
                                     [&](std::string_view folder) { return head.text.starts_with(folder); });
    list.insert(found == std::end(kFileSystems) ? "" : *found);
  }
  return list;
}

/// What one domain was granted on types, under any condition.
class Granted {
 public:
  Granted(const Module& module, const std::string& source) {
    auto kind = module.vectors.find(RuleKind::allow);
    if (kind == module.vectors.end()) return;
    for (const auto& [guard, vectors] : kind->second) {
      const auto first = vectors.lower_bound({source, "", ""});
      for (auto it = first; it != vectors.end() && it->first.source == source; ++it) {
        auto& [permissions, span] = by_object_[{it->first.target, it->first.class_name}];
        if (permissions.empty()) span = it->second.span;
        permissions.insert(it->second.permissions.begin(), it->second.permissions.end());
      }
    }
  }

  bool has(const std::string& target, std::string_view class_name, std::string_view permission) const {
    auto it = by_object_.find({target, std::string(class_name)});
    return it != by_object_.end() && it->second.first.count(std::string(permission)) != 0;
  }

  /// Targets on which one of the permissions is there, with the place that granted something on them first.
  std::map<std::string, Span> targets(std::initializer_list<std::string_view> permissions) const {
    std::map<std::string, Span> list;
    for (const auto& [object, value] : by_object_)
      for (std::string_view permission : permissions)
        if (value.first.count(std::string(permission)) != 0) list.emplace(object.first, value.second);
    return list;
  }

 private:
  std::map<std::pair<std::string, std::string>, std::pair<std::set<std::string>, Span>> by_object_;
};

class MoveCheck {
 public:
  explicit MoveCheck(Context& context) : context_(context) {
    for (const Region& region : context.labels.regions())
      if (region.origin == Region::Origin::own) cells_.emplace(region.types[0], &region);
  }

  void run() {
    const ir::Policy& policy = context_.policy;
    for (std::size_t i = 0; i < policy.domains.size(); ++i)
      if (!policy.domains[i].external) look_at(static_cast<ir::DomainId>(i));
  }

 private:
  const Granted& granted(const ir::Domain& domain) {
    auto it = granted_.find(&domain);
    if (it == granted_.end())
      it = granted_.emplace(&domain, Granted(context_.module(domain.module), domain_type(domain))).first;
    return it->second;
  }

  void look_at(ir::DomainId id) {
    const ir::Domain& domain = context_.policy.domain(id);
    const Granted& mine = granted(domain);
    prepare();
    std::map<std::string, Span> sources = mine.targets({"rename", "link"});
    std::erase_if(sources, [&](const auto& source) { return cells_.count(source.first) == 0; });
    if (sources.empty()) return;
    std::set<std::string> drifts, across;
    for (const auto& [directory, span] : mine.targets({"add_name"})) {
      auto hanging = hanging_.find(directory);
      if (hanging == hanging_.end()) continue;
      for (const Hanging& target : hanging->second)
        for (const auto& [source, where] : sources)
          if (source != target.cell->types[0] && may_appear(mine, target) && one_file_system(source, target))
            if (move(domain, *cells_.at(source), where, target, directory)) {
              const std::string what = source + " into paths of " + target.cell->types[0];
              drifts.insert(what);
              if (lacks_verb(mine, source, target.cell->types[0])) across.insert(what);
            }
    }
    if (!drifts.empty())
      context_.fidelity.add(id, "moving entries between own directories", domain.where.span, Topic::label_drift,
                            {drifts.begin(), drifts.end()});
    if (!across.empty())
      context_.fidelity.add(id, "moving entries between own directories", domain.where.span, Topic::moved_across,
                            {across.begin(), across.end()});
  }

  /// Whether what is done to entries of the one is not granted on entries of the other, where they end.
  static bool lacks_verb(const Granted& mine, const std::string& source, const std::string& target) {
    const auto has = [&](const std::string& type, std::string_view permission) {
      constexpr std::string_view kClasses[] = {"file", "dir", "lnk_file", "fifo_file", "sock_file"};
      return std::any_of(std::begin(kClasses), std::end(kClasses),
                         [&](std::string_view class_name) { return mine.has(type, class_name, permission); });
    };
    return (has(source, "rename") && !has(target, "rename")) || (has(source, "link") && !has(target, "link"));
  }

  // ---- moves

  /// Whether the domain can put an entry there: a wildcard leaves room for new names, a literal one has to be free.
  static bool may_appear(const Granted& mine, const Hanging& target) {
    if (target.children.wildcard) return true;
    const std::string& type = target.cell->types[0];
    if (target.children.directories && (mine.has(type, "dir", "rmdir") || mine.has(type, "dir", "rename"))) return true;
    return target.children.files && (mine.has(type, "file", "unlink") || mine.has(type, "file", "rename"));
  }

  const std::set<std::string_view>& file_systems_of(const Region& cell) {
    auto [it, fresh] = file_systems_.try_emplace(&cell);
    if (fresh) it->second = file_systems(cell.set);
    return it->second;
  }

  bool one_file_system(const std::string& source, const Hanging& target) {
    const auto &from = file_systems_of(*cells_.at(source)), &to = file_systems_of(*target.cell);
    return std::any_of(from.begin(), from.end(), [&](std::string_view folder) { return to.contains(folder); });
  }

  /// Whether entries of the target stand in a directory of the source, among its own, and only their names tell.
  static bool parted_by_name(const Region& source, const Hanging& target) {
    if (!target.children.wildcard || !source.set.contains(target.children.directory)) return false;
    const auto directory = paths::PathSet::of(paths::PathPattern::literal(target.children.directory));
    return children_in(source.set.automaton(), directory.automaton()).any;
  }

  /// False when the move is refused, with a diagnostic.
  bool move(const ir::Domain& domain, const Region& source, Span where, const Hanging& target,
            const std::string& directory) {
    const Region& cell = *target.cell;
    if (parted_by_name(source, target)) {
      report_name(domain, source, where, target);
      return false;
    }
    if (cell.kind == ir::Kind::secret) {
      Diagnostic* diagnostic = report(domain, source, where, cell);
      if (diagnostic != nullptr) diagnostic->also(cell.span, "a secret");
      return false;
    }
    if (const Prohibition* prohibition = broken(source, cell, directory)) {
      Diagnostic* diagnostic = report(domain, source, where, cell);
      if (diagnostic != nullptr) diagnostic->also(prohibition->span, prohibition->what + " would not hold there");
      return false;
    }
    return true;
  }

  void report_name(const ir::Domain& domain, const Region& source, Span where, const Hanging& target) {
    if (!reported_.insert({&source, target.cell}).second) return;
    context_.diagnostics
        .report(Code::E1011, where,
                "what `" + domain.name + "` renames or links into `" + printable(target.children.directory) +
                    "` keeps the label of " + source.what + ", where only the name makes it " + target.cell->what)
        .also(target.cell->span, "the other label is wanted here")
        .note("give one of the two a directory of its own, or grant no `rename` and no `link`");
  }

  /// Null when the pair was reported already.
  Diagnostic* report(const ir::Domain& domain, const Region& source, Span where, const Region& cell) {
    if (!reported_.insert({&source, &cell}).second) return nullptr;
    return &context_.diagnostics
                .report(Code::E1027, where,
                        "`" + domain.name + "` can move entries of " + source.what + " to paths of " + cell.what +
                            ", where they keep their label")
                .note("grant no `rename` and no `link` on the one, or no `create`, `rename` and `link` on the other");
  }

  /// Whether an entry of a type in a directory of a type can be used as the verb says, as far as their labels decide.
  static bool possible(const Granted& theirs, ir::Verb verb, const std::string& type, const std::string& directory) {
    if (verb == ir::Verb::create || verb == ir::Verb::mknod) return false;  // what is moved is there already
    const bool leaves = verb == ir::Verb::delete_ || verb == ir::Verb::rename;
    if (leaves && !theirs.has(directory, "dir", "remove_name")) return false;
    for (const auto& [class_name, permissions] : distinct_permissions(verb, {true, true, false}))
      for (std::string_view permission : permissions)
        if (theirs.has(type, class_name, permission)) return true;
    return false;
  }

  /// A prohibition on the cell that an entry with the label of `source` would slip through.
  const Prohibition* broken(const Region& source, const Region& cell, const std::string& directory) {
    for (std::size_t i : prohibition_index_.near(cell.set)) {
      const Prohibition& prohibition = prohibitions_[i];
      if (!prohibition.set.meets(cell.set)) continue;
      const Granted& theirs = granted(*prohibition.domain);
      for (ir::Verb verb : prohibition.access->verbs.list())
        if (possible(theirs, verb, source.types[0], directory) && !possible(theirs, verb, cell.types[0], directory))
          return &prohibition;
    }
    return nullptr;
  }

  /// Done when a first domain turns out to move something.
  void prepare() {
    if (is_prepared_) return;
    is_prepared_ = true;
    for (const auto& [type, cell] : cells_) {
      const Automaton members = cell->set.automaton();
      const auto divided = context_.labels.divide_above(cell->set);
      for (const Part& above : divided->parts) {
        Children children = children_in(members, above.set.automaton());
        if (!children.any) continue;
        for (const auto& directory : above.region->types) hanging_[directory].push_back({cell, children});
      }
    }
    for (const auto& domain : context_.policy.domains) {
      for (const auto& rule : domain.rules)
        if (const auto* access = std::get_if<ir::FileAccess>(&rule.access); access && rule.effect == ir::Effect::deny)
          prohibit(domain, *access, rule.where.span, "this `deny`");
      for (const auto& promise : domain.never)
        if (const auto* access = std::get_if<ir::FileAccess>(&promise.access))
          prohibit(domain, *access, promise.where.span, "this `never`");
    }
  }

  void prohibit(const ir::Domain& domain, const ir::FileAccess& access, Span span, std::string what) {
    if (access.owner || domain.external) return;
    paths::PathSet set = context_.input.meaning.set(access.paths);
    prohibition_index_.add(set, prohibitions_.size());
    prohibitions_.push_back({&domain, &access, std::move(set), span, std::move(what)});
  }

  Context& context_;
  std::map<std::string, const Region*> cells_;  ///< own cells by type
  std::map<const ir::Domain*, Granted> granted_;
  std::map<const Region*, std::set<std::string_view>> file_systems_;
  bool is_prepared_ = false;
  std::map<std::string, std::vector<Hanging>> hanging_;  ///< by the type of the directory
  std::vector<Prohibition> prohibitions_;
  paths::PathIndex prohibition_index_;
  std::set<std::pair<const Region*, const Region*>> reported_;
};

}  // namespace

void check_moves(Context& context) { MoveCheck(context).run(); }

}  // namespace macc::backends::selinux
