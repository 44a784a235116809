// Which labels a system gives to paths: its file contexts as path sets, in the order in which libselinux matches them.
// Facts: design of libselinux 3.4 (label_file): patterns of the system's file, patterns of the homes, texts without
// meta characters of both; the last match wins; an entry with a class competes for that class only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/selinux/kinds.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/link/lookup.h"
#include "compiler/paths/path_index.h"
#include "compiler/paths/path_set.h"

namespace macc::backends::selinux {

/// One line of a system's file contexts.
struct SystemEntry {
  std::string regex;
  Kinds kinds = kinds::all;
  std::string type;    ///< "" for <<none>>
  bool exact = false;  ///< without meta characters: no pattern can be matched after it
  /// Whose line it is. Among patterns, as among exact lines, those of a later one are matched later.
  enum class From : std::uint8_t { system, homes, administrator } from = From::system;

  /// "/etc/nginx(/.*)?", "/dev/log -s".
  [[nodiscard]] std::string text() const;
  /// The literal text with which all that it matches begins.
  [[nodiscard]] std::string head() const;
};

/// Paths with one label.
struct LabelledPart {
  std::string type;  ///< "" for none
  Kinds kinds = kinds::all;
  paths::PathSet set;
  bool of_class = false;  ///< from entries that name a class: what stands there is of it
  bool exact = true;      ///< else the set holds all paths with the label and some without, too many to be told apart
};

/// Leaves what can be there: where an entry names a class, what stands there is of that class. /dev/null is a device,
/// and no grant on it should reach what a plain file there would be. Symlinks may stand anywhere.
void keep_named_classes(std::vector<LabelledPart>& parts);

/// A set by the literal starts of its members, so that each piece is near few entries.
[[nodiscard]] std::vector<paths::PathSet> pieces_of(const paths::PathSet& set);

/// The trees of file systems whose labels do not come from file contexts.
[[nodiscard]] const paths::PathSet& kernel_file_systems();

class SystemContexts {
 public:
  explicit SystemContexts(const Base& base);
  /// As the system would have them with these in the place of the base's own, which a linker wrote: the administrator's
  /// lines and the aliases stay.
  SystemContexts(const Base& base, std::string_view file_contexts);
  /// What the policy says about the kernel's own file systems (genfscon), where they are mounted.
  [[nodiscard]] static SystemContexts of_kernel(const Base& base);

  /// In the order of matching: the last match wins.
  [[nodiscard]] const std::vector<SystemEntry>& entries() const { return entries_; }
  /// Entries that give a type, by number.
  [[nodiscard]] const std::vector<std::size_t>& entries_of(const std::string& type) const;
  /// Which labels the paths of a set can have, each with the kinds of objects that have it. For one kind of object the
  /// parts are disjoint, as far as they are exact, and cover the set. Sorted by type. Throws paths::TooComplex.
  [[nodiscard]] std::vector<LabelledPart> divide(const paths::PathSet& set) const;
  /// All labels that there are, for a set of hardly less than all paths: each part is the whole set.
  [[nodiscard]] std::vector<LabelledPart> every_label(const paths::PathSet& set) const;
  /// The entries that give a type to paths beyond a set, as text() writes them; sorted.
  [[nodiscard]] std::vector<std::string> beyond(const std::string& type, const paths::PathSet& set) const;
  /// Entries that could match a path of the set, in order. Of names: paths without the '/' of directories.
  [[nodiscard]] std::vector<std::size_t> near_names(const paths::PathSet& names) const;
  /// Names that an entry matches, whatever is matched after it.
  [[nodiscard]] const paths::PathSet& names(std::size_t entry) const;
  /// The text under which a path of the set is looked up where aliases rewrite it; the set itself elsewhere.
  struct Moved {
    paths::PathSet set;
    std::string from, to;  ///< what was rewritten; "" where nothing was
  };
  [[nodiscard]] std::vector<Moved> as_looked_up(const paths::PathSet& set) const;

 private:
  SystemContexts() = default;
  struct Alias {
    std::string from, to;
    paths::PathSet tree;
  };
  void add(std::string_view lines, SystemEntry::From from);
  void finish();
  void divide_names(const paths::PathSet& names, Kinds which, std::vector<LabelledPart>& parts) const;
  void divide_among(const std::vector<std::size_t>& entries, Kinds which, const paths::PathSet& names,
                    std::vector<LabelledPart>& parts) const;

  std::vector<SystemEntry> entries_;
  std::map<std::string, std::vector<std::size_t>> by_type_;
  paths::PathIndex index_;
  std::vector<Alias> aliases_;  // in the order in which they are tried: the first one counts
  mutable std::vector<std::optional<paths::PathSet>> names_;
};

}  // namespace macc::backends::selinux
