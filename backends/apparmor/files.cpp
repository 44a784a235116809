// File rules: exact where the paths are a union of globs, with deny rules where the meaning leaves none of what they
// would take away, and otherwise not at all.
#include <algorithm>
#include <map>

#include "backends/apparmor/file_items.h"
#include "backends/apparmor/glob_set.h"

namespace macc::backends::apparmor {

namespace {

using ir::Verb;
using paths::PathSet;

constexpr Verb kWriteVerbs[] = {Verb::write, Verb::append, Verb::create, Verb::delete_, Verb::rename, Verb::setattr};

bool about_entries(Verb verb) { return verb == Verb::create || verb == Verb::delete_ || verb == Verb::rename; }

/// What is written for an item while the guard holds.
struct Piece {
  Guard guard;
  PathSet set;
  bool whole = true;  ///< nothing was taken away
};

class Files {
 public:
  Files(Build& build, ir::DomainId id) : build_(build), id_(id), items_(file_items(build, id)) {}

  void run() {
    check_exec_modes();
    emitted_.resize(items_.denies.size());
    for (std::size_t i = 0; i < items_.denies.size(); ++i) lower_deny(i);
    for (const FileItem& item : items_.allows) lower_allow(item);
    write_links();
  }

 private:
  // ---- sets ----

  PathSet set_of(const FileItem& item) const { return build_.meaning.objects(item.verb, item.paths); }

  static bool is_link(const FileItem& item) { return item.kind == FileItem::Kind::verb && item.verb == Verb::link; }

  static bool has_exceptions(const FileItem& item) { return !item.paths.exclude.empty() || !item.paths.holes.empty(); }

  /// The globs of the patterns as they stand, without their exceptions.
  static std::vector<Glob> included(const FileItem& item) {
    if (!about_entries(item.verb)) return globs_of(item.paths.include, item.shape());
    std::vector<paths::PathPattern> beneath;
    for (const paths::PathPattern& p : item.paths.include) beneath.push_back(p.entries_beneath());
    return globs_of(beneath, item.shape());
  }

  PathSet included_set(const FileItem& item) const {
    FileItem plain = item;
    plain.paths.exclude.clear();
    plain.paths.holes.clear();
    return set_of(plain);
  }

  // ---- what else needs a permission ----

  /// Whether the other deny, too, takes the item away while `when` holds.
  static bool also_takes(const FileItem& deny, const FileItem& item, const Guard& when, bool owner_half) {
    return same_operation(deny, item) && deny.guard.covers(when) && (owner_half || item.owner || !deny.owner);
  }

  /// Paths on which something that stays allowed needs the permission while `when` holds. `self`: an item that does not
  /// count.
  PathSet needed(Bit bit, const Guard& when, bool owner_half, const PathSet& within, const FileItem* self) const {
    PathSet out;
    for (const FileItem& item : items_.allows) {
      if (&item == self || !item.needs(bit)) continue;
      const Guard both = item.guard & when;
      if (!both.possible()) continue;
      PathSet rest = set_of(item) & within;
      for (const FileItem& deny : items_.denies) {
        if (!rest.empty() && also_takes(deny, item, both, owner_half)) rest = rest - set_of(deny);
      }
      out = out | rest;
    }
    return out;
  }

  // ---- deny ----

  struct Emitted {
    PathSet set;
    bool whole = false;
  };

  void lower_deny(std::size_t index) {
    const FileItem& deny = items_.denies[index];
    if (is_link(deny)) return lower_deny_of_links(index);
    if (!deny.decisive) {
      build_.fidelity.add(id_, *deny.rule, topic_for(deny.verb) == Topic::none ? Topic::none : topic_for(deny.verb));
      return;
    }
    const PathSet all = set_of(deny);
    const PathSet keep = needed(*deny.decisive, deny.guard, deny.owner, all, nullptr);
    const bool whole = keep.empty();
    const bool plain = whole && !has_exceptions(deny);
    const PathSet portion = whole ? all : all - keep;
    const auto globs = plain ? std::optional(included(deny)) : globs_of(portion, 16);
    if (globs) {
      for (const Glob& glob : *globs) add_deny(deny, glob);
      emitted_[index] = {portion, whole};
    }
    build_.fidelity.add(id_, *deny.rule, whole && globs ? Topic::none : Topic::deny_shared_bit);
  }

