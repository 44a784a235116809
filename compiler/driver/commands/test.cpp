#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "backends/backend.h"
#include "compiler/driver/inputs.h"
#include "compiler/driver/targets.h"
#include "compiler/ir/meaning.h"
#include "compiler/query/coverage.h"
#include "compiler/report/cells.h"
#include "compiler/report/xml.h"

namespace macc::driver {

namespace {

using Json = nlohmann::ordered_json;
using Tests = std::vector<const ir::Test*>;

/// An expectation that does not hold, with what decided it, through the includes that it came by.
struct Failure {
  std::string what, place;
  std::vector<std::string> reasons = {};
};

/// A failure as its diagnostic tells it.
Failure failure_of(const Session& session, const Diagnostic& d) {
  Failure out{d.message, session.sources.describe(d.primary.span)};
  const auto add = [&](Span place, const std::string& text) {
    if (text.empty()) return;
    out.reasons.push_back(place.valid() ? fmt::format("{}: {}", session.sources.describe(place), text) : text);
  };
  add({}, d.primary.text);
  for (const Label& label : d.secondary) add(label.span, label.text);
  for (const Note& note : d.notes) add(note.span, note.text);
  return out;
}

/// One test, on the meaning or on a target.
struct Result {
  const ir::Test* test = nullptr;
  std::string target = {};  ///< "" for the meaning
  std::size_t held = 0, failed = 0, unanswered = 0;
  bool not_compiled = false;  ///< errors of the target's own keep it from being asked
  std::vector<Failure> failures = {};
};

/// The tests that were asked for; empty after a report where the filter fits none.
Tests chosen(Session& session, const ir::Policy& policy) {
  Tests out;
  const std::string filter = session.arguments.value(Option::filter);
  const std::string wanted = report::lower_case(filter);
  for (const ir::Test& test : policy.tests) {
    if (report::lower_case(test.name).find(wanted) != std::string::npos) out.push_back(&test);
  }
  if (!out.empty() || filter.empty()) return out;
  Diagnostic& d =
      session.diagnostics.report(Code::E0506, {}, fmt::format("no test has `{}` in its name", printable(filter)));
  std::vector<std::string> names;
  for (const ir::Test& test : policy.tests) names.push_back(test.name);
  const std::string guess = did_you_mean(filter, names);
  if (!guess.empty()) {
    d.note(fmt::format("did you mean `{}`?", printable(guess)));
  } else {
    d.note(policy.tests.empty() ? "the policy has no tests" : "`macc test` lists them all");
  }
  return out;
}

// ---- on the meaning

Result on_meaning(Session& session, const ir::Meaning& meaning, const ir::Test& test) {
  Result out{.test = &test};
  Diagnostics found;
  ir::run_test(meaning, test, found);
  for (const Diagnostic& d : found.all()) {
    out.failures.push_back(failure_of(session, d));
    session.diagnostics.add(d);
  }
  out.failed = found.all().size();
  out.held = test.expectations.size() - std::min(test.expectations.size(), out.failed);
  return out;
}

// ---- on a target

class OnTarget {
 public:
  OnTarget(Session& session, const ir::Meaning& meaning, const project::Target& target)
      : session_(session),
        meaning_(meaning),
        target_(target.target),
        backend_(*backends::find(target.target.backend)),
        input_{meaning.policy(), meaning, session.sources, target.target} {
    Diagnostics found;
    lowered_ = backend_.lower(input_, found);
    compiled_ = !found.has_errors();
    for (const Diagnostic& d : found.all()) session_.diagnostics.add(d);
  }

  std::vector<Result> run(const Tests& tests) {
    if (!compiled_) return not_compiled(tests);
    std::vector<Result> out;
    for (const ir::Test* test : tests) {
      for (const ir::TestExpectation& e : test->expectations) add_probes(out.size(), e);
      out.push_back({.test = test, .target = target_.name});
    }
    const auto answers = backend_.probe(input_, lowered_, probes_);
    // An expectation fails once, under the first values of the booleans under which it does.
    for (std::size_t i = 0; i < asked_.size(); i = next(i)) judge(i, next(i), answers, out[asked_[i].result]);
    return out;
  }

 private:
  struct Asked {
    std::size_t result = 0;
    const ir::TestExpectation* expectation = nullptr;
  };

