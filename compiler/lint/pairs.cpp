#include "compiler/lint/pairs.h"

#include <algorithm>

namespace macc::lint {

std::vector<std::size_t> ids_near(const paths::PrefixIndex& index, const std::vector<std::string>& starts) {
  std::vector<std::size_t> out;
  for (const std::string& start : starts) {
    const auto more = index.candidates(start);
    out.insert(out.end(), more.begin(), more.end());
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Writers::Writers(const Reach& reach) {
  for (const Grant& grant : reach.grants()) {
    if (grant.rule == nullptr || grant.exec || !grant.verbs.meets(writing_verbs())) continue;
    for (const std::string& start : grant.starts) index_.add(start, grants_.size());
    grants_.push_back(&grant);
  }
}

std::vector<const Grant*> Writers::near(const std::vector<std::string>& starts) const {
  std::vector<const Grant*> out;
  for (const std::size_t id : ids_near(index_, starts)) out.push_back(grants_[id]);
  return out;
}

std::optional<Written> written_by(const Reach& reach, const Grant& grant, const paths::PathSet& set) {
  for (const ir::Verb verb : (grant.verbs & writing_verbs()).list()) {
    if (auto reached = reach.reached({{&grant, verb, false}}, set)) return Written{&grant, verb, std::move(*reached)};
  }
  return std::nullopt;
}

std::optional<Written> first_writer(const Reach& reach, const Writers& writers, const std::vector<std::string>& starts,
                                    const paths::PathSet& set) {
  for (const Grant* grant : writers.near(starts)) {
    if (auto written = written_by(reach, *grant, set)) return written;
  }
  return std::nullopt;
}

}  // namespace macc::lint
