#include <fmt/format.h>

#include "compiler/driver/inputs.h"
#include "compiler/driver/promises.h"

namespace macc::driver {

void run_check(Session& session) {
  const auto inputs = gather(session);
  if (!inputs) return;
  const ir::Policy policy = analyze(session, *inputs);
  if (session.diagnostics.has_errors()) return;
  const ir::Meaning meaning(policy);
  check_meaning(session, meaning);
  if (!session.diagnostics.has_errors()) session.out += "ok: " + held_text(policy) + "\n";
}

}  // namespace macc::driver
