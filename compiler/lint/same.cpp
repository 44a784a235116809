#include "compiler/lint/same.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <type_traits>

#include "compiler/ir/mount_options.h"

namespace macc::lint {

namespace {

/// Collects the parts of a key; lists are sorted, so that their order does not matter.
class Key {
 public:
  void add(std::string_view text) { out_ += fmt::format("{}:{};", text.size(), text); }
  void add(std::uint64_t number) { out_ += fmt::format("{};", number); }
  template <typename List>
  void add_sorted(const List& list) {
    std::vector<std::string> texts(list.begin(), list.end());
    std::sort(texts.begin(), texts.end());
    add(texts.size());
    for (const std::string& text : texts) add(text);
  }
  void add(const ir::PathExpr& paths) {
    add(static_cast<std::uint64_t>(paths.resource));
    std::vector<std::string> included, excluded;
    for (const auto& pattern : paths.include) included.push_back(pattern.text());
    for (const auto& pattern : paths.exclude) excluded.push_back(pattern.text());
    add_sorted(included);
    add_sorted(excluded);
  }
  void add(const ir::Peer& peer) {
    add(static_cast<std::uint64_t>(peer.kind));
    add(static_cast<std::uint64_t>(peer.domain));
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

void add(Key& key, const ir::FileAccess& a) {
  for (const ir::Verb verb : a.verbs.list()) key.add(ir::word(verb));
  key.add(static_cast<std::uint64_t>(a.owner));
  key.add(a.paths);
}
void add(Key& key, const ir::ExecAccess& a) {
  key.add(static_cast<std::uint64_t>(a.mode));
  key.add(static_cast<std::uint64_t>(a.target));
  key.add(static_cast<std::uint64_t>(a.keep_environment));
  key.add(a.paths);
}
void add(Key& key, const ir::NetworkAccess& a) {
  key.add(static_cast<std::uint64_t>(a.listen));
  key.add(static_cast<std::uint64_t>(a.protocol));
  for (const ir::PortRange& range : a.ports) key.add((std::uint64_t{range.first} << 16U) | range.last);
}
void add(Key& key, const ir::UnixAccess& a) {
  key.add(static_cast<std::uint64_t>(a.listen));
  key.add(a.abstract_name);
  key.add(a.paths);
}
void add(Key& key, const ir::SocketAccess& a) {
  key.add(a.family);
  key.add(a.type);
}
void add(Key& key, const ir::UseAccess& a) {
  for (const bool kind : {a.tcp, a.udp, a.unix, a.pipe, a.terminal}) key.add(static_cast<std::uint64_t>(kind));
  key.add(a.paths);
  key.add(static_cast<std::uint64_t>(a.from));
}
void add(Key& key, const ir::SignalAccess& a) {
  key.add(static_cast<std::uint64_t>(a.any));
  for (const ir::Signal signal : a.signals) key.add(static_cast<std::uint64_t>(signal));
  key.add(a.peer);
}
void add(Key& key, const ir::ProcessAccess& a) {
  key.add(static_cast<std::uint64_t>(a.kind));
  key.add(a.peer);
}
void add(Key& key, const ir::CapabilityAccess& a) {
  for (const ir::Capability capability : a.capabilities) key.add(ir::word(capability));
  key.add(static_cast<std::uint64_t>(a.in_userns));
}
void add(Key& key, const ir::MountAccess& a) {
  key.add_sorted(a.fstypes);
  key.add_sorted(ir::normal_options(a.options));
  key.add(a.from);
  key.add(a.on);
}
void add(Key& key, const ir::PathsAccess& a) {
  key.add(static_cast<std::uint64_t>(a.kind));
  key.add(a.paths);
}
void add(Key& key, const ir::PlainAccess& a) { key.add(static_cast<std::uint64_t>(a.kind)); }
void add(Key& key, const ir::DbusAccess& a) {
  key.add(static_cast<std::uint64_t>(a.own));
  key.add(static_cast<std::uint64_t>(a.session_bus));
  key.add(a.name);
  key.add(a.interface);
  key.add(a.member);
}

void add(Key& key, const ir::Condition& condition) {
  key.add(static_cast<std::uint64_t>(condition.kind));
  key.add(static_cast<std::uint64_t>(condition.boolean));
  for (const ir::Condition& operand : condition.operands) add(key, operand);
}

/// Whether one access of a kind holds no more than another one.
struct Fewer {
  const ir::Meaning& meaning;

  template <typename A>
  bool operator()(const A& /*access*/, const A& /*wider*/) const {
    return false;
  }
  bool operator()(const ir::CapabilityAccess& access, const ir::CapabilityAccess& wider) const {
    return wider.in_userns == access.in_userns && std::includes(wider.capabilities.begin(), wider.capabilities.end(),
                                                                access.capabilities.begin(), access.capabilities.end());
  }
  bool operator()(const ir::NetworkAccess& access, const ir::NetworkAccess& wider) const {
    const auto inside = [&](const ir::PortRange& range) {
      return std::any_of(wider.ports.begin(), wider.ports.end(),
                         [&](const ir::PortRange& w) { return w.first <= range.first && range.last <= w.last; });
    };
    return wider.listen == access.listen && wider.protocol == access.protocol &&
           std::all_of(access.ports.begin(), access.ports.end(), inside);
  }
  bool operator()(const ir::SignalAccess& access, const ir::SignalAccess& wider) const {
    return holds(access.peer, wider.peer) &&
           (wider.any || (!access.any && std::includes(wider.signals.begin(), wider.signals.end(),
                                                       access.signals.begin(), access.signals.end())));
  }
  bool operator()(const ir::ProcessAccess& access, const ir::ProcessAccess& wider) const {
    return access.kind == wider.kind && access.kind != ir::ProcessAccess::Kind::become &&
           holds(access.peer, wider.peer);
  }
  bool operator()(const ir::UnixAccess& access, const ir::UnixAccess& wider) const {
    const auto serves = [&](ir::DomainId server) {
      return std::find(wider.servers.begin(), wider.servers.end(), server) != wider.servers.end();
    };
    return access.listen == wider.listen && access.abstract_name.empty() && wider.abstract_name.empty() &&
           std::all_of(access.servers.begin(), access.servers.end(), serves) && holds(access.paths, wider.paths);
  }
  bool operator()(const ir::PathsAccess& access, const ir::PathsAccess& wider) const {
    return access.kind == wider.kind && holds(access.paths, wider.paths);
  }
  bool operator()(const ir::SocketAccess& access, const ir::SocketAccess& wider) const {
    return access.family == wider.family && wider.type.empty();
  }
  bool operator()(const ir::DbusAccess& access, const ir::DbusAccess& wider) const {
    return access.own == wider.own && access.session_bus == wider.session_bus && access.name == wider.name &&
           (wider.interface.empty() || (wider.interface == access.interface && wider.member.empty()));
  }

 private:
  [[nodiscard]] static bool holds(const ir::Peer& peer, const ir::Peer& wider) {
    return wider.kind == ir::Peer::Kind::any || (wider.kind == peer.kind && wider.domain == peer.domain);
  }
  [[nodiscard]] bool holds(const ir::PathExpr& paths, const ir::PathExpr& wider) const {
    return meaning.set(wider).contains(meaning.set(paths));
  }
};

}  // namespace

std::string key_of(const ir::Access& access) {
  Key key;
  key.add(static_cast<std::uint64_t>(access.index()));
  std::visit([&](const auto& a) { add(key, a); }, access);
  return key.take();
}

std::string key_of(const ir::Condition& condition) {
  Key key;
  add(key, condition);
  return key.take();
}

bool is_narrower(const Context& context, const ir::Access& access, const ir::Access& wider) {
  return access.index() == wider.index() &&
         std::visit([&]<typename A>(const A& a) { return Fewer{context.meaning()}(a, std::get<A>(wider)); }, access);
}

std::vector<StatementRules> own_statements(const Context& context, const ir::Domain& domain) {
  std::vector<StatementRules> out;
  for (const ir::Rule& rule : domain.rules) {
    if (!rule.where.includes.empty() || !context.is_ours(rule.where.span)) continue;
    if (out.empty() || out.back().span != rule.where.span) out.push_back({rule.where.span, {}});
    out.back().rules.push_back(&rule);
  }
  return out;
}

namespace {

bool holds(Span outer, Span inner) { return outer.begin <= inner.begin && inner.end <= outer.end; }

/// What has to go for a statement to go: itself, or the `if` that would be left empty. nullopt when there is an `else`.
std::optional<Span> all_that_goes(const std::vector<ast::Statement>& body, Span statement) {
  const auto around = std::find_if(body.begin(), body.end(), [&](const auto& s) { return holds(s.span, statement); });
  if (around == body.end()) return std::nullopt;
  const auto* branches = std::get_if<ast::IfStatement>(&around->value);
  if (around->span == statement || branches == nullptr) return statement;
  const auto in_then = all_that_goes(branches->then, statement);
  const auto& branch = in_then ? branches->then : branches->otherwise;
  const auto inner = in_then ? in_then : all_that_goes(branch, statement);
  if (!inner || branch.size() > 1 || *inner != branch.front().span) return inner;
  return branches->otherwise.empty() ? std::optional(around->span) : std::nullopt;
}

const std::vector<ast::Statement>* body_around(const ast::File& file, Span statement) {
  for (const ast::Declaration& declaration : file.declarations) {
    const std::vector<ast::Statement>* body = std::visit(
        [](const auto& d) -> const std::vector<ast::Statement>* {
          if constexpr (requires { d.body; }) return &d.body;
          return nullptr;
        },
        declaration);
    if (body == nullptr) continue;
    if (std::any_of(body->begin(), body->end(), [&](const auto& s) { return holds(s.span, statement); })) return body;
  }
  return nullptr;
}

/// A statement with the annotations before it: left alone, they would speak for the next one.
Span with_annotations(const ast::File& file, Span statement) {
  for (const ast::Annotated& annotated : file.annotated) {
    if (annotated.span == statement) return cover(annotated.annotations.front().span, statement);
  }
  return statement;
}

}  // namespace

std::vector<Edit> without_statement(const Context& context, Span statement) {
  const ast::File& file = context.tree(statement.file);
  const auto* body = body_around(file, statement);
  const auto gone = body == nullptr ? std::nullopt : all_that_goes(*body, statement);
  if (!gone) return {};
  return {removal(context.sources().file(statement.file), with_annotations(file, *gone))};
}

namespace {

/// The rules of a domain on paths that a deny takes out of, as grants are.
std::vector<Grant> denials(const ir::Domain& domain) {
  std::vector<Grant> out;
  for (const ir::Rule& rule : domain.rules) {
    const auto* file = std::get_if<ir::FileAccess>(&rule.access);
    const auto* exec = std::get_if<ir::ExecAccess>(&rule.access);
    if (rule.effect != ir::Effect::deny || (file == nullptr && exec == nullptr)) continue;
    Grant& deny = out.emplace_back();
    deny.rule = &rule;
    deny.paths = file != nullptr ? &file->paths : &exec->paths;
    deny.exec = exec != nullptr;
    if (file != nullptr) deny.verbs = file->verbs;
    deny.owner = file != nullptr && file->owner;
    for (const paths::PathPattern& pattern : deny.paths->include) {
      for (std::string& start : starts_of(pattern)) deny.starts.push_back(std::move(start));
    }
  }
  return out;
}

}  // namespace

Coverage::Coverage(const Context& context, const Subject& subject, ir::Effect effect)
    : context_(context),
      subject_(subject),
      effect_(effect),
      denials_(effect == ir::Effect::deny ? denials(*subject.domain) : std::vector<Grant>()),
      on_paths_(effect == ir::Effect::deny ? denials_ : subject.reach->grants()) {
  for (const Grant& grant : on_paths_) {
    if (grant.rule != nullptr) grants_[grant.rule] = &grant;
  }
  for (const ir::Rule& rule : subject.domain->rules) {
    if (rule.effect == effect) by_key_[key_of(rule.access)].push_back(&rule);
  }
}

bool Coverage::counts(const ir::Rule& other, const ir::Rule& rule) const {
  if (&other == &rule || other.effect != effect_ || (effect_ == ir::Effect::deny && other.audit)) return false;
  if (other.where.span == rule.where.span && other.where.includes.size() == rule.where.includes.size()) return false;
  if (std::find(left_out_.begin(), left_out_.end(), &other) != left_out_.end()) return false;
  return other.condition.is_always() || key_of(other.condition) == key_of(rule.condition);
}

bool Coverage::is_covered(const ir::Rule& rule, const ir::Rule*& by) const {
  if (rule.audit) return false;  // it is there for the log
  const auto grant = grants_.find(&rule);
  return grant != grants_.end() ? paths_covered(*grant->second, by) : words_covered(rule, by);
}

bool Coverage::paths_covered(const Grant& grant, const ir::Rule*& by) const {
  const auto* exec = std::get_if<ir::ExecAccess>(&grant.rule->access);
  const auto speaks = [&](const Grant& other, ir::Verb verb) {
    if (other.rule == nullptr || other.exec != grant.exec || !near(other.starts, grant.starts)) return false;
    if (!counts(*other.rule, *grant.rule)) return false;
    if (exec == nullptr) return other.verbs.has(verb) && (!other.owner || grant.owner);
    const auto& way = std::get<ir::ExecAccess>(other.rule->access);
    return way.mode == exec->mode && way.target == exec->target && way.keep_environment == exec->keep_environment;
  };
  const std::vector<ir::Verb> verbs = grant.exec ? std::vector<ir::Verb>{ir::Verb::load} : grant.verbs.list();
  for (const ir::Verb verb : verbs) {
    std::vector<const Grant*> others;
    for (const Grant& other : on_paths_) {
      if (speaks(other, verb)) others.push_back(&other);
    }
    if (others.empty()) return false;
    // Most rules are not covered, and most of those show it by the first path that comes to mind.
    for (const auto& pattern : grant.paths->include) {
      const std::string sample = sample_of(pattern);
      if (sample.empty() || !context_.meaning().covers(verb, *grant.paths, sample)) continue;
      const auto covering = std::find_if(others.begin(), others.end(), [&](const Grant* other) {
        return context_.meaning().covers(verb, *other->paths, sample);
      });
      if (covering == others.end()) return false;
      by = (*covering)->rule;
    }
    std::vector<paths::PathSet> sets;
    for (const Grant* other : others) sets.push_back(context_.meaning().objects(verb, *other->paths));
    std::vector<paths::PathSet::Claim> claims;
    for (const paths::PathSet& set : sets) claims.push_back({&set, 0});
    if (!context_.meaning().objects(verb, *grant.paths).is_covered_by(claims)) return false;
    if (by == nullptr) by = others.front()->rule;
  }
  return true;
}

bool Coverage::words_covered(const ir::Rule& rule, const ir::Rule*& by) const {
  if (const auto same = by_key_.find(key_of(rule.access)); same != by_key_.end()) {
    for (const ir::Rule* other : same->second) {
      if (!counts(*other, rule)) continue;
      by = other;
      return true;
    }
  }
  const auto other = std::find_if(subject_.domain->rules.begin(), subject_.domain->rules.end(), [&](const ir::Rule& r) {
    return counts(r, rule) && is_narrower(context_, rule.access, r.access);
  });
  if (other == subject_.domain->rules.end()) return false;
  by = &*other;
  return true;
}

}  // namespace macc::lint
