#include "compiler/query/beginnings.h"

namespace macc::query {

static std::vector<std::string> homes() {
  std::vector<std::string> out;
  for (const std::string& home : paths::home_patterns()) {
    paths::PatternError error;
    for (const paths::PathPattern& pattern : paths::PathPattern::parse(home, error))
      out.push_back(pattern.literal_prefix());
  }
  return out;
}

std::vector<std::string> beginnings(const ir::PathExpr& paths) {
  static const std::vector<std::string> in_homes = homes();
  std::vector<std::string> out;
  for (const paths::PathPattern& pattern : paths.include) {
    if (pattern.anchor() == paths::PathPattern::Anchor::root) {
      out.push_back(pattern.literal_prefix());
    } else {
      out.insert(out.end(), in_homes.begin(), in_homes.end());
    }
  }
  return out;
}

}  // namespace macc::query
