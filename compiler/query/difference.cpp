#include "compiler/query/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/ir/conditions.h"
#include "compiler/query/changes.h"
#include "compiler/query/gains.h"
#include "compiler/query/told.h"

namespace macc::query {

std::string_view word(Direction direction) {
  switch (direction) {
    case Direction::gained:
      return "gained";
    case Direction::lost:
      return "lost";
    case Direction::uncertain:
      return "uncertain";
  }
  return "";
}

namespace {

/// A boolean that is on now and was off gives at once what could only be switched on before.
std::vector<Redeclared> redeclared(const ir::Policy& before, const ir::Policy& after) {
  std::map<std::string, const ir::Boolean*> old_booleans;
  for (const ir::Boolean& b : before.booleans) old_booleans.emplace(name_of(b), &b);
  std::vector<Redeclared> out;
  for (const ir::Boolean& b : after.booleans) {
    const auto it = old_booleans.find(name_of(b));
    if (it != old_booleans.end() && it->second->value != b.value) out.push_back({name_of(b), b.value, b.span});
  }
  return out;
}

// ---- one domain

std::set<Operation> operations_of(const Side& a, const Side& b) {
  std::set<Operation> out;
  for (const Side* side : {&a, &b})
    for (const auto& [operation, terms] : side->permissions) out.insert(operation);
  return out;
}

Change plain(Direction direction, std::string what, bool in_old, const ir::Provenance& where) {
  Change out;
  out.direction = direction;
  out.area = Area::entry;
  out.what = std::move(what);
  out.where = where;
  out.in_old = in_old;
  return out;
}

/// A raw text with the paths that names in it stand for: they decide what it grants, too. How far its lines are from
/// the margin says nothing on any platform; where they end does, behind a comment.
std::string text_of(const ir::Policy& policy, const ir::RawText& raw) {
  constexpr std::string_view kBlanks = " \t\r";
  std::string out;
  for (std::size_t begin = 0; begin < raw.text.size();) {
    const std::size_t end = std::min(raw.text.find('\n', begin), raw.text.size());
    const std::string_view line = std::string_view(raw.text).substr(begin, end - begin);
    begin = end + 1;
    const std::size_t first = line.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) continue;
    out += (out.empty() ? "" : "\n") + std::string(line.substr(first, line.find_last_not_of(kBlanks) - first + 1));
  }
  for (const auto& [name, id] : raw.resources) {
    const ir::PathExpr& paths = policy.resource(id).paths;
    out += fmt::format(" ${{{}}}:", name);
    for (const paths::PathPattern& p : paths.include) out += " " + p.text();
    if (!paths.exclude.empty()) out += " except";
    for (const paths::PathPattern& p : paths.exclude) out += " " + p.text();
  }
  return out;
}

std::set<std::string> raw_texts(const Side& side) {
  std::set<std::string> out;
  if (side.domain() == nullptr) return out;
  for (const ir::RawText& raw : side.domain()->raw) out.insert(raw.backend + "\n" + text_of(side.policy(), raw));
  return out;
}

class DomainComparison {
 public:
  DomainComparison(const ir::Meaning& before, ir::DomainId old_id, const ir::Meaning& after, ir::DomainId new_id,
                   const std::set<std::string>& switched, const std::vector<paths::PathPattern>& sensitive)
      : before_(side(before, old_id)), after_(side(after, new_id)), switched_(switched), sensitive_(sensitive) {
    const Side& there = new_id == ir::DomainId::none ? before_ : after_;
    name_ = there.policy().qualified_name(there.id);
  }

  DomainDifference run() {
    DomainDifference out;
    out.domain = name_;
    if (before_.domain() == nullptr) out.kind = DomainDifference::Kind::added;
    if (after_.domain() == nullptr) out.kind = DomainDifference::Kind::removed;
    settings();
    raw();
    replacements();
    std::vector<Piece> pieces;
    const std::set<Operation> operations = operations_of(before_, after_);
    for (const Operation& operation : operations) add_pieces(operation, pieces);
    const Teller teller(before_, after_, sensitive_);
    for (Change& change : changes_from(std::move(pieces), operations, before_, after_, teller))
      changes_.push_back(std::move(change));
    out.changes = std::move(changes_);
    return out;
  }

 private:
  static Side side(const ir::Meaning& meaning, ir::DomainId id) {
    Side out{meaning, id, {}};
    if (id != ir::DomainId::none) out.permissions = permissions_of(meaning.policy(), id);
    return out;
  }

