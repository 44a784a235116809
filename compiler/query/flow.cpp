#include "compiler/query/flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>

#include "compiler/paths/path_index.h"
#include "compiler/query/beginnings.h"

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

std::size_t index_of(DomainId id) { return static_cast<std::size_t>(id); }

/// Files that keep nothing.
const PathSet& sinks() {
  static const PathSet out = [] {
    std::vector<paths::PathPattern> patterns;
    for (const char* text : {
#define MACC_SINK(pattern, why) pattern,
#include "compiler/query/sinks.def"
#undef MACC_SINK
         }) {
      paths::PatternError error;
      for (paths::PathPattern& pattern : paths::PathPattern::parse(text, error)) patterns.push_back(std::move(pattern));
    }
    return PathSet::of(patterns);
  }();
  return out;
}

/// Files through which one program can hand something to another.
const PathSet& carriers() {
  static const PathSet out = PathSet::non_directories() - sinks();
  return out;
}

}  // namespace

// ---- through files

/// What domains write, and what they read or run.
class Flows::Files {
  static constexpr const char* kQueue = "mqueue";

 public:
  explicit Files(const ir::Meaning& meaning) : meaning_(meaning) {
    for (std::size_t i = 0; i < meaning.policy().domains.size(); ++i) add(static_cast<DomainId>(i));
  }

  /// At most one step of code and one of files to each domain that is wanted, in the order of these.
  std::vector<Hop> steps(DomainId from, const Wanted& wanted) {
    std::vector<Hop> out;
    const std::vector<Pair> pairs = near(from);
    for (auto begin = pairs.begin(); begin != pairs.end();) {
      const DomainId to = takes_[begin->take].domain;
      const auto end = std::find_if(begin, pairs.end(), [&](const Pair& p) { return takes_[p.take].domain != to; });
      if (wanted(to)) {
        for (const bool code : {true, false}) {
          if (auto hop = first_meeting(begin, end, code)) out.push_back(std::move(*hop));
        }
      }
      begin = end;
    }
    return out;
  }

 private:
  /// Paths that a domain may use in one way.
  struct Use {
    DomainId domain = DomainId::none;
    Statement said;         ///< without an operation for an entry
    std::string_view verb;  ///< in words
    bool code = false;
    bool queue = false;                             ///< a message queue, which has a name, and is no file
    std::optional<PathSet> written, left, folders;  ///< known once they are asked for; folders: moved, or on the way
  };
  /// A give and a take that may meet.
  struct Pair {
    std::size_t take = 0, give = 0;
    friend auto operator<=>(const Pair&, const Pair&) = default;
  };
  using Pairs = std::vector<Pair>::const_iterator;

  void add(DomainId id) {
    const ir::Domain& domain = meaning_.policy().domain(id);
    denials_.emplace_back(meaning_, id);
    first_give_.push_back(gives_.size());
    const std::vector<Statement> statements = statements_of(meaning_.policy(), id);
    const auto add_verb = [&](std::vector<Use>& list, Verb verb) {
      for (const Statement& one : statements) {
        const bool is_it = one.operation.area == Area::files && one.term.as == verb;
        if (is_it && one.term.effect == Effect::allow)
          list.push_back({id, one, ir::word(verb), verb == Verb::load, false, {}, {}, {}});
      }
    };
    const std::size_t first_take = takes_.size();
    for (const Verb verb : kChanging) add_verb(gives_, verb);
    for (const Verb verb : {Verb::read, Verb::load}) add_verb(takes_, verb);
    for (const Statement& one : statements) {
      const bool inside = one.operation.area == Area::programs && one.operation.first.empty();
      if (inside && one.term.effect == Effect::allow) takes_.push_back({id, one, "exec", true, false, {}, {}, {}});
    }
    for (const Statement& one : statements) {
      if (one.operation.verb != kQueue || one.term.effect != Effect::allow) continue;
      for (std::vector<Use>* list : {&gives_, &takes_}) list->push_back({id, one, kQueue, false, true, {}, {}, {}});
    }
    for (const ir::Entry& entry : domain.entries) {
      Term term;
      term.entry = &entry;
      term.paths = &entry.paths;
      term.as = Verb::load;
      takes_.push_back({id, {{}, term}, "entry", true, false, {}, {}, {}});
    }
    for (std::size_t i = first_take; i < takes_.size(); ++i)
      for (const std::string& text : beginnings(*takes_[i].said.term.paths)) index_.add(text, i);
  }

