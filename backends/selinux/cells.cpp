#include "backends/selinux/cells.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "backends/selinux/contexts.h"

namespace macc::backends::selinux {
namespace {

using paths::PathPattern;
using paths::PathSet;

/// A pattern along which a resource may have to be split.
struct Cut {
  PathPattern pattern;
  PathSet set;
  Span span;  ///< of the first rule that asks
  ir::DomainId domain;
  Origins origins;
};

/// What a rule says about labelled paths.
struct Use {
  std::vector<std::string> actions;
  std::size_t domain;
  ir::Effect effect;
  bool audit;
  std::string guard;
};

/// A set with the rules that speak of it. What comes from one abstraction speaks of the same sets in all domains.
struct UsedSet {
  PathSet set;
  std::vector<Use> uses;
};

/// The paths of an access that have labels of their own, and what is done there; null when there are none.
const ir::PathExpr* labelled_paths(const ir::Access& access, std::vector<std::string>& actions) {
  if (const auto* file = std::get_if<ir::FileAccess>(&access)) {
    for (ir::Verb verb : file->verbs.list()) actions.emplace_back(ir::word(verb));
    return &file->paths;
  }
  const ir::PathExpr* paths = nullptr;
  if (const auto* exec = std::get_if<ir::ExecAccess>(&access); exec && exec->mode != ir::ExecAccess::Mode::transition) {
    actions.emplace_back("exec");
    paths = &exec->paths;
  }
  if (const auto* unix_socket = std::get_if<ir::UnixAccess>(&access);
      unix_socket && unix_socket->abstract_name.empty()) {
    actions.emplace_back(unix_socket->listen ? "listen unix" : "connect unix");
    paths = &unix_socket->paths;
  }
  if (const auto* use = std::get_if<ir::UseAccess>(&access); use && !use->paths.include.empty()) {
    actions.emplace_back("use");
    paths = &use->paths;
  }
  return paths;
}

bool literal_head(const PathPattern& pattern) {
  if (pattern.tail() == paths::Tail::directory) return false;
  if (pattern.anchor() == PathPattern::Anchor::home) return false;
  const auto& components = pattern.components();
  return std::all_of(components.begin(), components.end(), [](const paths::Component& component) {
    return !component.any_depth && std::all_of(component.atoms.begin(), component.atoms.end(), [](const auto& atom) {
      return std::holds_alternative<paths::Literal>(atom.value);
    });
  });
}

class CellPlanner {
 public:
  CellPlanner(const Input& input, NameTable& names, Diagnostics& diagnostics)
      : input_(input), policy_(input.policy), names_(names), diagnostics_(diagnostics) {}

  CellPlan run() {
    plan_entries();
    collect_uses();
    for (std::size_t i = 0; i < policy_.resources.size(); ++i) plan_resource(static_cast<ir::ResourceId>(i));
    return std::move(plan_);
  }

 private:
  // ---- executables

  void plan_entries() {
    std::map<ir::DomainId, std::vector<std::pair<const ir::PathExpr*, Span>>> by_domain;
    for (std::size_t i = 0; i < policy_.domains.size(); ++i) {
      const auto id = static_cast<ir::DomainId>(i);
      if (policy_.domains[i].external) continue;
      for (const auto& entry : policy_.domains[i].entries)
        if (entry.from != ir::Entry::From::unit) by_domain[id].push_back({&entry.paths, entry.where.span});
    }
    for (const auto& domain : policy_.domains)
      for (const auto& rule : domain.rules) {
        const auto* exec = std::get_if<ir::ExecAccess>(&rule.access);
        if (exec == nullptr || exec->mode != ir::ExecAccess::Mode::transition || rule.effect != ir::Effect::allow)
          continue;
        if (exec->target == ir::DomainId::none || policy_.domain(exec->target).external) continue;
        by_domain[exec->target].push_back({&exec->paths, rule.where.span});
      }
    for (const auto& [id, list] : by_domain) plan_entry(id, list);
  }

