#include "backends/selinux/levels.h"

#include <charconv>
#include <utility>
#include <vector>

namespace macc::backends::selinux {
namespace {

/// The runs of categories in a set, first and last.
std::vector<std::pair<unsigned, unsigned>> runs(const std::bitset<Level::kCategories>& set) {
  std::vector<std::pair<unsigned, unsigned>> list;
  for (unsigned i = 0; i < Level::kCategories; ++i) {
    if (!set[i]) continue;
    const unsigned first = i;
    while (i + 1 < Level::kCategories && set[i + 1]) ++i;
    list.emplace_back(first, i);
  }
  return list;
}

std::string category(unsigned number) { return "c" + std::to_string(number); }

/// 12 of "c12"; nullopt when the letter differs or no small number follows.
std::optional<unsigned> number_behind(std::string_view text, char letter) {
  if (text.size() < 2 || text.front() != letter || (text.size() > 2 && text[1] == '0')) return std::nullopt;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Adds "c3" or "c3.c5"; false when it is neither.
bool add_categories(std::string_view item, std::bitset<Level::kCategories>& set, std::string& problem) {
  const std::size_t dot = item.find('.');
  const auto first = number_behind(item.substr(0, dot), 'c');
  const auto last = dot == std::string_view::npos ? first : number_behind(item.substr(dot + 1), 'c');
  if (!first || !last) return false;
  if (*first > *last) {
    problem = "`" + std::string(item) + "` runs backwards";
    return false;
  }
  if (*last >= Level::kCategories) {
    problem = "the last category is c1023";
    return false;
  }
  for (unsigned i = *first; i <= *last; ++i) set.set(i);
  return true;
}

std::optional<Level> parse_level(std::string_view text, std::string& problem) {
  const std::size_t colon = text.find(':');
  const auto sensitivity = number_behind(text.substr(0, colon), 's');
  if (!sensitivity) return std::nullopt;
  Level level{*sensitivity, {}};
  if (colon == std::string_view::npos) return level;
  for (std::string_view rest = text.substr(colon + 1);;) {
    const std::size_t comma = rest.find(',');
    if (!add_categories(rest.substr(0, comma), level.categories, problem)) return std::nullopt;
    if (comma == std::string_view::npos) return level;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace

std::string Level::text() const {
  std::string out = "s" + std::to_string(sensitivity);
  char separator = ':';
  for (const auto& [first, last] : runs(categories)) {
    out += separator + category(first);
    if (last == first + 1) out += "," + category(last);
    if (last > first + 1) out += "." + category(last);
    separator = ',';
  }
  return out;
}

cil::Node Level::node() const {
  std::vector<cil::Node> parts = {cil::Node::symbol("s" + std::to_string(sensitivity))};
  std::vector<cil::Node> list;
  for (const auto& [first, last] : runs(categories)) {
    if (first == last)
      list.push_back(cil::Node::symbol(category(first)));
    else
      list.push_back(cil::form("range", category(first), category(last)));
  }
  if (!list.empty()) parts.push_back(cil::Node::list(std::move(list)));
  return cil::Node::list(std::move(parts));
}

std::optional<Range> Range::parse(std::string_view text, std::string& problem) {
  problem = "write it as `s0`, `s0:c1,c5.c9` or `s0-s0:c0.c1023`";
  const std::size_t dash = text.find('-');
  const auto low = parse_level(text.substr(0, dash), problem);
  const auto high = dash == std::string_view::npos ? low : parse_level(text.substr(dash + 1), problem);
  if (!low || !high) return std::nullopt;
  if (!high->dominates(*low)) {
    problem = "the level behind `-` must hold every category of the one before it, and no lower sensitivity";
    return std::nullopt;
  }
  problem.clear();
  return Range{*low, *high};
}

std::string Range::text() const { return low == high ? low.text() : low.text() + "-" + high.text(); }

}  // namespace macc::backends::selinux
