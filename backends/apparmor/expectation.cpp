#include "backends/apparmor/expectation.h"

#include <algorithm>
#include <span>

#include "backends/apparmor/blob.h"

namespace macc::backends::apparmor {

using paths::PathSet;

namespace {

std::uint32_t bits_of(Bit bit) {
  switch (bit) {
    case Bit::read:
      return kRead;
    case Bit::write:
      return kWrite | kAppend;  // the parser never parts them
    case Bit::lock:
      return kLock;
    case Bit::map:
      return kMap;
    case Bit::exec:
      return kExec;
  }
  return 0;
}

bool is_link(const FileItem& item) { return item.kind == FileItem::Kind::verb && item.verb == ir::Verb::link; }

/// Whether the guard holds for these values of the booleans.
bool holds(const Guard& guard, const ir::Assignment& values) {
  const auto& all = guard.alternatives();
  return std::any_of(all.begin(), all.end(), [&](const Switches& setting) {
    return std::all_of(setting.begin(), setting.end(),
                       [&](const auto& one) { return values.at(static_cast<std::size_t>(one.first)) == one.second; });
  });
}

/// `audit` of a program that runs inside logs no mapping (seen with 3.0.8).
std::uint32_t audited_bits(const FileItem& item) {
  const bool maps = item.permissions.map;
  return maps ? bits_of(item) : bits_of(item) & ~std::uint32_t{kMap};
}

/// What the parser lets the owner do in a profile that may change to another one (seen with 3.0.8), and in one with
/// child profiles.
using Added = std::pair<const char*, std::uint32_t>;
constexpr Added kAddedForChanges[] = {{"/proc/*/attr/{,apparmor/}{current,exec}", kWrite}};
constexpr Added kAddedForChildren[] = {{"/proc/[0-9]*/attr/{,apparmor/}current", kWrite}};
constexpr Added kAddedForBoth[] = {{"/proc/*/attr/apparmor/", kRead},
                                   {"/sys/module/apparmor/parameters/enabled", kRead}};

bool has_children(const ir::Policy& policy, ir::DomainId id) {
  return std::any_of(policy.domains.begin(), policy.domains.end(), [&](const ir::Domain& d) { return d.parent == id; });
}

}  // namespace

std::uint32_t bits_of(const FileItem& item) {
  std::uint32_t out = 0;
  for (const Bit bit : kBits) out |= item.needs(bit) ? bits_of(bit) : 0;
  return out;
}

FileExpectation::FileExpectation(Build& build, ir::DomainId id, const FidelityReport& report)
    : items_(file_items(build, id)) {
  number_of(PathSet::all());
  const auto add = [&](const std::vector<FileItem>& items, std::vector<std::vector<std::size_t>>& by_set) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::uint32_t set = number_of(build.meaning.objects(items[i].verb, items[i].paths));
      by_set.resize(std::max<std::size_t>(by_set.size(), set + 1));
      by_set[set].push_back(i);
    }
  };
  add(items_.allows, allows_);
  add(items_.denies, denies_);
  const bool changes = may_change_profile(build.policy.domain(id));
  const bool children = has_children(build.policy, id);
  const auto added = [&](bool there, std::span<const Added> list) {
    for (std::size_t i = 0; there && i < list.size(); ++i) {
      paths::PatternError error;
      const PathSet set = PathSet::of(paths::PathPattern::parse(list[i].first, error));
      added_by_parser_.emplace_back(number_of(set), list[i].second);
    }
  };
  added(changes, kAddedForChanges);
  added(children, kAddedForChildren);
  added(changes || children, kAddedForBoth);
  allows_.resize(sets_.size());
  denies_.resize(sets_.size());
  read_report(report, id);
}

void FileExpectation::read_report(const FidelityReport& report, ir::DomainId id) {
  leaves_residue_.resize(items_.denies.size());
  holds_partly_.resize(items_.denies.size());
  for (const FidelityEntry& entry : report.entries) {
    const bool residue = entry.topic == info(Topic::deny_residue).key;
    if (entry.domain != id || (!residue && entry.topic != info(Topic::deny_shared_bit).key)) continue;
    for (const FileItem& deny : items_.denies) {
      if (deny.origin.span == entry.span) (residue ? leaves_residue_ : holds_partly_)[index(deny)] = true;
    }
  }
}