  void plan_entry(ir::DomainId id, const std::vector<std::pair<const ir::PathExpr*, Span>>& expressions) {
    const ir::Domain& domain = policy_.domain(id);
    Region region;
    region.origin = Region::Origin::entry;
    region.types = {exec_type(domain)};
    region.domain = id;
    region.module = domain.module;
    region.what = "the executable of domain " + policy_.qualified_name(id);
    region.span = expressions.front().second;
    for (const auto& [expression, span] : expressions) {
      region.set = region.set | (input_.meaning.set(*expression) & PathSet::non_directories());
      add_elements(*expression, kinds::file, domain.module, span);
    }
    for (std::size_t other : entry_index_.near(region.set))
      if (plan_.cells[other].set.meets(region.set)) report_entry_overlap(plan_.cells[other], region);
    names_.claim(region.types[0], region.what, region.span);
    entry_index_.add(region.set, plan_.cells.size());
    plan_.cells.push_back(std::move(region));
  }

  void report_entry_overlap(const Region& first, const Region& second) {
    const std::string example = (first.set & second.set).example().value_or("");
    diagnostics_
        .report(Code::E1006, second.span,
                "`" + printable(example) + "` would enter " + first.what.substr(first.what.find("domain")) + " and " +
                    second.what.substr(second.what.find("domain")))
        .also(first.span, "entered here first");
  }

  void add_elements(const ir::PathExpr& expression, Kinds kinds, const std::string& module, Span span) {
    for (const auto& pattern : expression.include) add_element(pattern, kinds, module, {span});
    for (const auto& pattern : expression.exclude) add_element(pattern, kinds, module, {span});
  }

  /// `origins` are not empty.
  void add_element(const PathPattern& pattern, Kinds kinds, const std::string& module, const Origins& origins) {
    const std::string key = pattern.text() + (pattern.excludes_top() ? " beneath" : "");
    const auto [known, fresh] = known_elements_.try_emplace({key, kinds}, plan_.elements.size());
    if (!fresh) {
      if (known->second < plan_.elements.size()) add_origins(plan_.elements[known->second].origins, origins);
      return;
    }
    PathSet set = PathSet::of(pattern);
    if (kinds == kinds::file) set = set & PathSet::non_directories();
    if (set.empty()) {
      known->second = kNoElement;
      return;
    }
    plan_.elements.push_back({pattern, set, element_kinds(pattern, kinds), module, origins.front().span, origins});
  }

  // ---- what rules say, and where they cut

  void collect_uses() {
    for (std::size_t i = 0; i < policy_.domains.size(); ++i)
      for (const auto& rule : policy_.domains[i].rules) {
        std::vector<std::string> actions;
        const ir::PathExpr* paths = labelled_paths(rule.access, actions);
        if (paths == nullptr) continue;
        used_set(input_.meaning.set(*paths))
            .uses.push_back(
                {std::move(actions), i, rule.effect, rule.audit, Guard::of(policy_, rule.condition).text()});
        collect_cuts(rule, *paths, static_cast<ir::DomainId>(i));
      }
  }

  UsedSet& used_set(const PathSet& set) {
    const auto [it, fresh] = known_sets_.emplace(set.identity(), used_sets_.size());
    if (fresh) {
      used_index_.add(set, used_sets_.size());
      used_sets_.push_back({set, {}});
    }
    return used_sets_[it->second];
  }

  /// A deny and an `except` must hold, so they always cut. What an allow grants too much where it does not cut is
  /// said as wider, and a type that only a wildcard tells apart would be lost for files that are made later.
  void collect_cuts(const ir::Rule& rule, const ir::PathExpr& paths, ir::DomainId domain) {
    if (paths.resource == ir::ResourceId::none)
      for (const auto& pattern : paths.include)
        if (rule.effect == ir::Effect::deny || literal_head(pattern)) add_cut(pattern, rule.where.span, domain);
    for (const auto& pattern : paths.exclude) add_cut(pattern, rule.where.span, domain);
  }

  void add_cut(const PathPattern& pattern, Span span, ir::DomainId domain) {
    const std::string key = pattern.text() + (pattern.excludes_top() ? " beneath" : "");
    const auto [known, fresh] = known_cuts_.try_emplace(key, cuts_.size());
    if (!fresh) return add_origin(cuts_[known->second].origins, span);
    cuts_.push_back({pattern, PathSet::of(pattern), span, domain, {span}});
    cut_index_.add(cuts_.back().set, cuts_.size() - 1);
  }

