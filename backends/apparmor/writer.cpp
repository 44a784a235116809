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
    case ExecMode::Kind::child:
      return keep ? "cx" : "Cx";
    case ExecMode::Kind::unconfined:
      return keep ? "ux" : "Ux";
  }
  return "";
}

/// Behind `->`; "" where nothing stands there.
std::string exec_target(const ExecMode& mode) {
  if (mode.kind == ExecMode::Kind::profile) return mode.target;
  if (mode.kind != ExecMode::Kind::child) return "";
  return mode.target.substr(mode.target.rfind('/') + 1);  // a child is named without its parent
}

std::string text_of(const FileRule& r) {
  std::string out = prefix(r.qualifiers) + quoted(r.path) + ' ';
  if (r.permissions.map) out += 'm';
  if (r.permissions.read) out += 'r';
  if (r.permissions.write) out += 'w';
  if (r.permissions.lock) out += 'k';
  if (r.exec) out += r.qualifiers.deny ? "x" : exec_text(*r.exec);
  const std::string target = r.exec && !r.qualifiers.deny ? exec_target(*r.exec) : "";
  if (!target.empty()) out += " -> " + quoted_name(target);
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

std::string text_of(const Conditional& c) {
  return fmt::format("if {}defined @{{{}}} {{", c.defined ? "" : "not ", c.variable);
}

// ---- lines ----

/// Printable ASCII without a backslash: nothing in it can end a comment.
std::string comment(std::string_view text) {
  std::string out;
  for (unsigned char c : printable(text, 100)) out += c < 0x20 || c >= 0x7f || c == '\\' ? '?' : static_cast<char>(c);
  return out;
}

std::string place(const SourceManager& sources, const Origin& origin) {
  if (!origin.span.valid()) return comment(origin.phrase);
  const SourceFile& file = sources.file(origin.span.file);
  return comment(fmt::format("{}:{} {}", file.stable_path(), file.position(origin.span.begin).line, origin.phrase));
}

std::string opening(const Profile& profile) {
  std::string out = "profile " + quoted_name(profile.name);
  if (profile.attachment) out += ' ' + quoted(*profile.attachment);
  if (!profile.flags.empty()) out += fmt::format(" flags=({})", joined(profile.flags));
  return out + " {";
}

/// What a line is there for.
struct Why {
  std::string reason;
  std::vector<Span> places = {};
};

/// Each phrase and each place once.
void add_origins(Why& why, const std::vector<Origin>& origins) {
  for (const Origin& o : origins) {
    const bool known = o.span.valid() && std::find(why.places.begin(), why.places.end(), o.span) != why.places.end();
    if (o.span.valid() && !known) why.places.push_back(o.span);
  }
}

Why why_of(const std::vector<Origin>& origins) {
  Why out;
  std::set<std::string_view> said;
  for (const Origin& o : origins) {
    if (said.insert(o.phrase).second) out.reason += (out.reason.empty() ? "" : "; ") + o.phrase;
  }
  add_origins(out, origins);
  return out;
}

void add_places(Why& why, const std::vector<Rule>& rules) {
  for (const Rule& rule : rules) {
    add_origins(why, rule.origins);
    if (const auto* inner = std::get_if<Conditional>(&rule.body)) add_places(why, inner->rules);
  }
}

/// A block of rules under a condition is there for each of them.
Why why_of(const Conditional& conditional) {
  Why out{fmt::format("rules that hold where @{{{}}} is {}defined", conditional.variable,
                      conditional.defined ? "" : "not ")};
  add_places(out, conditional.rules);
  std::sort(out.places.begin(), out.places.end());
  return out;
}

/// The text of one file.
class Lines {
 public:
  void add(int depth, std::string_view text, Why why) {
    out_.text.append(text.empty() ? 0 : static_cast<std::size_t>(depth) * 2, ' ').append(text).push_back('\n');
    const auto line = static_cast<std::uint32_t>(out_.lines.size());
    out_.lines.push_back(why.places.empty() ? Span{} : why.places.front());
    if (!text.empty()) out_.origins.push_back({line, std::move(why.reason), std::move(why.places)});
  }
  void blank() { add(0, "", {}); }
  void header(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) add(0, "# " + comment(line), {"every file: what it was made from"});
  }
  /// What is added between these is the text of a policy's author.
  void begin_raw() { raw_begin_ = out_.text.size(); }
  void end_raw() { out_.raw.push_back(out_.text.substr(raw_begin_)); }
  Written take() { return std::move(out_); }

 private:
  Written out_ = {"", {Span{}}, {}, {}};
  std::size_t raw_begin_ = 0;
};

