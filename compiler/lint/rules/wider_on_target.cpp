#include "compiler/lint/rules.h"
#include "compiler/lint/target_notes.h"

namespace macc::lint::rules {

void wider_on_target(Context& context) {
  look_for_notes(context, Code::L0903, TargetNote::Kind::wider, "this grants more on");
}

}  // namespace macc::lint::rules