  void add_pieces(const Operation& operation, std::vector<Piece>& pieces) {
    if (is_always_there(operation, name_)) return;
    const Concerned terms(before_, after_, operation, switched_);
    if (terms.before.empty() && terms.after.empty()) return;
    std::set<std::string> names;
    add_names(after_.policy(), terms.after, names);
    add_names(before_.policy(), terms.before, names);
    const bool switched = std::any_of(names.begin(), names.end(), [&](const auto& n) { return switched_.contains(n); });
    const std::vector<std::string> switches(names.begin(), names.end());
    if (switches.size() > kMaxSwitches) {
      untold(fmt::format("`{}` depends on {} booleans, at most {} can be compared", operation.verb, switches.size(),
                         kMaxSwitches));
      return;
    }
    try {
      for (const bool gained : {true, false}) {
        const OneWay way(gained ? after_ : before_, gained ? before_ : after_, operation,
                         gained ? Direction::gained : Direction::lost, gained ? terms.after : terms.before,
                         gained ? terms.before : terms.after);
        for (Piece& piece : way.run(switches)) pieces.push_back(std::move(piece));
        if (switched) add_switched(way, operation, names, pieces);
      }
    } catch (const paths::TooComplex&) {
      untold(fmt::format("the paths of `{}` are too complex to be compared", operation.verb));
    }
  }

  /// What comes or goes since a boolean is declared with another value.
  void add_switched(const OneWay& way, const Operation& operation, const std::set<std::string>& names,
                    std::vector<Piece>& pieces) {
    for (Piece& piece : way.by_default()) {
      const bool known = std::any_of(pieces.begin(), pieces.end(), [&](const Piece& other) {
        return other.operation == operation && other.direction == piece.direction &&
               other.term.rule == piece.term.rule && (piece.extent - other.extent).empty();
      });
      if (known) continue;
      std::vector<std::string> otherwise;
      std::set_intersection(switched_.begin(), switched_.end(), names.begin(), names.end(),
                            std::back_inserter(otherwise));
      piece.when = fmt::format("by default: `{}` is declared otherwise", fmt::join(otherwise, "`, `"));
      pieces.push_back(std::move(piece));
    }
  }

  void uncertain(std::string what) {
    const bool in_old = after_.domain() == nullptr;
    const Side& there = in_old ? before_ : after_;
    changes_.push_back(plain(Direction::uncertain, std::move(what), in_old, there.domain()->where));
  }

  void untold(std::string what) {
    uncertain(std::move(what));
    changes_.back().untold = true;
  }

  /// How the domain is held to its rules.
  void settings() {
    const ir::Domain* old_domain = before_.domain();
    const ir::Domain* new_domain = after_.domain();
    if (old_domain == nullptr || new_domain == nullptr) {
      const ir::Domain& there = old_domain == nullptr ? *new_domain : *old_domain;
      if (old_domain != nullptr) {
        changes_.push_back(plain(Direction::uncertain, "its programs are no longer confined by it", true, there.where));
      } else if (there.complain) {
        changes_.push_back(plain(Direction::gained, "everything: mode complain", false, there.where));
      }
      return;
    }
    if (old_domain->complain != new_domain->complain) {
      const bool gained = new_domain->complain;
      changes_.push_back(plain(gained ? Direction::gained : Direction::lost,
                               "everything that is not allowed: mode complain", !gained,
                               (gained ? new_domain : old_domain)->where));
    }
    if (old_domain->level != new_domain->level) {
      const auto text = [](const std::string& level) { return level.empty() ? "none" : "\"" + level + "\""; };
      uncertain(fmt::format("level {}, before {}", text(new_domain->level), text(old_domain->level)));
    }
  }

  /// What raw texts say is not part of the meaning.
  void raw() {
    const std::set<std::string> now = raw_texts(after_);
    const std::set<std::string> then = raw_texts(before_);
    const auto differ = [&](const Side& side, const std::set<std::string>& others, bool in_old) {
      if (side.domain() == nullptr) return;
      for (const ir::RawText& raw : side.domain()->raw) {
        std::string text = text_of(side.policy(), raw);
        if (others.contains(raw.backend + "\n" + text)) continue;
        changes_.push_back(plain(Direction::uncertain, fmt::format("raw {}{}", raw.backend, in_old ? ", gone" : ""),
                                 in_old, raw.where));
        changes_.back().text = std::move(text);
      }
    };
    differ(after_, then, false);
    differ(before_, now, true);
  }