  std::vector<Result> not_compiled(const Tests& tests) const {
    std::vector<Result> out;
    for (const ir::Test* test : tests)
      out.push_back(
          {.test = test, .target = target_.name, .unanswered = test->expectations.size(), .not_compiled = true});
    return out;
  }

  void add_probes(std::size_t result, const ir::TestExpectation& e) {
    // More booleans than can be tried were reported by the run on the meaning.
    for (ir::Assignment& values : ir::assignments_of(meaning_.policy(), e).value_or(std::vector<ir::Assignment>{})) {
      probes_.push_back({e.domain, &e.access, std::move(values)});
      asked_.push_back({result, &e});
    }
  }

  std::size_t next(std::size_t i) const {
    std::size_t end = i + 1;
    while (end < asked_.size() && asked_[end].expectation == asked_[i].expectation) ++end;
    return end;
  }

  void judge(std::size_t begin, std::size_t end, const std::vector<backends::ProbeAnswer>& answers, Result& result) {
    const ir::TestExpectation& e = *asked_[begin].expectation;
    const backends::ProbeAnswer* open = nullptr;
    for (std::size_t i = begin; i < end; ++i) {
      const backends::ProbeAnswer& answer = answers.at(i);
      if (!answer.answered && open == nullptr) open = &answer;
      if (!answer.answered || (e.allow ? answer.denied : answer.allowed).empty()) continue;
      ++result.failed;
      return failed(result, e, answer);
    }
    // What is not known for some values of the booleans is not known to hold for all.
    if (open == nullptr) {
      ++result.held;
    } else {
      ++result.unanswered;
      unanswered(*result.test, e, open->reason);
    }
  }

  void unanswered(const ir::Test& test, const ir::TestExpectation& e, const std::string& why) {
    session_.diagnostics.report(Code::E0508, e.span,
                                fmt::format("test \"{}\" on `{}`: not checked: {}", printable(test.name, 80),
                                            target_.name, printable(why, 300)));
  }

  void failed(Result& result, const ir::TestExpectation& e, const backends::ProbeAnswer& answer) {
    const std::string what =
        fmt::format("test \"{}\" on `{}`: `{}` {} {}", printable(result.test->name, 80), target_.name,
                    meaning_.policy().domain(e.domain).name, e.allow ? "may not" : "may",
                    printable(in_full(meaning_.policy(), e.access, e.allow ? answer.denied : answer.allowed)));
    Diagnostic& d = session_.diagnostics.report(Code::E0507, e.span, what);
    d.label(e.allow ? "expected to be allowed" : "expected to be denied");
    if (!answer.by.empty()) d.note(fmt::format("on the target: {}", printable(answer.by, 400)));
    if (!e.allow) note_wider_rules(d, e);
    result.failures.push_back(failure_of(session_, d));
  }

  /// What the build says about the rules of the domain that come out wider, which is why: those about the same objects,
  /// or else those about the same operation.
  void note_wider_rules(Diagnostic& d, const ir::TestExpectation& e) const {
    constexpr std::size_t kShown = 3;
    std::map<query::Nearness, std::vector<const backends::FidelityEntry*>> by_nearness;
    for (const backends::FidelityEntry& entry : lowered_.fidelity.entries) {
      const bool wider =
          entry.fidelity == backends::Fidelity::wider || entry.fidelity == backends::Fidelity::not_enforced;
      if (entry.domain == e.domain && wider) by_nearness[nearness_of(entry, e)].push_back(&entry);
    }
    by_nearness.erase(query::Nearness::apart);
    if (by_nearness.empty()) return;
    const auto& nearest = by_nearness.rbegin()->second;
    for (std::size_t i = 0; i < nearest.size() && i < kShown; ++i) {
      const backends::FidelityEntry& entry = *nearest[i];
      d.note(fmt::format("`{}` is {} there ({})", printable(entry.rule), backends::word(entry.fidelity), entry.topic),
             entry.span);
    }
  }
  /// In the system or in user namespaces: what a target does not tell apart is the same to it.
  static bool shares_capability(const ir::Access& a, const ir::Access& b) {
    const auto* one = std::get_if<ir::CapabilityAccess>(&a);
    const auto* other = std::get_if<ir::CapabilityAccess>(&b);
    if (one == nullptr || other == nullptr) return false;
    return std::any_of(one->capabilities.begin(), one->capabilities.end(), [&](ir::Capability c) {
      return std::find(other->capabilities.begin(), other->capabilities.end(), c) != other->capabilities.end();
    });
  }
  query::Nearness nearness_of(const backends::FidelityEntry& entry, const ir::TestExpectation& e) const {
    const ir::Policy& policy = meaning_.policy();
    const auto& rules = policy.domain(e.domain).rules;
    const auto rule = std::find_if(rules.begin(), rules.end(), [&](const ir::Rule& r) {
      return r.effect == ir::Effect::allow && r.where.span == entry.span && ir::describe(policy, r) == entry.rule;
    });
    // Baselines and raw texts are no rules.
    if (rule == rules.end()) return query::Nearness::apart;
    if (shares_capability(rule->access, e.access)) return query::Nearness::same_object;
    try {
      return query::nearness(meaning_, e.domain, rule->access, e.access);
    } catch (const paths::TooComplex&) {
      return query::Nearness::apart;
    }
  }

