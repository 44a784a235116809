// What the meaning asks of a compiled file automaton, path by path: permission bits in AppArmor's layout, made from the
// domain's file items by the rules of the meaning (an allow, less the denies of the same operation), never from the
// profile that was written.
#pragma once

#include <map>
#include <vector>

#include "backends/apparmor/file_items.h"

namespace macc::backends::apparmor {

/// What one half of a permission word has to be. Exec modes stand apart from the bits.
struct FileWord {
  std::uint32_t required = 0;          ///< granted by the meaning
  std::uint32_t permitted = 0;         ///< these too: a difference that the report names
  std::uint32_t audited = 0;           ///< of the required ones: logged when they are used
  std::uint32_t silent = 0;            ///< refused without a line in the log
  std::uint32_t may_be_silent = 0;     ///< these may be: a deny that could not be written whole
  std::vector<const FileItem*> execs;  ///< items that say how the program is run; empty without kExec
};

class FileExpectation {
 public:
  /// `report` is the one of the lowering. The policy must outlive this.
  FileExpectation(Build& build, ir::DomainId id, const FidelityReport& report);

  /// The sets that decide, for an Overlay; the first one is every path.
  [[nodiscard]] const std::vector<paths::PathSet>& sets() const { return sets_; }
  /// `holding`: the sets that hold a path. `owned`: the file belongs to the process's user.
  [[nodiscard]] FileWord word(const std::vector<std::uint32_t>& holding, bool owned,
                              const ir::Assignment& values) const;
  /// Whether hard links may be made from and to a path, and whether that is logged.
  struct Linked {
    bool allowed = false, audited = false;
  };
  [[nodiscard]] Linked linked(const std::vector<std::uint32_t>& holding, bool owned,
                              const ir::Assignment& values) const;
  /// The item that says most about a bit: one with the effect `first` that is about it, else one with the other effect,
  /// else any that speaks of these paths; nullptr when none does.
  [[nodiscard]] const FileItem* speaker(const std::vector<std::uint32_t>& holding, std::uint32_t bits,
                                        ir::Effect first) const;

 private:
  using Holding = std::vector<std::uint32_t>;
  std::uint32_t number_of(const paths::PathSet& set);
  [[nodiscard]] bool taken(const FileItem& allow, const std::vector<const FileItem*>& denies, bool owned) const;
  [[nodiscard]] std::vector<const FileItem*> there(const std::vector<std::vector<std::size_t>>& by_set,
                                                   const std::vector<FileItem>& items, const Holding& holding,
                                                   const ir::Assignment& values) const;
  void read_report(const FidelityReport& report, ir::DomainId id);
  [[nodiscard]] std::size_t index(const FileItem& deny) const {
    return static_cast<std::size_t>(&deny - items_.denies.data());
  }

  FileItems items_;
  std::vector<paths::PathSet> sets_;
  std::map<const void*, std::uint32_t> numbers_;           ///< of sets, by identity
  std::vector<std::vector<std::size_t>> allows_, denies_;  ///< items by set
  /// By deny: the report says that more than the decisive permission stays, or that it holds in parts.
  std::vector<bool> leaves_residue_, holds_partly_;
  /// What the parser adds by itself to the owner's half: sets with bits.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> added_by_parser_;
};

/// The bits of an item, without those of an exec mode.
[[nodiscard]] std::uint32_t bits_of(const FileItem& item);

}  // namespace macc::backends::apparmor
