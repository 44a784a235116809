#include "tests/kernel/planner/expectation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "tests/kernel/planner/entries.h"
#include "tests/kernel/planner/levels.h"

namespace macc::kernel {

using backends::Fidelity;
using backends::FidelityEntry;

namespace {

enum class Match : std::uint8_t {
  paths,
  types,
  folder,
  into,
  moved,
  peer,
  signals,
  local,
  rule_of_unix,
  listener,
  capability,
  sockets,
  queue_file,
  family,
  rule,
  domain
};

struct Excuse {
  std::string_view backend, topic, kinds;
  Match match;
};
struct Unmediated {
  std::string_view backend, what, kinds;
};
struct Refusal {
  std::string_view backend, topic, kinds;
};

constexpr std::array kExcuses = {
#define MACC_EXCUSE(backend, topic, kinds, match) Excuse{#backend, topic, kinds, Match::match},
#define MACC_UNMEDIATED(backend, what, kinds)
#define MACC_REFUSAL(backend, topic, kinds)
#include "tests/kernel/planner/excuses.def"
#undef MACC_EXCUSE
#undef MACC_UNMEDIATED
#undef MACC_REFUSAL
};
constexpr std::array kUnmediated = {
#define MACC_EXCUSE(backend, topic, kinds, match)
#define MACC_UNMEDIATED(backend, what, kinds) Unmediated{#backend, what, kinds},
#define MACC_REFUSAL(backend, topic, kinds)
#include "tests/kernel/planner/excuses.def"
#undef MACC_EXCUSE
#undef MACC_UNMEDIATED
#undef MACC_REFUSAL
};
constexpr std::array kRefusals = {
#define MACC_EXCUSE(backend, topic, kinds, match)
#define MACC_UNMEDIATED(backend, what, kinds)
#define MACC_REFUSAL(backend, topic, kinds) Refusal{#backend, topic, kinds},
#include "tests/kernel/planner/excuses.def"
#undef MACC_EXCUSE
#undef MACC_UNMEDIATED
#undef MACC_REFUSAL
};

bool has_word(std::string_view list, std::string_view word) {
  for (std::size_t at = list.find(word); at != std::string_view::npos; at = list.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || list[at - 1] == ' ') && (end == list.size() || list[end] == ' ')) return true;
  }
  return false;
}

template <typename... Ts>
struct Overload : Ts... {
  using Ts::operator()...;
};
template <typename... Ts>
Overload(Ts...) -> Overload<Ts...>;

/// The kind of a question: a file verb, or the first words of its phrase.
std::string kind_of(const ir::Access& access) {
  return std::visit(Overload{
                        [](const ir::FileAccess& a) { return std::string(ir::word(a.verbs.list().front())); },
                        [](const ir::ExecAccess&) { return std::string("exec"); },
                        [](const ir::NetworkAccess& a) {
                          return fmt::format("{}-{}", a.listen ? "listen" : "connect", ir::word(a.protocol));
                        },
                        [](const ir::UnixAccess& a) { return std::string(a.listen ? "listen-unix" : "connect-unix"); },
                        [](const ir::SocketAccess&) { return std::string("socket"); },
                        [](const ir::UseAccess& a) {
                          return std::string(a.unix   ? "use-unix"
                                             : a.tcp  ? "use-tcp"
                                             : a.udp  ? "use-udp"
                                             : a.pipe ? "use-pipe"
                                                      : "use-file");
                        },
                        [](const ir::SignalAccess&) { return std::string("signal"); },
                        [](const ir::ProcessAccess& a) {
                          constexpr std::array words = {"inspect", "trace", "ipc", "become"};
                          return std::string(words.at(static_cast<std::size_t>(a.kind)));
                        },
                        [](const ir::CapabilityAccess&) { return std::string("capability"); },
                        [](const ir::MountAccess&) { return std::string("mount"); },
                        [](const ir::PathsAccess& a) {
                          constexpr std::array words = {"unmount", "pivot", "mqueue"};
                          return std::string(words.at(static_cast<std::size_t>(a.kind)));
                        },
                        [](const ir::PlainAccess& a) {
                          constexpr std::array words = {"memory-execute", "userns",   "bpf",
                                                        "perf",           "io_uring", "keyring"};
                          return std::string(words.at(static_cast<std::size_t>(a.kind)));
                        },
                        [](const ir::DbusAccess&) { return std::string("dbus"); },
                    },
                    access);
}

