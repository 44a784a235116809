#include "backends/apparmor/fidelity.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace macc::backends::apparmor {

const FidelityTopic& info(Topic topic) {
  static const std::vector<FidelityTopic> table = {
#define MACC_TOPIC(name, key, fidelity, text) {key, Fidelity::fidelity, text},
#include "backends/apparmor/fidelity.def"
#undef MACC_TOPIC
  };
  return table.at(static_cast<std::size_t>(topic) - 1);
}

void FidelityLog::add(ir::DomainId domain, const ir::Rule& rule, Topic topic, std::vector<std::string> what) {
  add(domain, ir::describe(policy_, rule), rule.where.span, topic, std::move(what));
}

void FidelityLog::add(ir::DomainId domain, std::string rule, Span span, Topic topic, std::vector<std::string> what) {
  FidelityEntry entry;
  entry.domain = domain;
  entry.rule = std::move(rule);
  entry.span = span;
  entry.what = std::move(what);
  std::sort(entry.what.begin(), entry.what.end());
  if (topic != Topic::none) {
    entry.fidelity = info(topic).fidelity;
    entry.topic = info(topic).key;
  }
  report_.entries.push_back(std::move(entry));
}

static void add_to(std::vector<std::string>& what, const std::vector<std::string>& more) {
  what.insert(what.end(), more.begin(), more.end());
  std::sort(what.begin(), what.end());
  what.erase(std::unique(what.begin(), what.end()), what.end());
}

FidelityReport FidelityLog::take() {
  using Key = std::tuple<ir::DomainId, std::string, std::string, Span>;
  std::map<Key, std::size_t> seen;
  std::set<Key> inexact;
  std::set<std::string> topics;
  for (const FidelityEntry& e : report_.entries) {
    if (e.topic.empty()) continue;
    topics.insert(e.topic);
    inexact.emplace(e.domain, e.rule, "", e.span);
  }
  FidelityReport out;
  for (FidelityEntry& e : report_.entries) {
    if (e.topic.empty() && inexact.contains(Key(e.domain, e.rule, "", e.span))) continue;
    const auto [it, fresh] = seen.try_emplace(Key(e.domain, e.rule, e.topic, e.span), out.entries.size());
    if (fresh) {
      out.entries.push_back(std::move(e));
    } else {
      add_to(out.entries[it->second].what, e.what);  // included twice with other arguments, or another verb of the rule
    }
  }
  static constexpr Topic kAll[] = {
#define MACC_TOPIC(name, key, fidelity, text) Topic::name,
#include "backends/apparmor/fidelity.def"
#undef MACC_TOPIC
  };
  for (Topic t : kAll) {
    if (topics.contains(info(t).key)) out.topics.push_back(info(t));
  }
  std::sort(out.topics.begin(), out.topics.end(),
            [](const FidelityTopic& a, const FidelityTopic& b) { return a.key < b.key; });
  report_ = {};
  return out;
}

}  // namespace macc::backends::apparmor
