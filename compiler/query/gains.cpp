#include "compiler/query/gains.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace macc::query {

using ir::Effect;

std::string name_of(const ir::Boolean& boolean) { return boolean.module + "." + boolean.name; }

namespace {

/// A term without its condition, so that prints are of what it says.
Term unconditional(Term term) {
  term.rule = nullptr;
  return term;
}

/// The values of a policy's booleans under values by name. A boolean that the other policy alone has does not count.
ir::Assignment values_in(const ir::Policy& policy, const std::map<std::string, bool>& by_name) {
  ir::Assignment out = ir::declared_values(policy);
  for (std::size_t i = 0; i < policy.booleans.size(); ++i) {
    if (auto it = by_name.find(name_of(policy.booleans[i])); it != by_name.end()) out[i] = it->second;
  }
  return out;
}

/// The booleans' values under which a piece holds, as words: those that it does not depend on are left out.
std::string circumstances(const std::vector<std::string>& switches, const std::vector<std::size_t>& masks) {
  const std::size_t count = std::size_t{1} << switches.size();
  if (masks.size() == count) return "";
  const std::set<std::size_t> in(masks.begin(), masks.end());
  // A switch that may be flipped everywhere says nothing.
  std::vector<std::size_t> telling;
  for (std::size_t bit = 0; bit < switches.size(); ++bit) {
    const bool free = std::all_of(masks.begin(), masks.end(),
                                  [&](std::size_t mask) { return in.contains(mask ^ (std::size_t{1} << bit)); });
    if (!free) telling.push_back(bit);
  }
  std::set<std::string> cases;
  for (const std::size_t mask : masks) {
    std::string one;
    for (const std::size_t bit : telling) {
      one += (one.empty() ? "" : " and ") + std::string(((mask >> bit) & 1U) != 0 ? "" : "not ") + switches[bit];
    }
    cases.insert(one);
  }
  return fmt::format("when {}", fmt::join(cases, ", or "));
}

/// Those that hold under these values, with what they say.
struct Holding {
  std::vector<const Said*> list;
  std::set<std::string_view> prints;

  Holding(const std::vector<Said>& all, const ir::Assignment& values) {
    for (const Said& one : all) {
      if (!ir::holds(one.term().condition(), values)) continue;
      list.push_back(&one);
      prints.insert(one.print());
    }
  }
  [[nodiscard]] bool says(const Said& what) const { return prints.contains(what.print()); }
};

Extent common(const Said& a, const Said& b) { return a.surely_apart(b) ? Extent() : a.extent() & b.extent(); }

/// What is left of an extent, which is of `whose`, without what others are about.
Extent without(Extent left, const Said& whose, const std::vector<const Said*>& others) {
  for (const Said* other : others) {
    if (left.empty()) break;
    if (!whose.surely_apart(*other)) left = left - other->extent();
  }
  return left;
}

}  // namespace

Said::Said(const ir::Meaning& meaning, const Term& term)
    : meaning_(meaning), term_(term), print_(fingerprint(meaning.policy(), unconditional(term))) {
  if (term.paths != nullptr) reach_ = meaning.set(*term.paths);
}

const Extent& Said::extent() const {
  if (!extent_) extent_ = Extent::of(meaning_, term_);
  return *extent_;
}

Speakers::Speakers(const ir::Meaning& meaning, const std::vector<Term>& terms) {
  for (const Term& term : terms) (term.effect == Effect::allow ? allows : denies).emplace_back(meaning, term);
}

OneWay::OneWay(const Side& now, const Side& then, Operation operation, Direction direction)
    : now_(now),
      then_(then),
      operation_(std::move(operation)),
      direction_(direction),
      mine_(now.meaning, terms_for(now.permissions, operation_)),
      theirs_(then.meaning, terms_for(then.permissions, operation_)) {}

std::vector<Piece> OneWay::run(const std::vector<std::string>& switches) const {
  // By term: what it is under the first values, and for which values there is something.
  struct Found {
    Piece piece;
    std::vector<std::size_t> masks;
  };
  std::map<std::size_t, Found> found;
  for (std::size_t mask = 0; mask < (std::size_t{1} << switches.size()); ++mask) {
    std::map<std::string, bool> by_name;
    for (std::size_t bit = 0; bit < switches.size(); ++bit) by_name[switches[bit]] = ((mask >> bit) & 1U) != 0;
    for (auto& [i, piece] : pieces_under(values_in(now_.policy(), by_name), values_in(then_.policy(), by_name))) {
      const auto [it, fresh] = found.try_emplace(i, Found{piece, {}});
      // What is shown of it is all of it.
      if (!fresh) it->second.piece.extent = it->second.piece.extent | piece.extent;
      it->second.masks.push_back(mask);
    }
  }
  std::vector<Piece> out;
  for (auto& [i, f] : found) {
    f.piece.when = circumstances(switches, f.masks);
    out.push_back(std::move(f.piece));
  }
  return out;
}

std::vector<Piece> OneWay::by_default() const {
  std::vector<Piece> out;
  auto found = pieces_under(ir::declared_values(now_.policy()), ir::declared_values(then_.policy()));
  for (auto& [i, piece] : found) out.push_back(std::move(piece));
  return out;
}

/// By the term that allows them.
std::map<std::size_t, Piece> OneWay::pieces_under(const ir::Assignment& values,
                                                  const ir::Assignment& other_values) const {
  const Holding denied(mine_.denies, values);
  const Holding others(theirs_.allows, other_values);
  const Holding others_denied(theirs_.denies, other_values);
  std::vector<const Said*> lifted;  // denies of the other that are none here
  for (const Said* deny : others_denied.list) {
    if (!denied.says(*deny)) lifted.push_back(deny);
  }
  std::vector<std::pair<const Said*, Extent>> told;
  std::map<std::size_t, Piece> out;
  for (std::size_t i = 0; i < mine_.allows.size(); ++i) {
    const Said& allow = mine_.allows[i];
    // What both allow is news only where the other denied it.
    const bool known = others.says(allow);
    if ((known && lifted.empty()) || !ir::holds(allow.term().condition(), values)) continue;
    Extent mine = known ? Extent() : without(allow.extent(), allow, others.list);
    for (const Said* deny : lifted) mine = mine | common(allow, *deny);
    mine = without(std::move(mine), allow, denied.list);
    // What two rules allow is told of the first.
    for (const auto& [other, extent] : told) {
      if (!mine.empty() && !allow.surely_apart(*other)) mine = mine - extent;
    }
    if (mine.empty()) continue;
    const bool part = !(allow.extent() - mine).empty();
    const auto denier = std::find_if(others_denied.list.begin(), others_denied.list.end(), [&](const Said* deny) {
      return !allow.surely_apart(*deny) && !(mine & deny->extent()).empty();
    });
    const ir::Rule* denied_by = denier == others_denied.list.end() ? nullptr : (*denier)->term().rule;
    told.emplace_back(&allow, mine);
    out.emplace(i, Piece{direction_, operation_, allow.term(), std::move(mine), part, false, "", denied_by});
  }
  return out;
}

}  // namespace macc::query