  // ---- resources

  void plan_resource(ir::ResourceId id) {
    const ir::Resource& resource = policy_.resource(id);
    if (resource.external) return;
    Region region;
    region.set = input_.meaning.region(id);
    region.resource = id;
    region.kind = resource.kind;
    region.module = resource.module;
    region.what = "resource " + policy_.qualified_name(id);
    region.span = resource.where.span;
    if (resource.adopt) {
      region.origin = Region::Origin::adopted;
      plan_.adopted.push_back(std::move(region));
      return;
    }
    for (std::size_t entry : entry_index_.near(region.set)) region.set = region.set - plan_.cells[entry].set;
    add_elements(resource.paths, kinds::all, resource.module, resource.where.span);
    split(std::move(region));
  }

  struct Atom {
    PathSet set;
    int cut = -1;  ///< the last cut that it lies in
  };

  void split(Region region) {
    std::vector<Atom> atoms = {{region.set, -1}};
    for (std::size_t c : cut_index_.near(region.set)) {
      if (!cuts_[c].set.meets(region.set)) continue;
      atoms = cut_atoms(atoms, static_cast<int>(c));
      if (atoms.size() > kMaxCells) return report_too_many(region);
    }
    emit_cells(region, merge(atoms));
  }

  std::vector<Atom> cut_atoms(const std::vector<Atom>& atoms, int index) {
    const PathSet& set = cuts_[static_cast<std::size_t>(index)].set;
    std::vector<Atom> result;
    for (const Atom& atom : atoms) {
      if (set.contains(atom.set)) {
        result.push_back({atom.set, index});
        continue;
      }
      Atom inside{atom.set & set, index};
      if (inside.set.empty()) {
        result.push_back(atom);
        continue;
      }
      Atom outside{atom.set - set, atom.cut};
      if (!outside.set.empty()) result.push_back(std::move(outside));
      result.push_back(std::move(inside));
    }
    return result;
  }

  void report_too_many(const Region& region) {
    auto& diagnostic =
        diagnostics_.report(Code::E1005, region.span,
                            "the rules cut " + region.what + " into more than " + std::to_string(kMaxCells) + " types");
    int shown = 0;
    for (std::size_t c : cut_index_.near(region.set))
      if (cuts_[c].set.meets(region.set) && ++shown <= 8)
        diagnostic.also(cuts_[c].span, "`" + printable(cuts_[c].pattern.text()) + "`");
  }

  /// Atoms that every rule treats alike become one cell. The first holds what lies in no cut, if anything does.
  std::vector<Atom> merge(const std::vector<Atom>& atoms) {
    if (atoms.size() == 1) return atoms;
    std::vector<Atom> cells;
    std::map<std::string, std::size_t> known;
    for (const Atom& atom : atoms) {
      auto [it, fresh] = known.try_emplace(signature(atom.set), cells.size());
      if (fresh)
        cells.push_back(atom);
      else
        join(cells[it->second], atom);
    }
    auto uncut = std::find_if(cells.begin(), cells.end(), [](const Atom& cell) { return cell.cut < 0; });
    if (uncut != cells.end()) std::rotate(cells.begin(), uncut, uncut + 1);
    return cells;
  }

  static void join(Atom& cell, const Atom& atom) {
    cell.set = cell.set | atom.set;
    cell.cut = std::min(cell.cut, atom.cut);
  }

  /// What the rules of all domains say about a set that no cut divides.
  std::string signature(const PathSet& set) {
    std::map<std::pair<std::size_t, std::string>, std::pair<std::set<std::string>, std::set<std::string>>> actions;
    for (std::size_t u : used_index_.near(set)) {
      if (!used_sets_[u].set.meets(set)) continue;
      for (const Use& use : used_sets_[u].uses)
        for (const auto& action : use.actions) {
          auto& [allows, denies] = actions[{use.domain, action}];
          (use.effect == ir::Effect::allow ? allows : denies).insert(use.guard);
          if (use.audit) actions[{use.domain, "audit " + action}].first.insert(use.guard);
        }
    }
    std::string text;
    for (auto& [key, guards] : actions) text += describe(key.first, key.second, guards.first, guards.second);
    return text;
  }

