// File rules: verbs on regions to permissions on types, with what a deny takes away.
#include <algorithm>
#include <set>

#include "backends/selinux/file_rules.h"

namespace macc::backends::selinux {
namespace {

using paths::PathSet;

bool names_everything(const ir::PathExpr& paths) {
  return std::any_of(paths.include.begin(), paths.include.end(),
                     [](const paths::PathPattern& pattern) { return pattern.text() == "/**"; });
}

}  // namespace

FileDenials::FileDenials(Subject& subject) : subject_(subject) {
  for (const auto& [rule, access] : subject.rules<ir::FileAccess>(ir::Effect::deny)) {
    if (access->owner) {
      subject.say(*rule, Topic::owner);
      continue;
    }
    list_.push_back({rule, access, subject.guard(*rule)});
  }
}

const PathSet& FileDenials::heads(ir::Verb verb) {
  const auto [known, fresh] = heads_.try_emplace(verb);
  if (!fresh || !ir::applies_to(verb, ir::ObjectClass::directory)) return known->second;
  const ir::Meaning& meaning = subject_.context.input.meaning;
  for (const Denial& denial : list_)
    if (denial.access->verbs.has(verb))
      known->second = known->second | ((meaning.set(denial.access->paths) & PathSet::directories()) -
                                       meaning.objects(verb, denial.access->paths));
  return known->second;
}

std::optional<FileDenials::Rest> FileDenials::subtract(ir::Verb verb, const PathSet& objects, const Guard& guard,
                                                       const Region* region) {
  Rest rest{objects, guard};
  for (const Denial& denial : list_) {
    if (!denial.access->verbs.has(verb)) continue;
    const PathSet denied = subject_.context.input.meaning.objects(verb, denial.access->paths);
    if (!denied.meets(rest.objects)) continue;
    if (denial.guard.is_always() || denial.guard == guard) {
      rest.objects = rest.objects - denied;
      if (rest.objects.empty()) return std::nullopt;
      if (region != nullptr && !region->is_own()) subject_.say(*denial.rule, Topic::split_denied, region->types);
    } else if (denied.contains(rest.objects)) {
      rest.guard = rest.guard.but_not(denial.guard);
    } else if (region != nullptr) {
      subject_.say(*denial.rule, Topic::split_denied, region->types);
    }
  }
  return rest;
}

namespace {

class FileLowering {
 public:
  explicit FileLowering(Subject& subject)
      : subject_(subject), meaning_(subject.context.input.meaning), denials_(subject) {}

  void run() {
    const auto rules = subject_.rules<ir::FileAccess>(ir::Effect::allow);
    for (const auto& [rule, access] : rules) lower(*rule, *access);
    for (const auto& [rule, access] : rules)
      if (access->verbs.has(ir::Verb::watch) && !access->verbs.has(ir::Verb::read)) say_watched(*rule, *access);
    for (const auto& [rule, access] : rules)
      if (access->verbs.has(ir::Verb::write)) say_appended(*rule, *access);
  }

  /// What was put off: the permission on a directory that heads a tree is one on those beneath.
  void run_heads() {
    const auto rules = subject_.rules<ir::FileAccess>(ir::Effect::allow);
    for (const auto& [rule, access] : rules)
      if (!names_everything(access->paths)) collect_heads(*rule, *access);
    for (const Head& head : heads_) lower_head(head);
    for (const auto& [rule, access] : rules)
      if (!names_everything(access->paths)) say_heads(*rule, *access);
  }

 private:
  /// Directories that head denied trees, on which a rule allows what is denied beneath.
  struct Head {
    const ir::Rule* rule;
    ir::Verb verb;
    FileDenials::Rest rest;
    Part part;
  };

  void lower(const ir::Rule& rule, const ir::FileAccess& access) {
    rule_ = &rule;
    guard_ = subject_.guard(rule);
    if (access.owner) subject_.say(rule, Topic::owner);
    if (access.verbs.has(ir::Verb::load) && !access.verbs.has(ir::Verb::read)) subject_.say(rule, Topic::load);
    if (access.verbs.has(ir::Verb::mknod)) subject_.allow_self(guard_, "capability", "mknod", rule.where.span);
    const PathSet& set = meaning_.set(access.paths);
    if (names_everything(access.paths)) return lower_everything(access, set);
    bool any = false;
    for (const Part& part : subject_.parts_of(set, rule.where.span)) any |= lower_part(access, set, part);
    if (any) subject_.search_above(guard_, set, rule.where.span);
  }