std::uint32_t FileExpectation::number_of(const PathSet& set) {
  const auto [it, is_new] = numbers_.try_emplace(set.identity(), static_cast<std::uint32_t>(sets_.size()));
  if (is_new) sets_.push_back(set);
  return it->second;
}

std::vector<const FileItem*> FileExpectation::there(const std::vector<std::vector<std::size_t>>& by_set,
                                                    const std::vector<FileItem>& items, const Holding& holding,
                                                    const ir::Assignment& values) const {
  std::vector<const FileItem*> out;
  for (const std::uint32_t set : holding) {
    for (const std::size_t i : by_set[set]) {
      if (holds(items[i].guard, values)) out.push_back(&items[i]);
    }
  }
  return out;
}

bool FileExpectation::taken(const FileItem& allow, const std::vector<const FileItem*>& denies, bool owned) const {
  return std::any_of(denies.begin(), denies.end(),
                     [&](const FileItem* d) { return (owned || !d->owner) && same_operation(*d, allow); });
}

FileWord FileExpectation::word(const Holding& holding, bool owned, const ir::Assignment& values) const {
  FileWord out;
  const auto allows = there(allows_, items_.allows, holding, values);
  const auto denies = there(denies_, items_.denies, holding, values);
  for (const FileItem* allow : allows) {
    if ((allow->owner && !owned) || is_link(*allow)) continue;
    if (taken(*allow, denies, owned)) continue;
    out.required |= bits_of(*allow);
    if (allow->audit) out.audited |= audited_bits(*allow);
    if (allow->exec) out.execs.push_back(allow);
  }
  std::uint32_t loud = 0;
  for (const FileItem* deny : denies) {
    if (!deny->decisive || (deny->owner && !owned)) continue;
    const std::uint32_t decisive = bits_of(*deny->decisive);
    // What the denied operation needed besides, and nothing else does.
    if (leaves_residue_[index(*deny)]) {
      for (const FileItem* allow : allows) {
        if (same_operation(*deny, *allow) && (owned || !allow->owner)) out.permitted |= bits_of(*allow) & ~decisive;
      }
    }
    if (deny->audit) {
      loud |= decisive;
    } else {
      out.may_be_silent |= decisive;
      if (!holds_partly_[index(*deny)]) out.silent |= decisive;
    }
  }
  for (const auto& [set, bits] : added_by_parser_) {
    if (owned && std::binary_search(holding.begin(), holding.end(), set)) out.permitted |= bits;
  }
  out.silent &= ~(loud | out.required);
  return out;
}

FileExpectation::Linked FileExpectation::linked(const Holding& holding, bool owned,
                                                const ir::Assignment& values) const {
  Linked out;
  const auto denies = there(denies_, items_.denies, holding, values);
  for (const FileItem* allow : there(allows_, items_.allows, holding, values)) {
    if (!is_link(*allow) || (allow->owner && !owned) || taken(*allow, denies, owned)) continue;
    out.allowed = true;
    out.audited = out.audited || allow->audit;
  }
  return out;
}

const FileItem* FileExpectation::speaker(const Holding& holding, std::uint32_t bits, ir::Effect first) const {
  const FileItem *allow = nullptr, *deny = nullptr, *other = nullptr;
  for (const std::uint32_t set : holding) {
    for (const std::size_t i : allows_[set]) {
      const FileItem& item = items_.allows[i];
      if (item.rule != nullptr) other = &item;
      if ((bits_of(item) & bits) != 0) allow = &item;
    }
    for (const std::size_t i : denies_[set]) {
      const FileItem& item = items_.denies[i];
      if (item.decisive && (bits_of(*item.decisive) & bits) != 0) deny = &item;
    }
  }
  if (first == ir::Effect::deny && deny != nullptr) return deny;
  return allow != nullptr ? allow : deny != nullptr ? deny : other;
}

}  // namespace macc::backends::apparmor
