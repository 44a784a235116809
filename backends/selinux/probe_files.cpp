// Questions about files, programs, sockets with a path, and mounts.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "backends/selinux/probe_questions.h"
#include "backends/selinux/vocabulary.h"
#include "backends/selinux/walks.h"
#include "compiler/ir/mount_options.h"

namespace macc::backends::selinux {
namespace {

using ir::Verb;
using paths::PathSet;

using Permissions = std::vector<std::string>;

/// What is asked of an object and of the folder that it is in. Search permission is not: it says nothing of the object.
struct Asked {
  std::string class_name;
  Permissions decisive, wanted, on_folder;
  bool made = false;  ///< the object is not there before
};

Permissions without_search(const std::vector<std::string_view>& permissions) {
  Permissions list;
  for (const std::string_view permission : permissions)
    if (permission != "search") list.emplace_back(permission);
  return list;
}

Permissions of(std::string_view text) { return without_search(words(text)); }

/// The permissions of a verb without which nothing of it can be done. `getattr` is not among them, nor what only some
/// programs ask for.
std::vector<std::string_view> decisive_of(Verb verb, const ClassPermissions& all, std::string_view distinct) {
  std::vector<std::string_view> list = {distinct};
  const auto also = [&](std::string_view permission) {
    if (permission != distinct &&
        std::find(all.permissions.begin(), all.permissions.end(), permission) != all.permissions.end())
      list.push_back(permission);
  };
  // An object can be made without being opened, by mknod(2).
  if (verb != Verb::create) also("open");
  if (verb == Verb::load || verb == Verb::watch) also("read");
  if (verb == Verb::load) also("map");
  return list;
}

std::optional<Asked> asked_of(Verb verb, Kinds kind) {
  const bool device = kind == kinds::char_device || kind == kinds::block_device;
  const ObjectScope scope{kind == kinds::directory, kind != kinds::directory, device, kind};
  const auto rows = object_permissions(verb, scope);
  const auto decisive = decisive_permissions(verb, scope);
  if (rows.empty() || decisive.empty()) return std::nullopt;
  return Asked{std::string(rows[0].class_name), without_search(decisive[0].permissions),
               without_search(rows[0].permissions), without_search(parent_permissions(verb)),
               verb == Verb::create || verb == Verb::mknod};
}

std::optional<ir::Kind> own_kind(const Labels& labels, const std::string& type) {
  for (const Region& region : labels.regions())
    if (region.is_own() && region.types[0] == type) return region.kind;
  return std::nullopt;
}

/// What most likely stands at the paths, the likeliest first.
std::vector<Kinds> likely_kinds(const Probed& probed, const Labelled& part) {
  if (part.kinds == kinds::directory) return {kinds::directory};
  std::vector<Kinds> list = {kinds::file,        kinds::fifo,         kinds::socket,
                             kinds::char_device, kinds::block_device, kinds::symlink};
  const auto first = [&](Kinds kind) {
    std::rotate(list.begin(), std::find(list.begin(), list.end(), kind), list.end());
  };
  const auto own = own_kind(probed.plan.labels, part.type);
  if (own == ir::Kind::socket) first(kinds::socket);
  if (own == ir::Kind::device || (!own && part.example.starts_with("/dev/"))) first(kinds::char_device);
  std::erase_if(list, [&](Kinds kind) { return (part.kinds & kind) == 0; });
  return list;
}

/// What an object becomes that a domain makes in a folder, or by executing a program: the type transitions of its type.
class Transitions {
 public:
  Transitions(const Probed& probed, const Probe& probe, const std::string& source) : probed_(probed) {
    const auto& booleans = probed.input.policy.booleans;
    for (const PolicyBoolean& boolean : probed.base.booleans()) values_[boolean.name] = boolean.value;
    for (std::size_t i = 0; i < booleans.size(); ++i) values_[booleans[i].name] = probe.values.at(i);
    const auto sources = names_of(source);
    for (PolicyRule& rule : probed.policy.rules_about({source}, {}))
      if (rule.kind == PolicyRule::Kind::transition && sources.contains(rule.source) &&
          rule.condition.holds([&](std::string_view name) { return value_of(name); }))
        rules_.push_back(std::move(rule));
  }

