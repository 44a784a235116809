#include "backends/apparmor/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "backends/apparmor/asked_keys.h"
#include "backends/apparmor/compiled_artifacts.h"
#include "backends/apparmor/exec_words.h"
#include "backends/apparmor/expectation.h"
#include "backends/apparmor/key_words.h"
#include "backends/apparmor/network_numbers.h"
#include "backends/apparmor/probe_files.h"
#include "backends/apparmor/proc.h"
#include "backends/apparmor/target.h"

namespace macc::backends::apparmor {

namespace {

using paths::PathSet;

/// What there is no answer to, in a sentence without a full stop.
struct NotAnswered {
  std::string why;
};

/// As `use` of directories alone.
constexpr std::string_view kNothingThere = "AppArmor is asked nothing of this kind about these paths";

/// Collects the first examples of both kinds, and what decided about them.
class Tally {
 public:
  void allow(const std::string& example, const std::string& by) { note(answer_.allowed, example, by); }
  void deny(const std::string& example, const std::string& by) { note(answer_.denied, example, by); }
  void add(const std::string& example, Granted granted, const std::string& by) {
    if (granted.some) allow(example, by);
    if (!granted.all) deny(example, by);
  }
  [[nodiscard]] bool empty() const { return answer_.allowed.empty() && answer_.denied.empty(); }
  /// More about the profile, behind what decided.
  void remark(const std::string& text) { answer_.by += (answer_.by.empty() ? "" : "; ") + text; }
  [[nodiscard]] ProbeAnswer take() {
    answer_.answered = true;
    return std::move(answer_);
  }

 private:
  void note(std::string& place, const std::string& example, const std::string& by) {
    if (!place.empty()) return;
    place = example;
    if (!by.empty() && answer_.by.find(by) == std::string::npos) remark(by);
  }
  ProbeAnswer answer_;
};

/// Of several keys of which each gives the access: some is one of them, all is every one.
Granted any_of(const std::vector<Granted>& parts) {
  const auto some = [](const Granted& g) { return g.some; };
  const auto all = [](const Granted& g) { return g.all; };
  return {std::any_of(parts.begin(), parts.end(), some), std::all_of(parts.begin(), parts.end(), all)};
}
/// Of several of which all are needed.
Granted both(const Granted& a, const Granted& b) { return {a.some && b.some, a.all && b.all}; }

Granted granted(bool yes) { return {yes, yes}; }

/// Profiles of complain mode as they come out, by what was compiled.
using Complaining = std::map<const CompiledProfile*, CompiledProfile>;

/// One question about one domain.
class Asking {
 public:
  Asking(Build& build, CompiledArtifacts& artifacts, Complaining& complaining, const Probe& probe)
      : build_(build),
        policy_(build.policy),
        artifacts_(artifacts),
        complaining_(complaining),
        id_(probe.domain),
        values_(probe.values),
        access_(*probe.access),
        profile_(profile_of(probe.domain)),
        label_(label_of(build.policy, probe.domain)) {}

  ProbeAnswer run() {
    std::visit([&](const auto& access) { ask(access); }, access_);
    if (out_.empty()) throw NotAnswered{std::string(kNothingThere)};
    for (const ir::RawText& raw : policy_.domain(id_).raw) {
      if (raw.backend != "apparmor") continue;
      out_.remark("the profile has raw text in it");
      break;
    }
    return out_.take();
  }

 private:
  // ---- what is looked into ----

