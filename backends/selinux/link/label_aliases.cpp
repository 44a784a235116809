#include "backends/selinux/link/label_aliases.h"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace macc::backends::selinux {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

/// libselinux tries the last line first.
std::vector<LabelAlias> entries(std::string_view text) {
  std::vector<LabelAlias> list;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string_view from = take_word(line), to = take_word(line);
    if (!from.empty() && from.front() != '#' && !to.empty()) list.push_back({std::string(from), std::string(to)});
  }
  std::reverse(list.begin(), list.end());
  return list;
}

bool is_below(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

const std::vector<LabelAlias>& default_label_aliases() {
  static const std::vector<LabelAlias> list = [] {
    std::vector<LabelAlias> aliases = {
#define MACC_LABEL_ALIAS(from, to) {from, to},
#include "backends/selinux/link/label_aliases.def"
#undef MACC_LABEL_ALIAS
    };
    std::reverse(aliases.begin(), aliases.end());
    return aliases;
  }();
  return list;
}

std::vector<LabelAlias> take_label_aliases(std::string_view administrator, std::string_view distribution) {
  const std::vector<LabelAlias> second = entries(distribution);
  std::vector<LabelAlias> list;
  for (const LabelAlias& first : entries(administrator)) {
    // What the first rewriting leads to is rewritten again, below its target too.
    for (const LabelAlias& next : second) {
      if (next.from.size() > first.to.size() && is_below(next.from, first.to))
        list.push_back({first.from + next.from.substr(first.to.size()), next.to});
    }
    list.push_back({first.from, as_looked_up(first.to, second)});
  }
  list.insert(list.end(), second.begin(), second.end());
  return list;
}

std::vector<LabelAlias> read_label_aliases(const std::string& folder) {
  return take_label_aliases(read_text(folder + "/file_contexts.subs"), read_text(folder + "/file_contexts.subs_dist"));
}

std::string to_file(const std::vector<LabelAlias>& aliases) {
  std::string text;
  for (auto alias = aliases.rbegin(); alias != aliases.rend(); ++alias)
    (((text += alias->from) += ' ') += alias->to) += '\n';
  return text;
}

std::string as_looked_up(std::string_view path, const std::vector<LabelAlias>& aliases) {
  for (const LabelAlias& alias : aliases) {
    if (is_below(path, alias.from)) return alias.to + std::string(path.substr(alias.from.size()));
  }
  return std::string(path);
}

}  // namespace macc::backends::selinux
