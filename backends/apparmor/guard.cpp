#include "backends/apparmor/guard.h"

#include <algorithm>
#include <iterator>
#include <optional>

namespace macc::backends::apparmor {

namespace {

constexpr std::size_t kMostAlternatives = 64;

/// Both hold; nullopt when they contradict each other.
std::optional<Switches> both(const Switches& a, const Switches& b) {
  Switches out;
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  out.erase(std::unique(out.begin(), out.end()), out.end());
  const auto contradiction =
      std::adjacent_find(out.begin(), out.end(), [](const auto& x, const auto& y) { return x.first == y.first; });
  if (contradiction != out.end()) return std::nullopt;
  return out;
}

bool implies(const Switches& narrow, const Switches& wide) {
  return std::includes(narrow.begin(), narrow.end(), wide.begin(), wide.end());
}

}  // namespace

Guard::Guard(std::vector<Switches> alternatives) {
  std::sort(alternatives.begin(), alternatives.end(),
            [](const Switches& a, const Switches& b) { return std::pair(a.size(), a) < std::pair(b.size(), b); });
  for (Switches& s : alternatives) {
    const bool known =
        std::any_of(alternatives_.begin(), alternatives_.end(), [&](const Switches& w) { return implies(s, w); });
    if (!known) alternatives_.push_back(std::move(s));
  }
  if (alternatives_.size() > kMostAlternatives) throw GuardTooComplex();
}

Guard Guard::of(const ir::Condition& c) {
  using Kind = ir::Condition::Kind;
  Guard out = c.kind == Kind::disjunction ? never() : always();
  switch (c.kind) {
    case Kind::always:
      break;
    case Kind::boolean:
      return when(c.boolean, true);
    case Kind::negation:
      return !of(c.operands.at(0));
    case Kind::conjunction:
      for (const ir::Condition& o : c.operands) out = out & of(o);
      break;
    case Kind::disjunction:
      for (const ir::Condition& o : c.operands) out = out | of(o);
      break;
  }
  return out;
}

Guard Guard::operator&(const Guard& other) const {
  std::vector<Switches> out;
  for (const Switches& a : alternatives_) {
    for (const Switches& b : other.alternatives_) {
      if (auto s = both(a, b)) out.push_back(std::move(*s));
    }
  }
  return Guard(std::move(out));
}

Guard Guard::operator|(const Guard& other) const {
  std::vector<Switches> out = alternatives_;
  out.insert(out.end(), other.alternatives_.begin(), other.alternatives_.end());
  return Guard(std::move(out));
}

Guard Guard::operator!() const {
  Guard out = always();
  for (const Switches& setting : alternatives_) {
    std::vector<Switches> opposite;
    for (const auto& [boolean, value] : setting) opposite.push_back({{boolean, !value}});
    out = out & Guard(std::move(opposite));
  }
  return out;
}

}  // namespace macc::backends::apparmor
