#include "backends/selinux/link/file_order.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

namespace macc::backends::selinux {
namespace {

// The order of libsepol's list of kinds, behind lines without a flag.
constexpr std::array<std::string_view, 7> kFlags = {"--", "-d", "-c", "-b", "-s", "-p", "-l"};

/// "regex\tflag\tcontext" or "regex\tcontext".
struct Line {
  std::string_view text, regex;
  ContextOrder order;
  std::size_t kind = 0;

  explicit Line(std::string_view line) : text(line), regex(line.substr(0, line.find('\t'))) {
    order = context_order(regex);
    const std::string_view rest = line.substr(std::min(regex.size() + 1, line.size()));
    const std::string_view flag = rest.substr(0, rest.find('\t'));
    const auto known = std::find(kFlags.begin(), kFlags.end(), flag);
    if (known != kFlags.end()) kind = static_cast<std::size_t>(known - kFlags.begin()) + 1;
  }
  friend std::strong_ordering operator<=>(const Line& a, const Line& b) {
    if (const auto by_order = a.order <=> b.order; by_order != 0) return by_order;
    if (const auto by_kind = a.kind <=> b.kind; by_kind != 0) return by_kind;
    return a.regex <=> b.regex;
  }
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

}  // namespace

ContextOrder context_order(std::string_view regex) {
  ContextOrder order;
  bool meta = false;
  for (std::size_t i = 0; i < regex.size(); ++i, ++order.length) {
    if (kContextMeta.find(regex[i]) != std::string_view::npos) {
      meta = true;
      continue;
    }
    if (regex[i] == '\\' && i + 1 < regex.size()) ++i;
    if (!meta) ++order.stem;
  }
  order.exact = !meta;
  return order;
}

bool in_linker_order(std::string_view file_contexts) {
  const std::vector<Line> lines = lines_of(file_contexts);
  return std::is_sorted(lines.begin(), lines.end());
}

std::string merge_file_contexts(std::string_view a, std::string_view b) {
  const std::vector<Line> first = lines_of(a), second = lines_of(b);
  std::vector<Line> merged;
  merged.reserve(first.size() + second.size());
  std::set_union(first.begin(), first.end(), second.begin(), second.end(), std::back_inserter(merged));
  std::string out;
  out.reserve(a.size() + b.size());
  for (const Line& line : merged) (out += line.text) += '\n';
  return out;
}

}  // namespace macc::backends::selinux
