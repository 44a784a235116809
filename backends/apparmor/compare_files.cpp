// The file automaton: permissions, exec modes, what is logged, and hard links.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "backends/apparmor/compare_parts.h"
#include "backends/apparmor/exec_words.h"

namespace macc::backends::apparmor {

namespace {

using Way = Difference::Way;

/// Permissions as they are spoken of, with their bits.
struct Word {
  std::uint32_t bits;
  std::string_view verb;
};
constexpr Word kWords[] = {
    {kRead, "read"}, {kWrite | kAppend, "write"}, {kLock, "lock"}, {kMap, "map"}, {kExec, "execute"}};
constexpr std::uint32_t kCompared = kRead | kWrite | kAppend | kLock | kMap | kExec;
/// One half of the word of what is logged: seven bits for each.
constexpr unsigned kLogBits = 7;
constexpr std::uint32_t kLogMask = kCompared & 0x7f;

std::string shown(const std::string& path) { return "`" + printable(path, 400) + "`"; }

std::string_view whose(bool owned) { return owned ? "of the process's own user" : "of any user"; }

/// Hard links: the name, a NUL, the target. Both names have to have the verb.
class LinkComparison {
 public:
  LinkComparison(const Comparing& c, const FileExpectation& expected, paths::Overlay& overlay)
      : c_(c),
        expected_(expected),
        overlay_(overlay),
        files_(c.profile.files ? &*c.profile.files : nullptr),
        targets_(overlay, files_) {}

  /// `names`: a walk that stands at a name.
  void name(const std::vector<std::uint32_t>& holding, ByteAutomaton::State state, const Product& names) {
    const auto between = files_ == nullptr ? ByteAutomaton::dead : files_->step(state, 0);
    const Linked own = expected_.linked(holding, true, c_.values), other = expected_.linked(holding, false, c_.values);
    const bool nothing = between == ByteAutomaton::dead && !own.allowed && !other.allowed;
    const Name name(own.allowed, own.audited, other.allowed, other.audited);
    if (nothing || failed_ || !names_.emplace(between, name).second) return;
    name_ = names.path();
    targets_.walk(between, seen_[name], [&](const Product::Place& place) {
      const auto& target = overlay_.members(overlay_.label(place.meaning));
      if (target.empty() || target.front() != 0 || failed_) return;
      const std::uint32_t accept = files_ == nullptr ? 0 : files_->accept(place.compiled);
      const std::uint32_t logs = files_ == nullptr ? 0 : files_->accept2(place.compiled);
      compare(target, accept, logs, own, true);
      compare(target, accept, logs, other, false);
    });
  }

 private:
  using Linked = FileExpectation::Linked;
  /// What a name may be, and whether it is logged: on files of the process's own user, on those of others.
  using Name = std::tuple<bool, bool, bool, bool>;

  void compare(const std::vector<std::uint32_t>& holding, std::uint32_t accept, std::uint32_t logs, const Linked& name,
               bool owned) {
    if (failed_) return;
    const Linked target = expected_.linked(holding, owned, c_.values);
    const bool may = name.allowed && target.allowed;
    const bool does = ((owned ? accept : accept >> kHalfBits) & kLink) != 0;
    if (may != does || (does && (accept & kSubset) == 0)) return differ(may, does, owned);
    const bool should = may && (name.audited || target.audited);
    const bool is_logged = may && ((owned ? logs : logs >> (2 * kLogBits)) & kLink) != 0;
    if (should != is_logged) logged(is_logged, owned);
  }

  // One example says enough: others differ in the names alone.

  void differ(bool may, bool does, bool owned) {
    failed_ = true;
    const auto way = may && !does ? Way::narrower : Way::wider;
    const std::string_view how = may && !does ? "does not let" : "lets";
    const std::string beyond = may && does ? ", also where that gives more access than there was" : "";
    c_.add(way,
           fmt::format("the compiled profile {} `{}` make a hard link {} to {}{}", how, c_.domain().name, shown(name_),
                       shown(targets_.path()), beyond),
           fmt::format("on files {}", whose(owned)));
  }

  void logged(bool is_logged, bool owned) {
    failed_ = true;
    c_.add(Way::logged,
           fmt::format("in the compiled profile, that `{}` makes a hard link {} to {} is {}logged", c_.domain().name,
                       shown(name_), shown(targets_.path()), is_logged ? "" : "not "),
           fmt::format("on files {}; the policy says otherwise", whose(owned)));
  }

  const Comparing& c_;
  const FileExpectation& expected_;
  paths::Overlay& overlay_;
  const CompiledAutomaton* files_;
  Product targets_;
  std::set<std::pair<ByteAutomaton::State, Name>> names_;
  std::map<Name, Product::Seen> seen_;
  std::string name_;
  bool failed_ = false;
};

class FileComparison {
 public:
  FileComparison(const Comparing& c, const FileExpectation& expected, paths::Overlay& overlay)
      : c_(c),
        expected_(expected),
        overlay_(overlay),
        files_(c.profile.files ? &*c.profile.files : nullptr),
        links_(c, expected, overlay),
        walk_(overlay, files_) {}