const ir::PathExpr* paths_of(const ir::Access& access) {
  return std::visit(
      [](const auto& a) -> const ir::PathExpr* {
        if constexpr (requires { a.paths; }) {
          return &a.paths;
        } else if constexpr (requires { a.on; }) {
          return &a.on;
        } else {
          return nullptr;
        }
      },
      access);
}

/// The one path of a question; "" when it is about none.
std::string path_of(const ir::Access& access) {
  const ir::PathExpr* paths = paths_of(access);
  if (paths == nullptr || paths->include.empty()) return "";
  const paths::PathPattern& pattern = paths->include.front();
  std::string path = pattern.literal_prefix();
  if (pattern.tail() == paths::Tail::directory && !path.ends_with('/')) path += '/';
  return path;
}

/// With its final '/'; "/" for what is at the root.
std::string folder_of(const std::string& path) {
  const std::size_t end = path.find_last_of('/', path.size() < 2 ? 0 : path.size() - 2);
  return path.substr(0, end + 1);
}

/// The kinds under which a row of excuses.def may speak of a question: with its tag, and without.
bool speaks_of(std::string_view kinds, const Question& question) {
  const std::string kind = kind_of(question.access);
  const std::string tag = std::holds_alternative<ir::UnixAccess>(question.access) && !path_of(question.access).empty()
                              ? "file"
                              : question.tag;
  return has_word(kinds, kind) || (!tag.empty() && has_word(kinds, kind + "-" + tag));
}

std::optional<ir::Peer> peer_of(const ir::Access& access) {
  if (const auto* signal = std::get_if<ir::SignalAccess>(&access)) return signal->peer;
  if (const auto* process = std::get_if<ir::ProcessAccess>(&access)) return process->peer;
  return std::nullopt;
}

bool same_peer(const ir::Access& rule, const ir::Access& question) {
  const auto a = peer_of(rule), b = peer_of(question);
  return a && b && (a->kind == ir::Peer::Kind::any || (a->kind == b->kind && a->domain == b->domain));
}

/// All but those that SELinux has a permission for.
bool are_ordinary(const ir::Access& access) {
  const auto* signal = std::get_if<ir::SignalAccess>(&access);
  constexpr std::array kOwn = {0, 9, 17, 19};
  return signal != nullptr && std::any_of(signal->signals.begin(), signal->signals.end(), [&](ir::Signal s) {
           return std::find(kOwn.begin(), kOwn.end(), s) == kOwn.end();
         });
}

/// In the range that net.ipv4.ip_local_port_range has by default.
bool is_local_port(const ir::Access& access) {
  const auto* network = std::get_if<ir::NetworkAccess>(&access);
  return network != nullptr && network->ports.front().first >= 32768 && network->ports.front().last <= 60999;
}

std::string family_of(const ir::Access& access) {
  const auto* socket = std::get_if<ir::SocketAccess>(&access);
  return socket == nullptr ? "" : socket->family.substr(0, socket->family.find('.'));
}

/// Whether a rule is about sockets of the kind that a question is handed.
bool makes_handed_over(const ir::Access& rule, const ir::Access& question) {
  const auto* use = std::get_if<ir::UseAccess>(&question);
  if (use == nullptr) return false;
  if (const auto* network = std::get_if<ir::NetworkAccess>(&rule))
    return (use->tcp && network->protocol == ir::Protocol::tcp) || (use->udp && network->protocol == ir::Protocol::udp);
  return use->unix && std::holds_alternative<ir::UnixAccess>(rule);
}

