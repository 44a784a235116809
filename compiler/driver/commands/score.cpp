#include "compiler/lint/score.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "compiler/driver/lint_run.h"
#include "compiler/report/cells.h"

namespace macc::driver {

namespace {

using Json = nlohmann::ordered_json;

/// Improvements that are worth a line.
constexpr std::size_t kShownAdvice = 3;

/// `--max`, or what the project says; nullopt for no limit.
std::optional<double> limit_of(Session& session, const project::Project& project) {
  if (!session.arguments.has(Option::max)) return project.lint.max_score;
  const std::string text = session.arguments.value(Option::max);
  double value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= 0 && value <= 10) return value;
  session.diagnostics.report(Code::E0005, {},
                             fmt::format("`--max` is a number from 0 to 10, not `{}`", printable(text)));
  return std::nullopt;
}

class Table {
 public:
  Table(Session& session, const ir::Policy& policy) : session_(session), policy_(policy) {}

  void add(const lint::Score& score) {
    std::string& out = session_.out;
    out += fmt::format("{}{:<32} {:>4.1f}  {}\n", out.empty() ? "" : "\n", policy_.qualified_name(score.domain),
                       score.value, lint::grade(score.value));
    for (const lint::Exposure& exposure : score.exposures) {
      const std::string place = exposure.place.valid() ? session_.sources.describe(exposure.place) : "";
      out += fmt::format("  {:>3}  {}  ({})\n", exposure.weight, exposure.what, printable(place, 400));
    }
    std::size_t shown = 0;
    for (const auto& better : score.better) {
      if (better.value >= score.value || ++shown > kShownAdvice) break;
      out +=
          fmt::format("  {:>4.1f} if it no longer {}: {}\n", better.value,
                      without_pronoun(score.exposures[better.exposure].what), score.exposures[better.exposure].advice);
    }
  }

 private:
  /// The rows speak of the domain: "writes files", "is in complain mode".
  static std::string_view without_pronoun(std::string_view what) { return what.substr(0, what.find(':')); }

  Session& session_;
  const ir::Policy& policy_;
};

Json json_of(const Session& session, const ir::Policy& policy, const lint::Score& score) {
  Json exposures = Json::array();
  for (const lint::Exposure& e : score.exposures) {
    Json row = {{"id", e.id}, {"weight", e.weight}, {"what", e.what}};
    if (!e.example.empty()) row["example"] = report::valid_utf8(e.example);
    if (!e.advice.empty()) row["advice"] = e.advice;
    if (e.place.valid()) row["place"] = report::valid_utf8(session.sources.describe(e.place));
    exposures.push_back(std::move(row));
  }
  Json better = Json::array();
  for (const auto& b : score.better)
    better.push_back({{"without", score.exposures[b.exposure].id}, {"score", b.value}});
  return {{"domain", policy.qualified_name(score.domain)},
          {"score", score.value},
          {"grade", lint::grade(score.value)},
          {"exposures", std::move(exposures)},
          {"better", std::move(better)}};
}

void check_limit(Session& session, const ir::Policy& policy, const lint::Score& score, double limit) {
  if (score.value <= limit) return;
  Diagnostic& d = session.diagnostics.report(Code::E0633, policy.domain(score.domain).where.span,
                                             fmt::format("`{}` has an exposure of {:.1f}, at most {:.1f} is allowed",
                                                         policy.domain(score.domain).name, score.value, limit));
  if (!score.better.empty()) {
    const auto& best = score.better.front();
    d.note(fmt::format("{:.1f} if it no longer {}; {}", best.value, score.exposures[best.exposure].what,
                       score.exposures[best.exposure].advice));
  }
}

/// nullopt after a report: a score that leaves something out would be one to rely on.
std::optional<std::vector<lint::Score>> scores_of(Session& session, const lint::Input& input) {
  try {
    return lint::scores(input);
  } catch (const paths::TooComplex&) {
    session.diagnostics.report(Code::E0406, {}, "there is no score: the paths of a rule are too complex to compare")
        .note("`macc lint` says which domain has them; simplify patterns with many `*` and alternatives");
    return std::nullopt;
  }
}

}  // namespace

void run_score(Session& session) {
  const auto inputs = gather(session);
  if (!inputs) return;
  const auto limit = limit_of(session, inputs->project);
  const ir::Policy policy = analyze(session, *inputs, {lint::kSensitiveModule});
  if (session.diagnostics.has_errors()) return;
  const ir::Meaning meaning(policy);
  lint::Input input{meaning, session.sources, inputs->project.lint.settings, {}, session.arguments.operands.empty()};
  for (const sema::Root& root : inputs->roots) input.files.insert(root.file);
  const auto scores = scores_of(session, input);
  if (!scores) return;
  const bool json = session.arguments.value(Option::format) == "json";
  Json list = Json::array();
  Table table(session, policy);
  for (const lint::Score& score : *scores) {
    if (json) {
      list.push_back(json_of(session, policy, score));
    } else {
      table.add(score);
    }
    if (limit) check_limit(session, policy, score, *limit);
  }
  if (!json) return;
  const Json all = {{"version", 1}, {"domains", std::move(list)}};
  session.out = all.dump(2) + "\n";
  session.raw_out = true;
}

}  // namespace macc::driver
