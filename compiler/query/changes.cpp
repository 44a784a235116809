#include "compiler/query/changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "compiler/ir/always_there.h"

namespace macc::query {

namespace {

/// Ids of the domain itself and of any other one, for questions that are about no policy.
constexpr ir::DomainId kSelf{0};
constexpr ir::DomainId kOther{1};

bool is_owned(const Operation& operation) { return operation.area == Area::files && operation.first == "owner"; }

// ---- what is said by others, or only in part

/// What a wider operation of the same rule says as well is not said again: of anyone's files and of one's own, of any
/// domain and of one.
void drop_repeats(std::vector<Piece>& pieces) {
  std::map<Operation, std::vector<const Piece*>> by_operation;
  const std::vector<Piece> all = pieces;
  for (const Piece& piece : all) by_operation[piece.operation].push_back(&piece);
  for (Piece& p : pieces) {
    for (const auto& [operation, others] : by_operation) {
      if (operation == p.operation || !covers(operation, p.operation)) continue;
      for (const Piece* other : others) {
        if (other->foreign || other->direction != p.direction || other->when != p.when ||
            other->term.rule != p.term.rule || other->term.entry != p.term.entry)
          continue;
        p.extent = p.extent - other->extent;
        p.part = true;
      }
    }
  }
  std::erase_if(pieces, [](const Piece& p) { return p.extent.empty(); });
}

/// Marks what is said of anybody's files where a deny keeps it from those of the process's own user.
void mark_foreign(std::vector<Piece>& pieces, const Side& before, const Side& after) {
  for (Piece& p : pieces) {
    if (p.operation.area != Area::files || p.operation.first != kAny) continue;
    const Permissions& there = (p.direction == Direction::gained ? after : before).permissions;
    const Operation owned{Area::files, p.operation.verb, "owner", ""};
    const auto terms = there.find(owned);
    const bool denied =
        terms != there.end() && std::any_of(terms->second.begin(), terms->second.end(),
                                            [](const Term& term) { return term.effect == ir::Effect::deny; });
    p.foreign = denied && std::none_of(pieces.begin(), pieces.end(), [&](const Piece& q) {
                  return q.operation == owned && q.direction == p.direction && q.when == p.when &&
                         (p.extent - q.extent).empty();
                });
  }
}

bool has_any(const Operation& operation) { return is_any(operation.first) || is_any(operation.second); }

/// Marks where `any` says too much: some of what it stands for has an operation of its own, and did not change.
void mark_others(std::vector<Piece>& pieces, const std::set<Operation>& operations, const std::string& self) {
  for (Piece& p : pieces) {
    if (p.operation.area == Area::files || p.operation.area == Area::programs || !has_any(p.operation)) continue;
    p.others = std::any_of(operations.begin(), operations.end(), [&](const Operation& one) {
      if (one == p.operation || !covers(p.operation, one) || is_always_there(one, self)) return false;
      return std::none_of(pieces.begin(), pieces.end(), [&](const Piece& q) {
        return q.operation == one && q.direction == p.direction && q.when == p.when && (p.extent - q.extent).empty();
      });
    });
  }
}

// ---- groups

struct Group {
  std::vector<const Piece*> pieces;
  Told told;