/// A profile's file, and those of its conditions as they are met.
class Files {
 public:
  Files(const ProfileFile& file, const SourceManager& sources) : file_(file), sources_(sources) {}

  WrittenFiles run() {
    Lines lines;
    lines.header(file_.header);
    lines.add(0, fmt::format("abi <abi/{}>,", file_.abi), {"every profile: the features that its rules are meant for"});
    for (const std::string& tunables : file_.tunables)
      lines.add(0, fmt::format("include <{}>", tunables), {"every profile that uses variables: what they stand for"});
    lines.blank();
    profile(lines, 0, file_.profile);
    out_.profile = lines.take();
    return std::move(out_);
  }

 private:
  void profile(Lines& lines, int depth, const Profile& profile) {
    const Why domain = why_of({profile.origin});
    lines.add(depth, "# " + place(sources_, profile.origin), domain);
    lines.add(depth, opening(profile), domain);
    rules(lines, depth + 1, profile.rules);
    for (const Profile& child : profile.children) {
      lines.blank();
      this->profile(lines, depth + 1, child);
    }
    if (!profile.local.empty())
      lines.add(depth + 1, fmt::format("include if exists <local/{}>", profile.local),
                {"every profile: the rules that the site adds"});
    lines.add(depth, "}", domain);
  }

  void rules(Lines& lines, int depth, const std::vector<Rule>& rules) {
    for (const Rule& rule : rules) this->rule(lines, depth, rule);
  }

  void rule(Lines& lines, int depth, const Rule& rule) {
    if (const auto* inner = std::get_if<Conditional>(&rule.body)) return conditional(lines, depth, *inner);
    if (const auto* raw = std::get_if<RawRule>(&rule.body)) return raw_text(lines, depth, *raw, rule.origins);
    std::string line = rule_text(rule.body);
    line += comments(rule.origins);
    lines.add(depth, line, why_of(rule.origins));
  }

  /// One block a file: where a second one follows the first, or stands in it, the Python tools lose their way.
  void conditional(Lines& outer, int depth, const Conditional& conditional) {
    const std::size_t at = out_.conditions.size();
    std::string path = fmt::format("{}/{}", file_.conditions, at + 1);
    const std::string opening = text_of(conditional);
    const Why why = why_of(conditional);
    outer.add(depth, fmt::format("include <{}>  # {}", path, opening.substr(0, opening.size() - 2)), why);
    out_.conditions.push_back({std::move(path), {}});
    Lines lines;
    lines.header(file_.header);
    lines.add(0, opening, why);
    rules(lines, 1, conditional.rules);
    lines.add(0, "}", why);
    out_.conditions[at].written = lines.take();
  }

  /// The first place in words, the others by their lines.
  std::string comments(const std::vector<Origin>& origins) const {
    if (origins.empty()) return "";
    std::string out = "  # " + place(sources_, origins.front());
    std::set<std::uint32_t> lines = {line_of(origins.front())};
    for (const Origin& o : origins) {
      if (const std::uint32_t line = line_of(o); lines.insert(line).second) out += fmt::format(", line {}", line);
    }
    return out;
  }

  std::uint32_t line_of(const Origin& origin) const {
    return origin.span.valid() ? sources_.position(origin.span).line : 0;
  }

  void raw_text(Lines& lines, int depth, const RawRule& raw, const std::vector<Origin>& origins) const {
    const Why why = why_of(origins);
    lines.begin_raw();
    if (!origins.empty()) lines.add(depth, "# " + place(sources_, origins.front()), why);
    std::string_view rest = raw.text;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      lines.add(depth, rest.substr(0, end), why);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    lines.end_raw();
  }

  const ProfileFile& file_;
  const SourceManager& sources_;
  WrittenFiles out_;
};

}  // namespace

std::string rule_text(const RuleBody& body) {
  return std::visit([](const auto& b) { return text_of(b); }, body);
}

WrittenFiles write(const ProfileFile& file, const SourceManager& sources) { return Files(file, sources).run(); }

}  // namespace macc::backends::apparmor
