#include "compiler/query/permissions.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <type_traits>

#include "compiler/ir/conditions.h"
#include "compiler/ir/mount_options.h"

namespace macc::query {

using ir::Effect;
using ir::ExecAccess;
using ir::Verb;
using paths::PathSet;

std::string_view heading(Area area) {
  switch (area) {
    case Area::entry:
      return "entered";
    case Area::files:
      return "files";
    case Area::programs:
      return "programs";
    case Area::network:
      return "network";
    case Area::sockets:
      return "sockets";
    case Area::handed_over:
      return "handed over";
    case Area::processes:
      return "processes";
    case Area::kernel:
      return "kernel";
    case Area::bus:
      return "bus";
  }
  return "";
}

Area area_of(const ir::Access& access) {
  struct Of {
    Area operator()(const ir::FileAccess&) const { return Area::files; }
    Area operator()(const ir::ExecAccess&) const { return Area::programs; }
    Area operator()(const ir::NetworkAccess&) const { return Area::network; }
    Area operator()(const ir::UnixAccess&) const { return Area::sockets; }
    Area operator()(const ir::SocketAccess&) const { return Area::sockets; }
    Area operator()(const ir::UseAccess&) const { return Area::handed_over; }
    Area operator()(const ir::SignalAccess&) const { return Area::processes; }
    Area operator()(const ir::ProcessAccess&) const { return Area::processes; }
    Area operator()(const ir::CapabilityAccess&) const { return Area::kernel; }
    Area operator()(const ir::MountAccess&) const { return Area::kernel; }
    Area operator()(const ir::PathsAccess&) const { return Area::kernel; }
    Area operator()(const ir::PlainAccess& a) const {
      return a.kind == ir::PlainAccess::Kind::memory_execute ? Area::processes : Area::kernel;
    }
    Area operator()(const ir::DbusAccess&) const { return Area::bus; }
  };
  return std::visit(Of(), access);
}

bool is_any(const std::string& field) {
  return field == kAny || field == kAnyWithSource || field == kAnyWithFileSystem;
}

namespace {

/// The options of a mount as a field, and back.
constexpr std::string_view kBetweenOptions = ", ";

std::string options_field(const ir::MountAccess& a) {
  if (!a.options.empty()) return fmt::format("{}", fmt::join(ir::normal_options(a.options), kBetweenOptions));
  if (!a.fstypes.empty()) return kAnyWithFileSystem;
  return a.from.include.empty() ? kAny : kAnyWithSource;
}

bool field_covers(const std::string& said, const std::string& asked) {
  if (said == asked || said == kAny) return true;
  if (!is_any(said) || asked == kAny) return false;
  if (is_any(asked)) return said == kAnyWithSource;  // each is part of the one before
  const ir::MountKind kind = ir::mount_kind(options_of(asked));
  return said == kAnyWithSource ? ir::names_source(kind) : ir::names_file_system(kind);
}

}  // namespace

std::vector<std::string> options_of(const std::string& field) {
  std::vector<std::string> out;
  if (is_any(field)) return out;
  for (std::size_t begin = 0; begin < field.size();) {
    const std::size_t end = std::min(field.find(kBetweenOptions, begin), field.size());
    out.push_back(field.substr(begin, end - begin));
    begin = end + kBetweenOptions.size();
  }
  return out;
}

bool covers(const Operation& said, const Operation& asked) {
  return said.area == asked.area && said.verb == asked.verb && field_covers(said.first, asked.first) &&
         field_covers(said.second, asked.second);
}

bool overlap(const Operation& a, const Operation& b) {
  const auto fields = [](const std::string& x, const std::string& y) {
    return field_covers(x, y) || field_covers(y, x);
  };
  return a.area == b.area && a.verb == b.verb && fields(a.first, b.first) && fields(a.second, b.second);
}

const ir::Condition& Term::condition() const {
  static const ir::Condition always;
  return rule != nullptr ? rule->condition : always;
}

const ir::Provenance& Term::where() const { return rule != nullptr ? rule->where : entry->where; }

// ---- rules to terms

namespace {

const char* entry_word(ir::Entry::From from) {
  switch (from) {
    case ir::Entry::From::init:
      return "from init";
    case ir::Entry::From::user:
      return "from user";
    case ir::Entry::From::unit:
      return "from unit";
    case ir::Entry::From::external:
      return "from";
    case ir::Entry::From::project:
      return "by domains of the project";
  }
  return "";
}

/// An empty word of a rule stands for every value.
std::string or_any(const std::string& word) { return word.empty() ? kAny : word; }

class Reader {
 public:
  Reader(const ir::Policy& policy, ir::DomainId self, bool promises = false)
      : policy_(policy), self_(self), promises_(promises) {}

