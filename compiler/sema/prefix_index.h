// Finds which path sets could meet at all, by the literal bytes they start with. Keeps pairwise questions in
// proportion to the input: services live in folders of their own.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace macc::sema {

class PrefixIndex {
 public:
  void add(std::string prefix, std::size_t id) { by_prefix_[std::move(prefix)].push_back(id); }

  /// Ids whose prefix starts with `prefix` or is a start of it; in no order of note, with repeats.
  [[nodiscard]] std::vector<std::size_t> candidates(std::string_view prefix) const {
    std::vector<std::size_t> out;
    for (std::size_t n = 0; n < prefix.size(); ++n) {
      if (auto it = by_prefix_.find(prefix.substr(0, n)); it != by_prefix_.end()) append(out, it->second);
    }
    for (auto it = by_prefix_.lower_bound(prefix); it != by_prefix_.end() && it->first.starts_with(prefix); ++it) {
      append(out, it->second);
    }
    return out;
  }

 private:
  static void append(std::vector<std::size_t>& out, const std::vector<std::size_t>& more) {
    out.insert(out.end(), more.begin(), more.end());
  }
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_prefix_;
};

}  // namespace macc::sema
