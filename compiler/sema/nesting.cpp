// Which resource lies inside which, and the errors of those that overlap without saying so.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/paths/glance.h"
#include "compiler/paths/path_index.h"
#include "compiler/sema/analysis.h"

namespace macc::sema {

using ir::Resource;
using ir::ResourceId;
using paths::PathPattern;
using paths::PathSet;
using paths::Tail;

namespace {

enum class Relation : std::uint8_t { apart, first_in_second, second_in_first, same, partial };

/// Literal bytes with one of which every path of a pattern starts. Home folders lie in few places: most of the system
/// is apart from them.
std::vector<std::string> starts_of(const PathPattern& p) {
  if (p.anchor() != PathPattern::Anchor::home) return {p.literal_prefix()};
  static const std::vector<std::string> homes = [] {
    std::vector<std::string> out;
    paths::PatternError error;
    for (const std::string& home : paths::home_patterns()) {
      out.push_back(PathPattern::parse(home + "/", error).at(0).literal_prefix());
    }
    return out;
  }();
  return homes;
}

Relation from_containment(bool a_in_b, bool b_in_a) {
  if (a_in_b && b_in_a) return Relation::same;
  return a_in_b ? Relation::first_in_second : b_in_a ? Relation::second_in_first : Relation::partial;
}

Relation relate(const PathSet& x, const PathSet& y) {
  if (!x.meets(y)) return Relation::apart;
  return from_containment(y.contains(x), x.contains(y));
}

/// The languages of single patterns, made once: the same pattern meets many others.
class PatternSets {
 public:
  const PathSet& of(const PathPattern& p) {
    auto it = sets_.find(&p);
    if (it == sets_.end()) it = sets_.emplace(&p, PathSet::of(p)).first;
    return it->second;
  }

