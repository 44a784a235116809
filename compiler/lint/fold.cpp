#include "compiler/lint/fold.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "compiler/lint/fingerprint.h"

namespace macc::lint {

namespace {

constexpr std::pair<Code, Code> kFolds[] = {
#define MACC_FOLD(kept, folded) {Code::kept, Code::folded},
#include "compiler/lint/folds.def"
};

/// What is said in full beside a finding; more is named.
constexpr std::size_t kMaxTold = 3;

/// Findings with the ones that went into each.
struct Group {
  Finding kept;
  std::vector<const Group*> folded;
  std::vector<std::string> same;  ///< messages of the same lint
  bool gone = false;
};

bool adds_up(Code code) {
  return std::any_of(std::begin(kFolds), std::end(kFolds),
                     [&](const auto& row) { return row.first == code && row.second == code; });
}

/// Those of one lint about one rule: what they are about adds up, so that baselines and services know the parts.
std::vector<Group> merged(std::vector<Finding>&& findings) {
  std::vector<Group> out;
  std::map<std::tuple<Code, Span, std::string, std::string>, std::size_t> seen;
  for (Finding& finding : findings) {
    const Diagnostic& d = finding.diagnostic;
    const auto [at, fresh] =
        seen.emplace(std::tuple(d.code, d.primary.span, finding.domain, finding.condition), out.size());
    if (fresh || !adds_up(d.code)) {
      out.push_back({std::move(finding), {}, {}});
      continue;
    }
    Group& group = out[at->second];
    group.same.push_back(d.message);
    auto& subjects = group.kept.subjects;
    subjects.insert(subjects.end(), finding.subjects.begin(), finding.subjects.end());
    if (d.fix && d.fix->safe && !group.kept.diagnostic.fix) group.kept.diagnostic.fix = d.fix;
  }
  for (Group& group : out) {
    if (group.same.empty()) continue;
    auto& subjects = group.kept.subjects;
    std::sort(subjects.begin(), subjects.end());
    subjects.erase(std::unique(subjects.begin(), subjects.end()), subjects.end());
    group.kept.diagnostic.fingerprint = fingerprint(group.kept);
  }
  return out;
}

/// "write /etc/shadow" -> "/etc/shadow"; "" where a subject names no path.
std::string_view path_in(std::string_view subject) {
  const std::size_t start = subject.find('/');
  return start == std::string_view::npos ? std::string_view() : subject.substr(start);
}

/// Whether two findings of one statement are about one of its paths.
bool about_the_same(const Finding& a, const Finding& b) {
  if (!a.one_of_several && !b.one_of_several) return true;
  return std::any_of(a.subjects.begin(), a.subjects.end(), [&](const std::string& subject) {
    const std::string_view path = path_in(subject);
    return !path.empty() && std::any_of(b.subjects.begin(), b.subjects.end(),
                                        [&](const std::string& other) { return path_in(other) == path; });
  });
}

class Folding {
 public:
  Folding(std::vector<Group>& groups, const std::set<Code>& locked) : groups_(groups), locked_(locked) {
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const Finding& finding = groups[i].kept;
      add(i, finding.diagnostic.primary.span);
      for (const Label& label : finding.diagnostic.secondary) add(i, label.span);
    }
  }

  /// The finding that says it already.
  [[nodiscard]] std::optional<std::size_t> keeper(std::size_t folded) const {
    const Finding& finding = groups_[folded].kept;
    const auto near = about_.find({finding.domain, finding.diagnostic.primary.span});
    if (near == about_.end()) return std::nullopt;
    for (const auto& [kept, code] : kFolds) {
      if (code != finding.diagnostic.code || kept == code) continue;
      for (const std::size_t i : near->second) {
        if (groups_[i].kept.diagnostic.code == kept && may_keep(groups_[i].kept, finding)) return i;
      }
    }
    return std::nullopt;
  }

 private:
  void add(std::size_t i, Span place) {
    if (place.valid()) about_[{groups_[i].kept.domain, place}].push_back(i);
  }
  [[nodiscard]] bool may_keep(const Finding& kept, const Finding& folded) const {
    return kept.diagnostic.severity >= folded.diagnostic.severity && about_the_same(kept, folded) &&
           (!locked_.contains(folded.diagnostic.code) || locked_.contains(kept.diagnostic.code));
  }

  const std::vector<Group>& groups_;
  const std::set<Code>& locked_;
  std::map<std::pair<std::string, Span>, std::vector<std::size_t>> about_;
};

void tell(Diagnostic& d, const std::vector<std::string>& texts, std::string_view more) {
  for (std::size_t i = 0; i < std::min(texts.size(), kMaxTold); ++i) d.note("also " + texts[i]);
  if (texts.size() > kMaxTold) d.note(fmt::format("and {} more {}", texts.size() - kMaxTold, more));
}

Finding told(Group&& group) {
  Finding out = std::move(group.kept);
  tell(out.diagnostic, group.same, "of this kind");
  std::vector<std::string> texts;
  for (const Group* folded : group.folded) {
    const Diagnostic& d = folded->kept.diagnostic;
    const std::size_t more = folded->same.size();
    texts.push_back(fmt::format("`{}`: {}{}", info(d.code).name, d.message,
                                more == 0 ? "" : fmt::format(", and {} more like this", more)));
    if (d.fix && d.fix->safe && !out.diagnostic.fix) out.diagnostic.fix = d.fix;
  }
  tell(out.diagnostic, texts, "that end with this one");
  return out;
}

}  // namespace

std::vector<Finding> fold(std::vector<Finding> findings, const std::set<Code>& locked) {
  std::vector<Group> groups = merged(std::move(findings));
  const Folding folding(groups, locked);
  std::vector<std::optional<std::size_t>> into;
  for (std::size_t i = 0; i < groups.size(); ++i) into.push_back(folding.keeper(i));
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (!into[i]) continue;
    std::size_t root = *into[i];
    while (into[root]) root = *into[root];  // the table has no circles
    groups[root].folded.push_back(&groups[i]);
    groups[i].gone = true;
  }
  std::vector<Finding> out;
  for (Group& group : groups) {
    if (!group.gone) out.push_back(told(std::move(group)));
  }
  return out;
}

}  // namespace macc::lint
