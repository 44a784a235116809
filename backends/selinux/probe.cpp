#include "backends/selinux/probe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "backends/selinux/base_choice.h"
#include "backends/selinux/formats.h"
#include "backends/selinux/link/decision.h"
#include "backends/selinux/link/package.h"
#include "backends/selinux/names.h"
#include "backends/selinux/probe_questions.h"
#include "backends/selinux/security_contexts.h"

namespace macc::backends::selinux {
namespace {

// ---- what the policy says to the needs of many questions

/// Verdicts on permissions, all asked at once.
class Decided {
 public:
  Decided(const Probed& probed, const SecurityContexts& contexts) : probed_(probed), contexts_(contexts) {}

  void ask(const std::vector<Need>& needs) {
    for (const Need& need : needs)
      for (const std::string& permission : need.permissions)
        if (probed_.base.has_permission(need.class_name, permission)) asked_[key_of(need)].insert(permission);
  }

  /// The reason why the policy cannot be asked, or "".
  std::string decide(const std::string& image, const std::map<std::string, bool>& booleans) {
    std::vector<Meeting> meetings;
    std::vector<std::size_t> counts;  // of the meetings of each key
    for (const auto& [key, permissions] : asked_) {
      const std::size_t before = meetings.size();
      for (Meeting& meeting : meetings_of(key)) {
        meeting.permissions.assign(permissions.begin(), permissions.end());
        meetings.push_back(std::move(meeting));
      }
      counts.push_back(meetings.size() - before);
    }
    const Verdicts found = verdicts_on(image, meetings, booleans);
    if (!found.reason.empty()) return found.reason;
    auto verdicts = found.verdicts.begin();
    auto count = counts.begin();
    for (const auto& [key, permissions] : asked_) {
      std::map<std::string, Verdict>& known = verdicts_[key];
      for (const std::string& permission : permissions) known.emplace(permission, Verdict::no_rule);
      for (std::size_t n = *count++; n > 0; --n) note(*verdicts++, permissions, known);
    }
    return {};
  }

  /// Permissions that are not given, with what keeps them back; those that the policy does not know do not count.
  [[nodiscard]] std::vector<std::pair<std::string, Verdict>> lacking(const Need& need) const {
    std::vector<std::pair<std::string, Verdict>> list;
    const auto known = verdicts_.find(key_of(need));
    if (known == verdicts_.end()) return list;
    for (const std::string& permission : need.permissions) {
      const auto verdict = known->second.find(permission);
      if (verdict != known->second.end() && verdict->second != Verdict::allowed) list.emplace_back(*verdict);
    }
    return list;
  }

  [[nodiscard]] bool gives(const std::vector<Need>& needs) const {
    return std::all_of(needs.begin(), needs.end(), [&](const Need& need) { return lacking(need).empty(); });
  }

 private:
  using Key = std::tuple<std::string, std::string, std::string, bool>;  // source, target, class, made by the source
  static Key key_of(const Need& need) { return {need.source, need.target, need.class_name, need.made}; }

  /// The contexts in which the two can meet. What a process makes meets it alone.
  [[nodiscard]] std::vector<Meeting> meetings_of(const Key& key) const {
    const auto& [source, target, class_name, made] = key;
    const auto sources = contexts_.of_process(source);
    if (!made) return {{sources, source == target ? sources : contexts_.of_target(target), class_name, {}}};
    std::vector<Meeting> meetings;
    for (const SecurityContext& context : sources)
      meetings.push_back({{context}, {contexts_.of_made(target, context)}, class_name, {}});
    return meetings;
  }

  /// What is allowed in one meeting is allowed; else it is refused where a rule allows it.
  static void note(const std::vector<Verdict>& found, const std::set<std::string>& permissions,
                   std::map<std::string, Verdict>& known) {
    auto verdict = found.begin();
    for (const std::string& permission : permissions) {
      Verdict& best = known.at(permission);
      best = std::min(best, *verdict++);
    }
  }

