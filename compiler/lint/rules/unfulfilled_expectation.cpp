#include "compiler/lint/rules.h"

namespace macc::lint::rules {

// Expectations are judged when all other lints have looked: Expectations::report_unfulfilled() does it.
void unfulfilled_expectation(Context& /*context*/) {}

}  // namespace macc::lint::rules