  /// Sorted: by the domain that takes, too.
  std::vector<Pair> near(DomainId from) {
    const std::size_t i = index_of(from);
    const std::size_t end = i + 1 < first_give_.size() ? first_give_[i + 1] : gives_.size();
    std::vector<Pair> out;
    for (std::size_t give = first_give_[i]; give < end; ++give) {
      std::vector<std::size_t> takes;
      for (const std::string& text : beginnings(*gives_[give].said.term.paths)) {
        const auto found = index_.candidates(text);
        takes.insert(takes.end(), found.begin(), found.end());
      }
      std::erase_if(takes, [&](std::size_t take) { return takes_[take].domain == from; });
      // Every service writes to /dev/null, and every one reads it.
      if (takes.empty() || sinks().contains(written(gives_[give]))) continue;
      for (const std::size_t take : takes) out.push_back({take, give});
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

  std::optional<Hop> first_meeting(Pairs begin, Pairs end, bool code) {
    for (auto pair = begin; pair != end; ++pair) {
      Use& take = takes_[pair->take];
      if (take.code != code) continue;
      Use& give = gives_[pair->give];
      if (give.queue != take.queue) continue;
      const auto hop = [&](const std::string& what) {
        return Hop{give.domain,
                   take.domain,
                   code ? Hop::Kind::code : Hop::Kind::file,
                   fmt::format("may {} {} the other {}", give.verb, what, used(take)),
                   give.said.term.rule,
                   take.said.term.rule};
      };
      if (const auto& file = common(give, take)) return hop(*file + ", which");
      if (const auto& folder = moved(give, take)) return hop(*folder + ", which holds what");
    }
    return std::nullopt;
  }

  static const char* used(const Use& take) {
    if (take.queue) return "uses";
    if (take.verb == "read") return "reads";
    return take.verb == "load" ? "loads as code" : "runs";
  }

  /// A file that both are about. Rules of an abstraction are the same in many domains: each pair is looked at once.
  const std::optional<std::string>& common(Use& give, Use& take) {
    static const std::optional<std::string> none;
    if (written(give).surely_apart(written(take))) return none;
    const PathSet& gives = left(give);
    const PathSet& takes = left(take);
    const auto [at, fresh] = met_.try_emplace({gives.identity(), takes.identity()});
    if (fresh && gives.meets(takes)) at->second = (gives & takes & carriers()).example();
    return at->second;
  }

  /// A directory that can be moved away for another one, above what the other is about.
  const std::optional<std::string>& moved(Use& give, Use& take) {
    static const std::optional<std::string> none;
    if (give.said.operation.verb != ir::word(Verb::rename)) return none;
    if (!give.folders) give.folders = movable(left(give));
    if (give.folders->empty()) return none;
    if (!take.folders) take.folders = left(take).directories_above();
    const auto [at, fresh] = moved_.try_emplace({left(give).identity(), left(take).identity()});
    if (fresh && give.folders->meets(*take.folders)) at->second = (*give.folders & *take.folders).example();
    return at->second;
  }

  const PathSet& written(Use& use) {
    if (!use.written) use.written = meaning_.set(*use.said.term.paths);
    return *use.written;
  }
  /// What denies leave of it. Nothing keeps a domain from being entered by its own program.
  const PathSet& left(Use& use) {
    if (!use.left) {
      const Extent extent = use.said.term.rule == nullptr
                                ? Extent::of(meaning_, use.said.term)
                                : denials_[index_of(use.domain)].left_of(use.said.operation, use.said.term);
      use.left = extent.paths() == nullptr ? PathSet() : *extent.paths();
    }
    return *use.left;
  }

  const ir::Meaning& meaning_;
  std::vector<Denials> denials_;         ///< by DomainId
  std::vector<Use> gives_, takes_;       ///< domain by domain, each in the order in which steps are looked for
  std::vector<std::size_t> first_give_;  ///< by DomainId
  paths::PrefixIndex index_;             ///< of takes
  using Examples = std::map<std::pair<const void*, const void*>, std::optional<std::string>>;
  Examples met_, moved_;  ///< by the identities of sets
};

// ---- through everything else

namespace {

/// What a rule allows of one operation, and what denies leave of it.
struct Allowed {
  const Rule* rule = nullptr;
  Operation operation;
  Term term;
  Extent::Ports ports;  ///< of the network
};

template <typename Access>
const Access& as(const Allowed& one) {
  return std::get<Access>(one.rule->access);
}

/// The rules of one domain by what they are about, each list in their order.
struct Links {
  std::vector<Allowed> connects, listens, sockets, served, talks, owns, uses, signals, processes, starts;
};

/// The signal that is none: it asks whether a process is there, and tells that one nothing.
bool is_delivered(const Operation& operation) { return operation.first != ir::signal_word(ir::Signal{0}); }

Links links_of(const ir::Meaning& meaning, DomainId id, const Denials& denials) {
  Links out;
  const auto list_of = [&out](const ir::Access& access) -> std::vector<Allowed>* {
    if (const auto* a = std::get_if<ir::NetworkAccess>(&access)) return a->listen ? &out.listens : &out.connects;
    if (const auto* a = std::get_if<ir::UnixAccess>(&access)) return a->listen ? &out.served : &out.sockets;
    if (const auto* a = std::get_if<ir::DbusAccess>(&access)) return a->own ? &out.owns : &out.talks;
    if (std::holds_alternative<ir::UseAccess>(access)) return &out.uses;
    if (std::holds_alternative<ir::SignalAccess>(access)) return &out.signals;
    if (std::holds_alternative<ir::ProcessAccess>(access)) return &out.processes;
    const auto* a = std::get_if<ir::ExecAccess>(&access);
    return a != nullptr && a->mode == ir::ExecAccess::Mode::transition ? &out.starts : nullptr;
  };
  for (Statement& one : statements_of(meaning.policy(), id)) {
    std::vector<Allowed>* list = one.term.effect == Effect::allow ? list_of(one.term.rule->access) : nullptr;
    if (list == nullptr || !denials.leave(one.operation, one.term)) continue;
    if (list == &out.signals && !is_delivered(one.operation)) continue;
    Extent::Ports ports;
    if (one.term.ports != nullptr) ports = *denials.left_of(one.operation, one.term).ports();
    list->push_back({one.term.rule, std::move(one.operation), one.term, std::move(ports)});
  }
  return out;
}

bool reaches(const ir::Peer& peer, DomainId to) {
  return peer.kind == ir::Peer::Kind::any || (peer.kind == ir::Peer::Kind::domain && peer.domain == to);
}

std::optional<std::uint16_t> common_port(const Extent::Ports& a, const Extent::Ports& b) {
  for (const ir::PortRange& x : a) {
    for (const ir::PortRange& y : b) {
      const std::uint16_t first = std::max(x.first, y.first);
      if (first <= std::min(x.last, y.last)) return first;
    }
  }
  return std::nullopt;
}

}  // namespace

/// Connections, the bus, what is handed over, signals, processes and starts.
class Flows::Others {
 public:
  explicit Others(const ir::Meaning& meaning)
      : meaning_(meaning), policy_(meaning.policy()), near_(policy_.domains.size()) {
    for (std::size_t i = 0; i < policy_.domains.size(); ++i) {
      const auto id = static_cast<DomainId>(i);
      denials_.emplace_back(meaning, id);
      links_.push_back(links_of(meaning, id, denials_.back()));
    }
    find_connections();
    find_bus();
    for (std::size_t i = 0; i < links_.size(); ++i) find_named(static_cast<DomainId>(i));
    for (std::vector<DomainId>& list : near_) {
      std::sort(list.begin(), list.end());
      list.erase(std::unique(list.begin(), list.end()), list.end());
    }
  }

  /// All domains to which a step may lead, and few others; sorted.
  [[nodiscard]] const std::vector<DomainId>& near(DomainId from) const { return near_.at(index_of(from)); }

  /// Adds the steps from one domain to another, those of a kind that is not in `out` yet.
  void add_steps(DomainId from, DomainId to, std::vector<Hop>& out) const {
    const Links& a = links_.at(index_of(from));
    const Links& b = links_.at(index_of(to));
    const auto add = [&](Hop::Kind kind, const auto& how, const Rule* giver, const Rule* taker) {
      const bool has = std::any_of(out.begin(), out.end(), [&](const Hop& hop) { return hop.kind == kind; });
      if (!has) out.push_back({from, to, kind, how(), giver, taker});
    };
    const auto may = [this](const Rule* rule) {
      return [=, this] { return "may " + ir::describe(policy_, rule->access); };
    };
    // What is started has the standard input and output of who starts it, without a rule of its own.
    const auto streams = [this](DomainId starter, DomainId started) {
      return [=, this] {
        return fmt::format("{} starts {}, which has its input and output", policy_.domain(starter).name,
                           policy_.domain(started).name);
      };
    };
    add_connections(from, to, true, add);
    add_connections(to, from, false, add);
    for (const Allowed& use : b.uses) {
      const auto hands = [&] { return "hands it " + ir::describe(policy_, use.rule->access); };
      if (as<ir::UseAccess>(use).from == from) add(Hop::Kind::handed_over, hands, nullptr, use.rule);
    }
    for (const Allowed& use : a.uses) {
      const auto writes = [] { return std::string("writes into what it was handed over"); };
      if (as<ir::UseAccess>(use).from == to) add(Hop::Kind::handed_over, writes, use.rule, nullptr);
    }
    for (const Allowed& signal : a.signals) {
      if (reaches(from, signal, as<ir::SignalAccess>(signal).peer, to))
        add(Hop::Kind::signal, may(signal.rule), signal.rule, nullptr);
    }
    for (const Allowed& process : a.processes) {
      const auto& access = as<ir::ProcessAccess>(process);
      if (access.kind == ir::ProcessAccess::Kind::inspect || !reaches(from, process, access.peer, to)) continue;
      const bool starts = access.kind == ir::ProcessAccess::Kind::become;
      add(starts ? Hop::Kind::start : Hop::Kind::process, may(process.rule), process.rule, nullptr);
    }
    for (const Allowed& process : b.processes) {
      // Who is looked at informs; memory that is shared, or looked into, does so too.
      const auto& access = as<ir::ProcessAccess>(process);
      const auto seen = [&] { return "is seen by `" + ir::describe(policy_, process.rule->access) + "` of the other"; };
      if (access.kind != ir::ProcessAccess::Kind::become && reaches(to, process, access.peer, from))
        add(Hop::Kind::file, seen, nullptr, process.rule);
    }
    for (const Allowed& start : a.starts) {
      if (as<ir::ExecAccess>(start).target != to) continue;
      add(Hop::Kind::start, may(start.rule), start.rule, nullptr);
      add(Hop::Kind::handed_over, streams(from, to), start.rule, nullptr);
    }
    for (const Allowed& start : b.starts) {
      if (as<ir::ExecAccess>(start).target == from) add(Hop::Kind::handed_over, streams(to, from), nullptr, start.rule);
    }
  }

 private:
  /// A connection carries data both ways, whichever side made it.
  template <typename Add>
  void add_connections(DomainId client_id, DomainId server_id, bool forward, const Add& add) const {
    const Links& client = links_.at(index_of(client_id));
    const Links& server = links_.at(index_of(server_id));
    for (const Allowed& connect : client.connects) {
      const ir::Protocol protocol = as<ir::NetworkAccess>(connect).protocol;
      for (const Allowed& listen : server.listens) {
        if (as<ir::NetworkAccess>(listen).protocol != protocol) continue;
        const auto port = common_port(connect.ports, listen.ports);
        const auto how = [&] {
          return fmt::format("{} {} {}", forward ? "connects to" : "is connected to at", ir::word(protocol), *port);
        };
        if (port)
          add(Hop::Kind::network, how, forward ? connect.rule : listen.rule, forward ? listen.rule : connect.rule);
      }
    }
    for (const Allowed& socket : client.sockets) {
      const auto how = [&] {
        return fmt::format("{} {}", forward ? "may" : "is reached by", ir::describe(policy_, socket.rule->access));
      };
      if (meets(client_id, socket, server_id))
        add(Hop::Kind::unix_socket, how, forward ? socket.rule : nullptr, forward ? nullptr : socket.rule);
    }
    for (const Allowed& talk : client.talks) {
      for (const Allowed& own : server.owns) {
        const auto how = [&] { return fmt::format("\"{}\" on the bus", as<ir::DbusAccess>(own).name); };
        if (bus_of(own) == bus_of(talk))
          add(Hop::Kind::bus, how, forward ? talk.rule : own.rule, forward ? own.rule : talk.rule);
      }
    }
  }

  /// Whether a server listens where this lets a client connect, as far as the denies of both leave it.
  bool meets(DomainId client_id, const Allowed& socket, DomainId server_id) const {
    const auto& access = as<ir::UnixAccess>(socket);
    if (std::find(access.servers.begin(), access.servers.end(), server_id) == access.servers.end()) return false;
    const auto& served = links_.at(index_of(server_id)).served;
    if (!access.abstract_name.empty()) {
      return std::any_of(served.begin(), served.end(), [&](const Allowed& listen) {
        return as<ir::UnixAccess>(listen).abstract_name == access.abstract_name;
      });
    }
    const Extent left = denials_.at(index_of(client_id)).left_of(socket.operation, socket.term);
    const bool listens = std::any_of(served.begin(), served.end(), [&](const Allowed& listen) {
      if (listen.term.paths == nullptr) return false;
      return !(denials_.at(index_of(server_id)).left_of(listen.operation, listen.term) & left).empty();
    });
    if (listens) return true;
    const auto& resources = policy_.resources;
    return std::any_of(resources.begin(), resources.end(), [&](const ir::Resource& resource) {
      return resource.server == server_id && left.paths()->meets(meaning_.set(resource.paths));
    });
  }

  static std::pair<bool, std::string> bus_of(const Allowed& one) {
    const auto& access = as<ir::DbusAccess>(one);
    return {access.session_bus, access.name};
  }

  /// Whether a rule of `self` about a peer holds for this one, as far as denies leave it.
  bool reaches(DomainId self, const Allowed& rule, const ir::Peer& peer, DomainId to) const {
    if (!query::reaches(peer, to)) return false;
    Operation operation = rule.operation;
    operation.second = policy_.qualified_name(to);
    return denials_.at(index_of(self)).leave(operation, rule.term);
  }

  // ---- who may be near whom

  void link(DomainId from, DomainId to) {
    if (from != to) near_.at(index_of(from)).push_back(to);
  }
  void link_both(DomainId a, DomainId b) {
    link(a, b);
    link(b, a);
  }

  /// Two ranges meet where one of them begins within the other.
  void find_connections() {
    struct Range {
      ir::PortRange ports;
      DomainId domain = DomainId::none;
    };
    using ByProtocol = std::map<ir::Protocol, std::vector<Range>>;
    ByProtocol connects, listens;
    for (std::size_t i = 0; i < links_.size(); ++i) {
      const auto collect = [&](const std::vector<Allowed>& rules, ByProtocol& out) {
        for (const Allowed& one : rules)
          for (const ir::PortRange& ports : one.ports)
            out[as<ir::NetworkAccess>(one).protocol].push_back({ports, static_cast<DomainId>(i)});
      };
      collect(links_[i].connects, connects);
      collect(links_[i].listens, listens);
    }
    const auto link_begins_in = [&](std::vector<Range>& begin, const std::vector<Range>& in) {
      const auto before = [](const Range& a, const Range& b) { return a.ports.first < b.ports.first; };
      std::sort(begin.begin(), begin.end(), before);
      for (const Range& one : in) {
        for (auto it = std::lower_bound(begin.begin(), begin.end(), one, before);
             it != begin.end() && it->ports.first <= one.ports.last; ++it)
          link_both(one.domain, it->domain);
      }
    };
    for (auto& [protocol, ranges] : connects) {
      link_begins_in(ranges, listens[protocol]);
      link_begins_in(listens[protocol], ranges);
    }
  }

  void find_bus() {
    std::map<std::pair<bool, std::string>, std::vector<DomainId>> owners;
    for (std::size_t i = 0; i < links_.size(); ++i)
      for (const Allowed& own : links_[i].owns) owners[bus_of(own)].push_back(static_cast<DomainId>(i));
    for (std::size_t i = 0; i < links_.size(); ++i) {
      for (const Allowed& talk : links_[i].talks)
        for (const DomainId owner : owners[bus_of(talk)]) link_both(static_cast<DomainId>(i), owner);
    }
  }

  /// The domains that rules name, or all where they mean all.
  void find_named(DomainId id) {
    const Links& links = links_.at(index_of(id));
    const auto each = [&](const ir::Peer& peer, const auto& do_it) {
      if (peer.kind == ir::Peer::Kind::domain) do_it(peer.domain);
      if (peer.kind != ir::Peer::Kind::any) return;
      for (std::size_t i = 0; i < links_.size(); ++i) do_it(static_cast<DomainId>(i));
    };
    for (const Allowed& socket : links.sockets)
      for (const DomainId server : as<ir::UnixAccess>(socket).servers) link_both(id, server);
    for (const Allowed& use : links.uses) link_both(id, as<ir::UseAccess>(use).from);
    for (const Allowed& signal : links.signals)
      each(as<ir::SignalAccess>(signal).peer, [&](DomainId to) { link(id, to); });
    for (const Allowed& process : links.processes)
      each(as<ir::ProcessAccess>(process).peer, [&](DomainId peer) { link_both(id, peer); });
    for (const Allowed& start : links.starts) link_both(id, as<ir::ExecAccess>(start).target);
  }

  const ir::Meaning& meaning_;
  const ir::Policy& policy_;
  std::vector<Denials> denials_;             ///< by DomainId
  std::vector<Links> links_;                 ///< by DomainId
  std::vector<std::vector<DomainId>> near_;  ///< by DomainId
};

// ---- together

Flows::Flows(const ir::Meaning& meaning)
    : meaning_(meaning), files_(std::make_unique<Files>(meaning)), others_(std::make_unique<Others>(meaning)) {}

Flows::~Flows() = default;

std::vector<Hop> Flows::steps(DomainId from, const Wanted& wanted) const {
  std::map<DomainId, std::vector<Hop>> by_target;
  for (Hop& hop : files_->steps(from, wanted)) by_target[hop.to].push_back(std::move(hop));
  for (const DomainId to : others_->near(from)) {
    if (wanted(to)) others_->add_steps(from, to, by_target[to]);
  }
  std::vector<Hop> out;
  for (auto& [to, hops] : by_target) std::move(hops.begin(), hops.end(), std::back_inserter(out));
  return out;
}

std::vector<Hop> Flows::way(DomainId from, DomainId to) const {
  if (from == to) return {};
  std::vector<std::optional<Hop>> came(meaning_.policy().domains.size());
  std::deque<DomainId> queue{from};
  const auto is_new = [&](DomainId id) {
    return id != from && !came[index_of(id)] && !meaning_.policy().domain(id).external;
  };
  while (!queue.empty() && !came[index_of(to)]) {
    const DomainId at = queue.front();
    queue.pop_front();
    for (Hop& hop : steps(at, is_new)) {
      const DomainId next = hop.to;
      if (!is_new(next)) continue;
      came[index_of(next)] = std::move(hop);
      queue.push_back(next);
    }
  }
  std::vector<Hop> out;
  for (DomainId at = to; at != from && came[index_of(at)]; at = came[index_of(at)]->from)
    out.push_back(*came[index_of(at)]);
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<Hop> Flows::all() const {
  const std::vector<DomainId> ids = domains_by_name(meaning_.policy());
  std::vector<std::size_t> rank(meaning_.policy().domains.size());
  for (std::size_t i = 0; i < ids.size(); ++i) rank[index_of(ids[i])] = i;
  std::vector<Hop> out;
  for (const DomainId from : ids) {
    std::vector<Hop> hops = steps(from, [&](DomainId to) { return !meaning_.policy().domain(to).external; });
    std::stable_sort(hops.begin(), hops.end(),
                     [&](const Hop& a, const Hop& b) { return rank[index_of(a.to)] < rank[index_of(b.to)]; });
    std::move(hops.begin(), hops.end(), std::back_inserter(out));
  }
  return out;
}

}  // namespace macc::query