  void entries() {
    for (const ir::Entry& entry : policy_.domain(self_).entries) add(entry);
  }
  void rules(const std::vector<ir::Rule>& rules) {
    for (const ir::Rule& rule : rules) {
      rule_ = &rule;
      std::visit([this](const auto& access) { read(access); }, rule.access);
    }
  }
  std::vector<Statement> result() { return std::move(out_); }

 private:
  Term term() const {
    Term t;
    t.effect = rule_->effect;
    t.rule = rule_;
    return t;
  }
  Term about(const ir::PathExpr& paths) const {
    Term t = term();
    t.paths = &paths;
    t.all_paths = true;
    return t;
  }
  Term about(const ir::PathExpr& paths, Verb as) const {
    Term t = term();
    t.paths = &paths;
    t.as = as;
    return t;
  }
  void put(Area area, std::string verb, std::string first, std::string second, Term t) {
    out_.push_back({{area, std::move(verb), std::move(first), std::move(second)}, t});
  }
  void put(std::string verb, std::string first, std::string second, Term t) {
    put(area_of(rule_->access), std::move(verb), std::move(first), std::move(second), t);
  }

  std::string name_of(const ir::Peer& peer) const {
    if (peer.kind == ir::Peer::Kind::any) return kAny;
    return policy_.qualified_name(peer.kind == ir::Peer::Kind::self ? self_ : peer.domain);
  }

  void add(const ir::Entry& entry) {
    Term t;
    t.entry = &entry;
    t.paths = &entry.paths;
    for (const Verb verb : {Verb::read, Verb::load}) {
      t.as = verb;
      put(Area::files, std::string(ir::word(verb)), kAny, "", t);
    }
    t.as = Verb::load;
    std::string who = entry.unit;
    if (entry.external != ir::DomainId::none) who = policy_.qualified_name(entry.external);
    put(Area::entry, entry_word(entry.from), who, entry.level, t);
  }

  void read(const ir::FileAccess& a) {
    for (const Verb verb : a.verbs.list())
      put(std::string(ir::word(verb)), a.owner ? "owner" : kAny, "", about(a.paths, verb));
  }

  void read(const ExecAccess& a) {
    const bool deny = rule_->effect == Effect::deny;
    std::string way;
    if (a.mode == ExecAccess::Mode::transition) way = "to " + policy_.qualified_name(a.target);
    if (a.mode == ExecAccess::Mode::unconfined) way = "unconfined";
    if (promises_)
      return put("exec", way.empty() ? kAny : way, a.keep_environment ? "keep environment" : kAny,
                 about(a.paths, Verb::load));
    // A deny without a target takes the program away, and with one it does so whatever becomes of the environment.
    if (deny && way.empty()) way = kAny;
    put("exec", way, deny ? kAny : "", about(a.paths, Verb::load));
    if (!deny && a.keep_environment && !way.empty()) put("exec", way, "keep environment", about(a.paths, Verb::load));
  }

  void read(const ir::NetworkAccess& a) {
    Term t = term();
    t.ports = &a.ports;
    put(fmt::format("{} {}", a.listen ? "listen" : "connect", ir::word(a.protocol)), "", "", t);
  }

  void read(const ir::UnixAccess& a) {
    const std::string verb = a.listen ? "listen unix" : "connect unix";
    if (!a.abstract_name.empty()) return put(verb, "@" + a.abstract_name, "", term());
    put(verb, "", "", about(a.paths));
  }

  void read(const ir::SocketAccess& a) { put("socket", a.family, or_any(a.type), term()); }

