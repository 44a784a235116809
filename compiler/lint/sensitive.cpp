#include "compiler/lint/sensitive.h"

#include <algorithm>

namespace macc::lint {

using paths::PathPattern;

namespace {

/// What a person would write for `*` behind the start of a name: nothing at its end is as good as any letters.
std::string_view any_letters(std::string_view before, bool last) {
  constexpr std::string_view kSeparators = "_-.@";
  if (!last) return before.empty() ? "name" : "x";
  return before.empty() || kSeparators.find(before.back()) != std::string_view::npos ? "name" : "";
}

/// A process has no number 0.
char one_of(const paths::CharClass& choice) {
  if (choice.negated || choice.ranges.empty()) return 'x';
  const auto& first = choice.ranges.front();
  return first.first <= '1' && '1' <= first.last ? '1' : static_cast<char>(first.first);
}

std::string letters_of(const paths::Sequence& atoms) {
  std::string out;
  for (const paths::Atom& atom : atoms) {
    if (const auto* literal = std::get_if<paths::Literal>(&atom.value)) out += literal->bytes;
    if (std::holds_alternative<paths::AnyChars>(atom.value)) out += any_letters(out, &atom == &atoms.back());
    if (std::holds_alternative<paths::AnyChar>(atom.value)) out += 'a';
    if (const auto* choice = std::get_if<paths::CharClass>(&atom.value)) out += one_of(*choice);
    if (const auto* any = std::get_if<paths::Alternatives>(&atom.value))
      out += any->choices.empty() ? "" : letters_of(any->choices.front());
  }
  return out;
}

/// The sequences that result when every choice between words is made.
std::vector<paths::Sequence> choices_of(const paths::Sequence& atoms) {
  std::vector<paths::Sequence> out{{}};
  for (const paths::Atom& atom : atoms) {
    const auto* any = std::get_if<paths::Alternatives>(&atom.value);
    std::vector<paths::Sequence> longer;
    for (const paths::Sequence& begun : out) {
      const std::vector<paths::Sequence> plain{{atom}};
      for (const paths::Sequence& choice : any != nullptr ? any->choices : plain) {
        longer.push_back(begun);
        longer.back().insert(longer.back().end(), choice.begin(), choice.end());
      }
    }
    out = std::move(longer);
  }
  return out;
}

/// "/usr/bin/{sh,bash}" as two patterns: findings name what is reached, one by one.
std::vector<PathPattern> spread(const PathPattern& pattern) {
  std::vector<std::vector<paths::Component>> out{{}};
  for (const paths::Component& component : pattern.components()) {
    std::vector<std::vector<paths::Component>> longer;
    for (const auto& begun : out) {
      for (paths::Sequence& choice : choices_of(component.atoms)) {
        longer.push_back(begun);
        longer.back().push_back({component.any_depth, std::move(choice)});
      }
    }
    out = std::move(longer);
  }
  std::vector<PathPattern> patterns;
  for (auto& components : out)
    patterns.push_back(
        PathPattern::from_parts(pattern.anchor(), std::move(components), pattern.tail(), pattern.excludes_top()));
  return patterns;
}

SensitivePattern sensitive(const PathPattern& pattern) { return {pattern, starts_of(pattern), sample_of(pattern)}; }

/// "password hashes" and what follows, from the comment of a list.
void take_comment(const std::string& doc, SensitiveList& list) {
  const std::size_t end = doc.find_first_of(".:\n");
  list.title = doc.substr(0, end);
  if (end == std::string::npos) return;
  const std::size_t rest = doc.find_first_not_of(".: \n", end);
  if (rest != std::string::npos) list.harm = doc.substr(rest);
  std::replace(list.harm.begin(), list.harm.end(), '\n', ' ');
  while (!list.harm.empty() && (list.harm.back() == '.' || list.harm.back() == ' ')) list.harm.pop_back();
}

bool is_plain(const paths::Component& component) {
  return !component.any_depth && std::all_of(component.atoms.begin(), component.atoms.end(), [](const paths::Atom& a) {
    return std::holds_alternative<paths::Literal>(a.value);
  });
}

/// Whether a component says whose it is: in full, or as the start of names that nobody else would choose.
bool is_telling(const paths::Component& component) {
  constexpr std::size_t kTelling = 3;
  if (is_plain(component)) return true;
  if (component.any_depth || component.atoms.empty()) return false;
  const auto* start = std::get_if<paths::Literal>(&component.atoms.front().value);
  return start != nullptr && start->bytes.size() >= kTelling;
}

/// Whether a pattern names the first part that the sensitive one leaves open.
bool tells_services_apart(const PathPattern& pattern, const PathPattern& sensitive) {
  const auto& open = sensitive.components();
  const auto at = static_cast<std::size_t>(std::find_if_not(open.begin(), open.end(), is_plain) - open.begin());
  return at < pattern.components().size() && is_telling(pattern.components()[at]);
}

/// "/home/git/": a folder behind the start that all homes share.
bool names_one_home(const std::string& start, const std::vector<std::string>& homes) {
  return std::any_of(homes.begin(), homes.end(), [&](const std::string& home) {
    return start.starts_with(home) && start.find('/', home.size()) != std::string::npos;
  });
}

/// Whether each pattern of the rule says more of its own start than the sensitive one does.
bool narrows(const Grant& grant, const SensitivePattern& sensitive) {
  return std::all_of(grant.paths->include.begin(), grant.paths->include.end(), [&](const PathPattern& pattern) {
    const std::vector<std::string> own = starts_of(pattern);
    if (!near(own, sensitive.starts)) return true;
    if (pattern.anchor() != sensitive.pattern.anchor()) return names_one_home(own.front(), sensitive.starts);
    // A name below a home says nothing about whose home it is.
    if (pattern.anchor() == PathPattern::Anchor::home) return false;
    return tells_services_apart(pattern, sensitive.pattern);
  });
}

}  // namespace

std::string sample_of(const PathPattern& pattern) {
  std::string out = pattern.anchor() == PathPattern::Anchor::home ? "/home/user" : "";
  for (const paths::Component& component : pattern.components()) {
    if (!component.any_depth) out += "/" + letters_of(component.atoms);
  }
  if (pattern.tail() == paths::Tail::tree) out += "/name";
  if (pattern.tail() == paths::Tail::directory) out += "/";
  return pattern.is_literal() || pattern.matches(out) ? out : "";
}

namespace {

void add(const PathPattern& pattern, SensitiveList& list) {
  for (const PathPattern& one : spread(pattern)) list.patterns.push_back(sensitive(one));
}

}  // namespace

Sensitive::Sensitive(const ir::Policy& policy, const Settings& settings) {
  for (const ir::PathList& source : policy.lists) {
    SensitiveList& list = lists_.emplace_back();
    list.name = source.name;
    take_comment(source.doc, list);
    for (const PathPattern& pattern : source.patterns) add(pattern, list);
    const auto more = settings.more.find(source.name);
    if (more == settings.more.end()) continue;
    for (const PathPattern& pattern : more->second) add(pattern, list);
  }
}

std::vector<const SensitiveList*> Sensitive::with_prefix(std::string_view prefix) const {
  std::vector<const SensitiveList*> out;
  for (const SensitiveList& list : lists_) {
    if (std::string_view(list.name).starts_with(prefix)) out.push_back(&list);
  }
  return out;
}

namespace {

template <typename Counts>
std::optional<Hit> first_hit(const Reach& reach, const Use& use, const SensitiveList& list, Counts counts) {
  for (const SensitivePattern& pattern : list.patterns) {
    if (!near(use.grant->starts, pattern.starts) || !counts(pattern)) continue;
    // Most rules that reach a list reach what a person would name first.
    if (auto values = pattern.sample.empty() ? std::nullopt : reach.reaches(use, pattern.sample))
      return Hit{&list, &pattern, pattern.sample, std::move(*values)};
    if (pattern.pattern.is_literal()) continue;
    for (const PathPattern& own : use.grant->paths->include) {
      const std::string sample = sample_of(own);
      if (sample.empty() || !pattern.pattern.matches(sample)) continue;
      if (auto values = reach.reaches(use, sample)) return Hit{&list, &pattern, sample, std::move(*values)};
    }
    if (auto reached = reach.reached({use}, paths::PathSet::of(pattern.pattern)))
      return Hit{&list, &pattern, std::move(reached->example), std::move(reached->values)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Hit> Sensitive::hit(const Reach& reach, const Use& use, const SensitiveList& list) {
  return first_hit(reach, use, list, [](const SensitivePattern&) { return true; });
}

std::optional<Hit> Sensitive::wide_hit(const Reach& reach, const Use& use, const SensitiveList& list) {
  return first_hit(reach, use, list, [&](const SensitivePattern& pattern) {
    return pattern.pattern.is_literal() || !narrows(*use.grant, pattern);
  });
}

}  // namespace macc::lint