  /// The new type by the name of the object, "" for any other name; only those names for which there is a rule.
  [[nodiscard]] std::map<std::string, std::string> at(const std::string& target, std::string_view class_name) const {
    std::map<std::string, std::string> results;
    const auto targets = names_of(target);
    for (const PolicyRule& rule : rules_)
      if (rule.class_name == class_name && targets.contains(rule.target))
        results.emplace(std::string(rule.name), std::string(rule.result));
    return results;
  }

 private:
  [[nodiscard]] std::set<std::string, std::less<>> names_of(const std::string& type) const {
    const auto attributes = probed_.policy.attributes_of(type);
    std::set<std::string, std::less<>> names(attributes.begin(), attributes.end());
    names.insert(type);
    return names;
  }
  [[nodiscard]] bool value_of(std::string_view name) const {
    const auto it = values_.find(name);
    return it != values_.end() && it->second;
  }

  const Probed& probed_;
  std::map<std::string, bool, std::less<>> values_;
  std::vector<PolicyRule> rules_;
};

/// Collects the pieces of one access on paths.
class PathPieces {
 public:
  PathPieces(const Probed& probed, const Probe& probe)
      : probed_(probed), probe_(probe), source_(types_of_domain(probed, probe.domain).at(0)) {}

  [[nodiscard]] const std::string& source() const { return source_; }
  [[nodiscard]] const Transitions& transitions() {
    if (!transitions_) transitions_.emplace(probed_, probe_, source_);
    return *transitions_;
  }
  [[nodiscard]] Pieces take() { return std::move(pieces_); }
  void add(Piece piece) { pieces_.list.push_back(std::move(piece)); }

  [[nodiscard]] Need need(const std::string& type, const std::string& class_name, Permissions permissions) const {
    return {source_, type == "self" ? source_ : type, class_name, std::move(permissions)};
  }

  /// The labels in a set; what nothing labels has the label of the folder above, as if it was made there.
  [[nodiscard]] std::vector<Labelled> labelled(const PathSet& all) {
    std::vector<Labelled> list;
    const PathSet set = all - probed_.labels.of_any_process();
    if (set.empty() && !all.empty()) pieces_.problem = "which process has a number is not known before it runs";
    for (Labelled& part : probed_.labels.divide(set)) {
      if (!part.type.empty()) {
        list.push_back(std::move(part));
        continue;
      }
      for (PathSet& piece : selinux::pieces_of(part.set)) add_inherited(part.kinds, std::move(piece), list);
    }
    return list;
  }

  void say(std::string problem) { pieces_.problem = std::move(problem); }

  /// An object of a class at paths, with what its folder is asked for.
  void add(std::string_view word, const Labelled& part, const Asked& asked) {
    if (asked.on_folder.empty()) {
      pieces_.list.push_back({fmt::format("{} {}", word, part.example),
                              {{need(part.type, asked.class_name, asked.decisive)}},
                              {need(part.type, asked.class_name, asked.wanted)},
                              "",
                              ""});
      return;
    }
    for (const Entry& entry : entries_of(part, asked)) {
      Need decisive = need(entry.type, asked.class_name, asked.decisive);
      Need wanted = need(entry.type, asked.class_name, asked.wanted);
      decisive.made = wanted.made = asked.made;
      const Need above = need(entry.folder, "dir", asked.on_folder);
      pieces_.list.push_back({fmt::format("{} {}", word, entry.example), {{decisive, above}}, {wanted, above}, "", ""});
    }
  }

 private:
  void add_inherited(Kinds kinds, PathSet piece, std::vector<Labelled>& list) {
    const auto example = piece.example();
    if (!example) return;
    std::string type = probed_.labels.inherited_by(*example);
    if (type.empty())
      pieces_.problem = fmt::format("nothing says which label `{}` has on the system", printable(*example));
    else
      list.push_back({std::move(type), kinds, std::move(piece), *example});
  }

