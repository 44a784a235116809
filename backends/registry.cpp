#include <algorithm>
#include <set>
#include <tuple>

#include "backends/backend.h"

namespace macc::backends {

#define MACC_BACKEND(function) const Backend& function();
#include "backends/backends.def"
#undef MACC_BACKEND

const std::vector<const Backend*>& all() {
  static const std::vector<const Backend*> list = {
#define MACC_BACKEND(function) &function(),
#include "backends/backends.def"
#undef MACC_BACKEND
  };
  return list;
}

const Backend* find(std::string_view name) {
  const auto& list = all();
  auto it = std::find_if(list.begin(), list.end(), [&](const Backend* b) { return b->name() == name; });
  return it == list.end() ? nullptr : *it;
}

FidelityReport merged(const FidelityReport& lowered, const FidelityReport& found) {
  std::set<std::tuple<ir::DomainId, Span, std::string, std::string>> replaced;  // the topic: "" for exact
  for (const FidelityEntry& entry : found.entries)
    for (const std::string& topic : {entry.topic, std::string()})
      replaced.emplace(entry.domain, entry.span, entry.rule, topic);
  FidelityReport report;
  report.mediation = lowered.mediation;
  for (const FidelityEntry& entry : lowered.entries)
    if (!replaced.contains({entry.domain, entry.span, entry.rule, entry.topic})) report.entries.push_back(entry);
  report.entries.insert(report.entries.end(), found.entries.begin(), found.entries.end());
  std::stable_sort(report.entries.begin(), report.entries.end(), [](const FidelityEntry& a, const FidelityEntry& b) {
    return std::tie(a.domain, a.span) < std::tie(b.domain, b.span);
  });
  std::map<std::string, FidelityTopic> topics;
  for (const FidelityReport* part : {&lowered, &found})
    for (const FidelityTopic& topic : part->topics) topics.emplace(topic.key, topic);
  for (auto& [key, topic] : topics) report.topics.push_back(std::move(topic));
  return report;
}

std::string_view word(Fidelity fidelity) {
  switch (fidelity) {
    case Fidelity::exact:
      return "exact";
    case Fidelity::wider:
      return "wider";
    case Fidelity::drifts:
      return "drifts";
    case Fidelity::not_enforced:
      return "not enforced";
    case Fidelity::narrower:
      return "narrower";
  }
  return "";
}

std::vector<ProbeAnswer> Backend::probe(const Input& /*input*/, const Lowered& /*lowered*/,
                                        const std::vector<Probe>& probes) const {
  ProbeAnswer answer;
  answer.reason = std::string(name()) + " artifacts cannot be asked yet: its backend does not look accesses up";
  return std::vector<ProbeAnswer>(probes.size(), answer);
}

}  // namespace macc::backends
