#include "compiler/lint/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "compiler/lint/expectations.h"
#include "compiler/lint/fingerprint.h"
#include "compiler/lint/rules.h"

namespace macc::lint {

namespace {

struct Row {
  Code code;
  LintScope scope;
  void (*look)(Context&);
};

/// The lint that judges annotations looks at what the others found, so it has a turn of its own.
constexpr Code kAboutExpectations = Code::L0118;

const std::vector<Row>& rows() {
  static const std::vector<Row> table = {
#define MACC_LINT(code, function, name, severity, state, scope, title) {Code::code, LintScope::scope, rules::function},
#include "compiler/base/lints.def"
#undef MACC_LINT
  };
  return table;
}

bool can_judge(const Row& row, const Input& input) {
  switch (row.scope) {
    case LintScope::domain:
      return true;
    case LintScope::project:
      return input.whole_project;
    case LintScope::target:
      return !input.targets.empty();
  }
  return false;
}

void look(const Row& row, Context& context) {
  const std::size_t before = context.found().size();
  try {
    row.look(context);
  } catch (const paths::TooComplex&) {
    // The other findings stand. What could not be answered is said, never passed over.
    while (context.found().size() > before) context.found().pop_back();
    const Span place = context.subjects().empty() ? Span{} : context.subjects().front().domain->where.span;
    context
        .report(row.code, ir::DomainId::none, place,
                fmt::format("`{}` could not be looked for: paths of a rule are too complex", info(row.code).name))
        .note("simplify patterns with many `*` and alternatives, or split the rule");
  }
}

/// Two rules of one statement, or one abstraction included twice, say the same about one place.
void merge_repeats(std::vector<Finding>& findings) {
  std::set<std::tuple<Code, Span, std::string, std::vector<std::string>>> seen;
  std::erase_if(findings, [&](const Finding& f) {
    return !seen.insert({f.diagnostic.code, f.diagnostic.primary.span, f.domain, f.subjects}).second;
  });
}

}  // namespace

Result run(const Input& input) {
  Context context(input);
  for (const Row& row : rows()) {
    if (row.code != kAboutExpectations && input.settings.may_be_on(row.code) && can_judge(row, input))
      look(row, context);
  }
  Expectations expectations(input);
  Result result;
  const auto take = [&](Context::Found& found) {
    Diagnostic& d = found.finding.diagnostic;
    if (!context.concerns_ours(found)) return;
    const Level level = input.settings.level(
        d.code, d.primary.span.valid() ? input.sources.file(d.primary.span.file).stable_path() : "");
    if (!level) return;
    d.severity = *level;
    if (expectations.take(found)) {
      ++result.expected;
      return;
    }
    d.fingerprint = fingerprint(found.finding);
    result.findings.push_back(std::move(found.finding));
  };
  for (Context::Found& found : context.found()) take(found);
  context.found().clear();
  if (input.settings.may_be_on(kAboutExpectations)) {
    for (const bool of_itself : {false, true}) {
      expectations.report_unfulfilled(context, of_itself);
      for (Context::Found& found : context.found()) take(found);
      context.found().clear();
    }
  }
  merge_repeats(result.findings);
  std::stable_sort(result.findings.begin(), result.findings.end(), [](const Finding& a, const Finding& b) {
    return a.diagnostic.primary.span < b.diagnostic.primary.span;
  });
  return result;
}

}  // namespace macc::lint