  static std::string describe(std::size_t domain, const std::string& action, const std::set<std::string>& allows,
                              const std::set<std::string>& denies) {
    if (allows.empty() || denies.count("") != 0) return "";
    std::string text = std::to_string(domain) + " " + action + ":";
    if (allows.count("") != 0)
      text += "always";
    else
      for (const auto& guard : allows) text += guard + "|";
    text += "-";
    for (const auto& guard : denies) text += guard + "|";
    return text + ";";
  }

  void emit_cells(const Region& region, const std::vector<Atom>& cells) {
    const std::string main = resource_type(policy_, policy_.resource(region.resource));
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (cells[i].set.empty()) continue;
      Region cell = region;
      cell.set = cells[i].set;
      if (i == 0) {
        cell.types = {main};
      } else {
        cell.types = {cell_name(main, cells[i])};
        const Cut& cut = cuts_[static_cast<std::size_t>(std::max(cells[i].cut, 0))];
        cell.what += " (" + cut.pattern.text() + ")";
        cell.cut = cut.span;
      }
      names_.claim(cell.types[0], cell.what, cell.span);
      plan_.cells.push_back(std::move(cell));
    }
    if (cells.size() > 1) add_cut_elements(region);
  }

  std::string cell_name(const std::string& main, const Atom& atom) {
    const PathPattern& pattern = cuts_[static_cast<std::size_t>(std::max(atom.cut, 0))].pattern;
    std::string last;
    for (const auto& component : pattern.components())
      if (!component.any_depth && !component.atoms.empty()) last = component_text(component);
    const std::string stem = main.substr(0, main.size() - 2) + "_" + identifier(last);
    std::string name = stem + "_t";
    for (int n = 2; !names_.owner(name).empty(); ++n) name = stem + "_" + std::to_string(n) + "_t";
    return name;
  }

  static std::string component_text(const paths::Component& component) {
    std::string text;
    for (const auto& atom : component.atoms) {
      const auto* literal = std::get_if<paths::Literal>(&atom.value);
      text += literal != nullptr ? literal->bytes : "any";
    }
    return text;
  }

  void add_cut_elements(const Region& region) {
    for (std::size_t c : cut_index_.near(region.set))
      if (cuts_[c].set.meets(region.set) && !cuts_[c].set.contains(region.set)) add_inside(cuts_[c], region);
  }

  /// A cut that reaches beyond the resource is written as what it has in common with it.
  void add_inside(const Cut& cut, const Region& region) {
    const PathSet extent = input_.meaning.extent(region.resource);
    if (extent.contains(cut.set)) {
      add_element(cut.pattern, kinds::all, region.module, cut.origins);
      return;
    }
    auto patterns = (extent & cut.set).as_patterns(kMaxCells);
    if (!patterns) {
      diagnostics_.report(
          Code::E1008, cut.span,
          "the part of `" + printable(cut.pattern.text()) + "` in " + region.what + " cannot be written as patterns");
      return;
    }
    for (const auto& pattern : *patterns) add_element(pattern, kinds::all, region.module, cut.origins);
  }

  const Input& input_;
  const ir::Policy& policy_;
  NameTable& names_;
  Diagnostics& diagnostics_;
  CellPlan plan_;
  static constexpr std::size_t kNoElement = SIZE_MAX;
  std::map<std::pair<std::string, Kinds>, std::size_t> known_elements_;  ///< by pattern and kinds
  paths::PathIndex entry_index_;                                         ///< of cells that are entries
  std::vector<Cut> cuts_;
  std::map<std::string, std::size_t> known_cuts_;
  paths::PathIndex cut_index_;
  std::vector<UsedSet> used_sets_;
  std::unordered_map<const void*, std::size_t> known_sets_;  ///< by identity
  paths::PathIndex used_index_;
};

}  // namespace

Kinds element_kinds(const PathPattern& pattern, Kinds kinds) {
  if (pattern.tail() == paths::Tail::directory) return kinds::directory;
  return pattern.tail() == paths::Tail::file ? kinds & kinds::but_directories : kinds;
}

CellPlan plan_cells(const Input& input, NameTable& names, Diagnostics& diagnostics) {
  return CellPlanner(input, names, diagnostics).run();
}

}  // namespace macc::backends::selinux
