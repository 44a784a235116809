#include "compiler/lint/foreign.h"

#include <algorithm>

namespace macc::lint {

std::vector<std::size_t> Others::near(const std::vector<std::string>& starts) const {
  std::vector<std::size_t> out;
  for (const std::string& start : starts) {
    const auto more = index_.candidates(start);
    out.insert(out.end(), more.begin(), more.end());
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::optional<Written> Others::write(const Subject& subject, const Grant& writer, const paths::PathSet& set) {
  for (const ir::Verb verb : (writer.verbs & writing_verbs()).list()) {
    if (auto reached = subject.reach->reached({{&writer, verb, false}}, set))
      return Written{&writer, verb, std::move(*reached)};
  }
  return std::nullopt;
}

}  // namespace macc::lint