  [[nodiscard]] const Piece& first() const { return *pieces.front(); }
};

/// What an access names once keeps two operations apart.
bool one_access(const Operation& a, const Operation& b) {
  if (a.area != b.area || is_owned(a) != is_owned(b)) return false;
  switch (a.area) {
    case Area::processes:
      return a.second == b.second;
    case Area::sockets:
    case Area::bus:
      return a == b;
    case Area::kernel:
      return a.verb != b.verb || a.verb != "mount" || a.second == b.second;
    default:
      return true;
  }
}

bool together(const Piece& a, const Piece& b) {
  return a.direction == b.direction && a.term.rule == b.term.rule && a.term.entry == b.term.entry && a.when == b.when &&
         a.part == b.part && a.foreign == b.foreign && a.denied_by == b.denied_by &&
         one_access(a.operation, b.operation);
}

std::vector<Group> groups_of(const std::vector<Piece>& pieces, const Teller& teller) {
  std::vector<Group> out;
  // Pieces of one rule belong together at most: others are not looked at.
  std::map<std::pair<const void*, const void*>, std::vector<std::size_t>> by_rule;
  for (const Piece& piece : pieces) {
    Told told = teller.tell(piece);
    std::vector<std::size_t>& mates = by_rule[{piece.term.rule, piece.term.entry}];
    const auto same = std::find_if(mates.begin(), mates.end(), [&](std::size_t i) {
      return together(out[i].first(), piece) && teller.alike(out[i].first(), out[i].told, piece, told);
    });
    if (same == mates.end()) {
      mates.push_back(out.size());
      out.push_back({{&piece}, std::move(told)});
      continue;
    }
    Group& group = out[*same];
    group.pieces.push_back(&piece);
    Teller::join(group.told, told);
  }
  for (Group& group : out) teller.sort(group.told.include);
  return out;
}

// ---- words

ir::Peer peer_of(const ir::Policy& policy, const std::string& name, const ir::Peer& said) {
  if (said.kind != ir::Peer::Kind::any || name == kAny) return said;
  for (std::size_t i = 0; i < policy.domains.size(); ++i) {
    const auto id = static_cast<ir::DomainId>(i);
    if (policy.qualified_name(id) == name) return {ir::Peer::Kind::domain, id};
  }
  return said;
}

/// The values of a field in the pieces' operations; empty where one of them stands for all.
std::vector<std::string> values_of(const std::vector<const Piece*>& pieces, std::string Operation::*field) {
  std::set<std::string> out;
  for (const Piece* p : pieces) out.insert(p->operation.*field);
  if (out.contains(kAny)) return {};
  return {out.begin(), out.end()};
}

/// Takes out of the access of a rule what the pieces are not about.
class Restriction {
 public:
  Restriction(const ir::Policy& policy, const std::vector<const Piece*>& pieces) : policy_(policy), pieces_(pieces) {}

  void operator()(ir::FileAccess& a) const {
    a.verbs = {};
    for (const Piece* p : pieces_) a.verbs |= *ir::verbs_of(p->operation.verb);
    a.owner = a.owner || is_owned(first());
  }
  void operator()(ir::NetworkAccess& a) const {
    Extent all;
    for (const Piece* p : pieces_) all = all | p->extent;
    if (all.ports() != nullptr) a.ports = *all.ports();
  }
  void operator()(ir::SocketAccess& a) const { a.type = first().second == kAny ? "" : first().second; }
  void operator()(ir::UseAccess& a) const {
    const auto has = [&](std::string_view word) {
      return std::any_of(pieces_.begin(), pieces_.end(), [&](const Piece* p) { return p->operation.first == word; });
    };
    a.tcp = has("tcp");
    a.udp = has("udp");
    a.unix = has("unix");
    a.pipe = has("pipe");
    a.terminal = has("terminal");
    if (!has("")) a.paths = {};
  }
  void operator()(ir::SignalAccess& a) const {
    a.peer = peer_of(policy_, first().second, a.peer);
    const std::vector<std::string> words = values_of(pieces_, &Operation::first);
    if (words.empty()) return;
    a.any = false;
    a.signals.clear();
    for (const std::string& word : words) a.signals.push_back(*ir::signal_of(word));
    std::sort(a.signals.begin(), a.signals.end());
  }
  void operator()(ir::ProcessAccess& a) const { a.peer = peer_of(policy_, first().second, a.peer); }
  void operator()(ir::CapabilityAccess& a) const {
    a.capabilities.clear();
    for (const Piece* p : pieces_)
      if (const auto c = ir::capability_of(p->operation.first)) a.capabilities.push_back(*c);
    std::sort(a.capabilities.begin(), a.capabilities.end());
  }
  void operator()(ir::MountAccess& a) const {
    a.fstypes = values_of(pieces_, &Operation::first);
    a.options = options_of(first().second);
  }
  void operator()(ir::DbusAccess& a) const {
    if (a.own) return;
    a.interface = first().first == kAny ? "" : first().first;
    a.member = first().second == kAny ? "" : first().second;
  }
  template <typename Other>
  void operator()(Other&) const {}

 private:
  [[nodiscard]] const Operation& first() const { return pieces_.front()->operation; }