  const Probed& probed_;
  const SecurityContexts& contexts_;
  std::map<Key, std::set<std::string>> asked_;
  std::map<Key, std::map<std::string, Verdict>> verdicts_;
};

// ---- one answer

std::string rule_text(const Need& need, const std::vector<std::string>& permissions) {
  return fmt::format("{} {} {} {{ {} }}", need.source, need.target, need.class_name, fmt::join(permissions, " "));
}

std::string refusal(const Need& need, const std::vector<std::pair<std::string, Verdict>>& lacking) {
  std::vector<std::string> permissions;
  for (const auto& [permission, verdict] : lacking)
    if (verdict == lacking.front().second) permissions.push_back(permission);
  return (lacking.front().second == Verdict::refused ? "constraints refuse " : "no rule allows ") +
         rule_text(need, permissions);
}

class AnswerMaker {
 public:
  explicit AnswerMaker(const Decided& decided) : decided_(decided) {}

  void add(const Piece& piece) {
    if (answer_.allowed.empty()) allow(piece);
    if (answer_.denied.empty() && piece.open.empty()) deny(piece);
  }

  /// What could not be asked leaves the question open, unless both sides have an example without it.
  ProbeAnswer take(const std::string& problem) {
    answer_.answered = problem.empty() || (!answer_.allowed.empty() && !answer_.denied.empty());
    if (!answer_.answered) return {false, problem, "", "", ""};
    return std::move(answer_);
  }

 private:
  void say(const std::string& why) { answer_.by += (answer_.by.empty() ? "" : "; ") + why; }

  void allow(const Piece& piece) {
    if (!piece.open.empty()) {
      answer_.allowed = piece.example;
      return say(piece.open);
    }
    for (const std::vector<Need>& way : piece.ways) {
      if (!decided_.gives(way)) continue;
      answer_.allowed = piece.example;
      if (!way.empty()) say("allow " + rule_text(way.front(), way.front().permissions));
      return;
    }
  }

  void deny(const Piece& piece) {
    if (!piece.missing.empty()) {
      answer_.denied = piece.example;
      return say(piece.missing);
    }
    for (const Need& need : piece.wanted) {
      const auto lacking = decided_.lacking(need);
      if (lacking.empty()) continue;
      answer_.denied = piece.example;
      return say(refusal(need, lacking));
    }
  }

  const Decided& decided_;
  ProbeAnswer answer_;
};

// ---- all of them

/// A class or its permissions that the policy has none of, so that its kernel treats every program alike; "" for none.
std::string unknown_class(const Probed& probed, const Piece& piece) {
  std::vector<Need> all = piece.wanted;
  for (const std::vector<Need>& way : piece.ways) all.insert(all.end(), way.begin(), way.end());
  for (const Need& need : all)
    if (std::none_of(need.permissions.begin(), need.permissions.end(), [&](const std::string& permission) {
          return probed.base.has_permission(need.class_name, permission);
        }))
      return need.class_name;
  return {};
}

class Prober {
 public:
  Prober(const Probed& probed, const std::string& image)
      : probed_(probed), image_(image), contexts_(probed.input, probed.plan, probed.base) {}

  std::vector<ProbeAnswer> run(const std::vector<Probe>& probes) {
    std::vector<ProbeAnswer> answers(probes.size());
    std::map<ir::Assignment, std::vector<std::size_t>> by_values;
    for (std::size_t i = 0; i < probes.size(); ++i) by_values[probes[i].values].push_back(i);
    for (const auto& [values, which] : by_values) answer(probes, values, which, answers);
    return answers;
  }

 private:
  void answer(const std::vector<Probe>& probes, const ir::Assignment& values, const std::vector<std::size_t>& which,
              std::vector<ProbeAnswer>& answers) {
    Decided decided(probed_, contexts_);
    std::vector<Pieces> questions;
    for (const std::size_t i : which) {
      questions.push_back(question(probes[i]));
      for (const Piece& piece : questions.back().list) {
        decided.ask(piece.wanted);
        for (const std::vector<Need>& way : piece.ways) decided.ask(way);
      }
    }
    const std::string reason = decided.decide(image_, named(values));
    for (std::size_t k = 0; k < which.size(); ++k) {
      AnswerMaker maker(decided);
      if (reason.empty())
        for (const Piece& piece : questions[k].list) maker.add(piece);
      answers[which[k]] = maker.take(reason.empty() ? questions[k].problem : reason);
    }
  }