/// Everything in a guest runs as root, so a file is its own unless the world says otherwise.
bool is_owned(const Case& in, const std::string& path) {
  const auto it = std::find_if(in.world.begin(), in.world.end(), [&](const Thing& thing) {
    return !thing.words.empty() && thing.words.front() == path && thing.options.contains("owner");
  });
  return it == in.world.end() || it->options.at("owner") == "0";
}

class Judge {
 public:
  Judge(const Build& build, const Built& built, const Asked& asked) : build_(build), built_(built), asked_(asked) {}

  /// Why the target may allow a question that the meaning denies; nullopt when nothing says so.
  [[nodiscard]] std::optional<std::string> wider(const Question& question) const {
    for (const Unmediated& row : kUnmediated) {
      if (row.backend == built_.target.backend && speaks_of(row.kinds, question) && is_unmediated(row.what)) {
        return fmt::format("not mediated: {}", row.what);
      }
    }
    for (const Excuse& row : kExcuses) {
      if (row.backend != built_.target.backend || !speaks_of(row.kinds, question)) continue;
      const FidelityEntry* entry = find(row, question);
      if (entry != nullptr) return fmt::format("{}: {}", row.topic, entry->rule);
    }
    return std::nullopt;
  }

  /// Why what was moved to the path of a question may be more or less than the meaning says.
  [[nodiscard]] std::optional<std::string> drifts(const Question& question) const {
    for (const Excuse& row : kExcuses) {
      if (row.match != Match::moved || row.backend != built_.target.backend || !speaks_of(row.kinds, question))
        continue;
      const FidelityEntry* entry = find(row, question);
      if (entry != nullptr) return fmt::format("{}: {}", row.topic, entry->rule);
    }
    return std::nullopt;
  }

  /// Whether the rules that allow or deny the question ask for a record.
  [[nodiscard]] Expectation::Told told(const Question& question, bool allowed) const {
    Expectation::Told out = Expectation::Told::no;
    for (const ir::Rule& rule : build_.policy.domain(asked_.domain).rules) {
      const bool same = rule.access.index() == question.access.index();
      if (!rule.audit || !same || (rule.effect == ir::Effect::allow) != allowed) continue;
      const bool near = path_of(question.access).empty() || concerns(rule, question, Match::paths);
      out = std::max(out, gives(rule, question) ? Expectation::Told::yes
                          : near                ? Expectation::Told::maybe
                                                : Expectation::Told::no);
    }
    return out;
  }

  /// Why the target has to deny a question that the meaning allows: levels that were asked for, or what it cannot
  /// allow.
  [[nodiscard]] std::optional<std::string> narrower(const Question& question) const {
    for (const FidelityEntry& entry : built_.report.entries) {
      if (entry.domain != asked_.domain || entry.fidelity != Fidelity::narrower) continue;
      if (!concerns(entry, question, Match::paths)) continue;
      if (is_refused(entry.topic, question) || !reaches(question))
        return fmt::format("{}: {}", entry.topic, entry.rule);
    }
    return std::nullopt;
  }

 private:
  /// Whether the way into the domain that the guest takes runs at a level that reaches the path of the question.
  [[nodiscard]] bool reaches(const Question& question) const {
    const std::string path = path_of(question.access);
    const auto way = way_into(build_.policy, asked_.domain);
    const std::string& own =
        way.empty() || way.front().level.empty() ? build_.policy.domain(asked_.domain).level : way.front().level;
    for (std::size_t i = 0; i < build_.policy.resources.size(); ++i) {
      const auto id = static_cast<ir::ResourceId>(i);
      const std::string& level = build_.policy.resource(id).level;
      if (!level.empty() && build_.meaning->region(id).contains(path)) return covers_level(own, level);
    }
    return true;
  }

  [[nodiscard]] bool is_refused(std::string_view topic, const Question& question) const {
    return std::any_of(kRefusals.begin(), kRefusals.end(), [&](const Refusal& row) {
      return row.backend == built_.target.backend && row.topic == topic && speaks_of(row.kinds, question);
    });
  }

