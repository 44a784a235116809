#include "compiler/lint/hits.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void exec_privileged(Context& context) {
  for (const Subject& subject : context.subjects()) {
    each_hit(context, subject, {.lists = "privileged_programs", .verbs = {}, .exec = true},
             [&](const Use& use, const Hit& hit) {
               report_hit(context, Code::L0308, subject, use, hit)
                   .note("what needs privileges belongs into a small service that the program asks");
             });
  }
}

}  // namespace macc::lint::rules
