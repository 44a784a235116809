#include "compiler/driver/diff/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace macc::driver {

using query::Change;
using query::Difference;
using query::Direction;
using query::DomainDifference;

namespace {

struct Counts {
  std::size_t gained = 0, lost = 0, uncertain = 0;
  explicit Counts(const Difference& difference) {
    for (const DomainDifference& domain : difference.domains) {
      for (const Change& change : domain.changes) count(change);
    }
    for (const query::ResourceDifference& resource : difference.resources) count(resource.change);
  }

 private:
  void count(const Change& change) {
    ++(change.direction == Direction::gained ? gained : change.direction == Direction::lost ? lost : uncertain);
  }
};

/// More patterns than these are counted only.
constexpr std::size_t kShown = 12;

std::string list_of(const std::vector<std::string>& patterns) {
  std::string out;
  for (std::size_t i = 0; i < std::min(patterns.size(), kShown); ++i)
    out += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", patterns[i]);
  return patterns.size() > kShown ? out + fmt::format(" and {} more", patterns.size() - kShown) : out;
}

}  // namespace

char sign(Direction direction) {
  return direction == Direction::gained ? '+' : direction == Direction::lost ? '-' : '?';
}

std::string words(const Change& change) {
  std::string out = change.what;
  if (change.part) out += ", in part";
  if (!change.when.empty()) out += ", " + change.when;
  return out;
}

std::string counted(std::size_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", number, number == 1 ? one : many);
}

std::string summary(const Difference& difference) {
  const Counts counts(difference);
  std::string out = counted(difference.domains.size(), "domain differs", "domains differ");
  out += fmt::format(": {} gained, {} lost", counts.gained, counts.lost);
  if (counts.uncertain != 0) out += fmt::format(", {} uncertain", counts.uncertain);
  if (!difference.promises.empty())
    out += ", " + counted(difference.promises.size(), "promise given up", "promises given up");
  if (!difference.defaults.empty())
    out += ", " + counted(difference.defaults.size(), "default changed", "defaults changed");
  return out;
}

std::string paths_of(const Change& change) {
  if (change.paths.empty() || change.named) return "";
  std::string out = change.exact ? "" : "some of ";
  out += list_of(change.paths);
  return change.except.empty() ? out : out + " except " + list_of(change.except);
}

std::string value_of(const query::Redeclared& boolean) { return boolean.value ? "true" : "false"; }

std::string title(const DomainDifference& domain) {
  switch (domain.kind) {
    case DomainDifference::Kind::added:
      return domain.domain + " (new)";
    case DomainDifference::Kind::removed:
      return domain.domain + " (gone)";
    case DomainDifference::Kind::changed:
      return domain.domain;
  }
  return "";
}

}  // namespace macc::driver