  const CompiledProfile& profile_of(ir::DomainId id) {
    const CompiledArtifacts::Found found = artifacts_.profile_of(id, values_);
    if (found.profile == nullptr) throw NotAnswered{found.why_not};
    if (!found.profile->complains()) return *found.profile;
    const auto at = complaining_.find(found.profile);
    return at != complaining_.end() ? at->second
                                    : complaining_.emplace(found.profile, as_it_happens(*found.profile)).first->second;
  }
  [[nodiscard]] const CompiledAutomaton* classes() const { return profile_.classes ? &*profile_.classes : nullptr; }
  [[nodiscard]] std::string described() const { return ir::describe(policy_, access_); }
  [[nodiscard]] std::string in_profile(const std::string& what) const {
    if (profile_.complains())
      return fmt::format(
          "profile {} is in complain mode: nothing is refused there but what a `deny` without `audit` names",
          printable(label_, 200));
    return fmt::format("profile {}: {}", printable(label_, 200), what);
  }
  /// The sentence of the target's list of what it mediates.
  [[nodiscard]] std::string not_mediated(std::string_view what) const {
    for (const Mediation& m : mediation_of(build_.features)) {
      if (m.what == what) return fmt::format("not mediated: {}", m.text);
    }
    return "not mediated";
  }

  void open(const std::string& example, const std::string& by) { out_.allow(example, by); }
  void open(std::string_view word) { open(described(), not_mediated(word)); }

  // ---- files ----

  /// The file accesses that a rule on this would come to.
  std::vector<FileItem> items() {
    ir::Rule rule;
    rule.access = access_;
    rule.where = policy_.domain(id_).where;
    return file_items_of(build_, id_, rule);
  }

  std::string permissions_at(const PathsFound::Example& example, bool owned) const {
    const std::string words = permission_words(example.half, profile_.exec_targets);
    const std::string path = printable(example.path, 400);
    if (words.empty()) return in_profile(fmt::format("nothing on \"{}\"", path));
    return in_profile(fmt::format("{}\"{}\" {}", owned ? "owner " : "", path, words));
  }

  void look(const std::string& word, const PathSet& set, bool owned, const Judge& judge) {
    const PathsFound found = look_up(profile_, set, owned, judge);
    if (found.allowed) out_.allow(word + " " + found.allowed->path, permissions_at(*found.allowed, owned));
    if (found.denied) out_.deny(word + " " + found.denied->path, permissions_at(*found.denied, owned));
    constexpr std::uint64_t kAttachDisconnectedFlag = 4;
    if ((profile_.path_flags & kAttachDisconnectedFlag) != 0)
      out_.remark("files of no mount namespace are looked up as if they lay at the root");
  }

  /// All of the bits are needed.
  static Judge needs(std::uint32_t bits) {
    return [bits](std::uint32_t half) { return granted((half & bits) == bits); };
  }

  void paths(const std::string& word, const FileItem& item, bool owned) {
    look(word, build_.meaning.objects(item.verb, item.paths), owned, needs(bits_of(item)));
  }

  void ask(const ir::FileAccess& access) {
    for (const FileItem& item : items()) verb(item, access.owner);
  }

  void verb(const FileItem& item, bool owned) {
    const std::string word(ir::word(item.verb));
    const PathSet set = build_.meaning.objects(item.verb, item.paths);
    if (item.verb == ir::Verb::link) return links(set, owned);
    // A rule in raw text may have `a` alone.
    if (item.verb == ir::Verb::append) return look(word, set, owned, needs(kAppend));
    if (!item.permissions.any()) {
      if (const auto example = set.example()) open(word + " " + *example, std::string(info(topic_for(item.verb)).text));
      return;
    }
    if (item.verb == ir::Verb::mknod && !has(ir::Capability::mknod)) {
      if (const auto example = set.example()) out_.deny(word + " " + *example, in_profile("no capability mknod"));
      return;
    }
    paths(word, item, owned);
  }

  void links(const PathSet& set, bool owned) {
    const LinksFound found = look_up_links(profile_, set, owned);
    const auto by = [&](const LinksFound::Example& e, bool may) {
      const std::string rule = fmt::format("link \"{}\" -> \"{}\"", printable(e.name, 200), printable(e.target, 200));
      return in_profile((may ? "" : "no ") + rule);
    };
    if (found.allowed) out_.allow("link " + found.allowed->name, by(*found.allowed, true));
    if (found.denied) out_.deny("link " + found.denied->name, by(*found.denied, false));
  }

  // ---- programs ----

