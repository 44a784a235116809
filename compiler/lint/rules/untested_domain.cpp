#include <fmt/format.h>

#include <set>

#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void untested_domain(Context& context) {
  std::set<ir::DomainId> tested;
  for (const ir::Test& test : context.policy().tests) {
    for (const ir::TestExpectation& expectation : test.expectations) tested.insert(expectation.domain);
  }
  if (tested.empty()) return;  // a project that does not test at all knows
  for (const Subject& subject : context.subjects()) {
    if (tested.contains(subject.id)) continue;
    context
        .report(Code::L0117, subject.id, subject.domain->where,
                fmt::format("no test is about `{}`", subject.domain->name))
        .note("say in a `test` what it must be able to do, and what it must not: the next change keeps to it")
        .about("untested");
  }
}

}  // namespace macc::lint::rules