  bool lower_part(const ir::FileAccess& access, const PathSet& set, const Part& part) {
    const Region& region = *part.region;
    bool any = false;
    std::map<const void*, PathSet> shared;  // most verbs are about the same objects
    for (ir::Verb verb : access.verbs.list()) {
      const PathSet all = meaning_.objects(verb, access.paths);
      const auto [known, fresh] = shared.try_emplace(all.identity());
      if (fresh) known->second = all & part.set;
      const PathSet& objects = known->second;
      if (objects.empty()) continue;
      const bool heads = region.is_own() && denials_.heads(verb).meets(objects);
      auto rest = denials_.subtract(verb, heads ? objects - denials_.heads(verb) : objects, guard_, &region);
      any |= heads || rest;
      if (rest) grant(verb, *rest, part);
    }
    if (any) say_what_else(set, region);
    return any;
  }

  void grant(ir::Verb verb, const FileDenials::Rest& rest, const Part& part) {
    const Region& region = *part.region;
    const ObjectScope scope = scope_of(rest.objects, region, part.kinds);
    const Span span = rule_->where.span;
    for (const auto& [class_name, permissions] : object_permissions(verb, scope))
      for (const auto& target : subject_.types(region, span)) {
        subject_.allow(rest.guard, target, class_name, permissions, span);
        if (class_name == "dir") say_kept_label(region);
        if (rule_->audit) audit(verb, scope, target, rest.guard);
      }
    const auto parent = parent_permissions(verb);
    if (parent.empty()) return;
    grant_parents(parent, rest, verb, region);
  }

  void audit(ir::Verb verb, ObjectScope scope, const std::string& target, const Guard& guard) {
    for (const auto& [class_name, permissions] : distinct_permissions(verb, scope))
      subject_.audit(guard, target, class_name, permissions, rule_->where.span);
  }

  void grant_parents(const std::vector<std::string_view>& permissions, const FileDenials::Rest& rest, ir::Verb verb,
                     const Region& region) {
    const Automaton members = rest.objects.automaton();
    const auto divided = subject_.context.labels.divide_above(rest.objects);
    for (const Part& above : divided->parts) {
      const Children children = children_in(members, above.set.automaton());
      if (!children.any) continue;
      say_kept_label(*above.region);
      for (const auto& target : subject_.types(*above.region, rule_->where.span))
        subject_.allow(rest.guard, target, "dir", permissions, rule_->where.span);
      if (verb == ir::Verb::create || verb == ir::Verb::mknod)
        wish(subject_, *rule_, region, *above.region, children, verb);
    }
  }

  /// About the folders of a region.
  void say_kept_label(const Region& region) {
    if (region.is_own() && region.kind == ir::Kind::device) subject_.say(*rule_, Topic::device_folders, region.types);
  }

  // ---- directories that head trees

  void collect_heads(const ir::Rule& rule, const ir::FileAccess& access) {
    for (ir::Verb verb : access.verbs.list()) {
      const PathSet heads = meaning_.objects(verb, access.paths) & denials_.heads(verb);
      if (heads.empty()) continue;
      for (const Part& part : subject_.context.labels.divide(heads)->parts) {
        if (!part.region->is_own()) continue;
        auto rest = denials_.subtract(verb, part.set, subject_.guard(rule), part.region);
        if (!rest) continue;
        for (const std::string& folder : folders_of(rest->objects)) folders_of_heads_.insert(folder);
        heads_.push_back({&rule, verb, std::move(*rest), part});
      }
    }
  }

  /// Grants it but for what a deny on the tree would no longer hold with.
  void lower_head(const Head& head) {
    rule_ = head.rule;
    guard_ = subject_.guard(*rule_);
    FileDenials::Rest rest = head.rest;
    for (const FileDenials::Denial& denial : denials_.all()) {
      if (!denial.access->verbs.has(head.verb)) continue;
      const PathSet denied = meaning_.objects(head.verb, denial.access->paths) & head.part.region->set;
      if (!may_be_done(head.verb, denied & PathSet::directories())) continue;
      subject_.say(*rule_, Topic::denied_beneath, head.part.region->types);
      if (denial.guard.is_always() || denial.guard == rest.guard) return;
      rest.guard = rest.guard.but_not(denial.guard);
    }
    grant(head.verb, rest, head.part);
  }