  [[nodiscard]] bool is_unmediated(std::string_view what) const {
    const auto& all = built_.report.mediation;
    return std::any_of(all.begin(), all.end(),
                       [&](const backends::Mediation& m) { return m.what == what && !m.mediated; });
  }

  [[nodiscard]] const FidelityEntry* find(const Excuse& row, const Question& question) const {
    for (const FidelityEntry& entry : built_.report.entries) {
      if (entry.domain == asked_.domain && entry.topic == row.topic && concerns(entry, question, row.match)) {
        return &entry;
      }
    }
    return nullptr;
  }

  [[nodiscard]] bool concerns(const FidelityEntry& entry, const Question& question, Match match) const {
    if (match == Match::domain) return true;
    const std::string path = path_of(question.access);
    if (match == Match::types) return names_type(entry, path);
    if (match == Match::folder) return names_type(entry, folder_of(path));
    if (match == Match::into || match == Match::moved) return moves_into(entry, path);
    if (match == Match::capability) return names_capability(entry, question);
    const auto& rules = build_.policy.domain(asked_.domain).rules;
    return std::any_of(rules.begin(), rules.end(), [&](const ir::Rule& rule) {
      return rule.where.span == entry.span && concerns(rule, question, match);
    });
  }

  [[nodiscard]] bool concerns(const ir::Rule& rule, const Question& question, Match match) const {
    switch (match) {
      case Match::paths: {
        const ir::PathExpr* paths = paths_of(rule.access);
        const std::string path = path_of(question.access);
        return paths != nullptr && !path.empty() && build_.meaning->set(*paths).contains(path);
      }
      case Match::peer:
        return same_peer(rule.access, question.access);
      case Match::signals:
        return same_peer(rule.access, question.access) && are_ordinary(rule.access) && are_ordinary(question.access);
      case Match::local:
        return kind_of(rule.access) == kind_of(question.access) && is_local_port(question.access);
      case Match::rule_of_unix:
        return std::holds_alternative<ir::UnixAccess>(rule.access);
      case Match::listener: {
        const auto* about = std::get_if<ir::UnixAccess>(&rule.access);
        const auto* asked = std::get_if<ir::UnixAccess>(&question.access);
        if (about == nullptr || asked == nullptr || !about->listen) return false;
        if (!asked->abstract_name.empty()) return about->abstract_name == asked->abstract_name;
        return about->abstract_name.empty() && build_.meaning->set(about->paths).contains(path_of(question.access));
      }
      case Match::sockets:
        return makes_handed_over(rule.access, question.access);
      case Match::queue_file:
        return is_queue_file(rule, path_of(question.access));
      case Match::family:
        return family_of(rule.access) == family_of(question.access);
      case Match::rule:
        return kind_of(rule.access) == kind_of(question.access);
      default:
        return false;
    }
  }

  /// Whether a rule is one of those that allow a question: of the same kind, about the same thing.
  [[nodiscard]] bool gives(const ir::Rule& rule, const Question& question) const {
    if (const auto* capability = std::get_if<ir::CapabilityAccess>(&rule.access)) {
      const auto wanted = std::get<ir::CapabilityAccess>(question.access).capabilities.front();
      return std::find(capability->capabilities.begin(), capability->capabilities.end(), wanted) !=
             capability->capabilities.end();
    }
    if (const auto* file = std::get_if<ir::FileAccess>(&rule.access)) {
      const auto wanted = std::get<ir::FileAccess>(question.access).verbs.list().front();
      return file->verbs.has(wanted) && concerns(rule, question, Match::paths);
    }
    return kind_of(rule.access) == kind_of(question.access);
  }

  [[nodiscard]] bool is_queue_file(const ir::Rule& rule, const std::string& path) const {
    const ir::PathExpr* paths = paths_of(rule.access);
    return paths != nullptr && folder_of(path) == "/" && build_.meaning->set(*paths).contains("/dev/mqueue" + path);
  }

