#include "compiler/lint/pairs.h"

#include <algorithm>

namespace macc::lint {

Writers::Writers(const Reach& reach) {
  for (const Grant& grant : reach.grants()) {
    if (grant.rule == nullptr || grant.exec || !grant.verbs.meets(writing_verbs())) continue;
    for (const std::string& start : grant.starts) index_.add(start, grants_.size());
    grants_.push_back(&grant);
  }
}

std::vector<const Grant*> Writers::near(const std::vector<std::string>& starts) const {
  std::vector<std::size_t> ids;
  for (const std::string& start : starts) {
    const auto more = index_.candidates(start);
    ids.insert(ids.end(), more.begin(), more.end());
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::vector<const Grant*> out;
  out.reserve(ids.size());
  for (const std::size_t id : ids) out.push_back(grants_[id]);
  return out;
}

std::optional<Written> first_writer(const Reach& reach, const Writers& writers, const std::vector<std::string>& starts,
                                    const paths::PathSet& set) {
  for (const Grant* grant : writers.near(starts)) {
    for (const ir::Verb verb : (grant->verbs & writing_verbs()).list()) {
      if (auto reached = reach.reached({{grant, verb, false}}, set)) return Written{grant, verb, std::move(*reached)};
    }
  }
  return std::nullopt;
}

}  // namespace macc::lint
