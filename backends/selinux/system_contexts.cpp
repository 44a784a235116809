#include "backends/selinux/system_contexts.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <tuple>

#include "backends/selinux/file_context.h"
#include "backends/selinux/labels.h"
#include "backends/selinux/link/homes.h"

namespace macc::backends::selinux {
namespace {

using paths::PathPattern;
using paths::PathSet;

constexpr std::array<Kinds, 7> kEachKind = {kinds::file, kinds::directory,   kinds::symlink,     kinds::socket,
                                            kinds::fifo, kinds::char_device, kinds::block_device};

std::vector<std::string_view> columns(std::string_view line) {
  std::vector<std::string_view> list;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return list;
    const std::size_t end = std::min(line.find_first_of(" \t", begin), line.size());
    list.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
}

/// The expression as libfa reads it: without escapes of bytes by number, which it does not know.
std::string plain_regex(std::string_view regex) {
  static constexpr std::string_view kSpecial = ".^$?*+|[](){}\\";
  std::string out;
  for (std::size_t i = 0; i < regex.size(); ++i) {
    if (regex[i] != '\\' || i + 1 == regex.size()) {
      out += regex[i];
      continue;
    }
    unsigned byte = 0;
    if (regex[i + 1] == 'x' && i + 3 < regex.size() &&
        std::from_chars(regex.data() + i + 2, regex.data() + i + 4, byte, 16).ptr == regex.data() + i + 4) {
      if (kSpecial.find(static_cast<char>(byte)) != std::string_view::npos) out += '\\';
      out += static_cast<char>(byte);
      i += 3;
      continue;
    }
    // An escape of what means nothing by itself is that byte.
    if (kSpecial.find(regex[i + 1]) != std::string_view::npos) out += '\\';
    out += regex[++i];
  }
  return out;
}

/// The literal start of what an expression matches; whole when that is all. A repetition makes its byte optional.
paths::Head head_of(std::string_view regex) {
  static constexpr std::string_view kMeta = ".^$?*+|[({";
  paths::Head head{"", true};
  for (std::size_t i = 0; i < regex.size(); ++i) {
    if (kMeta.find(regex[i]) != std::string_view::npos) {
      if (regex[i] == '|') return {"", false};
      if ((regex[i] == '?' || regex[i] == '*' || regex[i] == '{') && !head.text.empty()) head.text.pop_back();
      head.whole = false;
      return head;
    }
    if (regex[i] == '\\' && i + 1 < regex.size()) {
      ++i;
      if (regex[i] == 'x') return {std::move(head.text), false};
    }
    head.text += regex[i];
  }
  return head;
}

/// libselinux compares the text of the first component with that of the path when it holds no meta character: with an
/// escape in it, the two are never the same.
bool never_matches(std::string_view regex) {
  const std::size_t end = regex.find('/', 1);
  if (end == std::string_view::npos) return false;
  const std::string_view first = regex.substr(0, end);
  return first.find('\\') != std::string_view::npos && first.find_first_of(".^$?*+|[({") == std::string_view::npos;
}

PathSet tree_of(const std::string& path) {
  paths::PatternError error;
  const PathPattern root = PathPattern::literal(path);
  std::vector<PathPattern> patterns = PathPattern::parse(root.text() + "/**", error);
  patterns.push_back(root);
  return PathSet::of(patterns);
}

}  // namespace

std::string SystemEntry::head() const { return head_of(regex).text; }

std::string SystemEntry::text() const {
  return kinds == kinds::all ? regex : regex + " " + std::string(flag_of(kinds));
}

namespace {

struct Mount {
  std::string_view fstype, folder;
};
constexpr Mount kMounts[] = {
#define MACC_MOUNT(fstype, folder) {fstype, folder},
#include "backends/selinux/mounts.def"
#undef MACC_MOUNT
};

std::string escaped(std::string_view text) {
  std::string regex;
  for (char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '/') regex += '\\';
    regex += c;
  }
  return regex;
}

}  // namespace