 private:
  std::unordered_map<const PathPattern*, PathSet> sets_;  // patterns of the policy, which does not change meanwhile
};

Relation relate(const PathPattern& a, const PathPattern& b, PatternSets& sets) {
  if (paths::surely_apart(a, b)) return Relation::apart;
  if (a == b) return Relation::same;
  if (paths::surely_beneath(b, a)) return Relation::second_in_first;
  if (paths::surely_beneath(a, b)) return Relation::first_in_second;
  return relate(sets.of(a), sets.of(b));
}

/// The relations that occur between patterns of the two: what the system describes is listed pattern by pattern, and
/// a path belongs to the innermost pattern.
struct PatternRelations {
  bool first_in_second = false, second_in_first = false, same = false, partial = false;
};
PatternRelations relate_patterns(const ir::PathExpr& a, const ir::PathExpr& b, PatternSets& sets) {
  PatternRelations out;
  for (const PathPattern& p : a.include) {
    for (const PathPattern& q : b.include) {
      switch (relate(p, q, sets)) {
        case Relation::apart:
          break;
        case Relation::first_in_second:
          out.first_in_second = true;
          break;
        case Relation::second_in_first:
          out.second_in_first = true;
          break;
        case Relation::same:
          out.same = true;
          break;
        case Relation::partial:
          out.partial = true;
          break;
      }
    }
  }
  return out;
}

Relation relate(const ir::Meaning& meaning, const ir::PathExpr& a, const ir::PathExpr& b, PatternSets& sets) {
  if (a.include.size() == 1 && b.include.size() == 1 && a.exclude.empty() && b.exclude.empty()) {
    return relate(a.include[0], b.include[0], sets);
  }
  return relate(meaning.set(a), meaning.set(b));
}

}  // namespace

void Analysis::nest_resources() {
  const ir::Meaning meaning(policy_);
  PatternSets sets;
  paths::PrefixIndex index;
  for (std::size_t i = 0; i < policy_.resources.size(); ++i) {
    for (const PathPattern& p : policy_.resources[i].paths.include) {
      for (std::string& start : starts_of(p)) index.add(std::move(start), i);
    }
  }
  /// Earlier resources that may share a path with this one, sorted.
  const auto near_before = [&](std::size_t resource) {
    std::vector<std::size_t> out;
    for (const PathPattern& p : policy_.resources[resource].paths.include) {
      for (const std::string& start : starts_of(p)) {
        index.append_starts(start, out);
        index.append_longer(start, out);
      }
    }
    std::erase_if(out, [resource](std::size_t other) { return other >= resource; });
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  };

  const auto put_inside = [&](std::size_t inner, std::size_t outer) {
    policy_.resources[outer].inside.push_back(static_cast<ResourceId>(inner));
  };
  /// `in M.R` of the inner resource, or none.
  const auto declared_outer = [&](std::size_t inner) {
    const auto key = static_cast<std::uint32_t>(inner);
    const auto it = resource_decls_.find(key);
    if (it == resource_decls_.end() || !it->second->inside) return ResourceId::none;
    const Symbol* s = lookup_kind(*it->second->inside, resource_scopes_.at(key), Symbol::Kind::resource, "a resource");
    return s == nullptr ? ResourceId::none : s->resource;
  };
  const auto collide = [&](std::size_t a, std::size_t b, Code code, std::string message, std::string hint) {
    Diagnostic& d = report(code, policy_.resources[a].where.span, std::move(message));
    d.also(policy_.resources[b].where.span, "the other resource");
    const auto example =
        (meaning.extent(static_cast<ResourceId>(a)) & meaning.extent(static_cast<ResourceId>(b))).example();
    if (example) d.note(fmt::format("both cover `{}`", printable(*example)));
    if (!hint.empty()) d.note(std::move(hint));
  };
  const auto from_project = [&](const Resource& r) {
    const auto it = by_name_.find(r.module);
    return it != by_name_.end() && it->second->root;
  };
  /// Two descriptions of the system. A project may describe again what the library does: its own word counts.
  const auto judge_external = [&](std::size_t a, std::size_t b) {
    const Resource& x = policy_.resources[a];
    const Resource& y = policy_.resources[b];
    const PatternRelations r = relate_patterns(x.paths, y.paths, sets);
    const bool mixed_up = r.partial || r.same || (r.first_in_second && r.second_in_first);
    if (mixed_up && from_project(x) != from_project(y)) {
      put_inside(from_project(x) ? a : b, from_project(x) ? b : a);
    } else if (mixed_up) {
      collide(a, b, Code::E0403,
              fmt::format("external resources `{}` and `{}` describe the same paths", x.name, y.name),
              "one path has one label: take the shared paths out of one of them");
    } else if (r.first_in_second) {
      put_inside(a, b);
    } else if (r.second_in_first) {
      put_inside(b, a);
    }
  };
  /// Own paths are taken out of what the system describes around them, and win over what the library says of paths
  /// inside them. What the project itself calls external inside its own tree stays external.
  const auto judge_mixed = [&](std::size_t own, std::size_t system) {
    const Resource& s = policy_.resources[system];
    const PatternRelations r = relate_patterns(policy_.resources[own].paths, s.paths, sets);
    if (r.second_in_first && from_project(s)) {
      put_inside(system, own);
    } else if (r.first_in_second || r.second_in_first || r.same || r.partial) {
      put_inside(own, system);
    }
  };
  const auto judge = [&](std::size_t a, std::size_t b) {
    const Resource& x = policy_.resources[a];
    const Resource& y = policy_.resources[b];
    if (x.external && y.external) {
      judge_external(a, b);
      return;
    }
    if (x.external != y.external) {
      judge_mixed(x.external ? b : a, x.external ? a : b);
      return;
    }
    const Relation relation = relate(meaning, x.paths, y.paths, sets);
    if (relation == Relation::apart) return;
    if (relation == Relation::first_in_second || relation == Relation::second_in_first) {
      const std::size_t inner = relation == Relation::first_in_second ? a : b;
      const std::size_t outer = inner == a ? b : a;
      put_inside(inner, outer);
      const Resource& in = policy_.resources[inner];
      const Resource& out = policy_.resources[outer];
      if (in.module == out.module || declared_outer(inner) != ResourceId::none) return;
      collide(
          inner, outer, Code::E0404,
          fmt::format("resource `{}` lies inside `{}` of module `{}` without saying so", in.name, out.name, out.module),
          fmt::format("if that is meant, write `in {}` behind its kind",
                      policy_.qualified_name(static_cast<ResourceId>(outer))));
      return;
    }
    collide(a, b, Code::E0403,
            relation == Relation::same
                ? fmt::format("resources `{}` and `{}` cover the same paths", x.name, y.name)
                : fmt::format("resources `{}` and `{}` overlap, and neither lies inside the other", x.name, y.name),
            "a path belongs to one resource: narrow one of them, or take the shared paths out with `except`");
  };

  /// Whether others can be compared with it at all, which later steps rely on. The library's can.
  const auto is_simple = [&](const Resource& r) {
    if (sources_.file(r.where.span.file).is_bundled()) return true;
    try {
      for (const PathPattern& p : r.paths.include) {
        if (!paths::surely_small(p)) (void)sets.of(p).automaton();
      }
      return true;
    } catch (const paths::TooComplex&) {
      report(Code::E0406, r.where.span, "these paths are too complex to compare with others");
      return false;
    }
  };

  for (std::size_t a = 0; a < policy_.resources.size(); ++a) {
    if (!is_simple(policy_.resources[a])) continue;
    for (std::size_t b : near_before(a)) {
      try {
        judge(a, b);
      } catch (const paths::TooComplex&) {
        report(Code::E0406, policy_.resources[a].where.span, "these paths are too complex to compare with others")
            .also(policy_.resources[b].where.span, "compared with this resource");
      }
    }
  }
  for (std::size_t i = 0; i < policy_.resources.size(); ++i) {
    const ResourceId outer = declared_outer(i);
    if (outer == ResourceId::none) continue;
    const auto& inside = policy_.resource(outer).inside;
    if (std::find(inside.begin(), inside.end(), static_cast<ResourceId>(i)) == inside.end()) {
      report(Code::E0405, policy_.resources[i].where.span,
             fmt::format("resource `{}` does not lie inside `{}`", policy_.resources[i].name,
                         policy_.qualified_name(outer)))
          .also(policy_.resource(outer).where.span, "declared here");
    }
  }
  for (Resource& r : policy_.resources) std::sort(r.inside.begin(), r.inside.end());
}

}  // namespace macc::sema