  Session& session_;
  const ir::Meaning& meaning_;
  const backends::Target& target_;
  const backends::Backend& backend_;
  backends::Input input_;
  backends::Lowered lowered_;
  bool compiled_ = false;
  std::vector<backends::Probe> probes_;
  std::vector<Asked> asked_;
};

// ---- what is shown

std::string counted(std::size_t n, const char* one) { return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s"); }

const char* state_of(const Result& r) { return r.failed != 0 ? "failed" : r.unanswered != 0 ? "not checked" : "ok"; }

report::Ink ink_of(const Result& r) {
  return r.failed != 0 ? report::Ink::red : r.unanswered != 0 ? report::Ink::yellow : report::Ink::green;
}

std::string text_of(const std::vector<Result>& results, const report::Painter& paint) {
  std::string out;
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t unchecked = 0;
  for (const Result& r : results) {
    ++(r.failed != 0 ? failed : r.unanswered != 0 ? unchecked : passed);
    out += fmt::format("{}  {}{}  ({})\n", paint(ink_of(r), fmt::format("{:<11}", state_of(r))),
                       report::safe(r.test->name), r.target.empty() ? "" : " on " + r.target,
                       counted(r.test->expectations.size(), "expectation"));
  }
  if (results.empty())
    return "there are no tests: `test \"...\" { expect deny DOMAIN read \"/etc/shadow\"; }` is one\n";
  out += fmt::format("{} passed, {} failed", passed, failed);
  return out + (unchecked == 0 ? "\n" : fmt::format(", {} not checked\n", unchecked));
}

std::string junit_of(const std::vector<Result>& results, const Session& session) {
  std::string cases;
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;
  for (const Result& r : results) {
    const std::string suite = r.target.empty() ? "macc.meaning" : "macc." + r.target;
    cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\" file=\"{}\">\n", report::xml(suite),
                         report::xml(r.test->name), report::xml(session.sources.file(r.test->span.file).path()));
    std::string all;
    for (const Failure& failure : r.failures) {
      all += fmt::format("{}{}: {}", all.empty() ? "" : "\n", failure.place, failure.what);
      for (const std::string& reason : failure.reasons) all += "\n  " + reason;
    }
    if (r.failed != 0) {
      ++failures;
      cases += fmt::format("      <failure message=\"{}\">{}</failure>\n", report::xml(r.failures.front().what),
                           report::xml(all));
    } else if (r.not_compiled) {
      ++errors;
      cases += fmt::format("      <error message=\"{} cannot be compiled\"/>\n", report::xml(r.target));
    } else if (r.unanswered != 0) {
      ++skipped;
      cases += "      <skipped message=\"not checked\"/>\n";
    }
    cases += "    </testcase>\n";
  }
  const std::string counts = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"", results.size(),
                                         failures, errors, skipped);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"macc test\" tests=\"{}\" failures=\"{}\" "
      "errors=\"{}\">\n"
      "  <testsuite name=\"macc test\" {}>\n{}  </testsuite>\n</testsuites>\n",
      results.size(), failures, errors, counts, cases);
}