  /// Policies of the system that this one takes the place of.
  void replacements() {
    const auto names = [](const Side& side) {
      std::map<std::string, Span> out;
      if (side.domain() == nullptr) return out;
      for (const ir::Replacement& one : side.domain()->replaces)
        out.emplace(fmt::format("replaces {} \"{}\"", one.backend, one.what), one.span);
      return out;
    };
    const auto now = names(after_);
    const auto then = names(before_);
    for (const auto& [text, span] : now)
      if (!then.contains(text)) changes_.push_back(plain(Direction::uncertain, text, false, {span, {}}));
    for (const auto& [text, span] : then)
      if (!now.contains(text)) changes_.push_back(plain(Direction::uncertain, text + ", gone", true, {span, {}}));
  }

  Side before_, after_;
  const std::set<std::string>& switched_;  // the booleans that are declared with another value now
  const std::vector<paths::PathPattern>& sensitive_;
  std::string name_;
  std::vector<Change> changes_;
};

std::map<std::string, ir::DomainId> by_name(const ir::Policy& policy) {
  std::map<std::string, ir::DomainId> out;
  for (std::size_t i = 0; i < policy.domains.size(); ++i) {
    const auto id = static_cast<ir::DomainId>(i);
    if (!policy.domain(id).external) out.emplace(policy.qualified_name(id), id);
  }
  return out;
}

// ---- resources

std::string kind_of(const ir::Resource& resource) {
  return resource.kind ? std::string(ir::word(*resource.kind)) : "none";
}

/// What a resource is called in both policies, though it may be renamed: its patterns.
std::string patterns_of(const ir::Resource& resource) {
  std::vector<std::string> out;
  for (const paths::PathPattern& p : resource.paths.include) out.push_back("+" + p.text());
  for (const paths::PathPattern& p : resource.paths.exclude) out.push_back("-" + p.text());
  std::sort(out.begin(), out.end());
  return fmt::format("{}", fmt::join(out, "\n"));
}

/// Each way in which what is known of a resource differs, in words.
std::vector<std::string> differences(const ir::Policy& before, const ir::Resource& then, const ir::Policy& after,
                                     const ir::Resource& now) {
  std::vector<std::string> out;
  const auto value = [&out](std::string_view what, const std::string& new_value, const std::string& old_value) {
    if (new_value != old_value) out.push_back(fmt::format("{} {}, before {}", what, new_value, old_value));
  };
  const auto flag = [&out](std::string_view what, bool is, bool was) {
    if (is != was) out.push_back(fmt::format("{}{}", what, is ? "" : ", gone"));
  };
  const auto level = [](const ir::Resource& r) { return r.level.empty() ? "none" : "\"" + r.level + "\""; };
  const auto server = [](const ir::Policy& policy, const ir::Resource& r) {
    return r.server == ir::DomainId::none ? "none" : policy.qualified_name(r.server);
  };
  if (!now.external && !then.external) value("kind", kind_of(now), kind_of(then));
  flag("external", now.external, then.external);
  flag("adopt", now.adopt, then.adopt);
  flag("relabel", now.relabel, then.relabel);
  value("level", level(now), level(then));
  value("by", server(after, now), server(before, then));
  return out;
}

/// What makes a resource without a counterpart more than a name for paths: its files are labelled otherwise than the
/// system says, or for some levels only.
std::vector<std::string> novelties(const ir::Resource& resource) {
  std::vector<std::string> out;
  if (resource.adopt) out.emplace_back("adopt");
  if (resource.relabel) out.emplace_back("relabel");
  if (!resource.level.empty()) out.push_back("level \"" + resource.level + "\"");
  return out;
}

/// The resource of a policy that has this name, else the first with these patterns.
class ResourceIndex {
 public:
  explicit ResourceIndex(const ir::Policy& policy) {
    for (std::size_t i = 0; i < policy.resources.size(); ++i) {
      const auto id = static_cast<ir::ResourceId>(i);
      by_name_.emplace(policy.qualified_name(id), id);
      by_patterns_.emplace(patterns_of(policy.resource(id)), id);
    }
  }
  [[nodiscard]] std::optional<ir::ResourceId> find(const std::string& name, const ir::Resource& resource) const {
    if (const auto it = by_name_.find(name); it != by_name_.end()) return it->second;
    const auto it = by_patterns_.find(patterns_of(resource));
    return it == by_patterns_.end() ? std::nullopt : std::optional(it->second);
  }

