#include "compiler/ir/meaning.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>
#include <unordered_map>

#include "compiler/ir/always_there.h"

namespace macc::ir {

using paths::PathPattern;
using paths::PathSet;

Assignment declared_values(const Policy& policy) {
  Assignment out;
  out.reserve(policy.booleans.size());
  for (const Boolean& b : policy.booleans) out.push_back(b.value);
  return out;
}

bool holds(const Condition& c, const Assignment& values) {
  const auto each = [&](const Condition& o) { return holds(o, values); };
  switch (c.kind) {
    case Condition::Kind::always:
      return true;
    case Condition::Kind::boolean:
      return values.at(static_cast<std::size_t>(c.boolean));
    case Condition::Kind::negation:
      return !holds(c.operands.at(0), values);
    case Condition::Kind::conjunction:
      return std::all_of(c.operands.begin(), c.operands.end(), each);
    case Condition::Kind::disjunction:
      return std::any_of(c.operands.begin(), c.operands.end(), each);
  }
  return false;
}

// ---- sets ----

struct Meaning::Cache {
  std::unordered_map<std::string, PathSet> sets;
};

Meaning::Meaning(const Policy& policy) : policy_(policy), cache_(std::make_shared<Cache>()) {}

namespace {

/// Verbs that are about the entries of a tree, not about its top directory (language, section 4).
bool about_entries(Verb verb) { return verb == Verb::create || verb == Verb::delete_ || verb == Verb::rename; }

bool on_directories(Verb verb) { return applies_to(verb, ObjectClass::directory); }
bool on_others(Verb verb) { return verb != Verb::list; }

std::vector<PathPattern> patterns_for(const std::vector<PathPattern>& patterns, bool entries) {
  if (!entries) return patterns;
  std::vector<PathPattern> out;
  out.reserve(patterns.size());
  for (const PathPattern& p : patterns) out.push_back(p.entries_beneath());
  return out;
}

void append_key(std::string& key, char mark, const std::vector<PathPattern>& patterns) {
  for (const PathPattern& p : patterns) {
    key += mark;
    key += p.text();
    if (p.excludes_top()) key += '\1';
  }
}

}  // namespace

PathSet Meaning::extent(ResourceId id) const { return set(policy_.resource(id).paths); }

PathSet Meaning::region(ResourceId id) const {
  const Resource& r = policy_.resource(id);
  PathExpr expr = r.paths;
  expr.holes = r.inside;
  return set(expr);
}

static std::string key_of(const PathExpr& expr, char prefix) {
  std::string key(1, prefix);
  append_key(key, '+', expr.include);
  append_key(key, '-', expr.exclude);
  for (ResourceId hole : expr.holes) key += fmt::format("\n{}", static_cast<std::uint32_t>(hole));
  return key;
}

/// Whether a pattern could share a path with one of the others, by the bytes they start with.
static bool near_any(const PathPattern& pattern, const std::vector<PathPattern>& others) {
  const std::string prefix = pattern.literal_prefix();
  return std::any_of(others.begin(), others.end(), [&](const PathPattern& o) {
    const std::string other = o.literal_prefix();
    return other.starts_with(prefix) || prefix.starts_with(other);
  });
}

PathSet Meaning::set(const PathExpr& expr) const {
  const std::string key = key_of(expr, '=');
  if (auto it = cache_->sets.find(key); it != cache_->sets.end()) return it->second;
  // Holes without an `except` of their own are taken out together: one union is cheaper than many differences.
  std::vector<PathPattern> exclude = expr.exclude;
  std::vector<ResourceId> odd;
  for (ResourceId hole : expr.holes) {
    const PathExpr& inner = policy_.resource(hole).paths;
    if (inner.exclude.empty()) {
      for (const PathPattern& p : inner.include) {
        if (near_any(p, expr.include)) exclude.push_back(p);
      }
    } else {
      odd.push_back(hole);
    }
  }
  PathSet out = PathSet::of(expr.include, exclude);
  for (ResourceId hole : odd) {
    const PathSet inner = extent(hole);
    if (out.meets(inner)) out = out - inner;
  }
  cache_->sets.emplace(key, out);
  return out;
}

PathSet Meaning::objects(Verb verb, const PathExpr& expr) const {
  const bool entries = about_entries(verb);
  const char shape = !on_others(verb) ? 'd' : !on_directories(verb) ? 'f' : entries ? 'e' : '=';
  if (shape == '=') return set(expr);
  const std::string key = key_of(expr, shape);
  if (auto it = cache_->sets.find(key); it != cache_->sets.end()) return it->second;
  PathSet out;
  if (shape == 'e') {
    PathExpr beneath = expr;
    beneath.include = patterns_for(expr.include, true);
    out = set(beneath);
  } else {
    out = set(expr) & (shape == 'd' ? PathSet::directories() : PathSet::non_directories());
  }
  cache_->sets.emplace(key, out);
  return out;
}

PathSet Meaning::objects(Verb verb, const PathExpr& expr, const PathSet& asked) const {
  return set(expr).surely_apart(asked) ? PathSet() : objects(verb, expr);
}

static bool matches_any(const std::vector<PathPattern>& patterns, std::string_view path) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const PathPattern& p) { return p.matches(path); });
}