  /// Nothing but links needs their permission, so that the deny can always stand as a rule.
  void lower_deny_of_links(std::size_t index) {
    const FileItem& deny = items_.denies[index];
    const PathSet all = set_of(deny);
    const auto globs = has_exceptions(deny) ? globs_of(all, 16) : std::optional(included(deny));
    if (globs) {
      deny_links(deny, {deny.audit, true, deny.owner}, *globs);
      emitted_[index] = {all, true};
    }
    build_.fidelity.add(id_, *deny.rule, Topic::none);
  }

  /// Neither as a name nor as a target.
  void deny_links(const FileItem& item, const Qualifiers& q, const std::vector<Glob>& globs) {
    Glob anything("/");
    anything.append(GlobDeepStar{});
    for (const Glob& glob : globs) {
      if (too_long(glob, item)) return;
      build_.draft(id_).add(item.guard, LinkRule{q, glob, anything}, item.origin);
      build_.draft(id_).add(item.guard, LinkRule{q, anything, glob}, item.origin);
    }
  }

  void add_deny(const FileItem& deny, const Glob& glob) {
    FileRule rule;
    rule.qualifiers = {deny.audit, true, deny.owner};
    rule.path = glob;
    switch (*deny.decisive) {
      case Bit::read:
        rule.permissions.read = true;
        break;
      case Bit::write:
        rule.permissions.write = true;
        break;
      case Bit::lock:
        rule.permissions.lock = true;
        break;
      case Bit::map:
        rule.permissions.map = true;
        break;
      case Bit::exec:
        rule.exec = ExecMode{};
        break;
    }
    put(deny.guard, std::move(rule), deny);
  }

  // ---- allow ----

  void lower_allow(const FileItem& item) {
    log_allow(item);
    const bool nothing = !item.permissions.any() && !item.exec && !is_link(item);
    if (nothing) return;
    std::vector<Piece> pieces = {{item.guard, PathSet(), true}};
    for (std::size_t i = 0; i < items_.denies.size(); ++i) {
      if (!subtract(item, i, pieces)) return;
    }
    for (const Piece& piece : pieces) write(item, piece);
  }

  /// Takes a deny out of the pieces, as far as no deny rule does it; false after a diagnostic.
  bool subtract(const FileItem& item, std::size_t index, std::vector<Piece>& pieces) {
    const FileItem& deny = items_.denies[index];
    if (!same_operation(deny, item) || !(deny.guard & item.guard).possible()) return true;
    const PathSet common = set_of(item) & set_of(deny);
    const Held held = common.empty() ? Held::wholly : held_by_deny_rule(item, index, common);
    if (held == Held::wholly) return true;
    if (held == Held::partly && !globs_of(set_of(item) - set_of(deny))) {
      build_.fidelity.add(id_, *deny.rule, Topic::deny_residue, {item.origin.phrase});
      return true;
    }
    if (deny.owner && !item.owner) {
      if (held == Held::partly) {
        build_.fidelity.add(id_, *deny.rule, Topic::deny_residue, {item.origin.phrase});
        return true;
      }
      report_collision(Code::E2006, item, deny, "AppArmor cannot deny this to the owner of the files alone", common);
      return false;
    }
    std::vector<Piece> out;
    for (Piece& piece : pieces) {
      const Guard without = piece.guard & !deny.guard;
      const Guard with = piece.guard & deny.guard;
      const PathSet before = piece.whole ? set_of(item) : piece.set;
      if (without.possible()) out.push_back({without, piece.set, piece.whole});
      if (with.possible()) out.push_back({with, before - set_of(deny), false});
    }
    pieces = std::move(out);
    return true;
  }

