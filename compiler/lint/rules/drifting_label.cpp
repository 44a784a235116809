#include "compiler/lint/rules.h"
#include "compiler/lint/target_notes.h"

namespace macc::lint::rules {

void drifting_label(Context& context) {
  look_for_notes(context, Code::L0904, TargetNote::Kind::drifts, "a label may change at run time on");
}

}  // namespace macc::lint::rules