  Pieces question(const Probe& probe) const {
    const ir::Domain& domain = probed_.input.policy.domain(probe.domain);
    if (domain.external) return {{}, fmt::format("`{}` belongs to the system", domain.name)};
    const std::string type = domain_type(domain);
    if (contexts_.of_process(type).empty())
      return {{}, fmt::format("nothing starts `{}`, so that it runs in no role", domain.name)};
    Pieces pieces;
    try {
      pieces = pieces_of(probed_, probe);
    } catch (const paths::TooComplex&) {
      return {{}, "the labels of these paths are too many to be told apart"};
    }
    if (is_permissive(type)) {
      for (Piece& piece : pieces.list) piece.open = type + " is permissive: nothing is refused to it";
      pieces.problem.clear();
    }
    std::erase_if(pieces.list, [&](const Piece& piece) {
      const std::string unknown = piece.open.empty() ? unknown_class(probed_, piece) : "";
      if (unknown.empty()) return false;
      pieces.problem = fmt::format(
          "the system's policy has no class `{}` like that: its kernel allows or refuses it to every program alike",
          unknown);
      return true;
    });
    return pieces;
  }

  [[nodiscard]] bool is_permissive(const std::string& type) const {
    const auto list = probed_.policy.permissive_types();
    return std::find(list.begin(), list.end(), type) != list.end();
  }

  [[nodiscard]] std::map<std::string, bool> named(const ir::Assignment& values) const {
    std::map<std::string, bool> booleans;
    const auto& declared = probed_.input.policy.booleans;
    for (std::size_t i = 0; i < declared.size() && i < values.size(); ++i) booleans[declared[i].name] = values[i];
    return booleans;
  }

  const Probed& probed_;
  const std::string& image_;
  SecurityContexts contexts_;
};

/// The modules as the system's tools would install them; a reason where that cannot be said.
Emitted compiled_modules(const Input& input, const Lowered& lowered, const Base& base) {
  Emitted emitted;
  if (format_of(input.target) == Format::cil) {
    for (const Artifact& artifact : lowered.artifacts)
      if (artifact.path.ends_with(".cil")) emitted.modules.push_back({artifact.path, artifact.content});
    return emitted;
  }
  Diagnostics ignored;
  emitted = emitted_modules(input, lowered, ignored);
  if (emitted.reason.empty() && ignored.has_errors())
    emitted.reason = "checkmodule refuses them: `macc build` says why";
  if (!takes_packages(base)) emitted.modules.push_back(package_declarations());
  return emitted;
}

std::vector<ProbeAnswer> unanswered(const std::vector<Probe>& probes, const std::string& reason) {
  return std::vector<ProbeAnswer>(probes.size(), ProbeAnswer{false, reason, "", "", ""});
}

Platform platform_of(const Input& input, const std::shared_ptr<const Base>& base) {
  std::vector<std::string> ignored;
  const auto setting = input.target.settings.find("names");
  return setting == input.target.settings.end() ? Platform(base)
                                                : Platform(base, renamed(setting->second, *base, ignored));
}

}  // namespace

std::vector<ProbeAnswer> probe_artifacts(const Input& input, const Lowered& lowered, const std::vector<Probe>& probes) {
  if (probes.empty()) return {};
  const BaseOrReason opened = chosen_base(input);
  if (!opened.base) return unanswered(probes, opened.reason);
  // The skeleton in the place of a system's policy: it says nothing of what that policy grants.
  if (!opened.reason.empty()) return unanswered(probes, opened.reason);
  const Emitted emitted = compiled_modules(input, lowered, *opened.base);
  if (!emitted.reason.empty()) return unanswered(probes, emitted.reason);
  LinkOptions options;
  options.whole_base = input.full;
  const LinkResult linked = link(*opened.base, emitted.modules, options);
  if (!linked.ok) return unanswered(probes, "the artifacts do not link: `macc build` says why");
  const auto policy = CompiledPolicy::read(linked.image);
  if (!policy) return unanswered(probes, "libsepol cannot read the policy that it wrote");
  const auto& plan = dynamic_cast<const Planned&>(*lowered.plan);
  const CompiledLabels labels(plan, *opened.base, linked.file_contexts);
  const Platform platform = platform_of(input, opened.base);
  const Probed probed{{input, plan.modules, *opened.base, platform}, plan, *policy, labels};
  return Prober(probed, linked.image).run(probes);
}

}  // namespace macc::backends::selinux
