// Finds which path sets could meet at all, by the literal bytes their members start with. Keeps pairwise questions in
// proportion to the input: services live in folders of their own.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/paths/path_set.h"

namespace macc::paths {

/// Ids by a literal prefix.
class PrefixIndex {
 public:
  void add(std::string prefix, std::size_t id) { by_prefix_[std::move(prefix)].push_back(id); }

  /// Ids whose prefix starts with `prefix` or is a start of it; in no order of note, with repeats.
  [[nodiscard]] std::vector<std::size_t> candidates(std::string_view prefix) const {
    std::vector<std::size_t> out;
    append_starts(prefix, out);
    append_longer(prefix, out);
    return out;
  }
  void append_exact(std::string_view text, std::vector<std::size_t>& out) const {
    if (auto it = by_prefix_.find(text); it != by_prefix_.end()) append(out, it->second);
  }
  /// Appends the ids whose prefix is a start of `text` or `text` itself.
  void append_starts(std::string_view text, std::vector<std::size_t>& out) const;
  /// Appends the ids whose prefix starts with `prefix`.
  void append_longer(std::string_view prefix, std::vector<std::size_t>& out) const {
    for (auto it = by_prefix_.lower_bound(prefix); it != by_prefix_.end() && it->first.starts_with(prefix); ++it) {
      append(out, it->second);
    }
  }

 private:
  static void append(std::vector<std::size_t>& out, const std::vector<std::size_t>& more) {
    out.insert(out.end(), more.begin(), more.end());
  }
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_prefix_;
};

/// Ids by set. Asking for what is near a set answers with all ids whose sets meet it and few others.
class PathIndex {
 public:
  void add(const PathSet& set, std::size_t id);
  /// The same for a set of which one literal start is known.
  void add(Head head, std::size_t id) { (head.whole ? whole_ : open_).add(std::move(head.text), id); }
  /// Sorted, each id once.
  [[nodiscard]] std::vector<std::size_t> near(const PathSet& set) const;
  /// The same for a set of one path.
  [[nodiscard]] std::vector<std::size_t> near(std::string_view path) const;

 private:
  PrefixIndex open_;   // members go on behind the text
  PrefixIndex whole_;  // the text is a member
};

}  // namespace macc::paths