  /// An entry of a folder: its type, which for one that is made need not be the one that is planned for its path.
  struct Entry {
    std::string example, folder, type;  ///< a path and two types
  };

  /// Examples in folders of each type.
  [[nodiscard]] std::vector<Entry> entries_of(const Labelled& part, const Asked& asked) {
    std::vector<Entry> list;
    std::set<std::string> seen;
    const Automaton members = part.set.automaton();
    for (const Labelled& above : probed_.labels.divide(part.set.directories_above())) {
      const Children children = children_in(members, above.set.automaton());
      if (!children.any) continue;
      const std::string type = above.type.empty() ? probed_.labels.inherited_by(children.directory) : above.type;
      if (type.empty() || !seen.insert(type).second) continue;
      const PathSet entries = part.set & inside(children.directory);
      if (asked.made)
        add_made(children.directory, type, entries, asked.class_name, list);
      else if (const auto example = entries.example())
        list.push_back({*example, type, part.type});
    }
    return list;
  }

  /// What is made has the type of the folder, where no transition says otherwise.
  void add_made(const std::string& directory, const std::string& folder, PathSet entries, const std::string& class_name,
                std::vector<Entry>& list) {
    auto types = transitions().at(folder, class_name);
    types.emplace("", folder);
    std::vector<Entry> named;
    for (const auto& [name, type] : types) {
      std::string path = directory + name + (class_name == "dir" ? "/" : "");
      if (name.empty() || !entries.contains(std::string_view(path))) continue;
      entries = entries - only(path);
      named.push_back({std::move(path), folder, type});
    }
    if (const auto example = entries.example()) list.push_back({*example, folder, types.at("")});
    list.insert(list.end(), named.begin(), named.end());
  }

  static PathSet inside(const std::string& folder) {
    paths::PatternError error;
    const std::string text = paths::PathPattern::literal(folder).text();
    return PathSet::of(paths::PathPattern::parse(text + "*", error)) |
           PathSet::of(paths::PathPattern::parse(text + "*/", error));
  }

  const Probed& probed_;
  const Probe& probe_;
  std::string source_;
  std::optional<Transitions> transitions_;
  Pieces pieces_;
};

// ---- programs

/// One program under one way to run it.
class ProgramPiece {
 public:
  ProgramPiece(const PathPieces& pieces, std::string exec, std::string started)
      : pieces_(pieces), exec_(std::move(exec)), started_(std::move(started)) {}

  /// It runs in the domain itself.
  [[nodiscard]] std::vector<Need> inside() const {
    return {pieces_.need(exec_, "file", of("open read map execute execute_no_trans"))};
  }

  /// It becomes `target`, by a transition of the policy or since the domain asks for it.
  [[nodiscard]] std::vector<Need> into(const std::string& target, bool keep_environment) const {
    std::vector<Need> list = {
        pieces_.need(exec_, "file", of("open read map execute")),
        pieces_.need(target, "process", of(keep_environment ? "transition noatsecure" : "transition")),
        {target, exec_, "file", of("entrypoint")}};
    if (started_ != target) list.push_back(pieces_.need("self", "process", of("setexec")));
    return list;
  }

  /// Whatever becomes of it.
  [[nodiscard]] std::vector<Need> as_it_comes(bool keep_environment) const {
    return started_.empty() ? inside() : into(started_, keep_environment);
  }

