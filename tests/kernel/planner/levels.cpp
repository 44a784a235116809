#include "tests/kernel/planner/levels.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <sstream>

namespace macc::kernel {

namespace {

/// The numbers in "s0:c1,c4.c6"; of a range those of its upper end.
std::set<long> categories(const std::string& range) {
  std::set<long> out;
  const std::string level = range.substr(range.find('-') + 1);
  const std::size_t colon = level.find(':');
  if (colon == std::string::npos) return out;
  std::istringstream items(level.substr(colon + 1));
  for (std::string item; std::getline(items, item, ',');) {
    const std::size_t dot = item.find(".c");
    const long first = std::strtol(item.c_str() + 1, nullptr, 10);
    const long last = dot == std::string::npos ? first : std::strtol(item.c_str() + dot + 2, nullptr, 10);
    for (long number = first; number <= last; ++number) out.insert(number);
  }
  return out;
}

}  // namespace

bool covers_level(const std::string& range, const std::string& level) {
  const std::set<long> own = categories(range), asked = categories(level);
  return std::includes(own.begin(), own.end(), asked.begin(), asked.end());
}

}  // namespace macc::kernel
