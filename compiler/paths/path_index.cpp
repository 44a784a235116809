#include "compiler/paths/path_index.h"

#include <algorithm>

namespace macc::paths {
namespace {

std::vector<std::size_t> sorted(std::vector<std::size_t> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

}  // namespace

void PrefixIndex::append_starts(std::string_view text, std::vector<std::size_t>& out) const {
  // All that stands between a start of the text and the text begins with that start: so do the text and the last prefix
  // before it.
  for (auto it = by_prefix_.upper_bound(text); it != by_prefix_.begin(); it = by_prefix_.upper_bound(text)) {
    const std::string& last = std::prev(it)->first;
    const bool is_start = text.starts_with(last);
    if (is_start) append(out, std::prev(it)->second);
    if (is_start && last.empty()) return;
    const auto same = std::mismatch(last.begin(), last.end(), text.begin(), text.end()).first - last.begin();
    text = text.substr(0, static_cast<std::size_t>(same) - (is_start ? 1 : 0));
  }
}

void PathIndex::add(const PathSet& set, std::size_t id) {
  for (Head& head : set.heads()) add(std::move(head), id);
}

std::vector<std::size_t> PathIndex::near(const PathSet& set) const {
  std::vector<std::size_t> ids;
  for (const Head& head : set.heads()) {
    open_.append_starts(head.text, ids);
    if (head.whole) {
      whole_.append_exact(head.text, ids);
    } else {
      open_.append_longer(head.text, ids);
      whole_.append_longer(head.text, ids);
    }
  }
  return sorted(std::move(ids));
}

std::vector<std::size_t> PathIndex::near(std::string_view path) const {
  std::vector<std::size_t> ids;
  open_.append_starts(path, ids);
  whole_.append_exact(path, ids);
  return sorted(std::move(ids));
}

}  // namespace macc::paths