  /// Such entries name what else is granted as "TYPE" or "TYPE: FILE CONTEXT".
  [[nodiscard]] bool names_type(const FidelityEntry& entry, const std::string& path) const {
    const auto type = built_.types.find(path);
    if (type == built_.types.end()) return false;
    return std::any_of(entry.what.begin(), entry.what.end(), [&](const std::string& what) {
      return what == type->second || what.starts_with(type->second + ": ");
    });
  }

  [[nodiscard]] static bool names_capability(const FidelityEntry& entry, const Question& question) {
    const auto* asked = std::get_if<ir::CapabilityAccess>(&question.access);
    return asked != nullptr &&
           std::all_of(asked->capabilities.begin(), asked->capabilities.end(), [&](auto capability) {
             return std::find(entry.what.begin(), entry.what.end(), ir::word(capability)) != entry.what.end();
           });
  }

  /// Such entries say "TYPE into paths of TYPE".
  [[nodiscard]] bool moves_into(const FidelityEntry& entry, const std::string& path) const {
    const auto type = built_.types.find(path);
    return type != built_.types.end() &&
           std::any_of(entry.what.begin(), entry.what.end(),
                       [&](const std::string& what) { return what.ends_with(" into paths of " + type->second); });
  }

  const Build& build_;
  const Built& built_;
  const Asked& asked_;
};

}  // namespace

std::string_view word(Expectation::Kind kind) {
  constexpr std::array words = {"allow", "deny", "may-allow", "record"};
  return words.at(static_cast<std::size_t>(kind));
}

std::string_view word(Expectation::Told told) {
  constexpr std::array words = {"no", "maybe", "yes"};
  return words.at(static_cast<std::size_t>(told));
}

ir::Assignment values_for(const Build& build, const Case& in, const Operation& operation) {
  ir::Assignment out = ir::declared_values(build.policy);
  for (const auto& [name, value] : operation.booleans) {
    const auto& all = build.policy.booleans;
    const auto it = std::find_if(all.begin(), all.end(), [&](const ir::Boolean& b) { return b.name == name; });
    if (it == all.end()) throw BadCase(fmt::format("{}: there is no boolean `{}`", in.place(operation), name));
    out[static_cast<std::size_t>(it - all.begin())] = value;
  }
  return out;
}

static bool holds(const Build& build, const Case& in, const Asked& asked, const Question& question,
                  const ir::Assignment& values) {
  return !build.meaning->some_denied(asked.domain, question.access, is_owned(in, path_of(question.access)), values);
}

bool is_allowed(const Build& build, const Case& in, const Operation& operation, const Asked& asked) {
  const ir::Assignment values = values_for(build, in, operation);
  return std::any_of(asked.alternatives.begin(), asked.alternatives.end(), [&](const auto& questions) {
    return std::all_of(questions.begin(), questions.end(),
                       [&](const Question& q) { return holds(build, in, asked, q, values); });
  });
}

Expectation expectation_of(const Build& build, const Built& built, const Case& in, const Operation& operation,
                           const Asked& asked) {
  const ir::Assignment values = values_for(build, in, operation);
  const Judge judge(build, built, asked);
  Expectation out;
  for (const auto& questions : asked.alternatives) {
    Expectation one{Expectation::Kind::allow, Expectation::Told::no, ""};
    for (const Question& question : questions) {
      const bool allowed = holds(build, in, asked, question, values);
      if (allowed) one.told = std::max(one.told, judge.told(question, true));
      const auto drift = judge.drifts(question);
      const auto why = drift ? drift : allowed ? judge.narrower(question) : judge.wider(question);
      if (allowed && !why) continue;
      const auto kind = drift || (!allowed && why) ? Expectation::Kind::may_allow : Expectation::Kind::deny;
      // What must be denied decides, then what may be.
      if (one.kind != Expectation::Kind::deny)
        one = {kind, judge.told(question, allowed), why.value_or(question.phrase)};
    }
    if (one.kind == Expectation::Kind::allow) return one;
    if (one.kind != Expectation::Kind::deny || out.why.empty()) out = one;
  }
  if (build.policy.domain(asked.domain).complain) out.kind = Expectation::Kind::record;
  return out;
}

}  // namespace macc::kernel