 private:
  const PathPieces& pieces_;
  std::string exec_, started_;
};

// ---- unix sockets

/// Connections to one server at least: streams or datagrams. With the socket's file, where there is one.
Piece connection(const Probed& probed, const PathPieces& pieces, std::string example, const ir::UnixAccess& access,
                 const std::vector<Need>& file) {
  Piece piece;
  piece.example = std::move(example);
  piece.wanted = file;
  for (const ir::DomainId server : listeners(probed, access))
    for (const std::string& type : types_of_domain(probed, server))
      for (const auto& [class_name, permission] :
           {std::pair{"unix_stream_socket", "connectto"}, std::pair{"unix_dgram_socket", "sendto"}}) {
        const Need peer = pieces.need(type, class_name, of(permission));
        piece.ways.push_back(file);
        piece.ways.back().push_back(peer);
        piece.wanted.push_back(peer);
      }
  if (piece.ways.empty() && !file.empty()) piece.ways.push_back(file);  // nobody known listens: the file alone decides
  return piece;
}

// ---- mounts

/// The types of the named file systems; of all of them for none, and for one without a type of its own.
std::vector<std::string> filesystem_types(const Probed& probed, const std::vector<std::string>& names) {
  std::vector<std::string> types;
  for (const std::string& name : names) {
    types.push_back(probed.platform.filesystem_type(name));
    if (types.back().empty()) return probed.base.types_in(probed.platform[Name::filesystems]);
  }
  return names.empty() ? probed.base.types_in(probed.platform[Name::filesystems]) : types;
}

/// `before` with a permission on one of the file systems, whichever it is.
Piece on_filesystem(const PathPieces& pieces, std::string example, const std::vector<Need>& before,
                    const std::vector<std::string>& types, std::string_view permission) {
  Piece piece;
  piece.example = std::move(example);
  piece.wanted = before;
  for (const std::string& type : types) {
    const Need mounted = pieces.need(type, "filesystem", of(permission));
    piece.ways.push_back(before);
    piece.ways.back().push_back(mounted);
    piece.wanted.push_back(mounted);
  }
  return piece;
}

/// The label of a queue comes from the file system.
std::string queue_type(const Base& base) {
  for (const FsUse& use : base.fs_uses())
    if (use.fstype == "mqueue") return use.type;
  return {};
}

}  // namespace

std::vector<ClassPermissions> decisive_permissions(Verb verb, ObjectScope scope) {
  std::vector<ClassPermissions> list;
  const auto rows = object_permissions(verb, scope);
  for (const ClassPermissions& distinct : distinct_permissions(verb, scope)) {
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [&](const ClassPermissions& r) { return r.class_name == distinct.class_name; });
    list.push_back({distinct.class_name, decisive_of(verb, *row, distinct.permissions.front())});
  }
  return list;
}

std::set<ir::DomainId> listeners(const Surroundings& here, const ir::UnixAccess& access) {
  const ir::Policy& policy = here.input.policy;
  std::set<ir::DomainId> found;
  const auto meets = [&](const ir::PathExpr& paths) {
    return here.input.meaning.set(paths).meets(here.input.meaning.set(access.paths));
  };
  for (std::size_t i = 0; i < policy.domains.size(); ++i)
    for (const ir::Rule& rule : policy.domains[i].rules) {
      const auto* listens = std::get_if<ir::UnixAccess>(&rule.access);
      if (listens == nullptr || !listens->listen || rule.effect != ir::Effect::allow) continue;
      if (access.abstract_name.empty() ? listens->abstract_name.empty() && meets(listens->paths)
                                       : listens->abstract_name == access.abstract_name)
        found.insert(static_cast<ir::DomainId>(i));
    }
  if (!access.abstract_name.empty()) return found;
  for (const ir::Resource& resource : policy.resources)
    if (resource.server != ir::DomainId::none && meets(resource.paths)) found.insert(resource.server);
  return found;
}

Pieces file_pieces(const Probed& probed, const Probe& probe, const ir::FileAccess& access) {
  PathPieces pieces(probed, probe);
  for (const Verb verb : access.verbs.list()) {
    const PathSet objects = probed.input.meaning.objects(verb, access.paths);
    if (objects.empty()) continue;
    for (const Labelled& part : pieces.labelled(objects)) {
      const std::vector<Kinds> kinds =
          verb == Verb::mknod ? std::vector{kinds::char_device, kinds::block_device} : likely_kinds(probed, part);
      const auto kind =
          std::find_if(kinds.begin(), kinds.end(), [&](Kinds k) { return asked_of(verb, k).has_value(); });
      if (kind != kinds.end())
        pieces.add(ir::word(verb), part, *asked_of(verb, *kind));
      else
        pieces.say(
            fmt::format("nothing that can stand at `{}` is asked for `{}`", printable(part.example), ir::word(verb)));
    }
  }
  return pieces.take();
}

