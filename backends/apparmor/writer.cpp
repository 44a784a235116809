#include "backends/apparmor/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/base/diagnostic.h"

namespace macc::backends::apparmor {

namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;  // clang 14 needs it

std::string prefix(const Qualifiers& q) {
  std::string out;
  if (q.audit) out += "audit ";
  if (q.deny) out += "deny ";
  if (q.owner) out += "owner ";
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& w : words) out += (out.empty() ? "" : ", ") + w;
  return out;
}

std::string field(const Glob& glob) { return quoted(glob, Followed::by_field); }

/// A profile's name where AppArmor reads a pattern of names.
std::string peer_name(const std::string& name) { return quoted(name); }

// ---- rules ----

std::string exec_text(const ExecMode& mode) {
  const bool keep = mode.keep_environment;
  switch (mode.kind) {
    case ExecMode::Kind::inherit:
      return "ix";
    case ExecMode::Kind::profile:
      return keep ? "px" : "Px";
    case ExecMode::Kind::unconfined:
      return keep ? "ux" : "Ux";
  }
  return "";
}

std::string text_of(const FileRule& r) {
  std::string out = prefix(r.qualifiers) + quoted(r.path) + ' ';
  if (r.permissions.map) out += 'm';
  if (r.permissions.read) out += 'r';
  if (r.permissions.write) out += 'w';
  if (r.permissions.lock) out += 'k';
  if (r.exec) out += r.qualifiers.deny ? "x" : exec_text(*r.exec);
  if (r.exec && !r.qualifiers.deny && r.exec->kind == ExecMode::Kind::profile) out += " -> " + quoted(r.exec->target);
  return out + ',';
}

std::string text_of(const LinkRule& r) {
  const std::string_view subset = r.qualifiers.deny ? "" : "subset ";
  return fmt::format("{}link {}{} -> {},", prefix(r.qualifiers), subset, quoted(r.name, Followed::by_path),
                     quoted(r.target));
}

std::string text_of(const CapabilityRule& r) {
  return fmt::format("{}capability {},", prefix(r.qualifiers), ir::word(r.capability));
}

/// " port=80", " peer=(port=1-9)"; "" for every port.
std::string ports_text(const NetworkPorts& ports) {
  const auto [first, last] = ports.range;
  if (ports.kind == NetworkPorts::Kind::setup || (first == 0 && last == 65535)) return "";
  const std::string port = fmt::format("port={}", first) + (first == last ? "" : fmt::format("-{}", last));
  return ports.kind == NetworkPorts::Kind::listen ? ' ' + port : fmt::format(" peer=({})", port);
}

std::string_view socket_permissions(NetworkPorts::Kind kind) {
  switch (kind) {
    case NetworkPorts::Kind::setup:
      return "(create, getattr, setattr, getopt, setopt, shutdown) ";
    case NetworkPorts::Kind::listen:
      return "(bind, listen, accept, send, receive) ";
    case NetworkPorts::Kind::connect:
      return "(connect, send, receive) ";
  }
  return "";
}

std::string text_of(const NetworkRule& r) {
  const std::string_view permissions = r.ports ? socket_permissions(r.ports->kind) : "";
  return fmt::format("{}network {}{}{}{}{},", prefix(r.qualifiers), permissions, r.family, r.type.empty() ? "" : " ",
                     r.type, r.ports ? ports_text(*r.ports) : "");
}

std::string text_of(const UnixRule& r) {
  std::vector<std::string> words;
  const bool about_peer = r.peer || r.peer_address;  // those of the socket itself may not stand there
  if (!r.qualifiers.deny && !about_peer) words = {"create", "getattr", "setattr", "getopt", "setopt", "shutdown"};
  if (r.listen && about_peer) words.emplace_back("accept");
  if (r.listen && !about_peer) words.insert(words.end(), {"bind", "listen", "accept"});
  if (r.connect) words.emplace_back("connect");
  if (r.transfer) words.insert(words.end(), {"send", "receive"});
  std::string out = fmt::format("{}unix ({})", prefix(r.qualifiers), joined(words));
  if (!r.type.empty()) out += " type=" + r.type;
  if (r.address) out += " addr=" + quoted(Glob("@" + *r.address));
  std::string peer;
  if (r.peer_address) peer += "addr=" + quoted(Glob("@" + *r.peer_address));
  if (r.peer) peer += (peer.empty() ? "label=" : " label=") + peer_name(*r.peer);
  if (!peer.empty()) out += " peer=(" + peer + ")";
  return out + ',';
}

std::string text_of(const SignalRule& r) {
  std::string out = prefix(r.qualifiers) + (r.receive ? "signal receive" : "signal send");
  std::vector<std::string> names;
  for (ir::Signal s : r.signals) names.emplace_back(signal_name(s));
  if (!names.empty()) out += fmt::format(" set=({})", joined(names));
  if (r.peer) out += " peer=" + peer_name(*r.peer);
  return out + ',';
}

std::string text_of(const PtraceRule& r) {
  std::vector<std::string> words;
  if (r.read) words.emplace_back(r.receiver ? "readby" : "read");
  if (r.trace) words.emplace_back(r.receiver ? "tracedby" : "trace");
  std::string out = fmt::format("{}ptrace ({})", prefix(r.qualifiers), joined(words));
  if (r.peer) out += " peer=" + peer_name(*r.peer);
  return out + ',';
}

std::string text_of(const ChangeProfileRule& r) {
  return fmt::format("{}change_profile -> {},", prefix(r.qualifiers), quoted(r.target));
}