  void read(const ir::UseAccess& a) {
    const std::string from = policy_.qualified_name(a.from);
    const auto one = [&](bool on, const char* word) {
      if (on) put("use", word, from, term());
    };
    one(a.tcp, "tcp");
    one(a.udp, "udp");
    one(a.unix, "unix");
    one(a.pipe, "pipe");
    one(a.terminal, "terminal");
    if (!a.paths.include.empty()) put("use", "", from, about(a.paths));
  }

  void read(const ir::SignalAccess& a) {
    if (a.any) return put("signal", kAny, name_of(a.peer), term());
    for (const ir::Signal s : a.signals) put("signal", std::string(ir::signal_word(s)), name_of(a.peer), term());
  }

  void read(const ir::ProcessAccess& a) {
    static constexpr const char* kWords[] = {"inspect", "trace", "ipc", "become"};
    put(kWords[static_cast<int>(a.kind)], "", name_of(a.peer), term());
  }

  void read(const ir::CapabilityAccess& a) {
    for (const ir::Capability c : a.capabilities)
      put("capability", std::string(ir::word(c)), a.in_userns ? "in userns" : "", term());
  }

  void read(const ir::MountAccess& a) {
    Term t = about(a.on);
    t.places = true;
    t.from = a.from.include.empty() ? nullptr : &a.from;
    const std::vector<std::string> any = {kAny};
    for (const std::string& fstype : a.fstypes.empty() ? any : a.fstypes) put("mount", fstype, options_field(a), t);
  }

  void read(const ir::PathsAccess& a) {
    static constexpr const char* kWords[] = {"unmount", "pivot", "mqueue"};
    put(kWords[static_cast<int>(a.kind)], "", "", about(a.paths));
  }

  void read(const ir::PlainAccess& a) { put(ir::describe(policy_, ir::Access(a)), "", "", term()); }

  void read(const ir::DbusAccess& a) {
    const std::string verb =
        fmt::format("dbus {} \"{}\" on {}", a.own ? "own" : "talk", a.name, a.session_bus ? "session" : "system");
    if (a.own) return put(verb, "", "", term());
    put(verb, or_any(a.interface), or_any(a.member), term());
  }

