// What became of a rule on a target, and where an access there comes from.
#pragma once

#include "compiler/driver/session.h"

namespace macc::driver {

/// `macc explain` with `--rule` or `--access`.
void explain_target(Session& session);

}  // namespace macc::driver