  /// Whether a program with these permissions is executed as the access says.
  [[nodiscard]] Granted executes(const ir::ExecAccess& access, std::uint32_t half) const {
    using Mode = ir::ExecAccess::Mode;
    if ((half & kExec) == 0) return {};
    constexpr std::uint32_t kUnconfined = 1, kFirstTarget = 4;
    const std::uint32_t index = half >> kExecIndexShift & 0xf;
    const bool environment = !access.keep_environment || (half & kKeepEnvironment) != 0;
    if (access.mode == Mode::inside) {
      // Without a target, any way of executing will do.
      if (index != 0) return granted(environment);
      return {true, (half & (kInherit | kMap | kRead)) == (kInherit | kMap | kRead)};
    }
    if (access.mode == Mode::unconfined) {
      const bool falls_back = (half & kUnconfinedFallback) != 0;
      return {(index == kUnconfined || falls_back) && environment, index == kUnconfined && environment};
    }
    // What a path of a program stands for, of the profiles that are loaded, the artifact does not say.
    if (index != 0 && index != kUnconfined && index < kFirstTarget) return {environment, false};
    if (index < kFirstTarget || index - kFirstTarget >= profile_.exec_targets.size()) return {};
    const auto labels = labels_of(policy_, access.target);
    const std::string& target = profile_.exec_targets[index - kFirstTarget];
    return granted(environment && std::find(labels.begin(), labels.end(), target) != labels.end());
  }

  void ask(const ir::ExecAccess& access) {
    const PathSet set = build_.meaning.objects(ir::Verb::load, access.paths);
    look("exec", set, false, [&](std::uint32_t half) { return executes(access, half); });
  }

  // ---- sockets ----

  /// `skip`: keys that also match one of these do not count.
  Granted keys(const std::vector<KeyPattern>& patterns, std::uint32_t bits, const std::vector<KeyPattern>& skip = {}) {
    return keys(classes(), patterns, bits, skip, nullptr);
  }
  struct Keys {
    std::string allowed, denied;
  };
  static Granted keys(const CompiledAutomaton* automaton, const std::vector<KeyPattern>& patterns, std::uint32_t bits,
                      const std::vector<KeyPattern>& skip, Keys* examples) {
    KeyWalk walk;
    for (const KeyPattern& pattern : patterns) walk.add(pattern, true);
    for (const KeyPattern& pattern : skip) walk.add(pattern, false);
    Granted out{false, true};
    walk.run(automaton,
             [&](const std::vector<std::size_t>& complete, ByteAutomaton::State state, const std::string& key) {
               if (complete.front() >= patterns.size() || complete.back() >= patterns.size()) return;
               const bool yes = automaton != nullptr && (automaton->accept(state) & bits) == bits;
               if (examples != nullptr && yes && !out.some) examples->allowed = key;
               if (examples != nullptr && !yes && out.all) examples->denied = key;
               out.some = out.some || yes;
               out.all = out.all && yes;
             });
    return out;
  }

  /// Making and using sockets by family and type.
  Granted sockets(const std::vector<SocketKind>& kinds) {
    std::vector<Granted> parts;
    for (const SocketKind& kind : kinds) parts.push_back(keys({network_key(kind)}, kEverySocketOperation));
    return any_of(parts);
  }
  static std::string rule_of(const std::vector<SocketKind>& kinds) {
    std::string out;
    for (const SocketKind& kind : kinds)
      out += fmt::format("{}{}{}{}", out.empty() ? "network " : ", network ", kind.family, kind.type.empty() ? "" : " ",
                         kind.type);
    return out;
  }
  void network(const std::string& example, const std::vector<SocketKind>& kinds, std::string_view more = {}) {
    if (!profile_.mediates(kNetworkClass)) return open(example, not_mediated("network"));
    const Granted found = sockets(kinds);
    out_.add(example, found,
             in_profile((found.some ? rule_of(kinds) : "no " + rule_of(kinds)) +
                        (found.some ? std::string(more) : std::string())));
  }