  const ir::Policy& policy_;
  ir::DomainId self_;
  bool promises_;
  const ir::Rule* rule_ = nullptr;
  std::vector<Statement> out_;
};

Permissions by_operation(std::vector<Statement> statements) {
  Permissions out;
  for (Statement& one : statements) out[std::move(one.operation)].push_back(one.term);
  return out;
}

}  // namespace

std::vector<Statement> statements_of(const ir::Policy& policy, ir::DomainId domain) {
  Reader reader(policy, domain);
  reader.rules(policy.domain(domain).rules);
  return reader.result();
}

Permissions permissions_of(const ir::Policy& policy, ir::DomainId domain) {
  Reader reader(policy, domain);
  reader.entries();
  reader.rules(policy.domain(domain).rules);
  return by_operation(reader.result());
}

Permissions permissions_of(const ir::Policy& policy, ir::DomainId domain, const std::vector<ir::Rule>& rules) {
  Reader reader(policy, domain);
  reader.rules(rules);
  return by_operation(reader.result());
}

Permissions promises_of(const ir::Policy& policy, ir::DomainId domain, const std::vector<ir::Rule>& promises) {
  Reader reader(policy, domain, true);
  reader.rules(promises);
  return by_operation(reader.result());
}

std::vector<Term> terms_for(const Permissions& permissions, const Operation& operation) {
  std::vector<Term> out;
  // The operations of one area and verb lie together.
  for (auto it = permissions.lower_bound({operation.area, operation.verb, "", ""});
       it != permissions.end() && it->first.area == operation.area && it->first.verb == operation.verb; ++it) {
    if (covers(it->first, operation)) out.insert(out.end(), it->second.begin(), it->second.end());
  }
  return out;
}

// ---- extents

namespace {

using Ports = Extent::Ports;
using Places = Extent::Places;

Ports merged(Ports ports) {
  std::sort(ports.begin(), ports.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Ports out;
  for (const ir::PortRange& r : ports) {
    if (!out.empty() && r.first <= static_cast<std::uint32_t>(out.back().last) + 1) {
      out.back().last = std::max(out.back().last, r.last);
    } else {
      out.push_back(r);
    }
  }
  return out;
}

Ports without(const Ports& ports, const Ports& taken) {
  Ports out;
  for (const ir::PortRange& r : ports) {
    std::uint32_t first = r.first;
    for (const ir::PortRange& t : taken) {
      if (t.last < first || t.first > r.last) continue;
      if (t.first > first) out.push_back({static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(t.first - 1)});
      first = static_cast<std::uint32_t>(t.last) + 1;
    }
    if (first <= r.last) out.push_back({static_cast<std::uint16_t>(first), r.last});
  }
  return out;
}

Places without(const Places& places, const Places& taken) {
  Places left = places;
  for (const auto& [from, on] : taken) {
    Places next;
    for (const auto& [f, o] : left) {
      if (!f.meets(from) || !o.meets(on)) {
        next.emplace_back(f, o);
        continue;
      }
      if (PathSet rest = f - from; !rest.empty()) next.emplace_back(std::move(rest), o);
      if (PathSet rest = o - on; !rest.empty()) next.emplace_back(f & from, std::move(rest));
    }
    left = std::move(next);
  }
  return left;
}

}  // namespace

Extent Extent::of(const ir::Meaning& meaning, const Term& term) {
  if (term.ports != nullptr) return Extent(*term.ports);
  if (term.places) {
    const PathSet from = term.from == nullptr ? PathSet::all() : meaning.set(*term.from);
    return Extent(Places{{from, meaning.set(*term.paths)}});
  }
  if (term.paths == nullptr) return Extent(Whole{});
  return Extent(term.all_paths ? meaning.set(*term.paths) : meaning.objects(term.as, *term.paths));
}

bool Extent::empty() const {
  return std::visit(
      [](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          return true;
        } else if constexpr (std::is_same_v<T, Whole>) {
          return false;
        } else {
          return v.empty();
        }
      },
      value_);
}

std::string Extent::example() const {
  if (const auto* set = std::get_if<PathSet>(&value_)) return set->example().value_or("");
  if (const auto* list = std::get_if<Ports>(&value_))
    return list->empty() ? "" : fmt::format("{}", list->front().first);
  if (const auto* places = std::get_if<Places>(&value_))
    return places->empty() ? "" : places->front().second.example().value_or("");
  return "";
}

Extent Extent::operator|(const Extent& other) const {
  if (empty()) return other;
  if (other.empty()) return *this;
  return std::visit(
      [&](const auto& a) -> Extent {
        using T = std::decay_t<decltype(a)>;
        if constexpr (std::is_same_v<T, PathSet>) {
          return Extent(a | std::get<T>(other.value_));
        } else if constexpr (std::is_same_v<T, Ports> || std::is_same_v<T, Places>) {
          T both = a;
          const T& more = std::get<T>(other.value_);
          both.insert(both.end(), more.begin(), more.end());
          if constexpr (std::is_same_v<T, Ports>) both = merged(std::move(both));
          return Extent(std::move(both));
        } else {
          return *this;
        }
      },
      value_);
}

Extent Extent::operator-(const Extent& other) const {
  if (empty() || other.empty()) return *this;
  return std::visit(
      [&](const auto& a) -> Extent {
        using T = std::decay_t<decltype(a)>;
        if constexpr (std::is_same_v<T, PathSet>) {
          const T& b = std::get<T>(other.value_);
          return a.meets(b) ? Extent(a - b) : *this;
        } else if constexpr (std::is_same_v<T, Ports> || std::is_same_v<T, Places>) {
          return Extent(without(a, std::get<T>(other.value_)));
        } else {
          return {};
        }
      },
      value_);
}

Extent Extent::operator&(const Extent& other) const {
  if (empty() || other.empty()) return {};
  if (const auto* set = std::get_if<PathSet>(&value_)) {
    const auto& theirs = std::get<PathSet>(other.value_);
    return set->meets(theirs) ? Extent(*set & theirs) : Extent();
  }
  return *this - (*this - other);
}

Extent allowed(const ir::Meaning& meaning, const std::vector<Term>& terms, const ir::Assignment& values) {
  Extent out;
  for (const Effect effect : {Effect::allow, Effect::deny}) {
    for (const Term& term : terms) {
      if (term.effect != effect || !ir::holds(term.condition(), values)) continue;
      const Extent said = Extent::of(meaning, term);
      out = effect == Effect::allow ? out | said : out - said;
    }
  }
  return out;
}

// ---- denies

Denials::Denials(const ir::Meaning& meaning, ir::DomainId domain) : meaning_(meaning) {
  denies_ = statements_of(meaning.policy(), domain);
  std::erase_if(denies_, [](const Statement& one) { return one.term.effect != Effect::deny; });
}

namespace {

/// Whether some values of the booleans make both hold.
bool together(const ir::Policy& policy, const ir::Condition& a, const ir::Condition& b) {
  ir::Condition both;
  both.kind = ir::Condition::Kind::conjunction;
  both.operands = {a, b};
  return ir::can_hold(both, policy.booleans.size());
}

}  // namespace

/// Whether no values of the booleans make the allow hold without the deny.
bool Denials::holds_with(const Term& deny, const Term& allow) const {
  if (deny.condition().is_always()) return true;
  ir::Condition without;
  without.kind = ir::Condition::Kind::negation;
  without.operands = {deny.condition()};
  return !together(meaning_.policy(), allow.condition(), without);
}

/// Which of the denies hold together while the allow does: what holds under some values of the booleans, without what
/// only adds to that. One entry without any where it is not known, for too many booleans.
std::vector<Denials::Terms> Denials::turns(const Terms& denies, const Term& allow) const {
  std::set<ir::BooleanId> named;
  ir::add_booleans(allow.condition(), named);
  for (const Term* deny : denies) ir::add_booleans(deny->condition(), named);
  if (named.size() > kMaxSwitches) return {{}};
  std::set<Terms> held;
  ir::Assignment values = ir::declared_values(meaning_.policy());
  for (std::size_t bits = 0; bits < (std::size_t{1} << named.size()); ++bits) {
    std::size_t i = 0;
    for (const ir::BooleanId boolean : named) values[static_cast<std::size_t>(boolean)] = ((bits >> i++) & 1U) != 0;
    if (!ir::holds(allow.condition(), values)) continue;
    Terms now;
    for (const Term* deny : denies)
      if (ir::holds(deny->condition(), values)) now.push_back(deny);
    if (now.empty()) return {{}};
    held.insert(std::move(now));
  }
  std::vector<Terms> out;
  for (const Terms& one : held) {
    // All are in the order in which the denies lie in memory.
    const bool adds = std::any_of(held.begin(), held.end(), [&](const Terms& other) {
      return other.size() < one.size() && std::includes(one.begin(), one.end(), other.begin(), other.end());
    });
    if (!adds) out.push_back(one);
  }
  return out;
}

Extent Denials::left_of(const Operation& operation, const Term& allow) const {
  Extent left = Extent::of(meaning_, allow);
  Terms sometimes;
  for (const auto& [denied, deny] : denies_) {
    if (!covers(denied, operation)) continue;
    if (holds_with(deny, allow)) {
      left = left - Extent::of(meaning_, deny);
    } else if (together(meaning_.policy(), allow.condition(), deny.condition())) {
      sometimes.push_back(&deny);
    }
  }
  if (sometimes.size() < 2 || left.empty()) return left;
  Extent out;
  for (const Terms& turn : turns(sometimes, allow)) {
    Extent now = left;
    for (const Term* deny : turn) now = now - Extent::of(meaning_, *deny);
    out = out | now;
  }
  return out;
}

bool Denials::leave(const Operation& operation, const Term& allow) const {
  const bool untouched = std::none_of(denies_.begin(), denies_.end(),
                                      [&](const Statement& deny) { return covers(deny.operation, operation); });
  return untouched || !left_of(operation, allow).empty();
}

std::vector<Denials::Against> Denials::against(const Operation& operation, const Term& allow) const {
  std::vector<Against> out;
  for (const auto& [denied, deny] : denies_) {
    if (!overlap(denied, operation) || !together(meaning_.policy(), allow.condition(), deny.condition())) continue;
    const bool meet = !(Extent::of(meaning_, allow) & Extent::of(meaning_, deny)).empty();
    if (meet) out.push_back({deny.rule, holds_with(deny, allow)});
  }
  return out;
}

Nearness nearness(const ir::Meaning& meaning, ir::DomainId domain, const ir::Access& a, const ir::Access& b) {
  const auto rule_of = [](const ir::Access& access) {
    ir::Rule rule;
    rule.access = access;
    return std::vector{std::move(rule)};
  };
  const std::vector<ir::Rule> rule_a = rule_of(a);
  const std::vector<ir::Rule> rule_b = rule_of(b);
  const auto meet = [&](const Term& x, const Term& y) {
    return !(Extent::of(meaning, x) & Extent::of(meaning, y)).empty();
  };
  const auto same_paths = [&](const Term& x, const Term& y) {
    return x.paths != nullptr && y.paths != nullptr && meaning.set(*x.paths).meets(meaning.set(*y.paths));
  };
  Nearness out = Nearness::apart;
  for (const auto& [operation, terms] : permissions_of(meaning.policy(), domain, rule_a)) {
    for (const auto& [other, others] : permissions_of(meaning.policy(), domain, rule_b)) {
      const bool same = overlap(operation, other);
      if (same) out = std::max(out, Nearness::same_operation);
      const bool objects = same ? meet(terms.front(), others.front())
                                : operation.area == other.area && same_paths(terms.front(), others.front());
      if (objects) return Nearness::same_object;
    }
  }
  return out;
}

PathSet movable(const PathSet& renamed) {
  static const PathSet root = [] {
    paths::PatternError error;
    return PathSet::of(paths::PathPattern::parse("/", error));
  }();
  return renamed.meets(PathSet::directories()) ? (renamed & PathSet::directories()) - root : PathSet();
}

std::vector<ir::DomainId> domains_by_name(const ir::Policy& policy) {
  std::vector<std::pair<std::string, ir::DomainId>> named;
  for (std::size_t i = 0; i < policy.domains.size(); ++i) {
    const auto id = static_cast<ir::DomainId>(i);
    if (!policy.domains[i].external) named.emplace_back(policy.qualified_name(id), id);
  }
  std::sort(named.begin(), named.end());
  std::vector<ir::DomainId> out;
  out.reserve(named.size());
  for (const auto& [name, id] : named) out.push_back(id);
  return out;
}

// ---- texts

std::string qualified(const ir::Policy& policy, const ir::Condition& c) {
  const auto joined = [&](const char* glue) {
    std::string out;
    for (const ir::Condition& o : c.operands) out += (out.empty() ? "" : glue) + qualified(policy, o);
    return "(" + out + ")";
  };
  switch (c.kind) {
    case ir::Condition::Kind::always:
      return "";
    case ir::Condition::Kind::boolean:
      return policy.boolean(c.boolean).module + "." + policy.boolean(c.boolean).name;
    case ir::Condition::Kind::negation:
      return "not " + joined("");
    case ir::Condition::Kind::conjunction:
      return joined(" and ");
    case ir::Condition::Kind::disjunction:
      return joined(" or ");
  }
  return "";
}

namespace {

void add_patterns(std::string& out, char mark, const std::vector<paths::PathPattern>& patterns) {
  std::vector<std::string> texts;
  texts.reserve(patterns.size());
  for (const paths::PathPattern& p : patterns) texts.push_back(p.text() + (p.excludes_top() ? "\1" : ""));
  std::sort(texts.begin(), texts.end());
  for (const std::string& text : texts) out += mark + text + "\n";
}

std::string text_of(const ir::Policy& policy, const ir::PathExpr& expr) {
  std::string out;
  add_patterns(out, '+', expr.include);
  add_patterns(out, '-', expr.exclude);
  for (const ir::ResourceId hole : expr.holes) {
    add_patterns(out, '(', policy.resource(hole).paths.include);
    add_patterns(out, ')', policy.resource(hole).paths.exclude);
  }
  return out;
}

}  // namespace

std::string fingerprint(const ir::Policy& policy, const Term& term) {
  std::string out = term.effect == Effect::deny ? "deny\n" : "allow\n";
  out += qualified(policy, term.condition()) + "\n";
  if (term.paths != nullptr) out += text_of(policy, *term.paths);
  if (term.from != nullptr) out += "from\n" + text_of(policy, *term.from);
  if (term.ports != nullptr)
    for (const ir::PortRange& r : *term.ports) out += fmt::format("{}-{}\n", r.first, r.last);
  return out;
}

}  // namespace macc::query
