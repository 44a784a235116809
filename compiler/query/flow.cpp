#include "compiler/query/flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

namespace macc::query {

using ir::DomainId;
using ir::Effect;
using ir::Rule;
using ir::Verb;
using paths::PathSet;

std::string_view word(Hop::Kind kind) {
  static constexpr const char* kWords[] = {"file",   "code",    "network", "unix socket", "handed over",
                                           "signal", "process", "start",   "bus"};
  return kWords[static_cast<int>(kind)];
}

bool is_control(Hop::Kind kind) {
  return kind == Hop::Kind::code || kind == Hop::Kind::signal || kind == Hop::Kind::process || kind == Hop::Kind::start;
}

namespace {

constexpr Verb kTaking[] = {Verb::read, Verb::load};

/// The allow rules of a domain whose accesses are of one type.
template <typename Access>
std::vector<std::pair<const Rule*, const Access*>> allows(const ir::Domain& domain) {
  std::vector<std::pair<const Rule*, const Access*>> out;
  for (const Rule& rule : domain.rules) {
    const auto* access = std::get_if<Access>(&rule.access);
    if (access != nullptr && rule.effect == Effect::allow) out.emplace_back(&rule, access);
  }
  return out;
}

/// Files through which one program can hand something to another.
const PathSet& carriers() {
  static const PathSet out = [] {
    std::vector<paths::PathPattern> sinks;
    for (const char* text : {
#define MACC_SINK(pattern, why) pattern,
#include "compiler/query/sinks.def"
#undef MACC_SINK
         }) {
      paths::PatternError error;
      for (paths::PathPattern& pattern : paths::PathPattern::parse(text, error)) sinks.push_back(std::move(pattern));
    }
    return PathSet::non_directories() - PathSet::of(sinks);
  }();
  return out;
}

bool reaches(const ir::Peer& peer, DomainId to) {
  return peer.kind == ir::Peer::Kind::any || (peer.kind == ir::Peer::Kind::domain && peer.domain == to);
}

std::optional<std::uint16_t> common_port(const ir::NetworkAccess& a, const ir::NetworkAccess& b) {
  for (const ir::PortRange& x : a.ports) {
    for (const ir::PortRange& y : b.ports) {
      const std::uint16_t first = std::max(x.first, y.first);
      if (first <= std::min(x.last, y.last)) return first;
    }
  }
  return std::nullopt;
}

}  // namespace

Flows::Flows(const ir::Meaning& meaning) : meaning_(meaning) {
  for (const ir::Domain& domain : meaning.policy().domains) nodes_.push_back(node_of(domain));
}

Flows::Node Flows::node_of(const ir::Domain& domain) const {
  Node node;
  const auto denied = [&](Verb verb) {
    PathSet out;
    for (const Rule& rule : domain.rules) {
      const auto* file = std::get_if<ir::FileAccess>(&rule.access);
      const bool counts = file != nullptr && rule.effect == Effect::deny && rule.condition.is_always() &&
                          !file->owner && file->verbs.has(verb);
      if (counts) out = out | meaning_.objects(verb, file->paths);
    }
    return out;
  };
  const auto add = [&](std::vector<OnPaths>& list, PathSet& all, const Rule* rule, PathSet set, std::string verb,
                       bool code) {
    set = set & carriers();
    all = all | set;
    list.push_back({rule, std::move(set), std::move(verb), code});
  };
  const auto files = [&](std::vector<OnPaths>& list, PathSet& all, Verb verb) {
    const PathSet taken = denied(verb);
    for (const auto& [rule, file] : allows<ir::FileAccess>(domain)) {
      if (!file->verbs.has(verb)) continue;
      PathSet set = meaning_.objects(verb, file->paths);
      if (set.meets(taken)) set = set - taken;
      add(list, all, rule, std::move(set), std::string(ir::word(verb)), verb == Verb::load);
    }
  };
  for (const Verb verb : kChanging) files(node.gives, node.given, verb);
  for (const Verb verb : kTaking) files(node.takes, node.taken, verb);
  for (const auto& [rule, exec] : allows<ir::ExecAccess>(domain)) {
    if (exec->mode == ir::ExecAccess::Mode::inside)
      add(node.takes, node.taken, rule, meaning_.objects(Verb::load, exec->paths), "exec", true);
  }
  for (const ir::Entry& entry : domain.entries)
    add(node.takes, node.taken, nullptr, meaning_.objects(Verb::load, entry.paths), "entry", true);
  return node;
}

std::optional<Hop> Flows::by_file(DomainId from, DomainId to, bool code) const {
  const Node& giver = nodes_.at(static_cast<std::size_t>(from));
  const Node& taker = nodes_.at(static_cast<std::size_t>(to));
  if (!giver.given.meets(taker.taken)) return std::nullopt;
  for (const OnPaths& take : taker.takes) {
    if (take.code != code || !giver.given.meets(take.set)) continue;
    for (const OnPaths& give : giver.gives) {
      if (!give.set.meets(take.set)) continue;
      const std::string example = (give.set & take.set).example().value_or("");
      const char* used = take.verb == "read" ? "reads" : take.verb == "load" ? "loads as code" : "runs";
      return Hop{from,
                 to,
                 code ? Hop::Kind::code : Hop::Kind::file,
                 fmt::format("may {} {}, which the other {}", give.verb, example, used),
                 give.rule,
                 take.rule};
    }
  }
  return std::nullopt;
}

void Flows::by_rules(DomainId from, DomainId to, std::vector<Hop>& out) const {
  const ir::Policy& policy = meaning_.policy();
  const ir::Domain& a = policy.domain(from);
  const ir::Domain& b = policy.domain(to);
  const auto has = [&out](Hop::Kind kind) {
    return std::any_of(out.begin(), out.end(), [&](const Hop& hop) { return hop.kind == kind; });
  };
  const auto add = [&](Hop::Kind kind, std::string how, const Rule* giver, const Rule* taker) {
    if (!has(kind)) out.push_back({from, to, kind, std::move(how), giver, taker});
  };
  // A connection carries data both ways, whichever side made it.
  const auto connected = [&](const ir::Domain& client, const ir::Domain& server, DomainId server_id, bool forward) {
    for (const auto& [rule, connect] : allows<ir::NetworkAccess>(client)) {
      if (connect->listen) continue;
      for (const auto& [other, listen] : allows<ir::NetworkAccess>(server)) {
        if (!listen->listen || listen->protocol != connect->protocol) continue;
        if (const auto port = common_port(*connect, *listen))
          add(Hop::Kind::network,
              fmt::format("{} {} {}", forward ? "connects to" : "is connected to at", ir::word(connect->protocol),
                          *port),
              forward ? rule : other, forward ? other : rule);
      }
    }
    for (const auto& [rule, connect] : allows<ir::UnixAccess>(client)) {
      const auto& servers = connect->servers;
      if (connect->listen || std::find(servers.begin(), servers.end(), server_id) == servers.end()) continue;
      add(Hop::Kind::unix_socket,
          fmt::format("{} {}", forward ? "may" : "is reached by", ir::describe(policy, rule->access)),
          forward ? rule : nullptr, forward ? nullptr : rule);
    }
    for (const auto& [rule, talk] : allows<ir::DbusAccess>(client)) {
      if (talk->own) continue;
      for (const auto& [other, own] : allows<ir::DbusAccess>(server)) {
        if (own->own && own->name == talk->name && own->session_bus == talk->session_bus)
          add(Hop::Kind::bus, fmt::format("\"{}\" on the bus", own->name), forward ? rule : other,
              forward ? other : rule);
      }
    }
  };
  connected(a, b, to, true);
  connected(b, a, from, false);
  for (const auto& [rule, use] : allows<ir::UseAccess>(b)) {
    if (use->from == from) add(Hop::Kind::handed_over, "hands it " + ir::describe(policy, rule->access), nullptr, rule);
  }
  for (const auto& [rule, use] : allows<ir::UseAccess>(a)) {
    if (use->from == to) add(Hop::Kind::handed_over, "writes into what it was handed over", rule, nullptr);
  }
  for (const auto& [rule, signal] : allows<ir::SignalAccess>(a)) {
    if (reaches(signal->peer, to)) add(Hop::Kind::signal, "may " + ir::describe(policy, rule->access), rule, nullptr);
  }
  for (const auto& [rule, process] : allows<ir::ProcessAccess>(a)) {
    if (!reaches(process->peer, to) || process->kind == ir::ProcessAccess::Kind::inspect) continue;
    const bool starts = process->kind == ir::ProcessAccess::Kind::become;
    add(starts ? Hop::Kind::start : Hop::Kind::process, "may " + ir::describe(policy, rule->access), rule, nullptr);
  }
  for (const auto& [rule, process] : allows<ir::ProcessAccess>(b)) {
    // Who is looked at informs; memory that is shared, or looked into, does so too.
    if (reaches(process->peer, from) && process->kind != ir::ProcessAccess::Kind::become)
      add(Hop::Kind::file, "is seen by `" + ir::describe(policy, rule->access) + "` of the other", nullptr, rule);
  }
  for (const auto& [rule, exec] : allows<ir::ExecAccess>(a)) {
    if (exec->mode == ir::ExecAccess::Mode::transition && exec->target == to)
      add(Hop::Kind::start, "may " + ir::describe(policy, rule->access), rule, nullptr);
  }
}

std::vector<Hop> Flows::between(DomainId from, DomainId to) const {
  std::vector<Hop> out;
  for (const bool code : {true, false}) {
    if (auto hop = by_file(from, to, code)) out.push_back(std::move(*hop));
  }
  by_rules(from, to, out);
  return out;
}

std::vector<Hop> Flows::way(DomainId from, DomainId to) const {
  if (from == to) return {};
  std::vector<std::optional<Hop>> came(nodes_.size());
  std::deque<DomainId> queue{from};
  const auto index = [](DomainId id) { return static_cast<std::size_t>(id); };
  while (!queue.empty() && !came[index(to)]) {
    const DomainId at = queue.front();
    queue.pop_front();
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const auto next = static_cast<DomainId>(i);
      if (next == from || came[i] || meaning_.policy().domain(next).external) continue;
      const std::vector<Hop> hops = between(at, next);
      if (hops.empty()) continue;
      came[i] = hops.front();
      queue.push_back(next);
    }
  }
  std::vector<Hop> out;
  for (DomainId at = to; at != from && came[index(at)]; at = came[index(at)]->from) out.push_back(*came[index(at)]);
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<Hop> Flows::all() const {
  const std::vector<DomainId> ids = domains_by_name(meaning_.policy());
  std::vector<Hop> out;
  for (const DomainId from : ids) {
    for (const DomainId to : ids) {
      if (from == to) continue;
      for (Hop& hop : between(from, to)) out.push_back(std::move(hop));
    }
  }
  return out;
}

}  // namespace macc::query