 private:
  std::map<std::string, ir::ResourceId> by_name_, by_patterns_;
};

class ResourceComparison {
 public:
  ResourceComparison(const ir::Meaning& before, const ir::Meaning& after)
      : before_(before), after_(after), old_resources_(before.policy()), new_resources_(after.policy()) {}

  std::vector<ResourceDifference> run() {
    const ir::Policy& after = after_.policy();
    for (std::size_t i = 0; i < after.resources.size(); ++i) {
      const std::string name = after.qualified_name(static_cast<ir::ResourceId>(i));
      const ir::Resource& now = after.resources[i];
      const auto then = old_resources_.find(name, now);
      for (const std::string& what :
           then ? differences(before_.policy(), before_.policy().resource(*then), after, now) : novelties(now))
        add(name, what, false, now.where);
    }
    for (std::size_t i = 0; i < before_.policy().resources.size(); ++i) check_gone(static_cast<ir::ResourceId>(i));
    std::stable_sort(out_.begin(), out_.end(), [](const auto& a, const auto& b) { return a.resource < b.resource; });
    return std::move(out_);
  }

 private:
  ResourceDifference& add(const std::string& name, const std::string& what, bool in_old, const ir::Provenance& where) {
    out_.push_back({name, plain(Direction::uncertain, what, in_old, where)});
    out_.back().change.area = Area::files;
    return out_.back();
  }

  /// Files that no resource covers any more have the system's labels, which its programs have rules for. Where its
  /// domain is gone, that says enough.
  void check_gone(ir::ResourceId id) {
    const ir::Policy& before = before_.policy();
    const ir::Resource& then = before.resource(id);
    const std::string name = before.qualified_name(id);
    if (then.external || (then.owner != ir::DomainId::none && !has_domain(before.qualified_name(then.owner)))) return;
    const auto same = new_resources_.find(name, then);
    if (same && patterns_of(after_.policy().resource(*same)) == patterns_of(then)) return;
    try {
      const ir::PathExpr all = extent_of(then);
      paths::PathSet rest = before_.set(all) - covered(traits_of(then));
      // How its counterpart differs is told of all of that.
      if (same && !rest.empty()) rest = rest - after_.set(extent_of(after_.policy().resource(*same)));
      if (rest.empty()) return;
      Change& change = add(name, kind_of(then) + ", gone", true, then.where).change;
      change.sets = {rest};
      change.example = rest.example().value_or("");
      tell(rest, all, change);
    } catch (const paths::TooComplex&) {
      add(name, "its paths are too complex to be compared", true, then.where).change.untold = true;
    }
  }

  [[nodiscard]] bool has_domain(const std::string& name) const {
    const auto& domains = after_.policy().domains;
    for (std::size_t i = 0; i < domains.size(); ++i)
      if (after_.policy().qualified_name(static_cast<ir::DomainId>(i)) == name) return true;
    return false;
  }

  static std::string traits_of(const ir::Resource& resource) {
    return fmt::format("{} {}", kind_of(resource), fmt::join(novelties(resource), " "));
  }

  /// All paths of the newer policy's own resources that are labelled alike.
  const paths::PathSet& covered(const std::string& traits) {
    const auto [it, fresh] = covered_.try_emplace(traits);
    if (fresh) {
      for (const ir::Resource& resource : after_.policy().resources)
        if (!resource.external && traits_of(resource) == traits)
          it->second = it->second | after_.set(extent_of(resource));
    }
    return it->second;
  }

  /// The paths of a resource, without those of resources inside it.
  static ir::PathExpr extent_of(const ir::Resource& resource) {
    ir::PathExpr out = resource.paths;
    out.holes = resource.inside;
    return out;
  }

  void tell(const paths::PathSet& rest, const ir::PathExpr& all, Change& change) const {
    constexpr std::size_t kReadable = 8;
    change.paths = texts(all.include);
    const bool simple = std::all_of(all.holes.begin(), all.holes.end(), [&](ir::ResourceId hole) {
      return before_.policy().resource(hole).paths.exclude.empty();
    });
    if (simple && rest.contains(before_.set(all))) {
      change.except = texts(all.exclude);
      for (const ir::ResourceId hole : all.holes)
        for (std::string& text : texts(before_.policy().resource(hole).paths.include))
          change.except.push_back(std::move(text));
      return;
    }
    std::vector<paths::PathPattern> whole;
    paths::PathSet told;
    for (const paths::PathPattern& p : all.include) {
      const auto set = paths::PathSet::of(p);
      if (!rest.contains(set)) continue;
      whole.push_back(p);
      told = told | set;
    }
    const auto patterns = told.contains(rest) ? std::optional(whole) : rest.as_patterns(kReadable);
    change.exact = patterns.has_value();
    if (patterns) change.paths = texts(*patterns);
  }