  /// Whether the deny rule that was written takes the item away on these paths: partly, where other permissions of
  /// the item stay that no other rule gives, and those are better not given.
  enum class Held : std::uint8_t { no, partly, wholly };
  Held held_by_deny_rule(const FileItem& item, std::size_t index, const PathSet& common) const {
    // A program run inside keeps m under a deny of x.
    if (item.exec && item.exec->kind == ExecMode::Kind::inherit) return Held::no;
    if (!emitted_[index].set.contains(common)) return Held::no;
    if (is_link(item)) return Held::wholly;
    const Bit decisive = *items_.denies[index].decisive;
    const bool more = std::any_of(std::begin(kBits), std::end(kBits), [&](Bit b) {
      return b != decisive && item.needs(b) && !granted(b, item, item.guard, common).contains(common);
    });
    return more ? Held::partly : Held::wholly;
  }

  void write(const FileItem& item, const Piece& piece) {
    if (piece.whole && !has_exceptions(item)) return put_all(item, piece.guard, included(item));
    const PathSet set = piece.whole ? set_of(item) : piece.set;
    if (set.empty()) return;
    const PathSet left_out = included_set(item) - set;
    const PathSet given = granted_by_others(item, piece, left_out);
    if (given.contains(left_out)) return put_all(item, piece.guard, included(item));
    if (const auto globs = shorter(globs_of(set), given.empty() ? std::nullopt : globs_of(set | given))) {
      return put_all(item, piece.guard, *globs);
    }
    if (piece.whole && except_by_deny(item)) return put_all(item, piece.guard, included(item));
    report_inexpressible(item, piece.whole);
  }

  using Globs = std::optional<std::vector<Glob>>;
  static Globs shorter(Globs a, Globs b) {
    if (!a || !b) return a ? a : b;
    return b->size() < a->size() ? b : a;
  }

  /// Paths among these on which other rules give all that the item would, or a deny rule takes it, whenever the guard
  /// holds: leaving them out of the item changes nothing.
  PathSet granted_by_others(const FileItem& item, const Piece& piece, const PathSet& within) const {
    if (is_link(item)) return {};
    PathSet out = within;
    for (Bit bit : kBits) {
      // The other verbs of its rule have the same exceptions; only a deny parts them.
      if (item.needs(bit) && !out.empty())
        out = granted(bit, item, piece.guard, out, piece.whole ? item.rule : nullptr);
    }
    return out;
  }

  /// Where the deny rules that were written leave nobody the permission.
  PathSet taken(Bit bit, const FileItem& item, const Guard& when) const {
    PathSet out;
    for (std::size_t i = 0; i < items_.denies.size(); ++i) {
      const FileItem& deny = items_.denies[i];
      if (deny.decisive == bit && deny.guard.covers(when) && (item.owner || !deny.owner)) out = out | emitted_[i].set;
    }
    return out;
  }

  static bool may_meet(const FileItem& item, std::string_view prefix) {
    return std::any_of(item.paths.include.begin(), item.paths.include.end(), [&](const paths::PathPattern& p) {
      const std::string other = p.literal_prefix();
      return other.starts_with(prefix) || prefix.starts_with(other);
    });
  }

  PathSet granted(Bit bit, const FileItem& item, const Guard& when, const PathSet& within,
                  const ir::Rule* without = nullptr) const {
    PathSet out = taken(bit, item, when) & within;
    const std::string prefix = within.literal_prefix();
    for (const FileItem& other : items_.allows) {
      const bool enough = other.needs(bit) && (!other.owner || item.owner) && other.audit == item.audit &&
                          (bit != Bit::exec || other.exec == item.exec);
      const bool left_out = &other == &item || (without != nullptr && other.rule == without);
      if (left_out || !enough || !may_meet(other, prefix) || !other.guard.covers(when)) continue;
      PathSet rest = set_of(other) & within;
      for (const FileItem& deny : items_.denies) {
        const bool takes = same_operation(deny, other) && (deny.guard & when).possible();
        if (takes && !rest.empty()) rest = rest - set_of(deny);
      }
      out = out | rest;
    }
    return out;
  }

