#include "backends/apparmor/file_items.h"

#include "backends/apparmor/proc.h"

namespace macc::backends::apparmor {

namespace {

using ir::Effect;
using ir::Verb;

/// The same paths with process numbers; true when there was one to put in.
bool put_process_numbers(std::vector<paths::PathPattern>& patterns) {
  bool any = false;
  for (paths::PathPattern& p : patterns) {
    if (auto numbered = with_process_number(p)) {
      p = *numbered;
      any = true;
    }
  }
  return any;
}

std::optional<Bit> decisive_bit(Verb verb) {
  const FilePermissions p = decisive_permission(verb);
  if (p.write) return Bit::write;
  if (p.map) return Bit::map;
  if (p.lock) return Bit::lock;
  if (p.read) return Bit::read;
  return std::nullopt;
}

class Collector {
 public:
  Collector(Build& build, ir::DomainId id) : build_(build), id_(id), domain_(build.policy.domain(id)) {}

  FileItems run() {
    for (const ir::Entry& entry : domain_.entries) always_there(entry.paths, kRun, {entry.where.span, "entry"}, false);
    always_there(processes(), kInspect, {domain_.where.span, "always there: own processes"}, true);
    for (const ir::Rule& rule : domain_.rules) collect(rule);
    started_by_others();
    return std::move(items_);
  }

  std::vector<FileItem> run(const ir::Rule& rule) {
    collect(rule);
    return std::move(items_.allows);
  }

 private:
  using Verbs = std::initializer_list<Verb>;
  static constexpr Verbs kRun = {Verb::read, Verb::load};
  static constexpr Verbs kInspect = {Verb::read, Verb::list};

  static ir::PathExpr processes() {
    ir::PathExpr out;
    out.include = {process_files()};
    return out;
  }

  static void add_permissions(FileItem& item, Verb verb) {
    item.verb = verb;
    item.permissions = permissions_for(verb);
  }

  void always_there(const ir::PathExpr& paths, Verbs verbs, const Origin& origin, bool owner) {
    if (paths.include.empty()) return;
    for (const Verb verb : verbs) {
      FileItem item;
      item.kind = FileItem::Kind::implied;
      add_permissions(item, verb);
      item.paths = paths;
      item.owner = owner;
      item.origin = origin;
      items_.allows.push_back(std::move(item));
    }
  }

  void implied(const ir::Rule& rule, const ir::PathExpr& paths, Verbs verbs, bool audit) {
    for (const Verb verb : verbs) {
      FileItem item = start(rule, FileItem::Kind::implied, paths);
      item.audit = audit;
      add_permissions(item, verb);
      items_.allows.push_back(std::move(item));
    }
  }

  /// A program that another domain starts in this one has to be read and mapped here.
  void started_by_others() {
    for (const Aimed& aimed : build_.aimed_at(id_)) {
      const auto* exec = std::get_if<ir::ExecAccess>(&aimed.rule->access);
      if (exec != nullptr) implied(*aimed.rule, exec->paths, kRun, false);
    }
  }

  FileItem start(const ir::Rule& rule, FileItem::Kind kind, const ir::PathExpr& paths) {
    FileItem item;
    item.kind = kind;
    item.paths = paths;
    const bool numbers = put_process_numbers(item.paths.include);
    put_process_numbers(item.paths.exclude);
    if (numbers) build_.fidelity.add(id_, rule, Topic::proc_numbers);
    item.audit = rule.audit;
    item.guard = Guard::of(rule.condition);
    item.rule = &rule;
    item.origin = build_.origin(rule);
    return item;
  }

  void put(FileItem item) {
    const bool deny = item.rule->effect == Effect::deny;
    (deny ? items_.denies : items_.allows).push_back(std::move(item));
  }

  void collect(const ir::Rule& rule) {
    if (const auto* a = std::get_if<ir::FileAccess>(&rule.access)) verbs(rule, *a);
    if (const auto* a = std::get_if<ir::ExecAccess>(&rule.access)) exec(rule, *a);
    if (const auto* a = std::get_if<ir::UnixAccess>(&rule.access)) socket_file(rule, *a);
    if (const auto* a = std::get_if<ir::UseAccess>(&rule.access)) handed_over(rule, *a);
    if (const auto* a = std::get_if<ir::ProcessAccess>(&rule.access)) inspected(rule, *a);
    if (const auto* a = std::get_if<ir::DbusAccess>(&rule.access)) bus_socket(rule, *a);
    if (const auto* a = std::get_if<ir::PathsAccess>(&rule.access)) queue(rule, *a);
  }

  void verbs(const ir::Rule& rule, const ir::FileAccess& access) {
    for (Verb verb : access.verbs.list()) {
      FileItem item = start(rule, FileItem::Kind::verb, access.paths);
      item.verb = verb;
      item.owner = access.owner;
      item.permissions = permissions_for(verb);
      item.decisive = decisive_bit(verb);
      put(std::move(item));
    }
  }