  void ask(const ir::NetworkAccess& access) {
    if (build_.features.mediates(Class::ports))
      throw NotAnswered{"macc does not read what apparmor_parser makes of rules on ports"};
    network(described(), sockets_for(access.protocol), " (for every port, connecting and listening)");
  }
  void ask(const ir::SocketAccess& access) { network(described(), sockets_for(access)); }

  [[nodiscard]] bool knows_unix() const { return build_.features.mediates(Class::unix_sockets); }
  static std::vector<SocketKind> unix_family() { return {{"unix", "stream"}, {"unix", "dgram"}}; }

  void ask(const ir::UnixAccess& access) {
    if (!profile_.mediates(kNetworkClass)) return open("network");
    if (!access.abstract_name.empty()) return abstract(access);
    if (!knows_unix()) {
      const Granted family = sockets(unix_family());
      if (!family.all) out_.deny(described(), in_profile("no " + rule_of(unix_family())));
      if (!family.some) return;
      if (!access.listen) return open(described(), not_mediated("unix socket files"));
    }
    for (const FileItem& item : items()) paths(access.listen ? "listen unix" : "connect unix", item, false);
  }

  void abstract(const ir::UnixAccess& access) {
    if (!knows_unix()) return network(described(), unix_family(), " (for every name)");
    const std::string rule =
        fmt::format("unix {} addr=@{}", access.listen ? "bind" : "connect", printable(access.abstract_name, 200));
    std::vector<Granted> parts;
    for (const char* type : {"stream", "dgram"}) {
      const KeyPattern socket = unix_key(type_number(type));
      parts.push_back(access.listen ? listens(access, socket) : connects(access, socket));
    }
    const Granted found = any_of(parts);
    out_.add(described(), found, in_profile((found.some ? "" : "no ") + rule));
  }

  Granted listens(const ir::UnixAccess& access, const KeyPattern& socket) {
    const auto own = with_own(socket, access.abstract_name);
    std::vector<KeyPattern> listening;
    for (const KeyPattern& key : own) listening.push_back(with_operation(key, kListenFollows));
    return both(keys(own, kBind), keys(listening, kListen));
  }

  /// The domain's own sockets are always there: they are none of the servers'.
  Granted connects(const ir::UnixAccess& access, const KeyPattern& socket) {
    const auto own = with_own(socket, "");
    const auto itself = with_peer(own, access.abstract_name, label_);
    const Granted any = keys(with_peer(own, access.abstract_name, ""), kConnect | kTransfer, itself);
    std::vector<Granted> parts;
    for (const ir::DomainId server : servers_of(access)) {
      for (const std::string& label : labels_of(policy_, server))
        parts.push_back(keys(with_peer(own, access.abstract_name, label), kConnect | kTransfer));
    }
    return parts.empty() ? any : Granted{any.some || any_of(parts).some, any_of(parts).all};
  }

  /// Those of the build that listen there. A question does not say whom it is about.
  [[nodiscard]] std::vector<ir::DomainId> servers_of(const ir::UnixAccess& access) const {
    std::vector<ir::DomainId> out = access.servers;
    for (std::size_t i = 0; access.servers.empty() && i < policy_.domains.size(); ++i) {
      const auto& rules = policy_.domains[i].rules;
      const bool listens = std::any_of(rules.begin(), rules.end(), [&](const ir::Rule& rule) {
        const auto* other = std::get_if<ir::UnixAccess>(&rule.access);
        return other != nullptr && rule.effect == ir::Effect::allow && other->listen &&
               other->abstract_name == access.abstract_name;
      });
      if (listens) out.push_back(static_cast<ir::DomainId>(i));
    }
    return out;
  }

  void ask(const ir::UseAccess& access) {
    if (labels_of(policy_, access.from) == std::vector<std::string>{"unconfined"})
      return open(described(), "not mediated: what an unconfined program opened is not asked about again");
    const auto one = [&](bool ir::UseAccess::*kind) {
      ir::UseAccess part;
      part.*kind = true;
      part.from = access.from;
      return ir::describe(policy_, part);
    };
    if (access.tcp) network(one(&ir::UseAccess::tcp), sockets_for(ir::Protocol::tcp));
    if (access.udp) network(one(&ir::UseAccess::udp), sockets_for(ir::Protocol::udp));
    if (access.unix) handed_unix(one(&ir::UseAccess::unix), access.from);
    if (access.pipe) open(one(&ir::UseAccess::pipe), not_mediated("pipes"));
    for (const FileItem& item : items()) paths("use", item, false);
  }

