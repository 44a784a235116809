#include "compiler/query/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "compiler/ir/conditions.h"

namespace macc::query {

using ir::Effect;

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

/// One of the two policies.
struct Side {
  const ir::Meaning& meaning;
  ir::DomainId id = ir::DomainId::none;  ///< none when it has no such domain
  Permissions permissions;

  [[nodiscard]] const ir::Policy& policy() const { return meaning.policy(); }
  [[nodiscard]] const ir::Domain* domain() const { return id == ir::DomainId::none ? nullptr : &policy().domain(id); }
};

// ---- booleans of both policies, by name

std::string name_of(const ir::Boolean& boolean) { return boolean.module + "." + boolean.name; }

/// The values of a policy's booleans under values by name. A boolean that the other policy alone has does not count.
ir::Assignment values_in(const ir::Policy& policy, const std::map<std::string, bool>& by_name) {
  ir::Assignment out = ir::declared_values(policy);
  for (std::size_t i = 0; i < policy.booleans.size(); ++i) {
    if (auto it = by_name.find(name_of(policy.booleans[i])); it != by_name.end()) out[i] = it->second;
  }
  return out;
}

void add_names(const ir::Policy& policy, const std::vector<Term>& terms, std::set<std::string>& out) {
  std::set<ir::BooleanId> ids;
  for (const Term& term : terms) ir::add_booleans(term.condition(), ids);
  for (const ir::BooleanId id : ids) out.insert(name_of(policy.boolean(id)));
}

// ---- what changed of one operation

/// Part of what a rule allows that the other policy does not, for some values of the booleans.
struct Piece {
  Direction direction = Direction::gained;
  Operation operation;
  Term term;
  Extent extent;
  bool part = false;
  std::string when;
  const ir::Rule* denied_by = nullptr;  ///< in the policy that does not allow it
};

std::vector<std::string> fingerprints(const ir::Policy& policy, const std::vector<Term>& terms) {
  std::vector<std::string> out;
  out.reserve(terms.size());
  for (const Term& term : terms) out.push_back(fingerprint(policy, term));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
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

/// The pieces of `now` that `then` does not allow, for one operation.
class OneWay {
 public:
  OneWay(const Side& now, const Side& then, const Operation& operation, Direction direction)
      : now_(now),
        then_(then),
        operation_(operation),
        direction_(direction),
        terms_(terms_for(now.permissions, operation)),
        others_(terms_for(then.permissions, operation)) {}

  std::vector<Piece> run(const std::vector<std::string>& switches) {
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
        const auto [it, fresh] = found.try_emplace(i, Found{std::move(piece), {}});
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

  /// The same where each policy's booleans have their own declared values.
  std::vector<Piece> by_default() {
    std::vector<Piece> out;
    auto found = pieces_under(ir::declared_values(now_.policy()), ir::declared_values(then_.policy()));
    for (auto& [i, piece] : found) out.push_back(std::move(piece));
    return out;
  }

 private:
  /// By the term that allows them.
  std::map<std::size_t, Piece> pieces_under(const ir::Assignment& values, const ir::Assignment& other_values) {
    std::map<std::size_t, Piece> out;
    Extent left = new_extent(values, other_values);
    for (std::size_t i = 0; i < terms_.size() && !left.empty(); ++i) {
      const Term& term = terms_[i];
      if (term.effect != Effect::allow || !ir::holds(term.condition(), values)) continue;
      const Extent said = Extent::of(now_.meaning, term);
      Extent mine = left & said;
      if (mine.empty()) continue;
      left = left - said;
      const bool part = !(said - mine).empty();
      const ir::Rule* denied_by = denier(mine, other_values);
      out.emplace(i, Piece{direction_, operation_, term, std::move(mine), part, "", denied_by});
    }
    return out;
  }

  Extent new_extent(const ir::Assignment& values, const ir::Assignment& other_values) {
    const Extent mine = allowed(now_.meaning, terms_, values);
    if (mine.empty()) return mine;
    return mine - allowed(then_.meaning, others_, other_values);
  }

  /// The deny of the other policy that took away a part of this, which it would else allow.
  const ir::Rule* denier(const Extent& mine, const ir::Assignment& values) {
    for (const Term& term : others_) {
      if (term.effect != Effect::deny || !ir::holds(term.condition(), values)) continue;
      if (!(mine & Extent::of(then_.meaning, term)).empty()) return term.rule;
    }
    return nullptr;
  }

  const Side& now_;
  const Side& then_;
  Operation operation_;
  Direction direction_;
  std::vector<Term> terms_, others_;
};

// ---- pieces to changes: those of one rule under the same circumstances are one

void restrict_to(ir::Access& access, const std::vector<const Piece*>& pieces) {
  if (auto* file = std::get_if<ir::FileAccess>(&access)) {
    file->verbs = {};
    for (const Piece* p : pieces) file->verbs |= *ir::verbs_of(p->operation.verb);
  } else if (auto* net = std::get_if<ir::NetworkAccess>(&access)) {
    Extent all;
    for (const Piece* p : pieces) all = all | p->extent;
    if (all.ports() != nullptr) net->ports = *all.ports();
  } else if (auto* signal = std::get_if<ir::SignalAccess>(&access)) {
    const bool any =
        std::any_of(pieces.begin(), pieces.end(), [](const Piece* p) { return p->operation.first == kAny; });
    if (any) return;
    signal->any = false;
    signal->signals.clear();
    for (const Piece* p : pieces)
      if (const auto s = ir::signal_of(p->operation.first)) signal->signals.push_back(*s);
    std::sort(signal->signals.begin(), signal->signals.end());
    signal->signals.erase(std::unique(signal->signals.begin(), signal->signals.end()), signal->signals.end());
  } else if (auto* capability = std::get_if<ir::CapabilityAccess>(&access)) {
    capability->capabilities.clear();
    for (const Piece* p : pieces)
      if (const auto c = ir::capability_of(p->operation.first)) capability->capabilities.push_back(*c);
    std::sort(capability->capabilities.begin(), capability->capabilities.end());
  }
}

/// "entry "/usr/bin/x" from init".
std::string entry_text(const ir::Policy& policy, const Piece& piece) {
  std::string out = "entry " + ir::describe(policy, piece.term.entry->paths) + " " + piece.operation.verb;
  if (!piece.operation.first.empty()) out += " " + piece.operation.first;
  if (!piece.operation.second.empty()) out += " at level " + piece.operation.second;
  return out;
}

std::string words(const ir::Policy& policy, const std::vector<const Piece*>& pieces) {
  const Piece& first = *pieces.front();
  if (first.term.rule == nullptr) {
    if (first.operation.area == Area::entry) return entry_text(policy, first);
    std::string verbs;
    for (const Piece* p : pieces) verbs += (verbs.empty() ? "" : ", ") + p->operation.verb;
    return verbs + " " + ir::describe(policy, first.term.entry->paths);
  }
  ir::Access access = first.term.rule->access;
  restrict_to(access, pieces);
  return ir::describe(policy, access);
}

std::string example_of(const std::vector<const Piece*>& pieces) {
  const Piece& first = *pieces.front();
  if (first.extent.paths() == nullptr) return "";
  const std::string path = first.extent.example();
  if (path.empty() || first.operation.area == Area::entry) return path;
  return first.operation.verb + " " + path;
}

bool names_it_all(const Piece& piece) {
  const ir::PathExpr* paths = piece.term.paths;
  return paths == nullptr || (!piece.part && paths->resource == ir::ResourceId::none && paths->include.size() == 1 &&
                              paths->exclude.empty() && paths->include.front().is_literal());
}

class Changes {
 public:
  Changes(const Side& before, const Side& after) : before_(before), after_(after) {}

  std::vector<Change> from(const std::vector<Piece>& pieces) {
    // Rules in the order of the source, first what was gained.
    std::vector<std::vector<const Piece*>> groups;
    for (const Piece& piece : pieces) {
      auto same =
          std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return together(*g.front(), piece); });
      if (same == groups.end()) {
        groups.push_back({&piece});
      } else {
        (*same).push_back(&piece);
      }
    }
    std::vector<Change> out;
    for (const auto& group : groups) {
      if (!repeats(group, groups)) out.push_back(change(group));
    }
    const auto source = [](const Change& c) {
      return c.where.includes.empty() ? c.where.span : c.where.includes.front().at;
    };
    std::stable_sort(out.begin(), out.end(), [&](const Change& a, const Change& b) {
      return std::tuple(a.direction, a.area, source(a)) < std::tuple(b.direction, b.area, source(b));
    });
    return out;
  }

 private:
  static bool together(const Piece& a, const Piece& b) {
    return a.direction == b.direction && a.term.rule == b.term.rule && a.term.entry == b.term.entry &&
           a.when == b.when && a.part == b.part && a.denied_by == b.denied_by && (a.operation.area == b.operation.area);
  }

  /// What an entry brings with it, reading its own program, is no news beside the entry; that it is one is.
  static bool repeats(const std::vector<const Piece*>& group, const std::vector<std::vector<const Piece*>>& all) {
    const Piece& first = *group.front();
    if (first.term.entry == nullptr || first.operation.area == Area::entry) return false;
    return std::any_of(all.begin(), all.end(), [&](const auto& other) {
      const Piece& o = *other.front();
      return o.direction == first.direction && o.term.entry == first.term.entry && o.operation.area == Area::entry;
    });
  }

  Change change(const std::vector<const Piece*>& group) const {
    const Piece& first = *group.front();
    const bool gained = first.direction == Direction::gained;
    const ir::Policy& policy = (gained ? after_ : before_).policy();
    Change out;
    out.direction = first.direction;
    out.area = first.operation.area;
    out.what = words(policy, group);
    out.part = first.part && first.extent.paths() != nullptr;
    if (!names_it_all(first)) out.example = example_of(group);
    out.when = first.when;
    if (first.denied_by != nullptr) {
      const ir::Policy& other = (gained ? before_ : after_).policy();
      out.why =
          fmt::format("{} denied by `{}`", gained ? "no longer" : "now", ir::describe(other, first.denied_by->access));
    }
    out.where = first.term.where();
    out.in_old = !gained;
    return out;
  }

  const Side& before_;
  const Side& after_;
};

// ---- one domain

std::set<Operation> operations_of(const Side& a, const Side& b) {
  std::set<Operation> out;
  for (const Side* side : {&a, &b})
    for (const auto& [operation, terms] : side->permissions) out.insert(operation);
  return out;
}

/// What is allowed on everyone's files and on the domain's own is said once.
void drop_owned_repeats(std::vector<Piece>& pieces) {
  std::erase_if(pieces, [&](const Piece& p) {
    if (p.operation.area != Area::files || p.operation.first == kAny) return false;
    return std::any_of(pieces.begin(), pieces.end(), [&](const Piece& other) {
      return other.operation.area == Area::files && other.operation.first == kAny &&
             other.operation.verb == p.operation.verb && other.direction == p.direction && other.when == p.when &&
             other.term.rule == p.term.rule && (p.extent - other.extent).empty();
    });
  });
}

/// Own signals, /proc and IPC need no rule.
bool is_always_there(const Operation& operation, const std::string& self) {
  return operation.area == Area::processes && operation.second == self &&
         (operation.verb == "signal" || operation.verb == "inspect" || operation.verb == "ipc");
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

std::set<std::string> raw_texts(const Side& side) {
  std::set<std::string> out;
  if (side.domain() == nullptr) return out;
  for (const ir::RawText& raw : side.domain()->raw) out.insert(raw.backend + "\n" + raw.text);
  return out;
}

class DomainComparison {
 public:
  DomainComparison(const ir::Meaning& before, ir::DomainId old_id, const ir::Meaning& after, ir::DomainId new_id)
      : before_(side(before, old_id)), after_(side(after, new_id)) {
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
    std::vector<Piece> pieces;
    for (const Operation& operation : operations_of(before_, after_)) add_pieces(operation, pieces);
    drop_owned_repeats(pieces);
    std::stable_sort(pieces.begin(), pieces.end(),
                     [](const Piece& a, const Piece& b) { return a.direction < b.direction; });
    for (Change& change : Changes(before_, after_).from(pieces)) changes_.push_back(std::move(change));
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
    const auto mine = terms_for(after_.permissions, operation);
    const auto theirs = terms_for(before_.permissions, operation);
    std::set<std::string> names;
    add_names(after_.policy(), mine, names);
    add_names(before_.policy(), theirs, names);
    const bool same = fingerprints(after_.policy(), mine) == fingerprints(before_.policy(), theirs);
    const bool switched = !switched_between(names).empty();
    if (same && !switched) return;
    const std::vector<std::string> switches(names.begin(), names.end());
    if (switches.size() > kMaxSwitches) {
      uncertain(fmt::format("`{}` depends on {} booleans, at most {} can be compared", operation.verb, switches.size(),
                            kMaxSwitches));
      return;
    }
    try {
      for (const bool gained : {true, false}) {
        OneWay way(gained ? after_ : before_, gained ? before_ : after_, operation,
                   gained ? Direction::gained : Direction::lost);
        for (Piece& piece : way.run(switches)) pieces.push_back(std::move(piece));
        if (switched) add_switched(way, operation, names, pieces);
      }
    } catch (const paths::TooComplex&) {
      uncertain(fmt::format("the paths of `{}` are too complex to be compared", operation.verb));
    }
  }

  /// Those of the booleans that are declared with another value now.
  std::vector<std::string> switched_between(const std::set<std::string>& names) const {
    const auto declared = [](const ir::Policy& policy) {
      std::map<std::string, bool> out;
      for (const ir::Boolean& b : policy.booleans) out.emplace(name_of(b), b.value);
      return out;
    };
    const auto then = declared(before_.policy());
    std::vector<std::string> out;
    for (const auto& [name, value] : declared(after_.policy())) {
      const auto it = then.find(name);
      if (names.contains(name) && it != then.end() && it->second != value) out.push_back(name);
    }
    return out;
  }

  /// What comes or goes since a boolean is declared with another value.
  void add_switched(OneWay& way, const Operation& operation, const std::set<std::string>& names,
                    std::vector<Piece>& pieces) {
    for (Piece& piece : way.by_default()) {
      const bool known = std::any_of(pieces.begin(), pieces.end(), [&](const Piece& other) {
        return other.operation == operation && other.direction == piece.direction &&
               other.term.rule == piece.term.rule && (piece.extent - other.extent).empty();
      });
      if (known) continue;
      piece.when = fmt::format("by default: `{}` is declared otherwise", fmt::join(switched_between(names), "`, `"));
      pieces.push_back(std::move(piece));
    }
  }

  void uncertain(std::string what) {
    const bool in_old = after_.domain() == nullptr;
    const Side& there = in_old ? before_ : after_;
    changes_.push_back(plain(Direction::uncertain, std::move(what), in_old, there.domain()->where));
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
        if (others.contains(raw.backend + "\n" + raw.text)) continue;
        changes_.push_back(plain(Direction::uncertain, fmt::format("raw {}{}", raw.backend, in_old ? ", gone" : ""),
                                 in_old, raw.where));
      }
    };
    differ(after_, then, false);
    differ(before_, now, true);
  }