  /// Denies the exceptions where nothing else of the domain needs the permissions there. Such a deny stays in the log,
  /// as what no rule allows does.
  bool except_by_deny(const FileItem& item) {
    ir::PathExpr except;
    except.include = item.paths.exclude;
    for (ir::ResourceId hole : item.paths.holes) {
      const ir::PathExpr& inner = build_.policy.resource(hole).paths;
      if (!inner.exclude.empty() || !inner.holes.empty()) return false;
      except.include.insert(except.include.end(), inner.include.begin(), inner.include.end());
    }
    // Of the entries that are left out, too, only what the verb is about: files and directories part ways here.
    const PathSet excepted = build_.meaning.objects(shape_verb(item.verb), except);
    const std::vector<Glob> globs = globs_of(except.include, item.shape());
    if (is_link(item)) return except_links(item, excepted, globs);
    for (Bit bit : kBits) {
      if (item.needs(bit) && !needed(bit, item.guard, true, excepted, &item).empty()) return false;
    }
    for (const Glob& glob : globs) {
      FileRule rule;
      rule.qualifiers = {true, true, item.owner};
      rule.path = glob;
      rule.permissions = item.permissions;
      rule.permissions.map = item.needs(Bit::map);
      if (item.exec) rule.exec = ExecMode{};
      put(item.guard, std::move(rule), item);
    }
    return true;
  }

  /// A verb of the same shape that is about the top of a tree as well.
  static Verb shape_verb(Verb verb) { return about_entries(verb) ? Verb::setattr : verb; }

  /// The same for hard links, which are denied as a name and as a target.
  bool except_links(const FileItem& item, const PathSet& excepted, const std::vector<Glob>& globs) {
    for (const FileItem& other : items_.allows) {
      if (&other == &item || !is_link(other)) continue;
      if ((other.guard & item.guard).possible() && set_of(other).meets(excepted)) return false;
    }
    deny_links(item, {true, true, item.owner}, globs);
    return true;
  }

  void put_all(const FileItem& item, const Guard& guard, const std::vector<Glob>& globs) {
    if (is_link(item)) return put_link(item, guard, globs);
    for (const Glob& glob : globs) {
      FileRule rule;
      rule.qualifiers = {item.audit, false, item.owner};
      rule.path = glob;
      rule.permissions = item.permissions;
      rule.exec = item.exec;
      put(guard, std::move(rule), item);
    }
  }

  // ---- hard links ----

  /// Paths between which links may be made while the guard holds.
  struct Linked {
    Guard guard;
    Qualifiers qualifiers;
    std::vector<Glob> globs;
    std::size_t length = 0;  ///< as text
    std::vector<Origin> origins;
  };

  /// One rule can hold many paths, as far as the parser can read it.
  void put_link(const FileItem& item, const Guard& guard, const std::vector<Glob>& globs) {
    const Qualifiers q{item.audit, false, item.owner};
    for (const Glob& glob : globs) {
      const std::size_t length = render(glob, Followed::by_path).size();
      if (too_long(glob, item)) return;
      auto it = std::find_if(links_.begin(), links_.end(), [&](const Linked& l) {
        return l.guard == guard && l.qualifiers == q && l.length + length < kLongestGlob / 2;
      });
      if (it == links_.end()) it = links_.insert(it, Linked{guard, q, {}, 0, {}});
      it->length += length + 1;
      if (std::find(it->globs.begin(), it->globs.end(), glob) == it->globs.end()) it->globs.push_back(glob);
      if (std::find(it->origins.begin(), it->origins.end(), item.origin) == it->origins.end()) {
        it->origins.push_back(item.origin);
      }
    }
  }

  /// The verb is about both names, whichever rules give it to them: from each path to each.
  void write_links() {
    for (const Linked& name : links_) {
      for (const Linked& target : links_) write_link(name, target);
    }
  }