  void handed_unix(const std::string& example, ir::DomainId from) {
    if (!knows_unix()) return network(example, unix_family());
    std::vector<Granted> parts;
    for (const std::string& label : labels_of(policy_, from))
      parts.push_back(keys(with_peer(with_own(unix_key(std::nullopt), ""), "", label), kTransfer));
    out_.add(example, any_of(parts), in_profile("unix (send, receive)"));
  }

  // ---- processes ----

  /// The answer of a class's automaton to one key; `key` has no choices.
  static std::uint32_t accept(const CompiledAutomaton* automaton, const std::string& key) {
    return automaton == nullptr ? 0 : automaton->accept(automaton->run(key));
  }
  static std::string key_of(char policy_class, std::optional<unsigned> number, const std::string& label) {
    std::string out(1, policy_class);
    if (number) out += static_cast<char>(*number);
    return out + label;
  }

  [[nodiscard]] std::vector<ir::DomainId> peers(const ir::Peer& peer) const {
    if (peer.kind == ir::Peer::Kind::self) return {id_};
    if (peer.kind == ir::Peer::Kind::domain) return {peer.domain};
    std::vector<ir::DomainId> out;
    for (std::size_t i = 0; i < policy_.domains.size(); ++i) out.push_back(static_cast<ir::DomainId>(i));
    return out;
  }

  /// Both sides are asked. `here` and `there` are the bits of each; the peer is one of the labels.
  Granted reaches(ir::DomainId peer, char policy_class, std::optional<unsigned> number, std::uint32_t here,
                  std::uint32_t there) {
    std::vector<Granted> parts;
    for (const std::string& label : labels_of(policy_, peer))
      parts.push_back(granted((accept(classes(), key_of(policy_class, number, label)) & here) == here));
    Granted out = any_of(parts);
    if (policy_.domain(peer).external) return out;
    const CompiledProfile& other = profile_of(peer);
    const CompiledAutomaton* automaton = other.classes ? &*other.classes : nullptr;
    return both(out, granted((accept(automaton, key_of(policy_class, number, label_)) & there) == there));
  }

  void ask(const ir::SignalAccess& access) {
    if (!profile_.mediates(kSignalClass)) return open("signal");
    std::vector<ir::Signal> signals = access.signals;
    for (const std::string& word : access.any ? ir::signal_words() : std::vector<std::string>())
      signals.push_back(*ir::signal_of(word));
    for (const ir::DomainId peer : peers(access.peer)) {
      for (const ir::Signal s : signals) {
        const ir::SignalAccess one{false, {s}, {ir::Peer::Kind::domain, peer}};
        const Granted found = reaches(peer, kSignalClass, signal_number(s), kSendSignal, kReceiveSignal);
        out_.add(ir::describe(policy_, one), found,
                 two_sides(fmt::format("signal send set=({})", signal_name(s)), peer, found));
      }
    }
    if (access.any) real_time(access);
  }

  std::string two_sides(const std::string& rule, ir::DomainId peer, const Granted& found) const {
    return fmt::format("{}{} peer={}", found.some ? "" : "not in both profiles: ", rule,
                       printable(labels_of(policy_, peer).front(), 200));
  }

  /// Signals of real time have no words.
  void real_time(const ir::SignalAccess& access) {
    for (const ir::DomainId peer : peers(access.peer)) {
      std::vector<Granted> parts;
      for (const std::string& label : labels_of(policy_, peer))
        parts.push_back(keys({signal_key(every_signal(), label)}, kSendSignal));
      const ir::SignalAccess one{true, {}, {ir::Peer::Kind::domain, peer}};
      if (!any_of(parts).all)
        out_.deny(ir::describe(policy_, one), in_profile("signal send, but not for every signal"));
    }
  }

