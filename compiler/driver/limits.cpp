#include "compiler/driver/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace macc::driver {

namespace {

using backends::Fidelity;
using backends::FidelityEntry;
using project::Limit;

/// One diagnostic a limit: the first places, and how many more.
constexpr std::size_t kShownEntries = 3;

bool concerns(const Limit& limit, const FidelityEntry& entry) {
  const bool kind = (limit.kind == Limit::Kind::wider && entry.fidelity == Fidelity::wider) ||
                    (limit.kind == Limit::Kind::drifts && entry.fidelity == Fidelity::drifts) ||
                    (limit.kind == Limit::Kind::not_enforced && entry.fidelity == Fidelity::not_enforced) ||
                    (limit.kind == Limit::Kind::narrower && entry.fidelity == Fidelity::narrower);
  return kind && (limit.topic.empty() || limit.topic == entry.topic);
}

bool accepted(const project::Target& target, const FidelityEntry& entry) {
  return std::any_of(target.accept.begin(), target.accept.end(),
                     [&](const project::Accept& a) { return a.topic == entry.topic; });
}

std::string sentence(const FidelityEntry& entry) {
  std::string out = fmt::format("`{}` is {}", printable(entry.rule), backends::word(entry.fidelity));
  if (!entry.topic.empty()) out += fmt::format(" [{}]", entry.topic);
  std::string what;
  for (const std::string& item : entry.what) what += (what.empty() ? "" : ", ") + item;
  if (!what.empty()) out += ": " + printable(what, 300);
  return out;
}

void exceeded(const project::Target& target, const Limit& limit, const std::vector<const FidelityEntry*>& entries,
              Diagnostics& diagnostics) {
  const std::string item =
      fmt::format("{}{}{}", project::word(limit.kind), limit.topic.empty() ? "" : ":", limit.topic);
  Diagnostic& d =
      diagnostics.report(Code::E0611, limit.span,
                         fmt::format("{} of target `{}` {} what `fail-on` rules out (`{}`)",
                                     entries.size() == 1 ? "one rule" : fmt::format("{} rules", entries.size()),
                                     target.target.name, entries.size() == 1 ? "is" : "are", item));
  for (std::size_t i = 0; i < std::min(entries.size(), kShownEntries); ++i) {
    d.note(sentence(*entries[i]), entries[i]->span);
  }
  if (entries.size() > kShownEntries) d.note(fmt::format("and {} more", entries.size() - kShownEntries));
  d.note("mend the rules, or name the topic in `accept`");
}

void unused_topics(const project::Target& target, const backends::FidelityReport& report, Diagnostics& diagnostics) {
  std::vector<std::string> known;
  for (const FidelityEntry& entry : report.entries) {
    if (!entry.topic.empty()) known.push_back(entry.topic);
  }
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  const auto check = [&](const std::string& topic, Span span, std::string_view key) {
    if (topic.empty() || std::binary_search(known.begin(), known.end(), topic)) return;
    Diagnostic& d = diagnostics.report(Code::E0612, span,
                                       fmt::format("no rule of target `{}` has the topic `{}` that `{}` names",
                                                   target.target.name, printable(topic), key));
    if (const std::string guess = did_you_mean(topic, known); !guess.empty()) {
      d.note(fmt::format("did you mean `{}`?", guess));
    }
  };
  for (const Limit& limit : target.fail_on) check(limit.topic, limit.span, "fail-on");
  for (const project::Accept& accept : target.accept) check(accept.topic, accept.span, "accept");
}

}  // namespace

FidelityCounts count(const backends::FidelityReport& report) {
  FidelityCounts counts;
  for (const FidelityEntry& entry : report.entries) {
    switch (entry.fidelity) {
      case Fidelity::exact:
        ++counts.exact;
        break;
      case Fidelity::wider:
        ++counts.wider;
        break;
      case Fidelity::drifts:
        ++counts.drifts;
        break;
      case Fidelity::not_enforced:
        ++counts.not_enforced;
        break;
      case Fidelity::narrower:
        ++counts.narrower;
        break;
    }
    if (!entry.topic.empty()) ++counts.by_topic[entry.topic];
  }
  return counts;
}

void check_limits(const project::Target& target, const backends::FidelityReport& report,
                  const backends::Verification& verification, Diagnostics& diagnostics) {
  for (const Limit& limit : target.fail_on) {
    if (limit.kind == Limit::Kind::not_checked) {
      if (verification.status != backends::Verification::Status::not_checked) continue;
      diagnostics.report(Code::E0614, limit.span,
                         fmt::format("the artifacts of target `{}` were not checked: {}", target.target.name,
                                     printable(verification.reason, 400)));
      continue;
    }
    std::vector<const FidelityEntry*> entries;
    for (const FidelityEntry& entry : report.entries) {
      if (concerns(limit, entry) && !accepted(target, entry)) entries.push_back(&entry);
    }
    if (!entries.empty()) exceeded(target, limit, entries, diagnostics);
  }
  unused_topics(target, report, diagnostics);
}

}  // namespace macc::driver