bool Meaning::covers(Verb verb, const PathExpr& expr, std::string_view path) const {
  const bool directory = !path.empty() && path.back() == '/';
  if (directory ? !on_directories(verb) : !on_others(verb)) return false;
  if (!matches_any(patterns_for(expr.include, about_entries(verb)), path)) return false;
  if (matches_any(expr.exclude, path)) return false;
  return std::none_of(expr.holes.begin(), expr.holes.end(), [&](ResourceId hole) {
    const PathExpr& inner = policy_.resource(hole).paths;
    return matches_any(inner.include, path) && !matches_any(inner.exclude, path);
  });
}

PathSet Meaning::allowed_paths(DomainId id, Verb verb, bool owned, const Assignment& values) const {
  const Domain& domain = policy_.domain(id);
  PathSet out;
  const auto relevant = [&](const Rule& rule, Effect effect) -> const FileAccess* {
    const auto* access = std::get_if<FileAccess>(&rule.access);
    const bool on = access != nullptr && rule.effect == effect && access->verbs.has(verb) &&
                    (owned || !access->owner) && holds(rule.condition, values);
    return on ? access : nullptr;
  };
  if (verb == Verb::read || verb == Verb::load) {
    for (const Entry& entry : domain.entries) out = out | objects(verb, entry.paths);
  }
  for (const Rule& rule : domain.rules) {
    if (const auto* access = relevant(rule, Effect::allow)) out = out | objects(verb, access->paths);
  }
  for (const Rule& rule : domain.rules) {
    if (const auto* access = relevant(rule, Effect::deny)) out = out - objects(verb, access->paths);
  }
  return out;
}

// ---- decisions ----

namespace {

bool is_device(ObjectClass object) { return object == ObjectClass::char_device || object == ObjectClass::block_device; }

/// A pattern covers device nodes only under /dev or in a resource of kind device.
bool device_allowed(const Policy& policy, const PathExpr& expr, const std::string& path) {
  if (path.starts_with("/dev/")) return true;
  return expr.resource != ResourceId::none && policy.resource(expr.resource).kind == Kind::device;
}

/// The decision over rules for which `concerns(rule)` says whether it speaks about the question.
template <typename Concerns>
Decision over_rules(const Domain& domain, const Assignment& values, Concerns concerns) {
  Decision out;
  for (const Rule& rule : domain.rules) {
    if (!holds(rule.condition, values) || !concerns(rule)) continue;
    if (rule.effect == Effect::deny) return {false, &rule};
    if (!out.allowed) out = {true, &rule};
  }
  return out;
}

bool in_ranges(const std::vector<PortRange>& ranges, std::uint16_t port) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const PortRange& r) { return r.first <= port && port <= r.last; });
}

Peer other(DomainId domain) { return {Peer::Kind::domain, domain}; }

bool concerns_peer(const Peer& peer, DomainId self, DomainId to) {
  switch (peer.kind) {
    case Peer::Kind::any:
      return true;
    case Peer::Kind::self:
      return self == to;
    case Peer::Kind::domain:
      return peer.domain == to;
  }
  return false;
}

}  // namespace

Decision Meaning::decide_file(const Domain& domain, const FileQuestion& q, const Assignment& values) const {
  if (!applies_to(q.verb, q.object)) return {};
  const auto reaches = [&](const PathExpr& expr) {
    return covers(q.verb, expr, q.path) && (!is_device(q.object) || device_allowed(policy_, expr, q.path));
  };
  Decision out = over_rules(domain, values, [&](const Rule& rule) {
    const auto* a = std::get_if<FileAccess>(&rule.access);
    return a != nullptr && a->verbs.has(q.verb) && (q.owned || !a->owner) && reaches(a->paths);
  });
  if (!out.allowed && out.rule == nullptr && (q.verb == Verb::read || q.verb == Verb::load)) {
    out.allowed = std::any_of(domain.entries.begin(), domain.entries.end(),
                              [&](const Entry& e) { return covers(q.verb, e.paths, q.path); });
  }
  return out;
}