  void run() {
    walk_.walk(CompiledAutomaton::start, [&](const Product::Place& place) {
      const std::uint32_t label = overlay_.label(place.meaning);
      const std::uint32_t accept = files_ == nullptr ? 0 : files_->accept(place.compiled);
      const std::uint32_t logs = files_ == nullptr ? 0 : files_->accept2(place.compiled);
      const auto& holding = overlay_.members(label);
      if (holding.empty() || holding.front() != 0) return;  // no path
      links_.name(holding, place.compiled, walk_);
      if (!seen_.emplace(label, accept, logs).second) return;
      for (const bool owned : {false, true}) compare(holding, accept, logs, owned);
    });
  }

 private:
  void compare(const std::vector<std::uint32_t>& holding, std::uint32_t accept, std::uint32_t logs, bool owned) {
    const FileWord wanted = expected_.word(holding, owned, c_.values);
    const std::uint32_t got = owned ? accept & kHalfMask : accept >> kHalfBits & kHalfMask;
    const std::uint32_t log = owned ? logs : logs >> (2 * kLogBits);
    for (const Word& word : kWords) {
      if ((wanted.required & word.bits & ~got) != 0) missing(holding, word, owned);
      if ((got & word.bits & ~(wanted.required | wanted.permitted)) != 0) extra(holding, word, owned);
      compare_log(holding, word, wanted, got, log, owned);
    }
    if ((got & wanted.required & kExec) != 0) compare_exec(wanted, got, owned);
  }

  // ---- permissions ----

  void missing(const std::vector<std::uint32_t>& holding, const Word& word, bool owned) {
    const FileItem* item = expected_.speaker(holding, word.bits, ir::Effect::allow);
    if (!first(Way::narrower, word, item)) return;
    c_.add(
        Way::narrower,
        fmt::format("the compiled profile does not let `{}` {} {}", c_.domain().name, word.verb, shown(walk_.path())),
        fmt::format("the policy allows it on files {}", whose(owned)), origin(item));
  }

  void extra(const std::vector<std::uint32_t>& holding, const Word& word, bool owned) {
    const FileItem* item = expected_.speaker(holding, word.bits, ir::Effect::deny);
    if (!first(Way::wider, word, item)) return;
    c_.add(Way::wider,
           fmt::format("the compiled profile lets `{}` {} {}", c_.domain().name, word.verb, shown(walk_.path())),
           fmt::format("on files {}; the policy does not allow it, and no entry of the report says so", whose(owned)),
           origin(item));
  }

  // ---- programs ----

  void compare_exec(const FileWord& wanted, std::uint32_t got, bool owned) {
    const std::string way = exec_words(got, c_.profile.exec_targets);
    const bool fine = std::any_of(wanted.execs.begin(), wanted.execs.end(),
                                  [&](const FileItem* item) { return exec_words(*item->exec) == way; });
    if (fine || wanted.execs.empty()) return;
    const FileItem* item = wanted.execs.front();
    if (!first(Way::wider, {kExec, way}, item)) return;
    c_.add(Way::wider,
           fmt::format("the compiled profile executes {} as `{}`, not as `{}`", shown(walk_.path()),
                       printable(way, 100), printable(exec_words(*item->exec), 100)),
           fmt::format("on files {}", whose(owned)), &item->origin);
  }

  // ---- the log ----

  void compare_log(const std::vector<std::uint32_t>& holding, const Word& word, const FileWord& wanted,
                   std::uint32_t got, std::uint32_t log, bool owned) {
    const std::uint32_t bits = word.bits & kLogMask;
    const std::uint32_t granted = got & wanted.required & bits;
    const std::uint32_t audited = log & kLogMask, quiet = log >> kLogBits & kLogMask;
    if (((audited ^ wanted.audited) & granted) != 0) logged(holding, word, owned, (audited & granted) != 0, false);
    const std::uint32_t refused = bits & ~got;
    if ((wanted.silent & refused & ~quiet) != 0) logged(holding, word, owned, true, true);
    if ((quiet & refused & ~wanted.may_be_silent) != 0) logged(holding, word, owned, false, true);
  }

  void logged(const std::vector<std::uint32_t>& holding, const Word& word, bool owned, bool is_logged, bool refused) {
    const FileItem* item = expected_.speaker(holding, word.bits, refused ? ir::Effect::deny : ir::Effect::allow);
    if (!first(Way::logged, word, item)) return;
    c_.add(Way::logged,
           fmt::format("in the compiled profile, that `{}` wants to {} {} is {}logged when it is {}", c_.domain().name,
                       word.verb, shown(walk_.path()), is_logged ? "" : "not ", refused ? "refused" : "allowed"),
           fmt::format("on files {}; the policy says otherwise", whose(owned)), origin(item));
  }

  // ---- reports ----

  /// Whether nothing was said yet about this permission and this rule. The first path is the shortest one.
  bool first(Way way, const Word& word, const FileItem* item) {
    return said_.emplace(way, std::string(word.verb), item == nullptr ? Span{} : item->origin.span).second;
  }
  static const Origin* origin(const FileItem* item) { return item == nullptr ? nullptr : &item->origin; }

  const Comparing& c_;
  const FileExpectation& expected_;
  paths::Overlay& overlay_;
  const CompiledAutomaton* files_;
  LinkComparison links_;
  Product walk_;
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>> seen_;
  std::set<std::tuple<Way, std::string, Span>> said_;
};

}  // namespace

void compare_files(const Comparing& comparing, const FileExpectation& expected, paths::Overlay& overlay) {
  FileComparison(comparing, expected, overlay).run();
}

}  // namespace macc::backends::apparmor
