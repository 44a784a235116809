#include "compiler/lint/hits.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void system_control_writable(Context& context) {
  for (const Subject& subject : context.subjects()) {
    each_hit(context, subject,
             {.lists = "control_", .verbs = writing_verbs() | ir::VerbSet{ir::Verb::delete_, ir::Verb::setattr}},
             [&](const Use& use, const Hit& hit) {
               report_hit(context, Code::L0204, subject, use, hit)
                   .note("allow writing only to folders of the program's own");
             });
  }
}

}  // namespace macc::lint::rules
