// Applying fixes to policies.
#pragma once

#include <functional>
#include <vector>

#include "compiler/driver/session.h"

namespace macc::driver {

/// Applies the fixes of those diagnostics for which `wanted` holds to the files of the project, each file whole or not at
/// all, or (with `show_only`) adds the changes in unified form to session.out. A fix that overlaps one before it waits for
/// the next run. Says in session.out what was done and takes the fixed diagnostics out of the list. A change after which
/// the file would not parse is never written: that is a mistake in macc (throws std::logic_error).
void apply_fixes(Session& session, std::vector<Diagnostic>& diagnostics,
                 const std::function<bool(const Diagnostic&)>& wanted, bool show_only);

}  // namespace macc::driver
