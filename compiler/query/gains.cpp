#include "compiler/query/gains.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/ir/conditions.h"

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

/// Values of booleans, a bit each, of which some are free to be anything.
struct Cube {
  std::size_t values = 0;
  std::size_t free = 0;

  [[nodiscard]] std::vector<std::size_t> members(std::size_t bits) const {
    std::vector<std::size_t> out = {values & ~free};
    for (std::size_t bit = 0; bit < bits; ++bit) {
      if ((free >> bit & 1U) == 0) continue;
      for (std::size_t i = out.size(); i-- > 0;) out.push_back(out[i] | std::size_t{1} << bit);
    }
    return out;
  }
};

/// The values with as many of the bits as can be free, one after another, without leaving the set.
Cube widest(std::size_t values, std::size_t bits, const std::set<std::size_t>& in) {
  Cube out{values, 0};
  for (std::size_t bit = 0; bit < bits; ++bit) {
    const Cube wider{values, out.free | std::size_t{1} << bit};
    const std::vector<std::size_t> all = wider.members(bits);
    if (std::all_of(all.begin(), all.end(), [&](std::size_t one) { return in.contains(one); })) out = wider;
  }
  return out;
}

/// The booleans' values under which a piece holds, as words: those that it does not depend on are left out.
std::string circumstances(const std::vector<std::string>& switches, const std::vector<std::size_t>& masks) {
  const std::size_t count = std::size_t{1} << switches.size();
  if (masks.size() == count) return "";
  const std::set<std::size_t> in(masks.begin(), masks.end());
  std::vector<std::string> cases;
  std::set<std::size_t> told;
  for (const std::size_t mask : masks) {
    if (told.contains(mask)) continue;
    const Cube cube = widest(mask, switches.size(), in);
    for (const std::size_t one : cube.members(switches.size())) told.insert(one);
    std::string text;
    for (std::size_t bit = 0; bit < switches.size(); ++bit) {
      if ((cube.free >> bit & 1U) != 0) continue;
      text += (text.empty() ? "" : " and ") + std::string((mask >> bit & 1U) != 0 ? "" : "not ") + switches[bit];
    }
    cases.push_back(std::move(text));
  }
  std::sort(cases.begin(), cases.end());
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

void add_names(const ir::Policy& policy, const std::vector<Term>& terms, std::set<std::string>& out) {
  std::set<ir::BooleanId> ids;
  for (const Term& term : terms) ir::add_booleans(term.condition(), ids);
  for (const ir::BooleanId id : ids) out.insert(name_of(policy.boolean(id)));
}

Concerned::Concerned(const Side& before_side, const Side& after_side, const Operation& operation,
                     const std::set<std::string>& switches) {
  struct One {
    Said said;
    std::string print;  // with its condition
    bool differs = false;
  };
  const auto read = [&](const Side& side) {
    std::vector<One> list;
    for (const Term& term : terms_for(side.permissions, operation)) {
      One one{Said(side.meaning, term), fingerprint(side.policy(), term)};
      std::set<std::string> names;
      add_names(side.policy(), {term}, names);
      one.differs =
          std::any_of(names.begin(), names.end(), [&](const std::string& name) { return switches.contains(name); });
      list.push_back(std::move(one));
    }
    return list;
  };
  std::vector<One> old_list = read(before_side), new_list = read(after_side);
  const auto compare = [](std::vector<One>& list, const std::vector<One>& others) {
    std::set<std::string_view> prints;
    for (const One& other : others) prints.insert(other.print);
    for (One& one : list) one.differs = one.differs || !prints.contains(one.print);
  };
  compare(old_list, new_list);
  compare(new_list, old_list);
  std::vector<const One*> different;
  for (const std::vector<One>* list : {&old_list, &new_list})
    for (const One& one : *list)
      if (one.differs) different.push_back(&one);
  const auto take = [&](const std::vector<One>& list, std::vector<Term>& out) {
    for (const One& one : list) {
      const bool near = std::any_of(different.begin(), different.end(),
                                    [&](const One* other) { return !one.said.surely_apart(other->said); });
      if (near) out.push_back(one.said.term());
    }
  };
  take(old_list, before);
  take(new_list, after);
}

OneWay::OneWay(const Side& now, const Side& then, Operation operation, Direction direction,
               const std::vector<Term>& mine, const std::vector<Term>& theirs)
    : now_(now),
      then_(then),
      operation_(std::move(operation)),
      direction_(direction),
      mine_(now.meaning, mine),
      theirs_(then.meaning, theirs) {}

std::vector<Piece> OneWay::run(const std::vector<std::string>& switches) const {
  // By term: each extent that it has, and for which values. A deny may hold for some of them only.
  struct Found {
    Piece piece;
    std::vector<std::size_t> masks;
  };
  const auto same = [](const Piece& a, const Piece& b) {
    return (a.extent - b.extent).empty() && (b.extent - a.extent).empty();
  };
  std::map<std::size_t, std::vector<Found>> found;
  for (std::size_t mask = 0; mask < (std::size_t{1} << switches.size()); ++mask) {
    std::map<std::string, bool> by_name;
    for (std::size_t bit = 0; bit < switches.size(); ++bit) by_name[switches[bit]] = ((mask >> bit) & 1U) != 0;
    for (auto& under : pieces_under(values_in(now_.policy(), by_name), values_in(then_.policy(), by_name))) {
      Piece& piece = under.second;
      std::vector<Found>& known = found[under.first];
      const auto at = std::find_if(known.begin(), known.end(), [&](const Found& f) { return same(f.piece, piece); });
      (at == known.end() ? known.emplace_back(Found{std::move(piece), {}}) : *at).masks.push_back(mask);
    }
  }
  std::vector<Piece> out;
  for (auto& [i, list] : found) {
    for (Found& f : list) {
      f.piece.when = circumstances(switches, f.masks);
      out.push_back(std::move(f.piece));
    }
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
    out.emplace(i, Piece{direction_, operation_, allow.term(), std::move(mine), part, false, false, "", denied_by});
  }
  return out;
}

}  // namespace macc::query
