#include "compiler/lint/rules.h"
#include "compiler/lint/target_notes.h"

namespace macc::lint::rules {

void not_enforced(Context& context) {
  look_for_notes(context, Code::L0902, TargetNote::Kind::not_enforced, "this is not enforced on");
}

}  // namespace macc::lint::rules