Pieces exec_pieces(const Probed& probed, const Probe& probe, const ir::ExecAccess& access) {
  using Mode = ir::ExecAccess::Mode;
  PathPieces pieces(probed, probe);
  std::vector<std::string> targets;
  if (access.mode == Mode::transition) targets = types_of_domain(probed, access.target);
  if (access.mode == Mode::unconfined) targets = {probed.platform[Name::unconfined]};
  for (const Labelled& part : pieces.labelled(probed.input.meaning.objects(Verb::load, access.paths))) {
    if ((part.kinds & kinds::file) == 0) continue;
    const auto transitions = pieces.transitions().at(part.type, "process");
    const std::string started = transitions.empty() ? "" : transitions.begin()->second;
    const ProgramPiece program(pieces, part.type, started);
    Piece piece;
    piece.example = "exec " + part.example;
    if (access.mode == Mode::inside) {
      // Without a target, any way of executing will do.
      piece.wanted = program.as_it_comes(access.keep_environment);
      piece.ways = {piece.wanted};
    } else {
      for (const std::string& target : targets) piece.ways.push_back(program.into(target, access.keep_environment));
      const bool leads_there = std::find(targets.begin(), targets.end(), started) != targets.end();
      if (leads_there)
        piece.wanted = program.into(started, access.keep_environment);
      else
        piece.missing = fmt::format("no transition leads from {} by {} to {}", pieces.source(), part.type,
                                    targets.empty() ? "there" : targets.front());
    }
    pieces.add(std::move(piece));
  }
  return pieces.take();
}

Pieces unix_pieces(const Probed& probed, const Probe& probe, const ir::UnixAccess& access) {
  PathPieces pieces(probed, probe);
  const Permissions stream = of("create bind listen accept");
  if (!access.abstract_name.empty()) {
    const std::string example = ir::describe(probed.input.policy, *probe.access);
    if (access.listen)
      pieces.add(simple_piece(example, {pieces.need("self", "unix_stream_socket", stream)}));
    else if (listeners(probed, access).empty())
      pieces.say(fmt::format("nothing says who listens on `@{}`", printable(access.abstract_name)));
    else
      pieces.add(connection(probed, pieces, example, access, {}));
    return pieces.take();
  }
  const PathSet sockets = probed.input.meaning.set(access.paths) & PathSet::non_directories();
  for (const Labelled& part : pieces.labelled(sockets)) {
    if ((part.kinds & kinds::socket) == 0) continue;
    if (access.listen) {
      pieces.add("listen unix", part, {"sock_file", of("create"), of("create getattr"), of("write add_name"), true});
      continue;
    }
    pieces.add(connection(probed, pieces, "connect unix " + part.example, access,
                          {pieces.need(part.type, "sock_file", of("write"))}));
  }
  return pieces.take();
}