std::vector<PathSet> pieces_of(const PathSet& set) {
  const std::vector<paths::Head> heads = set.heads();
  if (heads.size() < 2) return {set};
  std::vector<PathSet> pieces;
  for (const paths::Head& head : heads) {
    std::string regex;
    for (char c : head.text)
      (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' ? regex : regex += '\\') += c;
    pieces.push_back(set & PathSet::from_regex(head.whole ? regex : regex + ".*").value());
  }
  return pieces;
}

const PathSet& kernel_file_systems() {
  static const PathSet set = [] {
    std::vector<PathSet> trees;
    for (const Mount& mount : kMounts) trees.push_back(tree_of(std::string(mount.folder)));
    return unite(std::move(trees));
  }();
  return set;
}

SystemContexts SystemContexts::of_kernel(const Base& base) {
  SystemContexts contexts;
  for (const Mount& mount : kMounts) {
    std::vector<const GenfsContext*> list;
    for (const GenfsContext& context : base.genfs_contexts())
      if (context.fstype == mount.fstype) list.push_back(&context);
    // The kernel takes the longest path that the object's path starts with, as text.
    std::stable_sort(list.begin(), list.end(),
                     [](const auto* a, const auto* b) { return a->path.size() < b->path.size(); });
    for (const GenfsContext* context : list) {
      const Kinds kinds = context->class_name.empty() ? kinds::all : kind_of(context->class_name);
      const std::string folder = escaped(mount.folder);
      const std::string regex = context->path == "/" ? folder + "(/.*)?" : folder + escaped(context->path) + ".*";
      contexts.entries_.push_back({regex, kinds, context->type, false, SystemEntry::From::system});
    }
  }
  contexts.finish();
  return contexts;
}

SystemContexts::SystemContexts(const Base& base) : SystemContexts(base, base.file_contexts()) {}

SystemContexts::SystemContexts(const Base& base, std::string_view file_contexts) {
  const SplitContexts split = split_contexts(file_contexts);
  add(split.system, SystemEntry::From::system);
  add(split.homes, SystemEntry::From::homes);
  add(base.local_file_contexts(), SystemEntry::From::administrator);
  finish();
  for (const LabelAlias& alias : base.label_aliases()) aliases_.push_back({alias.from, alias.to, tree_of(alias.from)});
}

void SystemContexts::add(std::string_view lines, SystemEntry::From from) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    const std::vector<std::string_view> parts = columns(line);
    if (parts.size() < 2 || parts.size() > 3 || parts[0].starts_with('#') || never_matches(parts[0])) continue;
    SystemEntry entry;
    entry.regex = parts[0];
    if (parts.size() == 3) {
      entry.kinds = kind_of_flag(parts[1]);
      if (entry.kinds == kinds::none) continue;
    }
    entry.type = type_of_context(std::string(parts.back()));
    entry.exact = context_order(entry.regex).exact;
    entry.from = from;
    entries_.push_back(std::move(entry));
  }
}

void SystemContexts::finish() {
  std::stable_sort(entries_.begin(), entries_.end(), [](const SystemEntry& a, const SystemEntry& b) {
    return std::pair(a.exact, a.from) < std::pair(b.exact, b.from);
  });
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    index_.add(head_of(entries_[i].regex), i);
    if (!entries_[i].type.empty()) by_type_[entries_[i].type].push_back(i);
  }
  names_.resize(entries_.size());
}

const std::vector<std::size_t>& SystemContexts::entries_of(const std::string& type) const {
  static const std::vector<std::size_t> none;
  const auto it = by_type_.find(type);
  return it == by_type_.end() ? none : it->second;
}

