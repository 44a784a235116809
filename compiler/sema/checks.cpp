// Checks and completions that need the whole policy.
#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "compiler/paths/path_index.h"
#include "compiler/sema/analysis.h"

namespace macc::sema {

using ir::PathExpr;
using paths::PathPattern;

namespace {

/// Calls `f` for every path expression of an access.
template <typename F>
void each_paths(ir::Access& access, F f) {
  std::visit(
      [&](auto& a) {
        using T = std::decay_t<decltype(a)>;
        if constexpr (std::is_same_v<T, ir::MountAccess>) {
          f(a.from);
          f(a.on);
        } else if constexpr (requires { a.paths; }) {
          f(a.paths);
        }
      },
      access);
}

bool same_patterns(const PathExpr& a, const PathExpr& b) {
  return a.include == b.include && a.exclude == b.exclude && a.resource == b.resource;
}

}  // namespace

void Analysis::fill_holes() {
  const auto fill = [&](ir::Access& access) {
    each_paths(access, [&](PathExpr& e) {
      if (e.resource != ir::ResourceId::none) e.holes = policy_.resource(e.resource).inside;
    });
  };
  for (ir::Domain& domain : policy_.domains) {
    for (ir::Rule& r : domain.rules) fill(r.access);
    for (ir::Obligation& o : domain.never) fill(o.access);
  }
  for (auto* tests : {&policy_.tests, &policy_.asked}) {
    for (ir::Test& test : *tests) {
      for (ir::TestExpectation& e : test.expectations) fill(e.access);
    }
  }
}

void Analysis::drop_empty_rules() {
  const ir::Meaning meaning(policy_);
  const auto nothing_left = [&](const ir::Rule& rule, const PathExpr& e) {
    Diagnostic& d = report(Code::E0402, rule.where.span, "this rule is about no path at all");
    for (auto it = rule.where.includes.rbegin(); it != rule.where.includes.rend(); ++it) {
      d.note(fmt::format("through `include {}`", it->abstraction), it->at);
    }
    if (!e.holes.empty()) {
      d.also(policy_.resource(e.holes.front()).where.span, "this resource takes its paths out");
    } else {
      d.note("the `except` leaves nothing");
    }
  };
  for (ir::Domain& domain : policy_.domains) {
    for (ir::Rule& rule : domain.rules) {
      auto* file = std::get_if<ir::FileAccess>(&rule.access);
      if (file == nullptr || (file->paths.exclude.empty() && file->paths.holes.empty())) continue;
      try {
        for (ir::Verb v : file->verbs.list()) {
          if (meaning.objects(v, file->paths).empty()) file->verbs.remove(v);
        }
      } catch (const paths::TooComplex&) {
        report(Code::E0406, rule.where.span, "the paths of this rule are too complex");
      }
      if (!file->verbs.any()) nothing_left(rule, file->paths);
    }
  }
}

// ---- unix sockets: who listens ----

void Analysis::connect_servers() {
  struct Listener {
    ir::DomainId domain;
    PathExpr paths;
  };
  const ir::Meaning meaning(policy_);
  const bool may_be_lost = diagnostics_.has_errors();  // a rule that listens may be missing for another reason
  std::vector<Listener> listeners;
  std::map<std::string, std::set<ir::DomainId>> abstract;
  paths::PrefixIndex index;
  const auto add = [&](ir::DomainId id, const PathExpr& e) {
    for (const PathPattern& p : e.include) index.add(p.literal_prefix(), listeners.size());
    listeners.push_back({id, e});
  };
  for (std::size_t i = 0; i < policy_.domains.size(); ++i) {
    for (const ir::Rule& rule : policy_.domains[i].rules) {
      const auto* a = std::get_if<ir::UnixAccess>(&rule.access);
      if (a == nullptr || !a->listen || rule.effect != ir::Effect::allow) continue;
      if (a->abstract_name.empty()) {
        add(static_cast<ir::DomainId>(i), a->paths);
      } else {
        abstract[a->abstract_name].insert(static_cast<ir::DomainId>(i));
      }
    }
  }
  for (const ir::Resource& r : policy_.resources) {
    if (r.server != ir::DomainId::none) add(r.server, r.paths);
  }

  const auto servers_of = [&](const ir::UnixAccess& a) {
    std::set<ir::DomainId> found;
    if (!a.abstract_name.empty()) {
      if (auto it = abstract.find(a.abstract_name); it != abstract.end()) found = it->second;
    }
    std::set<std::size_t> near;
    for (const PathPattern& p : a.paths.include) {
      for (std::size_t l : index.candidates(p.literal_prefix())) near.insert(l);
    }
    for (std::size_t l : near) {
      if (meaning.set(listeners[l].paths).meets(meaning.set(a.paths))) found.insert(listeners[l].domain);
    }
    return found;
  };
  for (ir::Domain& domain : policy_.domains) {
    for (ir::Rule& rule : domain.rules) {
      auto* a = std::get_if<ir::UnixAccess>(&rule.access);
      if (a == nullptr || a->listen || rule.effect != ir::Effect::allow) continue;
      try {
        const auto found = servers_of(*a);
        a->servers.assign(found.begin(), found.end());
      } catch (const paths::TooComplex&) {
        report(Code::E0406, rule.where.span, "the paths of this rule are too complex");
        continue;
      }
      if (!a->servers.empty() || may_be_lost) continue;
      Diagnostic& d = report(
          Code::E0312, rule.where.span,
          fmt::format("nobody listens on {}", printable(a->abstract_name.empty() ? ir::describe(policy_, a->paths)
                                                                                 : "\"@" + a->abstract_name + "\"")));
      for (auto it = rule.where.includes.rbegin(); it != rule.where.includes.rend(); ++it) {
        d.note(fmt::format("through `include {}`", it->abstraction), it->at);
      }
      d.note("the server is a domain with `allow listen unix` on it, or the `by DOMAIN;` of an external resource");
    }
  }
}

// ---- entries ----

void Analysis::exec_entries() {
  const ir::Meaning meaning(policy_);
  const auto covered = [&](const ir::Domain& target, const PathExpr& e) {
    return std::any_of(target.entries.begin(), target.entries.end(), [&](const ir::Entry& entry) {
      return same_patterns(entry.paths, e) || meaning.set(entry.paths).contains(meaning.objects(ir::Verb::load, e));
    });
  };
  for (std::size_t i = 0; i < policy_.domains.size(); ++i) {
    for (const ir::Rule& rule : policy_.domains[i].rules) {
      const auto* a = std::get_if<ir::ExecAccess>(&rule.access);
      if (a == nullptr || a->mode != ir::ExecAccess::Mode::transition || rule.effect != ir::Effect::allow) continue;
      ir::Domain& target = policy_.domains[static_cast<std::size_t>(a->target)];
      if (a->target == static_cast<ir::DomainId>(i)) {
        report(Code::E0319, rule.where.span, fmt::format("`{}` cannot move into itself", target.name))
            .note("without `to` the program runs inside this domain");
        continue;
      }
      try {
        if (target.external || covered(target, a->paths)) continue;
      } catch (const paths::TooComplex&) {
        report(Code::E0406, rule.where.span, "the paths of this rule are too complex");
        continue;
      }
      ir::Entry entry;
      entry.from = ir::Entry::From::project;
      entry.paths = a->paths;
      entry.where = rule.where;
      target.entries.push_back(std::move(entry));
    }
  }
}

/// Two entries from one unit, which has one drop-in.
void Analysis::check_same_unit(const ir::Domain& first, const ir::Entry& one, const ir::Domain& second,
                               const ir::Entry& other) {
  if (&first != &second) {
    report(
        Code::E0311, other.where.span,
        fmt::format("unit `{}` would start two domains: `{}` and `{}`", printable(one.unit), first.name, second.name))
        .also(one.where.span, "the other entry")
        .note("a unit names one domain; what it starts beside that is started by `exec ... to` from there");
  } else if (one.level != other.level) {
    report(Code::E0314, other.where.span, fmt::format("unit `{}` has one level", printable(one.unit)))
        .also(one.where.span, "already given");
  }
}

void Analysis::check_entries() {
  struct Way {
    std::size_t domain;
    const ir::Entry* entry;
  };
  const ir::Meaning meaning(policy_);
  std::vector<Way> ways;
  std::map<std::string, Way> units;
  paths::PrefixIndex index;
  std::set<std::size_t> become;
  for (const ir::Domain& domain : policy_.domains) {
    for (const ir::Rule& rule : domain.rules) {
      const auto* p = std::get_if<ir::ProcessAccess>(&rule.access);
      if (p != nullptr && p->kind == ir::ProcessAccess::Kind::become) {
        become.insert(static_cast<std::size_t>(p->peer.domain));
      }
    }
  }
  for (std::size_t i = 0; i < policy_.domains.size(); ++i) {
    const ir::Domain& domain = policy_.domains[i];
    if (domain.external) continue;
    // After errors the entry may be missing for another reason.
    if (domain.entries.empty() && !become.contains(i) && !diagnostics_.has_errors()) {
      report(Code::E0310, domain.where.span, fmt::format("no program enters domain `{}`", domain.name))
          .note("give it an `entry`, or let another domain `exec ... to` it");
    }
    for (const ir::Entry& entry : domain.entries) {
      if (entry.from == ir::Entry::From::unit) {
        const auto [it, fresh] = units.emplace(entry.unit, Way{i, &entry});
        if (!fresh) check_same_unit(policy_.domains[it->second.domain], *it->second.entry, domain, entry);
      }
      // A unit names its domain itself, and exec names the domain to enter.
      if (entry.from == ir::Entry::From::unit || entry.from == ir::Entry::From::project) continue;
      for (const PathPattern& p : entry.paths.include) index.add(p.literal_prefix(), ways.size());
      ways.push_back({i, &entry});
    }
  }
  for (std::size_t w = 0; w < ways.size(); ++w) {
    std::set<std::size_t> near;
    for (const PathPattern& p : ways[w].entry->paths.include) {
      for (std::size_t other : index.candidates(p.literal_prefix())) {
        if (other < w && ways[other].domain != ways[w].domain) near.insert(other);
      }
    }
    for (std::size_t other : near) {
      try {
        const auto shared = (meaning.set(ways[w].entry->paths) & meaning.set(ways[other].entry->paths)).example();
        if (!shared) continue;
        report(Code::E0311, ways[w].entry->where.span,
               fmt::format("`{}` would enter two domains: `{}` and `{}`", printable(*shared),
                           policy_.domains[ways[other].domain].name, policy_.domains[ways[w].domain].name))
            .also(ways[other].entry->where.span, "the other entry")
            .note(
                "a program is confined by one domain; a second one for the same program is started by a unit "
                "(`from unit \"...\"`) or by `exec ... to`");
      } catch (const paths::TooComplex&) {
        report(Code::E0406, ways[w].entry->where.span, "the paths of this entry are too complex");
      }
    }
  }
}

}  // namespace macc::sema
