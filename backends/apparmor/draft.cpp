#include "backends/apparmor/draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "backends/apparmor/tails.h"
#include "backends/apparmor/writer.h"

namespace macc::backends::apparmor {

namespace {

/// Rules with the same key are one. A file rule's permissions are no part of it; raw texts keep their order.
std::string key_of(const RuleBody& body, std::size_t raw_texts) {
  const auto* file = std::get_if<FileRule>(&body);
  if (file != nullptr) {
    const Qualifiers& q = file->qualifiers;
    return render(file->path) + '\n' + (q.deny ? 'd' : 'a') + (q.audit ? 'a' : '-') + (q.owner ? 'o' : '-');
  }
  if (std::holds_alternative<RawRule>(body)) return fmt::format("{:08}", raw_texts);
  return rule_text(body);
}

bool includes(const FileRule& wide, const FileRule& narrow) {
  const bool exec = !narrow.exec || narrow.exec == wide.exec;
  return exec && (wide.permissions & narrow.permissions) == narrow.permissions;
}

using Level = std::vector<std::pair<Switches, std::vector<Rule>>>;

}  // namespace

void Draft::merge(const Switches& when, const RuleBody& body, const Origin& origin) {
  auto& level = rules_[when];
  const std::pair key(body.index(), key_of(body, level.size()));
  const auto [it, fresh] = level.try_emplace(key, Collected{body, {}});
  Collected& collected = it->second;
  if (!fresh) {
    if (const auto* more = std::get_if<FileRule>(&body)) {
      auto& file = std::get<FileRule>(collected.body);
      file.permissions |= more->permissions;
      if (more->exec) file.exec = more->exec;
    }
  }
  const bool known = std::any_of(collected.origins.begin(), collected.origins.end(),
                                 [&](const Origin& o) { return o.span == origin.span; });
  if (!known) collected.origins.push_back(origin);
}

void Draft::add(const Guard& guard, const RuleBody& body, const Origin& origin) {
  for (const Switches& when : guard.alternatives()) merge(when, body, origin);
}

static std::vector<Rule> nested(const Level& level, std::size_t depth,
                                const std::function<Switch(ir::BooleanId)>& switch_of) {
  std::vector<Rule> out;
  for (std::size_t i = 0; i < level.size();) {
    const Switches& when = level[i].first;
    if (when.size() == depth) {
      out.insert(out.end(), level[i].second.begin(), level[i].second.end());
      ++i;
      continue;
    }
    const auto end = std::find_if(level.begin() + static_cast<std::ptrdiff_t>(i), level.end(), [&](const auto& other) {
      return other.first.size() <= depth || other.first[depth] != when[depth];
    });
    const auto stop = static_cast<std::size_t>(end - level.begin());
    const Level inner(level.begin() + static_cast<std::ptrdiff_t>(i), end);
    const Switch condition = switch_of(when[depth].first);
    const bool defined = when[depth].second == condition.when_defined;
    Conditional conditional{condition.variable, defined, nested(inner, depth + 1, switch_of)};
    out.push_back({std::move(conditional), {}});
    i = stop;
  }
  return out;
}

namespace {

/// The file rules come first; fewer of them where several grant the same.
std::vector<Rule> with_fewer_file_rules(std::vector<Rule> rules) {
  std::map<Qualifiers, std::vector<Rule>> files;
  std::vector<Rule> out, others;
  for (Rule& r : rules) {
    const auto* file = std::get_if<FileRule>(&r.body);
    (file != nullptr ? files[file->qualifiers] : others).push_back(std::move(r));
  }
  for (auto& [qualifiers, same] : files) {
    for (Rule& r : minimised(std::move(same))) out.push_back(std::move(r));
  }
  std::stable_sort(out.begin(), out.end(), [](const Rule& a, const Rule& b) {
    return render(std::get<FileRule>(a.body).path) < render(std::get<FileRule>(b.body).path);
  });
  std::move(others.begin(), others.end(), std::back_inserter(out));
  return out;
}

bool has_network(const std::vector<Rule>& rules) {
  return std::any_of(rules.begin(), rules.end(), [](const Rule& r) {
    const auto* inner = std::get_if<Conditional>(&r.body);
    return inner != nullptr ? has_network(inner->rules) : std::holds_alternative<NetworkRule>(r.body);
  });
}

/// The parser merges a conditional block into what surrounds it without its network rules, or crashes, unless both have
/// some (seen with 3.0.8). So each gets one that grants nothing: no socket can be made of an unspecified family.
void seed_networks(std::vector<Rule>& rules) {
  for (Rule& r : rules) {
    if (auto* inner = std::get_if<Conditional>(&r.body)) seed_networks(inner->rules);
  }
  const Origin why{Span{}, "grants nothing: without it the parser loses the network rules of conditions"};
  rules.insert(rules.begin(), Rule{NetworkRule{{}, "unspec", "stream"}, {why}});
}

}  // namespace

std::vector<Rule> Draft::assemble(const std::function<Switch(ir::BooleanId)>& switch_of) const {
  const auto always = rules_.find(Switches{});
  Level level;
  for (const auto& [when, collected] : rules_) {
    std::vector<Rule> rules;
    for (const auto& [key, one] : collected) {
      if (!when.empty() && always != rules_.end()) {
        const auto same = always->second.find(key);
        const auto* file = std::get_if<FileRule>(&one.body);
        const bool there = same != always->second.end();
        if (there && (file == nullptr || includes(std::get<FileRule>(same->second.body), *file))) continue;
      }
      rules.push_back({one.body, one.origins});
    }
    if (!rules.empty()) level.emplace_back(when, with_fewer_file_rules(std::move(rules)));
  }
  std::vector<Rule> out = nested(level, 0, switch_of);
  const bool conditional =
      std::any_of(out.begin(), out.end(), [](const Rule& r) { return std::holds_alternative<Conditional>(r.body); });
  if (conditional && has_network(out)) seed_networks(out);
  return out;
}

}  // namespace macc::backends::apparmor