std::string text_of(const MountRule& r) {
  std::string out = prefix(r.qualifiers);
  if (r.kind == MountRule::Kind::unmount) return out + fmt::format("umount {},", field(r.target));
  if (r.kind == MountRule::Kind::pivot) return out + fmt::format("pivot_root {},", field(r.target));
  out += "mount";
  if (!r.fstypes.empty()) {
    std::vector<std::string> names;
    for (const std::string& type : r.fstypes) names.push_back(quoted(type));
    out += fmt::format(" fstype=({})", joined(names));
  }
  if (!r.options.empty()) out += fmt::format(" options=({})", joined(r.options));
  if (r.source) out += ' ' + field(*r.source);
  return out + fmt::format(" -> {},", field(r.target));
}

std::string text_of(const DbusRule& r) {
  const std::string_view bus = r.session ? "session" : "system";
  if (r.kind == DbusRule::Kind::bind) {
    return fmt::format("{}dbus bind bus={} name={},", prefix(r.qualifiers), bus, quoted(r.name.value_or("")));
  }
  std::string out =
      fmt::format("{}dbus {} bus={}", prefix(r.qualifiers), r.kind == DbusRule::Kind::send ? "send" : "receive", bus);
  if (!r.interface.empty()) out += " interface=" + quoted(r.interface);
  if (!r.member.empty()) out += " member=" + quoted(r.member);
  if (r.name) out += " peer=(name=" + quoted(*r.name) + ")";
  return out + ',';
}

std::string text_of(const UsernsRule& r) { return prefix(r.qualifiers) + "userns create,"; }

std::string text_of(const MqueueRule& r) {
  return fmt::format("{}mqueue (create, open, read, write, delete, getattr, setattr) {},", prefix(r.qualifiers),
                     quoted(r.name));
}

std::string text_of(const IoUringRule& r) { return prefix(r.qualifiers) + "io_uring (override_creds, sqpoll),"; }

std::string text_of(const RawRule& r) { return r.text; }

std::string text_of(const Conditional& c) { return fmt::format("if {}${} {{", c.value ? "" : "not ", c.variable); }

// ---- lines ----

/// Printable ASCII without a backslash: nothing in it can end a comment.
std::string comment(std::string_view text) {
  std::string out;
  for (unsigned char c : printable(text, 100)) out += c < 0x20 || c >= 0x7f || c == '\\' ? '?' : static_cast<char>(c);
  return out;
}

class Lines {
 public:
  explicit Lines(const SourceManager& sources) : sources_(sources) {}

  void add(int depth, std::string_view text, Span span = {}) {
    out_.text.append(text.empty() ? 0 : static_cast<std::size_t>(depth) * 2, ' ').append(text).push_back('\n');
    out_.lines.push_back(span);
  }
  void rules(int depth, const std::vector<Rule>& rules) {
    for (const Rule& rule : rules) this->rule(depth, rule);
  }
  [[nodiscard]] std::string place(const Origin& origin) const {
    if (!origin.span.valid()) return comment(origin.phrase);
    const SourceFile& file = sources_.file(origin.span.file);
    return comment(fmt::format("{}:{} {}", file.stable_path(), file.position(origin.span.begin).line, origin.phrase));
  }
  Written take() { return std::move(out_); }

 private:
  void rule(int depth, const Rule& rule) {
    if (const auto* conditional = std::get_if<Conditional>(&rule.body)) {
      add(depth, text_of(*conditional));
      rules(depth + 1, conditional->rules);
      add(depth, "}");
      return;
    }
    if (const auto* raw = std::get_if<RawRule>(&rule.body)) return raw_text(depth, *raw, rule.origins);
    std::string line = rule_text(rule.body);
    line += comments(rule.origins);
    add(depth, line, rule.origins.empty() ? Span{} : rule.origins.front().span);
  }

  /// The first place in words, the others by their lines.
  std::string comments(const std::vector<Origin>& origins) const {
    if (origins.empty()) return "";
    std::string out = "  # " + place(origins.front());
    std::set<std::uint32_t> lines = {line_of(origins.front())};
    for (const Origin& o : origins) {
      if (const std::uint32_t line = line_of(o); lines.insert(line).second) out += fmt::format(", line {}", line);
    }
    return out;
  }

  std::uint32_t line_of(const Origin& origin) const {
    return origin.span.valid() ? sources_.position(origin.span).line : 0;
  }

  void raw_text(int depth, const RawRule& raw, const std::vector<Origin>& origins) {
    const Span span = origins.empty() ? Span{} : origins.front().span;
    const std::size_t begin = out_.text.size();
    if (!origins.empty()) add(depth, "# " + place(origins.front()));
    std::string_view rest = raw.text;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      add(depth, rest.substr(0, end), span);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    out_.raw.push_back(out_.text.substr(begin));
  }

  const SourceManager& sources_;
  Written out_ = {"", {Span{}}, {}};
};

std::string opening(const Profile& profile) {
  std::string out = "profile " + quoted(profile.name);
  if (profile.attachment) out += ' ' + quoted(*profile.attachment);
  if (profile.complain) out += " flags=(complain)";
  return out + " {";
}

}  // namespace

std::string rule_text(const RuleBody& body) {
  return std::visit([](const auto& b) { return text_of(b); }, body);
}

Written write(const ProfileFile& file, const SourceManager& sources) {
  Lines lines(sources);
  for (const std::string& line : file.header) lines.add(0, "# " + comment(line));
  lines.add(0, fmt::format("abi <abi/{}>,", file.abi));
  for (const std::string& tunables : file.tunables) lines.add(0, fmt::format("include <{}>", tunables));
  lines.add(0, "");
  const Profile& profile = file.profile;
  lines.add(0, "# " + lines.place(profile.origin));
  lines.add(0, opening(profile), profile.origin.span);
  lines.rules(1, profile.rules);
  lines.add(0, "}");
  return lines.take();
}

}  // namespace macc::backends::apparmor