Json json_of(const Result& r, const Session& session) {
  Json out = {{"test", report::valid_utf8(r.test->name)},
              {"place", report::valid_utf8(session.sources.describe(r.test->span))},
              {"state", state_of(r)},
              {"held", r.held},
              {"failed", r.failed},
              {"not_checked", r.unanswered}};
  out["target"] = r.target.empty() ? Json() : Json(r.target);
  Json failures = Json::array();
  for (const Failure& failure : r.failures) {
    Json reasons = Json::array();
    for (const std::string& reason : failure.reasons) reasons.push_back(report::valid_utf8(reason));
    failures.push_back({{"what", report::valid_utf8(failure.what)},
                        {"place", report::valid_utf8(failure.place)},
                        {"reasons", std::move(reasons)}});
  }
  out["failures"] = std::move(failures);
  return out;
}

/// Statements of files that are compiled, not of modules that they import.
std::vector<query::Covered> covered(const ir::Meaning& meaning, const Inputs& inputs, const Tests& tests) {
  std::vector<query::Covered> out = query::coverage(meaning, tests);
  std::erase_if(out, [&](const query::Covered& one) {
    return std::none_of(inputs.roots.begin(), inputs.roots.end(),
                        [&](const sema::Root& root) { return root.file == one.span.file; });
  });
  return out;
}

std::string text_of(const Session& session, const ir::Policy& policy, const std::vector<query::Covered>& statements) {
  std::string out;
  std::size_t touched = 0;
  for (const query::Covered& one : statements) {
    touched += one.touched ? 1 : 0;
    if (one.touched) continue;
    out += fmt::format("  {}: {}: {}\n", session.sources.describe(one.span), policy.domain(one.domain).name,
                       report::safe(one.what));
  }
  const std::string line =
      fmt::format("\ncoverage: tests touch {} of {}\n", touched, counted(statements.size(), "rule"));
  return line + (out.empty() ? "" : "no test touches\n" + out);
}

Json json_of(const Session& session, const ir::Policy& policy, const std::vector<query::Covered>& statements) {
  Json out = Json::array();
  for (const query::Covered& one : statements)
    out.push_back({{"place", report::valid_utf8(session.sources.describe(one.span))},
                   {"domain", policy.qualified_name(one.domain)},
                   {"rule", report::valid_utf8(one.what)},
                   {"touched", one.touched}});
  return out;
}

void print(Session& session, const ir::Meaning& meaning, const Inputs& inputs, const Tests& tests,
           const std::vector<Result>& results) {
  const std::string format = session.arguments.value(Option::format, "text");
  const bool with_coverage = session.arguments.has(Option::coverage);
  if (format == "json") {
    Json list = Json::array();
    for (const Result& r : results) list.push_back(json_of(r, session));
    Json all = {{"schema", "macc-test/1"}, {"tests", std::move(list)}};
    if (with_coverage) all["coverage"] = json_of(session, meaning.policy(), covered(meaning, inputs, tests));
    session.out = all.dump(2) + "\n";
    session.raw_out = true;
  } else if (format == "junit") {
    session.out = junit_of(results, session);
    session.raw_out = true;
  } else {
    session.out = text_of(results, session.paint);
    if (with_coverage) session.out += text_of(session, meaning.policy(), covered(meaning, inputs, tests));
  }
}

}  // namespace

void run_test(Session& session) {
  const auto inputs = gather(session);
  if (!inputs) return;
  std::vector<const project::Target*> targets;
  if (session.arguments.has(Option::target)) targets = chosen_targets(session, inputs->project);
  const ir::Policy policy = analyze(session, *inputs);
  if (session.diagnostics.has_errors()) return;
  const Tests tests = chosen(session, policy);
  if (session.diagnostics.has_errors()) return;
  const ir::Meaning meaning(policy);
  // Findings of one part are no reason to leave out another.
  std::vector<Result> results;
  std::vector<OnTarget> prepared;
  for (const project::Target* target : targets) prepared.emplace_back(session, meaning, *target);
  for (const ir::Test* test : tests) results.push_back(on_meaning(session, meaning, *test));
  for (OnTarget& target : prepared) {
    for (Result& result : target.run(tests)) results.push_back(std::move(result));
  }
  print(session, meaning, *inputs, tests, results);
}

}  // namespace macc::driver