Decision Meaning::decide_exec(const Domain& domain, const ExecQuestion& q, const Assignment& values) const {
  return over_rules(domain, values, [&](const Rule& rule) {
    const auto* a = std::get_if<ExecAccess>(&rule.access);
    if (a == nullptr || !covers(Verb::load, a->paths, q.path)) return false;
    // `deny exec` without a target forbids every way of executing.
    if (rule.effect == Effect::deny && a->mode == ExecAccess::Mode::inside) return true;
    if (rule.effect == Effect::allow && q.keep_environment && !keeps_environment(*a)) return false;
    return a->mode == q.mode && (q.mode != ExecAccess::Mode::transition || a->target == q.target);
  });
}

Decision Meaning::decide(DomainId id, const Question& question, const Assignment& values) const {
  const Domain& domain = policy_.domain(id);
  const auto by = [&](auto concerns) {
    return over_rules(domain, values, [&](const Rule& rule) { return concerns(rule); });
  };
  return std::visit(
      [&](const auto& q) -> Decision {
        using T = std::decay_t<decltype(q)>;
        if constexpr (std::is_same_v<T, FileQuestion>) {
          return decide_file(domain, q, values);
        } else if constexpr (std::is_same_v<T, ExecQuestion>) {
          return decide_exec(domain, q, values);
        } else if constexpr (std::is_same_v<T, NetworkQuestion>) {
          return by([&](const Rule& r) {
            const auto* a = std::get_if<NetworkAccess>(&r.access);
            return a != nullptr && a->listen == q.listen && a->protocol == q.protocol && in_ranges(a->ports, q.port);
          });
        } else if constexpr (std::is_same_v<T, UnixQuestion>) {
          return by([&](const Rule& r) {
            const auto* a = std::get_if<UnixAccess>(&r.access);
            if (a == nullptr || a->listen != q.listen || a->abstract_name.empty() == q.abstract) return false;
            return q.abstract ? a->abstract_name == q.name : covers(Verb::read, a->paths, q.name);
          });
        } else if constexpr (std::is_same_v<T, SocketQuestion>) {
          return by([&](const Rule& r) {
            const auto* a = std::get_if<SocketAccess>(&r.access);
            return a != nullptr && a->family == q.family && (a->type.empty() || a->type == q.type);
          });
        } else if constexpr (std::is_same_v<T, SignalQuestion>) {
          if (is_always_there(SignalAccess{false, {q.signal}, other(q.to)}, id)) return {true, nullptr};
          return by([&](const Rule& r) {
            const auto* a = std::get_if<SignalAccess>(&r.access);
            return a != nullptr && concerns_peer(a->peer, id, q.to) &&
                   (a->any || std::binary_search(a->signals.begin(), a->signals.end(), q.signal));
          });
        } else if constexpr (std::is_same_v<T, ProcessQuestion>) {
          if (is_always_there(ProcessAccess{q.kind, other(q.to)}, id)) return {true, nullptr};
          return by([&](const Rule& r) {
            const auto* a = std::get_if<ProcessAccess>(&r.access);
            return a != nullptr && a->kind == q.kind && concerns_peer(a->peer, id, q.to);
          });
        } else if constexpr (std::is_same_v<T, CapabilityQuestion>) {
          return by([&](const Rule& r) {
            const auto* a = std::get_if<CapabilityAccess>(&r.access);
            return a != nullptr && a->in_userns == q.in_userns &&
                   std::binary_search(a->capabilities.begin(), a->capabilities.end(), q.capability);
          });
        } else if constexpr (std::is_same_v<T, PlainQuestion>) {
          if (is_always_there(PlainAccess{q.kind}, id)) return {true, nullptr};
          return by([&](const Rule& r) {
            const auto* a = std::get_if<PlainAccess>(&r.access);
            return a != nullptr && a->kind == q.kind;
          });
        } else {
          return by([&](const Rule& r) {
            const auto* a = std::get_if<DbusAccess>(&r.access);
            return a != nullptr && a->own == q.own && a->session_bus == q.session_bus && a->name == q.name &&
                   (a->interface.empty() || a->interface == q.interface) &&
                   (a->member.empty() || a->member == q.member);
          });
        }
      },
      question);
}

}  // namespace macc::ir