  const ir::Meaning& before_;
  const ir::Meaning& after_;
  const ResourceIndex old_resources_, new_resources_;
  std::map<std::string, paths::PathSet> covered_;  // by what they have in common
  std::vector<ResourceDifference> out_;
};

// ---- promises

/// The promises of a domain, read as if they were rules: sets are compared, not texts.
class Promises {
 public:
  Promises(const ir::Meaning& meaning, ir::DomainId id) : meaning_(meaning) {
    for (const ir::Obligation& never : meaning.policy().domain(id).never) {
      ir::Rule rule;
      rule.access = never.access;
      rule.where = never.where;
      rules_.push_back(std::move(rule));
    }
    permissions_ = promises_of(meaning.policy(), id, rules_);
  }

  [[nodiscard]] const std::vector<ir::Rule>& rules() const { return rules_; }

  /// The promises that others leave out something of.
  [[nodiscard]] std::set<const ir::Rule*> given_up_by(const Promises& now) const {
    std::set<const ir::Rule*> out;
    for (const auto& [operation, terms] : permissions_) {
      const Speakers kept(now.meaning_, terms_for(now.permissions_, operation));
      for (const Term& term : terms) {
        if (!out.contains(term.rule) && !is_kept(Said(meaning_, term), kept.allows)) out.insert(term.rule);
      }
    }
    return out;
  }

 private:
  static bool is_kept(const Said& promise, const std::vector<Said>& kept) {
    const bool same =
        std::any_of(kept.begin(), kept.end(), [&](const Said& one) { return one.print() == promise.print(); });
    if (same) return true;
    Extent left = promise.extent();
    for (const Said& one : kept) {
      if (!promise.surely_apart(one)) left = left - one.extent();
    }
    return left.empty();
  }

  const ir::Meaning& meaning_;
  std::vector<ir::Rule> rules_;
  Permissions permissions_;
};

using ByPromise = std::map<std::pair<Span, std::string>, std::vector<std::string>>;

void compare_promises(const ir::Meaning& before, ir::DomainId old_id, const ir::Meaning& after, ir::DomainId new_id,
                      ByPromise& given_up) {
  const Promises then(before, old_id);
  const Promises now(after, new_id);
  const auto gone = then.given_up_by(now);
  for (const ir::Rule& promise : then.rules()) {
    if (gone.contains(&promise))
      given_up[{promise.where.span, ir::describe(before.policy(), promise.access)}].push_back(
          before.policy().qualified_name(old_id));
  }
}

}  // namespace

Difference compare(const ir::Meaning& before, const ir::Meaning& after,
                   const std::vector<paths::PathPattern>& sensitive) {
  const auto old_domains = by_name(before.policy());
  const auto new_domains = by_name(after.policy());
  std::set<std::string> names;
  for (const auto* side : {&old_domains, &new_domains})
    for (const auto& [name, id] : *side) names.insert(name);
  Difference out;
  out.defaults = redeclared(before.policy(), after.policy());
  std::set<std::string> switched;
  for (const Redeclared& boolean : out.defaults) switched.insert(boolean.boolean);
  ByPromise given_up;
  const auto id_in = [](const auto& domains, const std::string& name) {
    const auto it = domains.find(name);
    return it == domains.end() ? ir::DomainId::none : it->second;
  };
  for (const std::string& name : names) {
    const ir::DomainId old_id = id_in(old_domains, name);
    const ir::DomainId new_id = id_in(new_domains, name);
    DomainDifference one = DomainComparison(before, old_id, after, new_id, switched, sensitive).run();
    if (!one.changes.empty() || one.kind != DomainDifference::Kind::changed) out.domains.push_back(std::move(one));
    if (old_id != ir::DomainId::none && new_id != ir::DomainId::none)
      compare_promises(before, old_id, after, new_id, given_up);
  }
  out.resources = ResourceComparison(before, after).run();
  for (const auto& [promise, domains] : given_up)
    out.promises.push_back({"never " + promise.second, domains, promise.first});
  return out;
}

}  // namespace macc::query
