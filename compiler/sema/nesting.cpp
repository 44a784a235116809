// Which resource lies inside which, and the errors of those that overlap without saying so.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/sema/analysis.h"
#include "compiler/sema/prefix_index.h"

namespace macc::sema {

using ir::Resource;
using ir::ResourceId;
using paths::PathPattern;
using paths::PathSet;
using paths::Tail;

namespace {

enum class Relation : std::uint8_t { apart, first_in_second, second_in_first, same, partial };

/// `/a/b/**` without wildcards before the tree: containment is then a question of prefixes.
bool is_plain_tree(const ir::PathExpr& e) {
  if (e.include.size() != 1 || !e.exclude.empty()) return false;
  const PathPattern& p = e.include[0];
  if (p.tail() != Tail::tree || p.excludes_top() || p.anchor() != PathPattern::Anchor::root) return false;
  return std::all_of(p.components().begin(), p.components().end(), [](const paths::Component& c) {
    return !c.any_depth && c.atoms.size() == 1 && std::holds_alternative<paths::Literal>(c.atoms[0].value);
  });
}

std::string tree_prefix(const ir::PathExpr& e) {
  std::string out = e.include[0].literal_prefix();
  if (out.empty() || out.back() != '/') out += '/';
  return out;
}

bool all_start_with(const ir::PathExpr& e, const std::string& prefix) {
  return std::all_of(e.include.begin(), e.include.end(), [&](const PathPattern& p) {
    return p.anchor() == PathPattern::Anchor::root && p.literal_prefix().starts_with(prefix);
  });
}

Relation relate(const ir::Meaning& meaning, const ir::PathExpr& a, const ir::PathExpr& b) {
  if (is_plain_tree(a) && all_start_with(b, tree_prefix(a)) &&
      !(is_plain_tree(b) && tree_prefix(b) == tree_prefix(a))) {
    return Relation::second_in_first;
  }
  if (is_plain_tree(b) && all_start_with(a, tree_prefix(b)) &&
      !(is_plain_tree(a) && tree_prefix(a) == tree_prefix(b))) {
    return Relation::first_in_second;
  }
  const PathSet x = meaning.set(a);
  const PathSet y = meaning.set(b);
  if (!x.meets(y)) return Relation::apart;
  const bool a_in_b = y.contains(x);
  const bool b_in_a = x.contains(y);
  if (a_in_b && b_in_a) return Relation::same;
  return a_in_b ? Relation::first_in_second : b_in_a ? Relation::second_in_first : Relation::partial;
}

}  // namespace

void Analysis::nest_resources() {
  const ir::Meaning meaning(policy_);
  PrefixIndex index;
  for (std::size_t i = 0; i < policy_.resources.size(); ++i) {
    for (const PathPattern& p : policy_.resources[i].paths.include) index.add(p.literal_prefix(), i);
  }

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
  const auto judge = [&](std::size_t a, std::size_t b) {
    const Resource& x = policy_.resources[a];
    const Resource& y = policy_.resources[b];
    const Relation relation = relate(meaning, x.paths, y.paths);
    if (relation == Relation::apart) return;
    if (x.external != y.external) {
      // The system's tree around own resources: whatever is ours is taken out of it. Inside ours it is a hole.
      const std::size_t own = x.external ? b : a;
      const std::size_t system = x.external ? a : b;
      const bool system_inside = relation == (x.external ? Relation::first_in_second : Relation::second_in_first);
      if (system_inside) {
        put_inside(system, own);
      } else {
        put_inside(own, system);
      }
      return;
    }
    if (relation == Relation::first_in_second || relation == Relation::second_in_first) {
      const std::size_t inner = relation == Relation::first_in_second ? a : b;
      const std::size_t outer = inner == a ? b : a;
      put_inside(inner, outer);
      const Resource& in = policy_.resources[inner];
      const Resource& out = policy_.resources[outer];
      if (in.external || in.module == out.module || declared_outer(inner) != ResourceId::none) return;
      collide(
          inner, outer, Code::E0404,
          fmt::format("resource `{}` lies inside `{}` of module `{}` without saying so", in.name, out.name, out.module),
          fmt::format("if that is meant, write `in {}` behind its kind",
                      policy_.qualified_name(static_cast<ResourceId>(outer))));
      return;
    }
    if (x.external && relation == Relation::same) {
      // A project may describe again what the library describes: its own word counts.
      const auto is_root = [&](const Resource& r) {
        const auto it = by_name_.find(r.module);
        return it != by_name_.end() && it->second->root;
      };
      put_inside(is_root(y) ? b : a, is_root(y) ? a : b);
      return;
    }
    collide(a, b, Code::E0403,
            relation == Relation::same
                ? fmt::format("resources `{}` and `{}` cover the same paths", x.name, y.name)
                : fmt::format("resources `{}` and `{}` overlap, and neither lies inside the other", x.name, y.name),
            "a path belongs to one resource: narrow one of them, or take the shared paths out with `except`");
  };

  for (std::size_t a = 0; a < policy_.resources.size(); ++a) {
    std::set<std::size_t> others;
    for (const PathPattern& p : policy_.resources[a].paths.include) {
      for (std::size_t b : index.candidates(p.literal_prefix())) {
        if (b < a) others.insert(b);
      }
    }
    for (std::size_t b : others) {
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