  void write_link(const Linked& name, const Linked& target) {
    const Guard both = name.guard & target.guard;
    if (!both.possible()) return;
    const LinkRule rule{
        {name.qualifiers.audit || target.qualifiers.audit, false, name.qualifiers.owner || target.qualifiers.owner},
        one_of(name.globs),
        one_of(target.globs)};
    for (const Origin& origin : name.origins) build_.draft(id_).add(both, rule, origin);
    for (const Origin& origin : target.origins) build_.draft(id_).add(both, rule, origin);
  }

  void put(const Guard& guard, FileRule rule, const FileItem& item) {
    if (too_long(rule.path, item)) return;
    build_.draft(id_).add(guard, std::move(rule), item.origin);
  }

  bool too_long(const Glob& glob, const FileItem& item) {
    const std::string text = render(glob);
    if (text.size() <= kLongestGlob) return false;
    build_.diagnostics
        .report(Code::E2005, item.origin.span, "this path is too long for apparmor_parser once it is written out")
        .note("it begins with `" + printable(text, 60) + "`");
    return true;
  }

  // ---- programs ----

  void check_exec_modes() {
    std::vector<const FileItem*> programs;
    for (const FileItem& item : items_.allows) {
      if (item.exec) programs.push_back(&item);
    }
    for (std::size_t i = 0; i < programs.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) check_exec_pair(*programs[j], *programs[i]);
    }
  }

  PathSet after_denies(const FileItem& item, const Guard& when) const {
    PathSet out = set_of(item);
    for (const FileItem& deny : items_.denies) {
      if (also_takes(deny, item, when, true)) out = out - set_of(deny);
    }
    return out;
  }

  void check_exec_pair(const FileItem& a, const FileItem& b) {
    const Guard both = a.guard & b.guard;
    if (*a.exec == *b.exec || !both.possible()) return;
    const PathSet common = after_denies(a, both) & after_denies(b, both);
    if (common.empty()) return;
    auto& d = build_.diagnostics.report(Code::E2001, b.origin.span,
                                        "a program can be executed in one way only: two rules reach `" +
                                            printable(common.example().value_or("")) + "`");
    d.label("`" + b.origin.phrase + "`").also(a.origin.span, "`" + a.origin.phrase + "`");
    d.note("leave the path out of one of them with `except`");
  }

  // ---- reports ----

  void report_collision(Code code, const FileItem& item, const FileItem& deny, std::string message,
                        const PathSet& common) {
    auto& d = build_.diagnostics.report(code, deny.origin.span, std::move(message));
    d.label("`" + deny.origin.phrase + "`").also(item.origin.span, "allowed here: `" + item.origin.phrase + "`");
    if (const auto example = common.example()) d.note("for example `" + printable(*example) + "`");
  }

  void report_inexpressible(const FileItem& item, bool exceptions) {
    if (exceptions) {
      build_.diagnostics
          .report(Code::E2004, item.origin.span,
                  "what remains of these paths cannot be written as AppArmor path patterns")
          .label("`" + item.origin.phrase + "`")
          .note("neither can the exception be denied: another rule of the domain allows the same there");
      return;
    }
    for (std::size_t i = 0; i < items_.denies.size(); ++i) {
      const FileItem& deny = items_.denies[i];
      const bool concerned = same_operation(deny, item) && (deny.guard & item.guard).possible();
      if (!concerned) continue;
      const PathSet common = set_of(item) & set_of(deny);
      if (common.empty() || held_by_deny_rule(item, i, common) != Held::no) continue;
      report_collision(Code::E2004, item, deny,
                       "what remains after this deny cannot be written as AppArmor path patterns", common);
      return;
    }
  }

  // ---- fidelity ----