  void exec(const ir::Rule& rule, const ir::ExecAccess& access) {
    FileItem item = start(rule, FileItem::Kind::exec, access.paths);
    item.verb = Verb::load;
    item.decisive = Bit::exec;
    ExecMode mode;
    mode.keep_environment = access.keep_environment;
    if (access.mode == ir::ExecAccess::Mode::transition) {
      const bool child = build_.policy.domain(access.target).parent == id_;
      mode.kind = child ? ExecMode::Kind::child : ExecMode::Kind::profile;
      mode.target = labels_of(build_.policy, access.target).front();
    } else if (access.mode == ir::ExecAccess::Mode::unconfined) {
      mode.kind = ExecMode::Kind::unconfined;
    } else {
      mode.keep_environment = false;  // the environment is scrubbed at transitions only
      item.permissions.read = rule.effect == Effect::allow;
    }
    item.exec = std::move(mode);
    put(std::move(item));
  }

  void socket_file(const ir::Rule& rule, const ir::UnixAccess& access) {
    if (access.paths.include.empty()) return;
    FileItem item = start(rule, access.listen ? FileItem::Kind::listen : FileItem::Kind::connect, access.paths);
    item.permissions.write = true;
    item.permissions.read = !access.listen;
    item.decisive = Bit::write;
    put(std::move(item));
  }

  void inspected(const ir::Rule& rule, const ir::ProcessAccess& access) {
    using Kind = ir::ProcessAccess::Kind;
    const bool reads = access.kind == Kind::inspect || access.kind == Kind::trace;
    if (reads && rule.effect == Effect::allow) implied(rule, processes(), kInspect, rule.audit);
  }

  /// The bus's own socket.
  void bus_socket(const ir::Rule& rule, const ir::DbusAccess& access) {
    if (rule.effect == Effect::deny) return;
    ir::PathExpr paths;
    paths::PatternError error;
    paths.include =
        paths::PathPattern::parse(access.session_bus ? "/run/user/*/bus" : "/run/dbus/system_bus_socket", error);
    FileItem item = start(rule, FileItem::Kind::connect, paths);
    item.permissions.read = item.permissions.write = true;
    item.audit = false;
    put(std::move(item));
  }

  /// Where a queue is taken for a file at the root.
  void queue(const ir::Rule& rule, const ir::PathsAccess& access) {
    if (access.kind != ir::PathsAccess::Kind::mqueue || queues_for(build_, id_) != Queues::as_files) return;
    ir::PathExpr files;
    files.include = queue_files(build_, access).value_or(std::vector<paths::PathPattern>());
    if (files.include.empty()) return;
    FileItem item = start(rule, FileItem::Kind::queue, files);
    item.permissions.read = item.permissions.write = true;
    item.decisive = Bit::write;
    put(std::move(item));
  }

  /// What an unconfined domain opened passes unchecked.
  void handed_over(const ir::Rule& rule, const ir::UseAccess& access) {
    if (labels_of(build_.policy, access.from) == std::vector<std::string>{"unconfined"}) return;
    ir::PathExpr paths = access.paths;
    if (access.terminal) {
      paths::PatternError error;
      for (const char* text : {"/dev/pts/*", "/dev/tty*", "/dev/console"}) {
        for (auto& pattern : paths::PathPattern::parse(text, error)) paths.include.push_back(std::move(pattern));
      }
    }
    if (paths.include.empty()) return;
    FileItem item = start(rule, FileItem::Kind::use, paths);
    item.permissions.read = item.permissions.write = true;
    item.decisive = Bit::write;
    put(std::move(item));
  }

  Build& build_;
  ir::DomainId id_;
  const ir::Domain& domain_;
  FileItems items_;
};

}  // namespace

bool FileItem::needs(Bit bit) const {
  switch (bit) {
    case Bit::read:
      return permissions.read;
    case Bit::write:
      return permissions.write;
    case Bit::lock:
      return permissions.lock;
    case Bit::map:
      return permissions.map || (exec && exec->kind == ExecMode::Kind::inherit);
    case Bit::exec:
      return exec.has_value();
  }
  return false;
}

FileItems file_items(Build& build, ir::DomainId id) { return Collector(build, id).run(); }

std::vector<FileItem> file_items_of(Build& build, ir::DomainId id, const ir::Rule& rule) {
  return Collector(build, id).run(rule);
}

bool same_operation(const FileItem& deny, const FileItem& allow) {
  const bool implied = allow.kind == FileItem::Kind::implied;
  if (implied ? deny.kind != FileItem::Kind::verb : deny.kind != allow.kind) return false;
  if (deny.kind == FileItem::Kind::verb) return deny.verb == allow.verb;
  if (deny.kind != FileItem::Kind::exec) return true;
  // `deny exec` without a target forbids every way of executing.
  if (deny.exec->kind == ExecMode::Kind::inherit) return true;
  return deny.exec->kind == allow.exec->kind && deny.exec->target == allow.exec->target;
}

}  // namespace macc::backends::apparmor