  Side before_, after_;
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

/// A boolean that is on now and was off gives at once what could only be switched on before.
void compare_booleans(const ir::Policy& before, const ir::Policy& after, Difference& out) {
  std::map<std::string, const ir::Boolean*> old_booleans;
  for (const ir::Boolean& b : before.booleans) old_booleans.emplace(name_of(b), &b);
  for (const ir::Boolean& b : after.booleans) {
    const auto it = old_booleans.find(name_of(b));
    if (it == old_booleans.end() || it->second->value == b.value) continue;
    out.notes.push_back(
        {fmt::format("boolean `{}` is {} by default now", name_of(b), b.value ? "true" : "false"), b.span, false});
  }
}

/// The promises of a domain, read as if they were rules: sets are compared, not texts.
struct Promises {
  std::vector<ir::Rule> rules;
  Permissions permissions;

  Promises(const ir::Policy& policy, ir::DomainId id) {
    for (const ir::Obligation& never : policy.domain(id).never) {
      ir::Rule rule;
      rule.access = never.access;
      rule.where = never.where;
      rules.push_back(std::move(rule));
    }
    permissions = permissions_of(policy, id, rules);
  }
};

/// Whether the newer promises leave out something of an older one.
bool is_given_up(const ir::Meaning& before, const ir::Rule& promise, const Promises& then, const ir::Meaning& after,
                 const Promises& now) {
  for (const auto& [operation, terms] : then.permissions) {
    for (const Term& term : terms) {
      if (term.rule != &promise) continue;
      const Extent kept = allowed(after, terms_for(now.permissions, operation), ir::declared_values(after.policy()));
      if (!(Extent::of(before, term) - kept).empty()) return true;
    }
  }
  return false;
}

void compare_promises(const ir::Meaning& before, ir::DomainId old_id, const ir::Meaning& after, ir::DomainId new_id,
                      std::map<std::pair<Span, std::string>, std::vector<std::string>>& given_up) {
  const Promises then(before.policy(), old_id);
  const Promises now(after.policy(), new_id);
  for (const ir::Rule& promise : then.rules) {
    if (is_given_up(before, promise, then, after, now))
      given_up[{promise.where.span, ir::describe(before.policy(), promise.access)}].push_back(
          before.policy().qualified_name(old_id));
  }
}

}  // namespace