  void log_allow(const FileItem& item) {
    if (item.rule == nullptr) return;
    if (item.kind == FileItem::Kind::exec) return log_exec(item);
    if (item.kind != FileItem::Kind::verb) return;  // sockets.cpp has the entry of those
    const ir::VerbSet verbs = std::get<ir::FileAccess>(item.rule->access).verbs;
    if (item.verb == Verb::setattr) log_setattr(item);
    if (item.verb == Verb::rename && item.owner) build_.fidelity.add(id_, *item.rule, Topic::rename_owner);
    std::vector<std::string> more = others(item, verbs);
    const bool mediated = item.decisive.has_value();
    const bool exact = mediated && more.empty();
    build_.fidelity.add(id_, *item.rule, exact ? Topic::none : topic_for(item.verb), std::move(more));
  }

  /// The verb is about the top of a tree as well, of which the others that take `w` leave out.
  void log_setattr(const FileItem& item) {
    build_.fidelity.add(id_, *item.rule, Topic::file_times);
    auto more = not_given(item, tops_of(item), {Verb::create, Verb::delete_, Verb::rename});
    if (!more.empty()) build_.fidelity.add(id_, *item.rule, Topic::tree_top, std::move(more));
  }

  /// The directories that head the trees of an item, without those that are denied.
  PathSet tops_of(const FileItem& item) const {
    const auto& patterns = item.paths.include;
    if (std::none_of(patterns.begin(), patterns.end(), [](const auto& p) { return p.entries_beneath() != p; }))
      return {};
    PathSet out = set_of(item) - build_.meaning.objects(Verb::create, item.paths);
    for (const FileItem& deny : items_.denies) {
      if (!out.empty() && also_takes(deny, item, item.guard, false)) out = out - set_of(deny);
    }
    return out;
  }

  /// A program that runs inside is read and mapped there.
  void log_exec(const FileItem& item) {
    std::vector<std::string> more;
    if (item.exec->kind == ExecMode::Kind::inherit) more = not_given(item, set_of(item), {Verb::load, Verb::read});
    const Topic topic = more.empty() ? Topic::none : Topic::exec_read;
    build_.fidelity.add(id_, *item.rule, topic, std::move(more));
  }

  /// Those of the verbs that other rules do not give on all of the paths whenever the item holds.
  std::vector<std::string> not_given(const FileItem& item, const PathSet& paths,
                                     std::initializer_list<Verb> verbs) const {
    std::vector<std::string> out;
    for (const Verb verb : verbs) {
      PathSet rest = paths;
      for (const FileItem& other : items_.allows) {
        const bool gives = other.kind == FileItem::Kind::verb || other.kind == FileItem::Kind::implied;
        const bool enough = gives && other.verb == verb && (!other.owner || item.owner);
        if (enough && !rest.empty() && other.guard.covers(item.guard)) rest = rest - set_of(other);
      }
      if (!rest.empty()) out.emplace_back(ir::word(verb));
    }
    return out;
  }

  /// What the permissions of the verb grant beyond the rule's verbs.
  std::vector<std::string> others(const FileItem& item, const ir::VerbSet& verbs) const {
    std::vector<std::string> out;
    const Verb verb = item.verb;
    const bool writes = std::find(std::begin(kWriteVerbs), std::end(kWriteVerbs), verb) != std::end(kWriteVerbs);
    for (Verb other : kWriteVerbs) {
      if ((writes || verb == Verb::mknod) && !verbs.has(other)) out.emplace_back(ir::word(other));
    }
    if ((verb == Verb::rename || verb == Verb::load) && !verbs.has(Verb::read)) out.emplace_back(ir::word(Verb::read));
    // `r` on a directory is to list it.
    if (verb == Verb::rename && !verbs.has(Verb::list) && set_of(item).meets(PathSet::directories()))
      out.emplace_back(ir::word(Verb::list));
    return out;
  }

  Build& build_;
  ir::DomainId id_;
  FileItems items_;
  std::vector<Emitted> emitted_;
  std::vector<Linked> links_;
};

}  // namespace

void lower_files(Build& build, ir::DomainId id) { Files(build, id).run(); }

}  // namespace macc::backends::apparmor