std::vector<std::string> SystemContexts::beyond(const std::string& type, const PathSet& set) const {
  std::vector<std::string> texts;
  const PathSet files = set & PathSet::non_directories(), directories = set & PathSet::directories();
  const PathSet folders = directories.directory_names();
  const std::vector<std::size_t> near_files = near_names(files), near_folders = near_names(folders);
  const auto has = [](const std::vector<std::size_t>& list, std::size_t entry) {
    return std::binary_search(list.begin(), list.end(), entry);
  };
  for (std::size_t entry : entries_of(type)) {
    const Kinds which = entries_[entry].kinds;
    const bool beyond_files =
        (which & kinds::but_directories) != 0 && !(has(near_files, entry) && files.contains(names(entry)));
    const bool beyond_folders =
        which == kinds::directory && !(has(near_folders, entry) && folders.contains(names(entry)));
    if (beyond_files || beyond_folders) texts.push_back(entries_[entry].text());
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

std::vector<std::size_t> SystemContexts::near_names(const PathSet& names) const { return index_.near(names); }

const PathSet& SystemContexts::names(std::size_t entry) const {
  std::optional<PathSet>& set = names_[entry];
  // Classes like [^/] hold a newline, which no path does. What cannot be read matches nothing here; the lookup by
  // libselinux stands as a second witness.
  static const PathSet without_newlines = PathSet::from_regex(".*").value();
  if (!set) set = PathSet::from_regex(plain_regex(entries_[entry].regex)).value_or(PathSet()) & without_newlines;
  return *set;
}

std::vector<SystemContexts::Moved> SystemContexts::as_looked_up(const PathSet& set) const {
  std::vector<Moved> list;
  PathSet rest = set;
  for (const Alias& alias : aliases_) {
    if (!rest.meets(alias.tree)) continue;
    list.push_back({(rest & alias.tree).with_other_head(alias.from, alias.to), alias.from, alias.to});
    rest = rest - alias.tree;
  }
  if (!rest.empty()) list.push_back({rest, "", ""});
  return list;
}

namespace {

/// Where the exact shares are too complex: who has one, with all that it could be. A label is never left out, and none
/// is named that no path has. Throws paths::TooComplex where even that cannot be told.
class RoughShares {
 public:
  RoughShares(const PathSet& set, const std::vector<PathSet::Claim>& claims) : set_(set), claims_(claims) {
    for (std::size_t i = 0; i < claims.size(); ++i) index_.add(*claims[i].set, i);
  }

  std::vector<paths::PathShare> run() {
    std::map<std::uint32_t, std::vector<PathSet>> found;
    for (std::size_t i = 0; i < claims_.size(); ++i)
      if (PathSet part = part_of(i); !part.empty()) found[claims_[i].group].push_back(std::move(part));
    std::vector<paths::PathShare> shares;
    for (auto& [group, sets] : found) shares.push_back({group, unite(std::move(sets))});
    return shares;
  }

 private:
  /// What a claim could have: nothing, or a set whose example its group has. Where a later claim has the example, all
  /// that this one has is left out, and the next example asked.
  [[nodiscard]] PathSet part_of(std::size_t claim) const {
    PathSet part = set_ & *claims_[claim].set;
    while (const auto example = part.example()) {
      const std::size_t winner = last_claim_on(*example);
      if (claims_[winner].group == claims_[claim].group) break;
      part = part - *claims_[winner].set;
    }
    return part;
  }

  [[nodiscard]] std::size_t last_claim_on(const std::string& name) const {
    std::size_t last = 0;
    for (std::size_t i : index_.near(name))
      if (claims_[i].set->contains(name)) last = i;
    return last;
  }

  const PathSet& set_;
  const std::vector<PathSet::Claim>& claims_;
  paths::PathIndex index_;
};

}  // namespace

std::vector<LabelledPart> SystemContexts::every_label(const PathSet& set) const {
  Kinds which = kinds::none;
  if (set.meets(PathSet::non_directories())) which |= kinds::but_directories;
  if (set.meets(PathSet::directories())) which |= kinds::directory;
  std::vector<LabelledPart> parts;
  for (const auto& [type, entries] : by_type_) {
    Kinds found = kinds::none;
    for (std::size_t entry : entries) found |= entries_[entry].kinds & which;
    if (found != kinds::none) parts.push_back({type, found, set, false, false});
  }
  return parts;
}

void SystemContexts::divide_names(const PathSet& set, Kinds which, std::vector<LabelledPart>& parts) const {
  if (set.empty()) return;
  std::vector<std::size_t> near = near_names(set);
  std::erase_if(near, [&](std::size_t entry) { return !names(entry).meets(set); });
  // Kinds for which the same entries compete have the same labels.
  std::map<std::vector<std::size_t>, Kinds> competitors;
  for (Kinds kind : kEachKind) {
    if ((kind & which) == 0) continue;
    std::vector<std::size_t> list;
    for (std::size_t entry : near)
      if ((entries_[entry].kinds & kind) != 0) list.push_back(entry);
    competitors[std::move(list)] |= kind;
  }
  for (const auto& [list, kinds] : competitors) divide_among(list, kinds, set, parts);
}

void SystemContexts::divide_among(const std::vector<std::size_t>& entries, Kinds which, const PathSet& set,
                                  std::vector<LabelledPart>& parts) const {
  using Group = std::pair<std::string, bool>;  // type, of a class
  std::map<Group, std::uint32_t> numbers;
  std::vector<Group> groups;
  std::vector<PathSet::Claim> claims;
  for (std::size_t entry : entries) {
    Group group{entries_[entry].type, entries_[entry].kinds != kinds::all};
    const auto [it, fresh] = numbers.try_emplace(group, static_cast<std::uint32_t>(groups.size()));
    if (fresh) groups.push_back(std::move(group));
    claims.push_back({&names(entry), it->second});
  }
  const auto add = [&](std::vector<paths::PathShare> shares, bool exact) {
    for (paths::PathShare& share : shares) {
      const Group group = share.group == PathSet::unclaimed ? Group() : groups[share.group];
      parts.push_back({group.first, which, std::move(share.set), group.second, exact});
    }
  };
  try {
    add(set.divide(claims), true);
  } catch (const paths::TooComplex&) {
    add(RoughShares(set, claims).run(), false);
  }
}

namespace {

/// Unites parts that differ in their paths only, then those that differ in their kinds only.
std::vector<LabelledPart> joined(std::vector<LabelledPart> parts) {
  using Key = std::tuple<std::string, bool, bool, Kinds>;
  std::map<Key, std::vector<PathSet>> sets;
  for (LabelledPart& part : parts)
    sets[{std::move(part.type), part.of_class, part.exact, part.kinds}].push_back(std::move(part.set));
  std::vector<LabelledPart> result;
  for (auto& [key, list] : sets) {
    const auto& [type, of_class, exact, kinds] = key;
    LabelledPart part{type, kinds, unite(std::move(list)), of_class, exact};
    const auto same = std::find_if(result.rbegin(), result.rend(), [&](const LabelledPart& known) {
      return known.type == part.type && known.of_class == part.of_class && known.exact == part.exact &&
             known.set.equals(part.set);
    });
    if (same == result.rend())
      result.push_back(std::move(part));
    else
      same->kinds |= part.kinds;
  }
  return result;
}

}  // namespace

void keep_named_classes(std::vector<LabelledPart>& parts) {
  constexpr Kinds kTold = kinds::but_directories & ~kinds::symlink;
  std::vector<PathSet> told;
  for (const LabelledPart& part : parts)
    if (part.of_class && part.exact && (part.kinds & kTold) != 0) told.push_back(part.set);
  if (told.empty()) return;
  const PathSet known = unite(std::move(told));
  std::vector<LabelledPart> kept;
  for (LabelledPart& part : parts) {
    if (part.of_class || (part.kinds & kTold) == 0 || !part.set.meets(known)) {
      kept.push_back(std::move(part));
      continue;
    }
    if ((part.kinds & ~kTold) != 0)
      kept.push_back({part.type, static_cast<Kinds>(part.kinds & ~kTold), part.set, false, part.exact});
    PathSet rest = part.set - known;
    if (!rest.empty())
      kept.push_back({part.type, static_cast<Kinds>(part.kinds & kTold), std::move(rest), false, part.exact});
  }
  parts = std::move(kept);
}

std::vector<LabelledPart> SystemContexts::divide(const PathSet& set) const {
  std::vector<LabelledPart> parts;
  for (const Moved& moved : as_looked_up(set)) {
    std::vector<LabelledPart> found;
    for (const PathSet& piece : pieces_of(moved.set & PathSet::non_directories()))
      divide_names(piece, kinds::but_directories, found);
    const std::size_t files = found.size();
    for (const PathSet& piece : pieces_of((moved.set & PathSet::directories()).directory_names()))
      divide_names(piece, kinds::directory, found);
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (i >= files) found[i].set = found[i].set.as_directories();
      if (!moved.from.empty()) found[i].set = found[i].set.with_other_head(moved.to, moved.from);
      parts.push_back(std::move(found[i]));
    }
  }
  return joined(std::move(parts));
}

}  // namespace macc::backends::selinux