Difference compare(const ir::Meaning& before, const ir::Meaning& after) {
  const auto old_domains = by_name(before.policy());
  const auto new_domains = by_name(after.policy());
  std::set<std::string> names;
  for (const auto* side : {&old_domains, &new_domains})
    for (const auto& [name, id] : *side) names.insert(name);
  Difference out;
  std::map<std::pair<Span, std::string>, std::vector<std::string>> given_up;
  const auto id_in = [](const auto& domains, const std::string& name) {
    const auto it = domains.find(name);
    return it == domains.end() ? ir::DomainId::none : it->second;
  };
  for (const std::string& name : names) {
    const ir::DomainId old_id = id_in(old_domains, name);
    const ir::DomainId new_id = id_in(new_domains, name);
    DomainDifference one = DomainComparison(before, old_id, after, new_id).run();
    if (!one.changes.empty() || one.kind != DomainDifference::Kind::changed) out.domains.push_back(std::move(one));
    if (old_id != ir::DomainId::none && new_id != ir::DomainId::none)
      compare_promises(before, old_id, after, new_id, given_up);
  }
  for (const auto& [promise, domains] : given_up) {
    out.notes.push_back(
        {fmt::format("`never {}` is no longer promised about `{}`", promise.second, fmt::join(domains, "`, `")),
         promise.first, true});
  }
  compare_booleans(before.policy(), after.policy(), out);
  return out;
}

}  // namespace macc::query