  void ask(const ir::ProcessAccess& access) {
    using Kind = ir::ProcessAccess::Kind;
    if (access.kind == Kind::ipc) return open("ipc");
    for (const ir::DomainId peer : peers(access.peer)) {
      const ir::ProcessAccess one{access.kind, {ir::Peer::Kind::domain, peer}};
      const std::string example = ir::describe(policy_, one);
      access.kind == Kind::become ? become(example, peer) : inspect(example, peer, access.kind == Kind::trace);
    }
    if (access.kind == Kind::inspect) process_files(access);
  }

  void inspect(const std::string& example, ir::DomainId peer, bool trace) {
    if (!profile_.mediates(kTraceClass)) return open(example, not_mediated("ptrace"));
    const Granted reads = reaches(peer, kTraceClass, std::nullopt, kReadOther, kReadBy);
    const Granted traces = reaches(peer, kTraceClass, std::nullopt, kTrace, kTracedBy);
    const Granted found = trace ? Granted{traces.some, traces.all && reads.all} : reads;
    out_.add(example, found, two_sides(trace ? "ptrace (trace)" : "ptrace (read)", peer, found));
  }

  /// To be inspected, a process has to be read in /proc, too.
  void process_files(const ir::ProcessAccess& access) {
    const bool self = access.peer.kind == ir::Peer::Kind::self ||
                      (access.peer.kind == ir::Peer::Kind::domain && access.peer.domain == id_);
    const PathSet files = PathSet::of(apparmor::process_files());
    const PathsFound found = look_up(profile_, files, self, needs(kRead));
    if (found.denied) out_.deny(described(), permissions_at(*found.denied, self));
  }

  void become(const std::string& example, ir::DomainId peer) {
    std::vector<Granted> parts;
    const CompiledAutomaton* files = profile_.files ? &*profile_.files : nullptr;
    const std::string label = labels_of(policy_, peer).front();
    for (const std::string& one : labels_of(policy_, peer))
      parts.push_back(granted((accept(files, one) & kChangeProfile) != 0));
    const Granted found = any_of(parts);
    out_.add(example, found,
             in_profile(fmt::format("{}change_profile -> {}", found.some ? "" : "no ", printable(label, 200))));
  }

  // ---- the kernel ----

  [[nodiscard]] bool has(ir::Capability c) const {
    return (profile_.capabilities.allowed >> static_cast<unsigned>(c) & 1) != 0;
  }
  void capability(const std::string& example, ir::Capability c) {
    out_.add(example, granted(has(c)), in_profile(fmt::format("{}capability {}", has(c) ? "" : "no ", ir::word(c))));
  }

  void ask(const ir::CapabilityAccess& access) {
    for (const ir::Capability c : access.capabilities)
      capability(ir::describe(policy_, ir::CapabilityAccess{{c}, access.in_userns}), c);
  }

  /// Rules that apparmor_parser 4 brought.
  [[noreturn]] static void not_read(std::string_view what) {
    throw NotAnswered{fmt::format("macc does not read what apparmor_parser makes of rules on {}", what)};
  }

  void ask(const ir::PlainAccess& access) {
    using Kind = ir::PlainAccess::Kind;
    switch (access.kind) {
      case Kind::memory_execute:
        return open("memory execute");
      case Kind::userns_create:
        if (build_.features.mediates(Class::userns)) not_read("user namespaces");
        return open("userns");
      case Kind::bpf:
        return capability(described(), ir::Capability::bpf);
      case Kind::perf:
        return capability(described(), ir::Capability::perfmon);
      case Kind::io_uring:
        if (build_.features.mediates(Class::io_uring)) not_read("io_uring");
        return open("io_uring");
      case Kind::keyring:
        return open("keyring");
    }
  }