  /// Whether directories can be made, removed or moved away with a permission on them: their folders allow it.
  [[nodiscard]] bool may_be_done(ir::Verb verb, const PathSet& directories) const {
    if (directories.empty()) return false;
    const std::string_view needed = verb == ir::Verb::create ? "add_name" : "remove_name";
    const std::set<std::string> folders = folders_of(directories);
    return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
      return folders_of_heads_.contains(folder) ||
             granted(subject_.module, {subject_.type, folder, "dir"}).contains(std::string(needed));
    });
  }

  /// The types of the folders that the members of a set lie in.
  [[nodiscard]] std::set<std::string> folders_of(const PathSet& set) const {
    std::set<std::string> types;
    const Automaton members = set.automaton();
    for (const Part& above : subject_.context.labels.divide_above(set)->parts)
      if (children_in(members, above.set.automaton()).any)
        types.insert(above.region->types.begin(), above.region->types.end());
    return types;
  }

  /// What a rule allows on the entries of a tree is allowed on what heads it, where the folder of that allows it.
  void say_heads(const ir::Rule& rule, const ir::FileAccess& access) {
    for (ir::Verb verb : access.verbs.list()) {
      if (!ir::applies_to(verb, ir::ObjectClass::directory)) continue;
      const PathSet all = meaning_.set(access.paths) & PathSet::directories();
      const PathSet heads = all - allowed_with(rule, access, verb);
      if (heads.empty()) continue;
      for (const Part& part : subject_.context.labels.divide(heads)->parts)
        if (part.region->is_own() && is_granted(verb, *part.region) && may_be_done(verb, part.set))
          subject_.say(rule, Topic::directory_split, part.region->types);
    }
  }

  /// Whether the permission that a verb on directories asks for is there.
  [[nodiscard]] bool is_granted(ir::Verb verb, const Region& region) const {
    for (const auto& [class_name, permissions] : distinct_permissions(verb, {.directories = true}))
      for (const auto& type : region.types)
        if (granted(subject_.module, {subject_.type, type, std::string(class_name)})
                .contains(std::string(permissions.front())))
          return true;
    return false;
  }

  /// The objects on which rules allow a verb whenever one of them holds, as far as that is plain to see.
  [[nodiscard]] PathSet allowed_with(const ir::Rule& rule, const ir::FileAccess& access, ir::Verb verb) const {
    PathSet set;
    const Guard guard = subject_.guard(rule);
    for (const auto& [other, also] : subject_.rules<ir::FileAccess>(ir::Effect::allow)) {
      const Guard others = subject_.guard(*other);
      if (also->verbs.has(verb) && (access.owner || !also->owner) && (others.is_always() || others == guard))
        set = set | meaning_.objects(verb, also->paths);
    }
    return set;
  }

  // ---- what the target grants beyond the rule

  /// O_APPEND is asked for by a permission of its own, which comes with `write`.
  void say_appended(const ir::Rule& rule, const ir::FileAccess& access) {
    auto written = denials_.subtract(ir::Verb::write, meaning_.objects(ir::Verb::write, access.paths),
                                     subject_.guard(rule), nullptr);
    if (!written) return;
    bool more = !allowed_with(rule, access, ir::Verb::append).contains(written->objects);
    for (const auto& [denial, denied] : subject_.rules<ir::FileAccess>(ir::Effect::deny)) {
      if (!denied->verbs.has(ir::Verb::append)) continue;
      if (!meaning_.objects(ir::Verb::append, denied->paths).meets(written->objects)) continue;
      subject_.say(*denial, Topic::write);
      more = true;
    }
    if (more) subject_.say(rule, Topic::write);
  }

  /// What may be watched and is opened by another verb can be read.
  void say_watched(const ir::Rule& rule, const ir::FileAccess& access) {
    PathSet rest = meaning_.set(access.paths) & PathSet::non_directories();
    for (const auto& [other, also] : subject_.rules<ir::FileAccess>(ir::Effect::allow)) {
      const Guard guard = subject_.guard(*other);
      if (also->verbs.has(ir::Verb::read) && (guard.is_always() || guard == subject_.guard(rule)))
        rest = rest - meaning_.set(also->paths);
    }
    if (rest.empty()) return;
    std::vector<std::string> opened;
    for (const Part& part : subject_.context.labels.divide(rest)->parts)
      for (const auto& type : part.region->types)
        if (granted(subject_.module, {subject_.type, type, "file"}).contains("open")) opened.push_back(type);
    if (!opened.empty()) subject_.say(rule, Topic::watch, opened);
  }