  const ir::Policy& policy_;
  const std::vector<const Piece*>& pieces_;
};

/// The other domain of an access; none where there is none, or any.
ir::DomainId peer_in(const ir::Access& access) {
  if (const auto* signal = std::get_if<ir::SignalAccess>(&access)) return signal->peer.domain;
  if (const auto* process = std::get_if<ir::ProcessAccess>(&access)) return process->peer.domain;
  if (const auto* use = std::get_if<ir::UseAccess>(&access)) return use->from;
  if (const auto* exec = std::get_if<ir::ExecAccess>(&access)) return exec->target;
  return ir::DomainId::none;
}

/// "entry "/usr/bin/x" from init".
std::string entry_text(const ir::Policy& policy, const Piece& piece) {
  std::string out = "entry " + ir::describe(policy, piece.term.entry->paths) + " " + piece.operation.verb;
  if (!piece.operation.first.empty()) out += " " + piece.operation.first;
  if (!piece.operation.second.empty()) out += " at level " + piece.operation.second;
  return out;
}

std::string words(const Side& side, const std::vector<const Piece*>& pieces) {
  const ir::Policy& policy = side.policy();
  const Piece& first = *pieces.front();
  if (first.term.rule == nullptr) {
    if (first.operation.area == Area::entry) return entry_text(policy, first);
    std::string verbs;
    for (const Piece* p : pieces) verbs += (verbs.empty() ? "" : ", ") + p->operation.verb;
    return verbs + " " + ir::describe(policy, first.term.entry->paths);
  }
  ir::Access access = first.term.rule->access;
  std::visit(Restriction(policy, pieces), access);
  std::string out = ir::describe(policy, access);
  // Domains of other modules may have the same name.
  const ir::DomainId peer = peer_in(access);
  if (peer != ir::DomainId::none && policy.domain(peer).module != side.domain()->module)
    out += fmt::format(" ({})", policy.qualified_name(peer));
  return out;
}

// ---- examples

/// A domain that no operation names: what is said of any domain holds of it.
std::string some_domain(const ir::Policy& policy, const std::set<Operation>& operations, const Operation& about,
                        const std::string& self) {
  for (const ir::DomainId id : domains_by_name(policy)) {
    std::string name = policy.qualified_name(id);
    const bool is_named = std::any_of(operations.begin(), operations.end(), [&](const Operation& one) {
      return one.area == about.area && one.verb == about.verb && one.second == name;
    });
    if (!is_named && name != self) return name;
  }
  return "";
}

std::string some_signal(const std::set<Operation>& operations) {
  for (const std::string& word : ir::signal_words()) {
    if (ir::signal_of(word) == ir::Signal{0}) continue;  // asks, and sends nothing
    const bool is_named = std::any_of(operations.begin(), operations.end(), [&](const Operation& one) {
      return one.area == Area::processes && one.verb == "signal" && one.first == word;
    });
    if (!is_named) return word;
  }
  return "";
}

/// "signal hup to m.e", "inspect m.e": where `any` did not change for all.
std::string process_example(const Side& side, const Operation& operation, const std::set<Operation>& operations) {
  const std::string self = side.policy().qualified_name(side.id);
  const std::string peer =
      operation.second == kAny ? some_domain(side.policy(), operations, operation, self) : operation.second;
  if (peer.empty()) return "";
  if (operation.verb != "signal") return operation.verb + " " + peer;
  const std::string signal = operation.first == kAny ? some_signal(operations) : operation.first;
  return signal.empty() ? "" : fmt::format("signal {} to {}", signal, peer);
}

std::string path_example(const Group& group, const Teller& teller) {
  // A directory that is listed says less than a file.
  const auto telling = std::find_if(group.pieces.begin(), group.pieces.end(),
                                    [](const Piece* p) { return p->operation.verb != "list"; });
  const Piece& first = telling == group.pieces.end() ? group.first() : **telling;
  std::string path = teller.example(first, group.told);
  if (path.empty() || first.operation.area == Area::entry) return path;
  if (first.term.places) {
    const std::string& fstype = first.operation.first;
    const std::string& options = first.operation.second;
    return fmt::format("mount {}{}on {}", fstype == kAny ? "" : fstype + " ",
                       is_any(options) ? "" : "options " + options + " ", path);
  }
  const Operation& operation = first.operation;
  if (operation.area == Area::handed_over) return fmt::format("use {} from {}", path, operation.second);
  std::string what = operation.verb;
  if (operation.area == Area::programs && !operation.first.empty()) path += " " + operation.first;
  const char* whose = is_owned(first.operation) ? ", of its own user" : first.foreign ? ", of another user" : "";
  return fmt::format("{} {}{}", what, path, whose);
}

// ---- changes

/// Longer lists are shortened where an access is described.
constexpr std::size_t kAllShown = 4;

bool says_all(const ir::PathExpr& expr) {
  return expr.resource == ir::ResourceId::none && expr.include.size() <= kAllShown && expr.exclude.size() <= kAllShown;
}

bool is_literal(const ir::PathExpr& expr) {
  return expr.resource == ir::ResourceId::none && expr.include.size() == 1 && expr.exclude.empty() &&
         expr.include.front().is_literal();
}

/// What an entry brings with it, reading its own program, is no news beside the entry; that it is one is.
bool repeats_entry(const Group& group, const std::vector<Group>& all) {
  const Piece& first = group.first();
  if (first.term.entry == nullptr || first.operation.area == Area::entry) return false;
  return std::any_of(all.begin(), all.end(), [&](const Group& other) {
    const Piece& o = other.first();
    return o.direction == first.direction && o.term.entry == first.term.entry && o.operation.area == Area::entry;
  });
}

Change change_of(const Group& group, const std::set<Operation>& operations, const Side& before, const Side& after,
                 const Teller& teller) {
  const Piece& first = group.first();
  const bool gained = first.direction == Direction::gained;
  const Side& side = gained ? after : before;
  Change out;
  out.direction = first.direction;
  out.area = first.operation.area;
  out.what = words(side, group.pieces) + (first.foreign ? ", of other users" : "");
  const bool others = std::any_of(group.pieces.begin(), group.pieces.end(), [](const Piece* p) { return p->others; });
  const std::vector<paths::PathSet> sets = sets_of(first);
  out.part = others || (first.part && !sets.empty());
  if (!sets.empty()) {
    for (const Piece* piece : group.pieces)
      for (paths::PathSet& set : sets_of(*piece)) out.sets.push_back(std::move(set));
    out.paths = texts(group.told.include);
    out.except = texts(group.told.except);
    out.exact = group.told.exact;
    out.named =
        !first.part && says_all(*first.term.paths) && (first.term.from == nullptr || says_all(*first.term.from));
    if (out.part || !is_literal(*first.term.paths)) out.example = path_example(group, teller);
  } else if (others && out.area == Area::processes) {
    out.example = process_example(side, first.operation, operations);
  }
  out.when = first.when;
  if (first.denied_by != nullptr) {
    const ir::Policy& other = (gained ? before : after).policy();
    out.why =
        fmt::format("{} denied by `{}`", gained ? "no longer" : "now", ir::describe(other, first.denied_by->access));
  }
  out.where = first.term.where();
  out.in_old = !gained;
  if (out.area == Area::entry && !gained && after.domain() != nullptr) {
    out.direction = Direction::uncertain;
    out.what += ", gone";
    out.why = "what is started there is confined by others, or by nothing";
  }
  return out;
}

}  // namespace

bool is_always_there(const Operation& operation, const std::string& self) {
  const ir::Peer peer{ir::Peer::Kind::domain, operation.second == self ? kSelf : kOther};
  if (operation.area == Area::kernel)
    return operation.verb == "keyring" && ir::is_always_there(ir::PlainAccess{ir::PlainAccess::Kind::keyring}, kSelf);
  if (operation.area != Area::processes || operation.second.empty()) return false;
  if (operation.verb == "signal") return ir::is_always_there(ir::SignalAccess{true, {}, peer}, kSelf);
  using Kind = ir::ProcessAccess::Kind;
  static constexpr std::array kKinds = {std::pair{"inspect", Kind::inspect}, std::pair{"trace", Kind::trace},
                                        std::pair{"ipc", Kind::ipc}, std::pair{"become", Kind::become}};
  return std::any_of(kKinds.begin(), kKinds.end(), [&](const auto& kind) {
    return operation.verb == kind.first && ir::is_always_there(ir::ProcessAccess{kind.second, peer}, kSelf);
  });
}

std::vector<Change> changes_from(std::vector<Piece> pieces, const std::set<Operation>& operations, const Side& before,
                                 const Side& after, const Teller& teller) {
  const Side& there = after.domain() == nullptr ? before : after;
  mark_others(pieces, operations, there.policy().qualified_name(there.id));
  mark_foreign(pieces, before, after);
  drop_repeats(pieces);
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.direction < b.direction; });
  const std::vector<Group> groups = groups_of(pieces, teller);
  std::vector<Change> out;
  for (const Group& group : groups) {
    if (!repeats_entry(group, groups)) out.push_back(change_of(group, operations, before, after, teller));
  }
  const auto source = [](const Change& c) {
    return c.where.includes.empty() ? c.where.span : c.where.includes.front().at;
  };
  std::stable_sort(out.begin(), out.end(), [&](const Change& a, const Change& b) {
    return std::tuple(a.direction, a.area, source(a)) < std::tuple(b.direction, b.area, source(b));
  });
  return out;
}

}  // namespace macc::query