  void by_keys(const std::vector<KeyPattern>& patterns, std::uint32_t bits) {
    Keys examples;
    keys(classes(), patterns, bits, {}, &examples);
    const auto words = [&](const std::string& key) { return describe_key(key, bits); };
    if (!examples.allowed.empty()) out_.allow(words(examples.allowed), in_profile("may " + words(examples.allowed)));
    if (!examples.denied.empty()) out_.deny(words(examples.denied), in_profile("may not " + words(examples.denied)));
  }

  void ask(const ir::MountAccess& access) {
    if (!profile_.mediates(kMountClass)) return open("mount");
    const MountForm form = mount_form(access);
    const PathSet on = build_.meaning.set(access.on);
    const KeyField target = path_in(form.on_files ? on : on & PathSet::directories());
    const KeyField source = !form.names_source            ? bytes("")
                            : access.from.include.empty() ? any_mount_source()
                                                          : path_in(build_.meaning.set(access.from));
    const KeyField flags = form.options.empty() ? any_mount_flags() : bytes(mount_flags(form.options));
    std::vector<KeyPattern> patterns;
    for (const std::string& type : form.names_type ? access.fstypes : std::vector<std::string>())
      patterns.push_back(mount_key(target, source, bytes(type), flags));
    if (patterns.empty())
      patterns.push_back(mount_key(target, source, form.names_type ? any_text() : bytes(""), flags));
    by_keys(patterns, kMount);
  }

  void ask(const ir::PathsAccess& access) {
    using Kind = ir::PathsAccess::Kind;
    if (access.kind == Kind::mqueue) return queues();
    if (!profile_.mediates(kMountClass)) return open("mount");
    const KeyField on = path_in(build_.meaning.set(access.paths) & PathSet::directories());
    const bool unmount = access.kind == Kind::unmount;
    by_keys({unmount ? unmount_key(on) : pivot_key(on)}, unmount ? kUnmount : kPivot);
  }

  void queues() {
    switch (queues_for(build_, id_)) {
      case Queues::by_name:
        not_read("message queues");
      case Queues::open:
        return open("mqueue");
      case Queues::refused:
        open("mqueue");
        return out_.deny(described(), "");
      case Queues::as_files:
        open("mqueue");
        for (const FileItem& item : items()) paths("mqueue", item, false);
    }
  }

  // ---- the bus ----

  void ask(const ir::DbusAccess& access) {
    if (!profile_.mediates(kBusClass)) return open("dbus");
    const std::string bus = access.session_bus ? "session" : "system";
    const Granted found = access.own
                              ? keys({bus_name_key(bus, access.name)}, kOwnName)
                              : keys({message_key(bus, access.name, access.interface, access.member)}, kSendMessage);
    out_.add(described(), found,
             in_profile(fmt::format("{}dbus {} bus={} name={}", found.some ? "" : "no ", access.own ? "bind" : "send",
                                    bus, printable(access.name, 200))));
  }

  Build& build_;
  const ir::Policy& policy_;
  CompiledArtifacts& artifacts_;
  Complaining& complaining_;
  ir::DomainId id_;
  const ir::Assignment& values_;
  const ir::Access& access_;
  const CompiledProfile& profile_;
  std::string label_;
  Tally out_;
};

ProbeAnswer not_answered(std::string why) {
  ProbeAnswer out;
  out.reason = std::move(why);
  return out;
}

}  // namespace

std::vector<ProbeAnswer> probe(const Input& input, const Lowered& lowered, const std::vector<Probe>& probes) {
  Diagnostics ignored;  // of what lowering has said already
  Build build(input, dynamic_cast<const LoweringPlan&>(*lowered.plan).features, ignored);
  CompiledArtifacts artifacts(input, lowered);
  Complaining complaining;
  std::vector<ProbeAnswer> out;
  for (const Probe& one : probes) {
    try {
      out.push_back(Asking(build, artifacts, complaining, one).run());
    } catch (const NotAnswered& no) {
      out.push_back(not_answered(no.why));
    } catch (const paths::TooComplex&) {
      out.push_back(not_answered("the paths are too many to be looked up in what was compiled"));
    }
  }
  return out;
}

}  // namespace macc::backends::apparmor
