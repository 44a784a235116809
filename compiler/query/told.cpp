#include "compiler/query/told.h"

#include <algorithm>

#include "compiler/paths/glance.h"

namespace macc::query {

using ir::Effect;
using paths::PathPattern;
using paths::PathSet;
using Patterns = std::vector<PathPattern>;

namespace {

/// More patterns than these are no help to a reader.
constexpr std::size_t kReadable = 8;

bool has(const Patterns& patterns, const PathPattern& one) {
  return std::find(patterns.begin(), patterns.end(), one) != patterns.end();
}

void add(Patterns& to, const Patterns& more) {
  for (const PathPattern& p : more)
    if (!has(to, p)) to.push_back(p);
}

/// What the expression itself takes out.
Patterns taken_out(const ir::Policy& policy, const ir::PathExpr& expr) {
  Patterns out = expr.exclude;
  for (const ir::ResourceId hole : expr.holes) add(out, policy.resource(hole).paths.include);
  return out;
}

/// What the terms that could be about some of `near` take out of themselves.
Patterns left_out(const Side& side, const Operation& operation, const Patterns& near) {
  Patterns out;
  for (const Term& term : terms_for(side.permissions, operation)) {
    if (term.effect != Effect::allow || term.paths == nullptr) continue;
    for (const PathPattern& p : taken_out(side.policy(), *term.paths)) {
      const bool apart =
          std::all_of(near.begin(), near.end(), [&](const PathPattern& n) { return paths::surely_apart(p, n); });
      if (!apart) add(out, {p});
    }
  }
  return out;
}

/// Patterns of the terms with this effect that could be about some of `near`.
Patterns patterns_of(const Side& side, const Operation& operation, Effect effect, const Patterns& near) {
  Patterns out;
  for (const Term& term : terms_for(side.permissions, operation)) {
    if (term.effect != effect || term.paths == nullptr) continue;
    for (const ir::PathExpr* expr : {term.paths, term.from}) {
      if (expr == nullptr) continue;
      for (const PathPattern& p : expr->include) {
        const bool apart =
            std::all_of(near.begin(), near.end(), [&](const PathPattern& n) { return paths::surely_apart(p, n); });
        if (!apart && !has(out, p)) out.push_back(p);
      }
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> texts(const Patterns& patterns) {
  std::vector<std::string> out;
  out.reserve(patterns.size());
  for (const PathPattern& p : patterns) out.push_back(p.text());
  return out;
}

std::vector<PathSet> sets_of(const Piece& piece) {
  if (piece.extent.paths() != nullptr) return {*piece.extent.paths()};
  if (piece.extent.places() == nullptr) return {};
  PathSet on;
  PathSet from;
  for (const auto& [source, target] : *piece.extent.places()) {
    on = on | target;
    from = from | source;
  }
  if (piece.term.from == nullptr) return {on};
  return {on, from};
}

/// What a pattern is about in the eyes of the piece's operation.
PathSet Teller::members(const Piece& piece, const PathPattern& pattern) const {
  ir::PathExpr expr;
  expr.include = {pattern};
  const ir::Meaning& meaning = now(piece).meaning;
  return piece.term.all_paths ? meaning.set(expr) : meaning.objects(piece.term.as, expr);
}

Told Teller::tell(const Piece& piece) const {
  const std::vector<PathSet> sets = sets_of(piece);
  Told out;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const ir::PathExpr& expr = i == 0 ? *piece.term.paths : *piece.term.from;
    const Told one = piece.part ? tell_part(piece, expr, sets[i]) : tell_whole(piece, expr, sets[i]);
    add(out.include, one.include);
    add(out.except, one.except);
    out.exact = out.exact && one.exact;
  }
  sort(out.include);
  return out;
}

Told Teller::tell_whole(const Piece& piece, const ir::PathExpr& expr, const PathSet& set) const {
  const ir::Policy& policy = now(piece).policy();
  Told out{expr.include, taken_out(policy, expr), true};
  out.exact = std::all_of(expr.holes.begin(), expr.holes.end(),
                          [&](ir::ResourceId hole) { return policy.resource(hole).paths.exclude.empty(); });
  if (out.exact) return out;
  // What an inner resource leaves out belongs to the outer one.
  try {
    std::erase_if(out.except, [&](const PathPattern& p) { return set.meets(PathSet::of(p)); });
  } catch (const paths::TooComplex&) {
    out.except.clear();
  }
  return out;
}

Told Teller::tell_part(const Piece& piece, const ir::PathExpr& expr, const PathSet& set) const {
  Told out;
  try {
    PathSet rest = set;
    const auto take_whole = [&](const Patterns& patterns) {
      for (const PathPattern& p : patterns) {
        const PathSet all = members(piece, p);
        if (all.empty() || !set.contains(all) || !rest.meets(all)) continue;
        out.include.push_back(p);
        rest = rest - all;
      }
    };
    take_whole(expr.include);
    take_whole(patterns_of(then(piece), piece.operation, Effect::deny, expr.include));
    take_whole(left_out(then(piece), piece.operation, expr.include));
    if (rest.empty()) return out;
    // Of the others something did not change, which may be patterns as well.
    Patterns around;
    for (const PathPattern& p : expr.include)
      if (!has(out.include, p) && rest.meets(members(piece, p))) around.push_back(p);
    Patterns kept = taken_out(now(piece).policy(), expr);
    add(kept, patterns_of(then(piece), piece.operation, Effect::allow, around));
    add(kept, patterns_of(now(piece), piece.operation, Effect::deny, around));
    std::erase_if(kept, [&](const PathPattern& p) { return set.meets(PathSet::of(p)); });
    PathSet whole;
    PathSet less;
    for (const PathPattern& p : around) whole = whole | members(piece, p);
    for (const PathPattern& p : kept) less = less | PathSet::of(p);
    if (kept.size() <= kReadable && (whole - less - set).empty()) {
      add(out.include, around);
      out.except = std::move(kept);
      return out;
    }
    if (auto patterns = rest.as_patterns(kReadable)) {
      add(out.include, *patterns);
      return out;
    }
    add(out.include, around);
  } catch (const paths::TooComplex&) {
    out.include = expr.include;
    out.except.clear();
  }
  out.exact = false;
  return out;
}

/// Whether some of the patterns, but for the others, hold anything for the piece.
bool Teller::concerns(const Piece& piece, const Patterns& patterns, const Patterns& but) const {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const PathPattern& p) { return !has(but, p) && !members(piece, p).empty(); });
}

void Teller::join(Told& told, const Told& more) {
  add(told.include, more.include);
  add(told.except, more.except);
}

bool Teller::alike(const Piece& a, const Told& told_a, const Piece& b, const Told& told_b) const {
  return told_a.exact == told_b.exact && !concerns(b, told_a.include, told_b.include) &&
         !concerns(a, told_b.include, told_a.include) && !concerns(b, told_a.except, told_b.except) &&
         !concerns(a, told_b.except, told_a.except);
}

namespace {

bool meet(const PathPattern& a, const PathPattern& b) {
  try {
    return !paths::surely_apart(a, b) && PathSet::of(a).meets(PathSet::of(b));
  } catch (const paths::TooComplex&) {
    return false;
  }
}

}  // namespace

void Teller::sort(Patterns& patterns) const {
  if (patterns.size() < 2) return;
  std::stable_partition(patterns.begin(), patterns.end(), [&](const PathPattern& p) {
    return std::any_of(sensitive_.begin(), sensitive_.end(), [&](const PathPattern& s) { return meet(p, s); });
  });
}

std::string Teller::example(const Piece& piece, const Told& told) const {
  const std::vector<PathSet> sets = sets_of(piece);
  if (sets.empty()) return "";
  const PathSet& set = sets.front();
  // Of a sensitive pattern, or of the first that is told.
  for (const Patterns* some : {&sensitive_, &told.include}) {
    for (const PathPattern& p : *some) {
      const bool apart = std::all_of(told.include.begin(), told.include.end(),
                                     [&](const PathPattern& own) { return paths::surely_apart(own, p); });
      if (apart) continue;
      try {
        if (auto found = (set & PathSet::of(p)).example()) return *found;
      } catch (const paths::TooComplex&) {
        continue;
      }
    }
  }
  return set.example().value_or("");
}

}  // namespace macc::query