  void say_what_else(const PathSet& set, const Region& region) {
    if (region.origin == Region::Origin::process) return subject_.say(*rule_, Topic::proc_files);
    if (region.is_own() && !set.contains(region.set) && !set.meets(PathSet::non_directories()))
      return subject_.say(*rule_, Topic::directory_split, region.types);
    subject_.say_shared(*rule_, set, region);
  }

  // ---- "/**": through attributes, so that types which come later are covered too

  void lower_everything(const ir::FileAccess& access, const PathSet& set) {
    for (ir::Verb verb : access.verbs.list()) {
      const PathSet objects = meaning_.objects(verb, access.paths);
      auto rest = denials_.subtract(verb, objects, guard_, nullptr);
      if (!rest) continue;
      const std::string target = everything_but(rest->objects, set);
      const ObjectScope scope{true, true, true};
      for (const auto& [class_name, permissions] : object_permissions(verb, scope))
        subject_.allow(rest->guard, target, class_name, permissions, rule_->where.span);
      subject_.allow(rest->guard, target, "dir", parent_permissions(verb), rule_->where.span);
      subject_.allow(rest->guard, target, "dir", "search getattr", rule_->where.span);
    }
  }

  /// An attribute of all types of files but those none of whose paths are wanted.
  std::string everything_but(const PathSet& objects, const PathSet& set) {
    std::map<std::string, bool> wanted;
    for (const Region& region : subject_.context.labels.regions()) {
      if (region.origin == Region::Origin::process || region.inherited) continue;
      const bool is_wanted = subject_.context.labels.reaches(region, objects) || !could_reach(objects, region, set);
      for (const auto& type : region.types) wanted[type] |= is_wanted;
    }
    std::set<std::string> without;
    for (const auto& [type, is_wanted] : wanted)
      if (!is_wanted) without.insert(type);
    const Span span = rule_->where.span;
    cil::Node all =
        cil::form("or", subject_.name(Name::file_types, span),
                  cil::form("or", subject_.name(Name::device_nodes, span), subject_.name(Name::filesystems, span)));
    if (!without.empty()) all = cil::form("and", std::move(all), cil::form("not", cil::Node::symbols(without)));
    return subject_.attribute_for(std::move(all), "files", rule_->where.span);
  }

  /// Whether a verb could have reached the region at all: `list` never reaches a region of files only.
  static bool could_reach(const PathSet& objects, const Region& region, const PathSet& set) {
    if (!region.set.meets(set)) return true;
    const bool files = objects.meets(PathSet::non_directories());
    return region.set.meets(files ? PathSet::non_directories() : PathSet::directories());
  }

  Subject& subject_;
  const ir::Meaning& meaning_;
  FileDenials denials_;
  const ir::Rule* rule_ = nullptr;
  Guard guard_;
  std::vector<Head> heads_;
  std::set<std::string> folders_of_heads_;
};

std::vector<std::string> created_classes(const Children& children, ir::Verb verb) {
  std::vector<std::string> list;
  if (verb == ir::Verb::mknod) return {"blk_file", "chr_file"};
  if (children.directories) list.emplace_back("dir");
  if (children.files) list.insert(list.end(), {"fifo_file", "file", "lnk_file", "sock_file"});
  return list;
}

}  // namespace

void wish(Subject& subject, const ir::Rule& rule, const Region& region, const Region& above, const Children& children,
          ir::Verb verb) {
  if (region.types.empty() || above.types.empty() || region.origin == Region::Origin::process) return;
  const Creation creation{region.types[0], children.wildcard, children.names, children.directory,
                          region.is_own(), region.what,       rule.where.span};
  for (const auto& parent : above.types)
    for (const auto& class_name : created_classes(children, verb))
      subject.creations[{parent, class_name}].push_back(creation);
}

void lower_files(Subject& subject) { FileLowering(subject).run(); }

void lower_heads(Subject& subject) { FileLowering(subject).run_heads(); }

}  // namespace macc::backends::selinux