Pieces use_pieces(const Probed& probed, const Probe& probe, const ir::UseAccess& access) {
  PathPieces pieces(probed, probe);
  const std::vector<std::string> givers = types_of_domain(probed, access.from);
  const std::string& giver_name = probed.input.policy.domain(access.from).name;
  const std::string from = " from " + giver_name;
  if (givers.empty()) pieces.say(without_type(giver_name));
  // Reading or writing will do to use it; both are wanted.
  const auto add = [&](const std::string& word, const std::string& giver, const std::string& type,
                       const std::string& class_name) {
    const Need descriptor = pieces.need(giver, "fd", of("use"));
    pieces.add(Piece{"use " + word + from,
                     {{descriptor, pieces.need(type, class_name, of("read"))},
                      {descriptor, pieces.need(type, class_name, of("write"))}},
                     {descriptor, pieces.need(type, class_name, of("read write"))},
                     "",
                     ""});
  };
  for (const std::string& giver : givers) {
    if (access.tcp) add("tcp", giver, giver, "tcp_socket");
    if (access.udp) add("udp", giver, giver, "udp_socket");
    if (access.unix) add("unix", giver, giver, "unix_stream_socket");
    if (access.pipe) add("pipe", giver, giver, "fifo_file");
    for (const Name terminal : {Name::user_terminal, Name::user_console, Name::terminal, Name::console})
      if (const std::string& type = probed.platform[terminal]; access.terminal && !type.empty())
        add("terminal", giver, type, "chr_file");
    if (access.paths.include.empty()) continue;
    for (const Labelled& part : pieces.labelled(probed.input.meaning.set(access.paths) & PathSet::non_directories()))
      for (const Kinds kind : likely_kinds(probed, part))
        if (kind == kinds::file || kind == kinds::char_device) {
          add(part.example, giver, part.type, std::string(class_of(kind)));
          break;
        }
  }
  return pieces.take();
}

/// What is asked of each kind of mount: without options, of all that they leave open.
Pieces mount_pieces(const Probed& probed, const Probe& probe, const ir::MountAccess& access) {
  PathPieces pieces(probed, probe);
  const bool any = access.options.empty();
  const ir::MountKind kind = ir::mount_kind(access.options);
  const bool mounts = kind == ir::MountKind::file_system;
  const bool remounts = any ? ir::is_left_open(access, {"remount"}) : kind == ir::MountKind::remount;
  const bool moves = any ? ir::is_left_open(access, {"bind"}) : !mounts && !remounts;
  const std::vector<std::string> types = filesystem_types(probed, access.fstypes);
  for (const Labelled& part : pieces.labelled(probed.input.meaning.set(access.on))) {
    const auto example = [&](std::string_view options) {
      return fmt::format("mount {}on {}", any ? options : "", part.example);
    };
    const std::vector<Need> place = {
        pieces.need(part.type, part.kinds == kinds::directory ? "dir" : "file", of("mounton"))};
    if (mounts) pieces.add(on_filesystem(pieces, example(""), place, types, "mount"));
    if (moves) pieces.add(simple_piece(example("options bind "), place));
    if (remounts) pieces.add(on_filesystem(pieces, example("options remount "), {}, types, "remount"));
  }
  return pieces.take();
}

Pieces paths_pieces(const Probed& probed, const Probe& probe, const ir::PathsAccess& access) {
  using Kind = ir::PathsAccess::Kind;
  PathPieces pieces(probed, probe);
  const PathSet set = probed.input.meaning.set(access.paths);
  const auto first = set.example();
  if (!first) return {};
  if (access.kind == Kind::pivot) {
    pieces.add(Piece{"pivot " + *first, {}, {}, "", "not mediated"});
  } else if (access.kind == Kind::unmount) {
    pieces.add(on_filesystem(pieces, "unmount " + *first, {}, filesystem_types(probed, {}), "unmount"));
  } else {
    std::vector<Labelled> queues;
    if (const std::string type = queue_type(probed.base); !type.empty())
      queues.push_back({type, kinds::file, set, *first});
    else
      queues = pieces.labelled(set & PathSet::non_directories());
    for (const Labelled& queue : queues) {
      Piece piece;
      piece.example = "mqueue " + queue.example;
      for (const std::string_view way : {"open read", "open write", "create"})
        piece.ways.push_back({pieces.need(queue.type, "file", of(way))});
      piece.wanted = {pieces.need(queue.type, "file", of("create open read write getattr unlink")),
                      pieces.need(queue.type, "dir", of("write add_name remove_name"))};
      piece.ways.back()[0].made = piece.wanted[0].made = true;
      pieces.add(std::move(piece));
    }
  }
  return pieces.take();
}

}  // namespace macc::backends::selinux
