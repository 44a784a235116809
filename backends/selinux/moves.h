// What moves do to the plan of labels. An entry keeps its label when it is renamed or linked into another directory, so
// that paths of one own cell can come to carry the label of another.
#pragma once

#include "backends/selinux/lowering.h"

namespace macc::backends::selinux {

/// Looks at what all domains may move, once everything is granted. A cell that only wildcard names part from its
/// directory cannot hold (E1011); a secret, and what a deny or a promise is about, may not get another label (E1027);
/// everything else is said to drift.
void check_moves(Context& context);

}  // namespace macc::backends::selinux
